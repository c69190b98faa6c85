# A small student for a CPU: half the crop size, a third of the width.
_base_ = './eatrack_deit-tiny.py'

model = dict(
    # The synthetic videos show little apart from their target.
    data_preprocessor=dict(distractors=0.75),
    backbone=dict(
        separate_depth=2,
        joint_depth=2,
        embed_dims=64,
        num_heads=2,
        patch_size=8,
        template_size=48,
        search_size=96,
        drop_path_rate=0.0,
    ),
    head=dict(in_channels=64, feat_channels=64),
)
