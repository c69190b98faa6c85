# A faster nano student: a search crop of 3 mean sides instead of 4, a template of 1.5 instead of 2,
# at the same scale (36 + 36 + 144 tokens), and one layer fewer.
_base_ = './eatrack_nano.py'

model = dict(
    backbone=dict(separate_depth=2, template_size=48, search_size=96),
    test_cfg=dict(template_factor=1.5, search_factor=3.0),
)
