# EATrack's student distilled from a teacher of ViT-S's size, through adapters. Needs
# --cfg-options model.teacher_ckpt=CHECKPOINT
_base_ = './eatrack_deit-tiny_distill_4xb32-300e_got10k-lasot-trackingnet-coco.py'

model = dict(teacher='configs/_base_/models/eatrack_teacher_vit-small.py')
