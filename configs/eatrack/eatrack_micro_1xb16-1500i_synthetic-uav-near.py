# The student of tools/ablation_temporal.py. Its training pairs are near in time: a video shows more
# change than they do, as those do that are much longer than the distance of training pairs.
_base_ = './eatrack_micro_1xb16-500i_synthetic-uav.py'

# ------------------------------------ often changed ------------------------------------
max_iters = 1500
# Frames from the search frame to the templates at most; a training video has 60.
template_range, temporal_range = 12, 8
# As good without temporal tokens as with them: they are left out half of the time.
temporal_drop = 0.5

# ------------------------------------ hardly ever changed ------------------------------------
train_pipeline = _base_.train_pipeline
train_pipeline[0] = dict(
    type='mmeatrack.NearSampling',
    max_template_range=template_range,
    num_search_frames=1,
    num_template_frames=2,
    max_frame_range=[temporal_range],
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(train_cfg=dict(temporal_drop=temporal_drop))
train_cfg = dict(max_iters=max_iters, val_interval=100 * max_iters)
param_scheduler = _base_.param_scheduler
param_scheduler[1]['end'] = max_iters
