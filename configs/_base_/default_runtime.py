default_scope = 'mmtrack'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # Checkpoints are written atomically, and a resumed run draws the samples it would have drawn.
    checkpoint=dict(type='mmeatrack.SafeCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    deterministic_resume=dict(type='mmeatrack.DeterministicResumeHook'),
    # On NaN or infinity in a batch or a loss: 'stop', or 'skip' the batch.
    non_finite_guard=dict(type='mmeatrack.NonFiniteGuardHook', action='stop'),
    # An interrupted test run continues, and reports its progress.
    benchmark_run=dict(type='mmeatrack.BenchmarkRunHook'),
    benchmark_progress=dict(type='mmeatrack.BenchmarkProgressHook'),
    # draw=True draws a test's frames: into test_out_dir='pictures', or on screen with show=True.
    visualization=dict(type='mmeatrack.SOTVisualizationHook', draw=False),
)

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Without CUDA, gloo replaces nccl.
    dist_cfg=dict(backend='nccl'),
)

randomness = dict(seed=0)
visualizer = dict(
    type='mmeatrack.SOTLocalVisualizer',
    label='EATrack',
    vis_backends=[dict(type='LocalVisBackend')],
    name='visualizer',
)
log_level = 'INFO'
load_from = None
resume = False
