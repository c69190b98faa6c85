# EATrack-ViT's teacher: eatrack_teacher_deit-tiny, initialised from ViT-tiny. Needs
# --cfg-options model.backbone.pretrained=vit_tiny.pth
_base_ = './eatrack_teacher_deit-tiny.py'
