# The pico student that ships with the package: the nano's settings with the model of
# _base_/models/eatrack_pico.py. Its own calibration would be less informative on real sequences.
_base_ = './eatrack_nano_test-real-footage.py'

model = dict(
    backbone=dict(separate_depth=2, template_size=48, search_size=96),
    test_cfg=dict(template_factor=1.5, search_factor=3.0),
)
