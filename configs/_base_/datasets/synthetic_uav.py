# The synthetic UAV set of tools/make_synthetic_uav.py, for training and testing.
_base_ = ['./two_templates.py', './one_pass_evaluation.py']

data_root = 'data/synthetic_uav'

samples_per_epoch = 2000

train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='QuotaSampler', samples_per_epoch=samples_per_epoch),
    dataset=dict(
        type='mmeatrack.SyntheticUAVDataset',
        data_root=data_root + '/train',
        pipeline=_base_.train_pipeline,
        test_mode=False,
    ),
)

test_dataloader = dict(
    dataset=dict(type='mmeatrack.SyntheticUAVDataset', data_root=data_root + '/test')
)
val_dataloader = test_dataloader
