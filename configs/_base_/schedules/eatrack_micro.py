# A short schedule in steps for models that start from random weights: one cycle.
# All parameters decay, unlike in eatrack_300e.py: the micro models were published that way.
# For another length set train_cfg.max_iters and the cycle's end, param_scheduler.1.end.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4),
    clip_grad=dict(max_norm=5.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=False, begin=50, end=500),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=500, val_interval=50000)
