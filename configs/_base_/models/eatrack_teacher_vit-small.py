# A teacher of ViT-S's size: 12 joint layers of 384 channels; see eatrack_teacher_vit-base.
_base_ = './eatrack_teacher_deit-tiny.py'

model = dict(backbone=dict(embed_dims=384, num_heads=6), head=dict(in_channels=384))
