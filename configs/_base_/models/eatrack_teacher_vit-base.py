# A teacher of ViT-B's size, 12 joint layers of 768 channels, as in OSTrack. Its student's tokens go
# through adapters that the distiller builds for a teacher of another width.
_base_ = './eatrack_teacher_deit-tiny.py'

model = dict(backbone=dict(embed_dims=768, num_heads=12), head=dict(in_channels=768))
