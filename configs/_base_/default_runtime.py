default_scope = 'mmtrack'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # Each checkpoint is written whole or not at all, and a resumed run draws what it would have.
    checkpoint=dict(type='mmeatrack.SafeCheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    deterministic_resume=dict(type='mmeatrack.DeterministicResumeHook'),
    # NaN or infinity in a batch or a loss: 'stop', or 'skip' that batch.
    non_finite_guard=dict(type='mmeatrack.NonFiniteGuardHook', action='stop'),
    # A test run goes on where it was interrupted, and says what it is at.
    benchmark_run=dict(type='mmeatrack.BenchmarkRunHook'),
    benchmark_progress=dict(type='mmeatrack.BenchmarkProgressHook'),
    # draw=True keeps pictures of a test; test_out_dir='pictures' or show=True say where.
    visualization=dict(type='mmeatrack.SOTVisualizationHook', draw=False),
)

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # On a machine without CUDA gloo takes nccl's place.
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
