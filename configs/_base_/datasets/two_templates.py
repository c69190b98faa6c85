# Two templates and a search frame by STARK's transforms: what all training sets share.

# Side of the crop over the target's mean side, and side of the crop in px. A model with other crops
# needs a dataset file of its own with other numbers here, see synthetic_uav_micro.py.
template_factor, template_size = 2, 128
search_factor, search_size = 4, 256

# Two templates and one search frame, in this order in each list below.
train_pipeline = [
    # max_frame_range: how far from the search frame the second template may lie.
    # cls_pos_prob has no effect without a classification head.
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
            dict(type='mmeatrack.LoadFrame'),
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
