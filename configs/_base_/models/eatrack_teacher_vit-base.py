# A teacher of ViT-B's size: 12 joint layers of 768 channels, as in OSTrack. The distiller builds
# adapters to its width for the student's tokens.
_base_ = './eatrack_teacher_deit-tiny.py'

model = dict(backbone=dict(embed_dims=768, num_heads=12), head=dict(in_channels=768))
