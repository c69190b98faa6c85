_base_ = './default_runtime.py'

# mmtrack's hooks and visualizer; those of the single-object runtime handle one target.
default_hooks = dict(
    _delete_=True,
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='mmeatrack.SafeCheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # draw=True draws a test's frames: into test_out_dir='pictures', or on screen with show=True.
    visualization=dict(type='TrackVisualizationHook', draw=False),
)
visualizer = dict(
    _delete_=True,
    type='TrackLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
    name='visualizer',
)
env_cfg = dict(cudnn_benchmark=False)
