# A small student for a CPU: half the crops' sides, a third of the width; same code.
_base_ = './eatrack_deit-tiny.py'

model = dict(
    backbone=dict(
        separate_depth=3,
        joint_depth=1,
        embed_dims=64,
        num_heads=2,
        patch_size=8,
        template_size=48,
        search_size=96,
        drop_path_rate=0.0,
    ),
    head=dict(in_channels=64, feat_channels=64),
)
