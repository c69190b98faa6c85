# EATrack-ViT: student and teacher are both initialised from ViT-tiny. Needs
# --cfg-options model.teacher_ckpt=CHECKPOINT model.architecture.backbone.pretrained=vit_tiny.pth
_base_ = './eatrack_deit-tiny_distill_4xb32-300e_got10k-lasot-trackingnet-coco.py'

model = dict(teacher='configs/_base_/models/eatrack_teacher_vit-tiny.py')
