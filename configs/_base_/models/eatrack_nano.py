# A student for one thread: 64 + 64 + 256 tokens as at the paper's size, about a million parameters.
_base_ = './eatrack_deit-tiny.py'

model = dict(
    backbone=dict(
        separate_depth=3,
        joint_depth=2,
        embed_dims=96,
        num_heads=3,
        patch_size=8,
        template_size=64,
        search_size=128,
        drop_path_rate=0.0,
        # Both speed up learning from random weights and few samples, see docs/real_footage.md.
        stem='conv',
        box_embed=True,
    ),
    head=dict(in_channels=96, feat_channels=64),
    train_cfg=dict(temporal_drop=0.0),
)
