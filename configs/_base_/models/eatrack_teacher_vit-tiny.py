# EATrack-ViT's teacher: eatrack_teacher_deit-tiny started from ViT-tiny's weights. Needs
# --cfg-options model.backbone.pretrained=vit_tiny.pth
_base_ = './eatrack_teacher_deit-tiny.py'
