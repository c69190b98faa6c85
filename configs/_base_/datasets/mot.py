# Shared by the data sets of many targets, which add `type` and `data_root`.
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='VideoSampler'),
    # EATrack takes raw frames; the model itself resizes them for the detector.
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='PackTrackInputs', pack_single_img=True),
        ],
        test_mode=True,
    ),
)
val_dataloader = test_dataloader

test_evaluator = dict(type='mmeatrack.UAVMOTMetric')
val_evaluator = test_evaluator

val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
