# The nano student for some minutes on one GPU.
_base_ = './eatrack_nano_1xb256-2000i_mixed-pairs.py'

train_dataloader = dict(batch_size=512)
param_scheduler = []
train_cfg = dict(max_iters=100000000, val_interval=100000000)
custom_hooks = [
    dict(type='mmeatrack.WallTimeHook', minutes=8),
    dict(type='EMAHook', momentum=0.002, update_buffers=True),
]
