# A teacher of ViT-S's size, at the paper's schedule.
_base_ = [
    '../_base_/models/eatrack_teacher_vit-small.py',
    '../_base_/datasets/got10k-lasot-trackingnet-coco.py',
    '../_base_/datasets/dtb70.py',
    '../_base_/schedules/eatrack_300e.py',
    '../_base_/default_runtime.py',
]
