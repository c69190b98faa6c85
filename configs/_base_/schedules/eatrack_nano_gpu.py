# A schedule in steps of 256 pairs, in bfloat16 on one GPU: warm-up, then one cosine. For another
# length set train_cfg.max_iters, param_scheduler.1.end and .T_max, which is end less the warm-up.
_base_ = '../iteration_runtime.py'

optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='bfloat16',
    loss_scale=dict(enabled=False),  # for float16 only; it waits for the GPU
    optimizer=dict(type='AdamW', lr=1.5e-3, weight_decay=1e-2),
    clip_grad=dict(max_norm=2.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        by_epoch=False,
        begin=100,
        end=2000,
        T_max=1900,
    ),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2000, val_interval=100000)
custom_hooks = [dict(type='EMAHook', momentum=0.005, update_buffers=True)]
default_hooks = dict(checkpoint=dict(interval=500), logger=dict(interval=100))
