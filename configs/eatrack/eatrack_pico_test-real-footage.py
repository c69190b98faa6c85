# The pico student that comes with the package: it tracks as the nano does, with the model of
# _base_/models/eatrack_pico.py. A calibration of its own would say less on real sequences.
_base_ = './eatrack_nano_test-real-footage.py'

model = dict(
    backbone=dict(separate_depth=2, template_size=48, search_size=96),
    test_cfg=dict(template_factor=1.5, search_factor=3.0),
)
