# The synthetic UAV set of tools/make_synthetic_uav.py, for training and testing.
_base_ = ['./two_templates.py', './one_pass_evaluation.py']

train_dataloader = dict(
    num_workers=2,
    sampler=dict(samples_per_epoch=2000),
    dataset=dict(type='mmeatrack.SyntheticUAVDataset', data_root='data/synthetic_uav/train'),
)

test_dataloader = dict(
    dataset=dict(type='mmeatrack.SyntheticUAVDataset', data_root='data/synthetic_uav/test')
)
val_dataloader = test_dataloader
