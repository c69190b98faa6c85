# The synthetic UAV set with the crops of eatrack_micro.
_base_ = './synthetic_uav.py'

# For schedules in steps: more samples than any of them draws.
train_dataloader = dict(batch_size=16, sampler=dict(samples_per_epoch=1000000))

# The transforms are a list, which a config can only replace or edit.
# The temporal slot is filled as in a test: from shortly before, and slightly off the target.
_base_.train_dataloader.dataset.pipeline[0].update(max_frame_range=[20])
_base_.train_dataloader.dataset.pipeline[2].update(
    center_jitter_factor=[0, 0.5, 3], scale_jitter_factor=[0, 0.1, 0.25]
)
# mmtrack's own crop, as for the published micro trackers: the same seed gives the same bits.
_base_.train_dataloader.dataset.pipeline[3].update(
    type='SeqCropLikeStark', output_size=[48, 48, 96]
)
_base_.train_dataloader.dataset.pipeline[5].update(stride=8)
