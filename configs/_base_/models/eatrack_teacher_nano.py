# The teacher of eatrack_nano: 8 joint layers.
_base_ = './eatrack_nano.py'

model = dict(backbone=dict(separate_depth=0, joint_depth=8))
