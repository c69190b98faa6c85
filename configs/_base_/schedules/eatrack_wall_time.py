# A schedule in minutes: warm-up, then one cosine over the time given.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=8e-4, weight_decay=1e-2),
    clip_grad=dict(max_norm=2.0, norm_type=2),
)
param_scheduler = []
train_cfg = dict(type='IterBasedTrainLoop', max_iters=100000000, val_interval=100000000)
custom_hooks = [
    dict(type='mmeatrack.WallTimeHook', minutes=76),
    dict(type='EMAHook', momentum=0.005, update_buffers=True),
]
