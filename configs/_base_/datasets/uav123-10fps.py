# UAV123@10fps, for testing. Set data_root to the folder that holds data_seq/UAV123_10fps/ and
# anno/UAV123_10fps/.
data_root = 'data/UAV123_10fps'

test_pipeline = [
    dict(type='mmeatrack.LoadFrame'),
    dict(type='LoadTrackAnnotations', with_instance_id=False),
    dict(type='PackTrackInputs', pack_single_img=True),
]

test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='mmeatrack.UAV123At10fpsDataset',
        data_root=data_root,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_dataloader = test_dataloader

test_evaluator = dict(type='mmeatrack.UAVSOTMetric', absent='miss')
val_evaluator = test_evaluator

val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
