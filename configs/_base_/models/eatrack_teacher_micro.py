# The teacher of eatrack_micro: 6 joint layers.
_base_ = './eatrack_micro.py'

model = dict(backbone=dict(separate_depth=0, joint_depth=6))
