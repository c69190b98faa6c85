# Steps of 256 pairs in bfloat16 on one GPU: a warm-up, then one cosine.
_base_ = '../iteration_runtime.py'

max_iters, warmup = 2000, 100

optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='AdamW', lr=1.5e-3, weight_decay=1e-2),
    clip_grad=dict(max_norm=2.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=warmup),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        by_epoch=False,
        begin=warmup,
        end=max_iters,
        T_max=max_iters - warmup,
    ),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
custom_hooks = [dict(type='EMAHook', momentum=0.005, update_buffers=True)]
default_hooks = dict(checkpoint=dict(interval=500), logger=dict(interval=100))
