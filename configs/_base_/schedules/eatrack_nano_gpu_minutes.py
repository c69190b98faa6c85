# A schedule in minutes, in bfloat16 on one GPU: warm-up, then one cosine over the time given.
_base_ = './eatrack_nano_gpu.py'

param_scheduler = []
train_cfg = dict(max_iters=100000000, val_interval=100000000)
custom_hooks = [
    dict(type='mmeatrack.WallTimeHook', minutes=8),
    dict(type='EMAHook', momentum=0.002, update_buffers=True),
]
