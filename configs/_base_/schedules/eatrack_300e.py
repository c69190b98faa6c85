# EATrack's schedule: AdamW, 300 epochs of 60,000 samples, learning rate / 10 after 240; 128
# samples a step over all GPUs. Learning rates, weight decay and clipping are inferred from the same
# lab's recipe.
#
# Norms, biases and position embeddings do not decay, as in timm. mmengine's norm_decay_mult would
# not reach the backbone, whose custom key takes precedence. The effect is small: over the whole
# training AdamW's decay takes 0.5 % off the head's weights and 0.05 % off the backbone's.
#
# Forward passes in bfloat16, weights and losses in float32. For float32 throughout set
# optim_wrapper.dtype='float32'; gradients in float16 need loss_scale='dynamic'.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='bfloat16',
    loss_scale=dict(enabled=False),
    constructor='mmeatrack.GroupedOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=0.1, norm_type=2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)), plain_decay=False),
)
param_scheduler = dict(type='MultiStepLR', milestones=[240], gamma=0.1)
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_begin=300, val_interval=20)
