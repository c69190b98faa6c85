# EATrack: the student distilled from its teacher, at the paper's size and schedule. Needs
# --cfg-options model.teacher_ckpt=CHECKPOINT
#
# Your own config can change single entries, e.g. the teacher and the pairs:
#     _base_ = '.../eatrack_deit-tiny_distill_4xb32-300e_got10k-lasot-trackingnet-coco.py'
#     model = dict(
#         teacher='my_teacher.py',
#         teacher_ckpt='my_teacher.pth',
#         distiller=dict(layer_pairs=[(7, 23)], feature_weight=2.0),
#     )
_base_ = [
    '../_base_/models/eatrack_deit-tiny_distill.py',
    '../_base_/datasets/got10k-lasot-trackingnet-coco.py',
    '../_base_/datasets/dtb70.py',
    '../_base_/schedules/eatrack_300e.py',
    '../_base_/default_runtime.py',
]
