# EATrack's teacher at the paper's size: 12 joint layers of DeiT-tiny's width, as in OSTrack.
_base_ = './eatrack_deit-tiny.py'

model = dict(backbone=dict(separate_depth=0, joint_depth=12))
