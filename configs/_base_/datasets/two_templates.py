# Shared by all training sets, which add `type` and `data_root`: two templates and a search frame by
# STARK's transforms. The crops are 128 and 256 px, of 2 and 4 times the target's mean side; a model
# with other crops needs its own dataset file, see synthetic_uav_micro.py.
train_dataloader = dict(
    batch_size=32,
    persistent_workers=True,
    drop_last=True,
    # The workers return one uint8 tensor per key.
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='QuotaSampler'),
    dataset=dict(
        # Two templates and one search frame, in this order in each list below.
        pipeline=[
            # max_frame_range: maximum distance of the second template from the search frame.
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
                crop_size_factor=[2, 2, 4],
            ),
            dict(
                type='mmeatrack.SeqCrop',
                crop_size_factor=[2, 2, 4],
                output_size=[128, 128, 256],
            ),
            dict(
                type='TransformBroadcaster',
                share_random_params=True,
                transforms=[dict(type='mmeatrack.CropBrightness', jitter_range=0.2)],
            ),
            dict(type='CheckPadMaskValidity', stride=16),
            dict(type='PackTrackInputs', ref_prefix='search', num_template_frames=2),
        ],
        test_mode=False,
    ),
)
