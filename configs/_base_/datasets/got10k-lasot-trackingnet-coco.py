# EATrack's training data: GOT-10k, LaSOT, TrackingNet and COCO, drawn 1:1:1:1, in the layout and
# with the infos files of mmtrack's dataset preparation.
train_data_root = 'data/'

template_factor, template_size = 2, 128
search_factor, search_size = 4, 256

samples_per_epoch = 60000

# Two templates and one search frame, in this order in each list below.
train_pipeline = [
    dict(
        type='TridentSampling',
        num_search_frames=1,
        num_template_frames=2,
        max_frame_range=[200],
        train_cls_head=False,
    ),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadTrackAnnotations', with_instance_id=False),
            dict(type='GrayAug', prob=0.05),
            dict(type='mmdet.RandomFlip', prob=0.5, direction='horizontal'),
        ],
    ),
    dict(
        type='SeqBboxJitter',
        center_jitter_factor=[0, 0, 3],
        scale_jitter_factor=[0, 0, 0.25],
        crop_size_factor=[template_factor, template_factor, search_factor],
    ),
    dict(
        type='SeqCropLikeStark',
        crop_size_factor=[template_factor, template_factor, search_factor],
        output_size=[template_size, template_size, search_size],
    ),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[dict(type='BrightnessAug', jitter_range=0.2)],
    ),
    dict(type='CheckPadMaskValidity', stride=16),
    dict(type='PackTrackInputs', ref_prefix='search', num_template_frames=2),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='QuotaSampler', samples_per_epoch=samples_per_epoch),
    dataset=dict(
        type='RandomSampleConcatDataset',
        dataset_sampling_weights=[1, 1, 1, 1],
        datasets=[
            dict(
                type='GOT10kDataset',
                data_root=train_data_root,
                ann_file='GOT10k/annotations/got10k_train_vot_infos.txt',
                data_prefix=dict(img_path='GOT10k'),
                pipeline=train_pipeline,
                test_mode=False,
            ),
            dict(
                type='LaSOTDataset',
                data_root=train_data_root,
                ann_file='LaSOT_full/annotations/lasot_train_infos.txt',
                data_prefix=dict(img_path='LaSOT_full/LaSOTBenchmark'),
                pipeline=train_pipeline,
                test_mode=False,
            ),
            dict(
                type='TrackingNetDataset',
                data_root=train_data_root,
                ann_file='TrackingNet/annotations/trackingnet_train_infos.txt',
                data_prefix=dict(img_path='TrackingNet'),
                pipeline=train_pipeline,
                test_mode=False,
            ),
            dict(
                type='SOTCocoDataset',
                data_root=train_data_root,
                ann_file='coco/annotations/instances_train2017.json',
                data_prefix=dict(img_path='coco/train2017'),
                pipeline=train_pipeline,
                test_mode=False,
            ),
        ],
    ),
)
