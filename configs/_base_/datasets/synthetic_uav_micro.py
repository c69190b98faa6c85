# The synthetic UAV set with the crops of eatrack_micro.
_base_ = './synthetic_uav.py'

template_size = 48
search_size = 96

train_pipeline = _base_.train_pipeline
train_pipeline[3]['output_size'] = [template_size, template_size, search_size]
train_pipeline[5]['stride'] = 8

# For schedules that count steps: more samples than any of them draws.
train_dataloader = dict(
    sampler=dict(samples_per_epoch=1000000), dataset=dict(pipeline=train_pipeline)
)
