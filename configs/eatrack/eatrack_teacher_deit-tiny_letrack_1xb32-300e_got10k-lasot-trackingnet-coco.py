# The teacher with LETrack's published values: 32 samples a step, 30,000 an epoch. LETrack
# starts from DeiT-tiny distilled: --cfg-options model.backbone.pretrained=deit_tiny_distilled.pth
_base_ = [
    '../_base_/models/eatrack_teacher_deit-tiny.py',
    '../_base_/datasets/got10k-lasot-trackingnet-coco_letrack.py',
    '../_base_/datasets/dtb70.py',
    '../_base_/schedules/eatrack_300e.py',
    '../_base_/default_runtime.py',
]
