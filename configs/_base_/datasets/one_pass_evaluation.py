# One pass evaluation, shared by all test sets, which add `type` and `data_root`.
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        pipeline=[
            dict(type='mmeatrack.LoadFrame'),
            dict(type='LoadTrackAnnotations', with_instance_id=False),
            dict(type='PackTrackInputs', pack_single_img=True),
        ],
        test_mode=True,
    ),
)
val_dataloader = test_dataloader

test_evaluator = dict(type='mmeatrack.UAVSOTMetric', absent='miss')
val_evaluator = test_evaluator

val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
