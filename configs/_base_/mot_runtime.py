_base_ = './default_runtime.py'

# Hooks and visualizer of mmtrack; those of the single-object runtime are for one target.
default_hooks = dict(
    _delete_=True,
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='mmeatrack.SafeCheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # draw=True keeps pictures of a test; test_out_dir='pictures' or show=True say where.
    visualization=dict(type='TrackVisualizationHook', draw=False),
)
visualizer = dict(
    _delete_=True,
    type='TrackLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
    name='visualizer',
)
env_cfg = dict(cudnn_benchmark=False)
