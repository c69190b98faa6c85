# EATrack's student at the paper's size: 6 separate and 2 joint layers of DeiT-tiny's width.
custom_imports = dict(imports=['mmeatrack'], allow_failed_imports=False)

model = dict(
    type='mmeatrack.EATrack',
    data_preprocessor=dict(
        type='mmeatrack.CropDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='mmeatrack.AsymmetricViT',
        separate_depth=6,
        joint_depth=2,
        embed_dims=192,
        num_heads=3,
        template_size=128,
        search_size=256,
        drop_path_rate=0.1,
    ),
    head=dict(type='mmeatrack.CenterHead', in_channels=192, feat_channels=256),
    train_cfg=dict(temporal_drop=0.25),
    test_cfg=dict(template_factor=2.0, search_factor=4.0, margin=10.0),
)
