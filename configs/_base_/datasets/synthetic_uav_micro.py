# The synthetic UAV set with the crops of eatrack_micro.
_base_ = './synthetic_uav.py'

template_size = 48
search_size = 96

train_pipeline = _base_.train_pipeline
# What fills the temporal slot is as in a test: from shortly before, and not quite on the target.
train_pipeline[0]['max_frame_range'] = [20]
train_pipeline[2]['center_jitter_factor'] = [0, 0.5, 3]
train_pipeline[2]['scale_jitter_factor'] = [0, 0.1, 0.25]
train_pipeline[3]['output_size'] = [template_size, template_size, search_size]
train_pipeline[5]['stride'] = 8

# For schedules that count steps: more samples than any of them draws.
train_dataloader = dict(
    batch_size=16, sampler=dict(samples_per_epoch=1000000), dataset=dict(pipeline=train_pipeline)
)
