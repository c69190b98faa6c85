# The teacher, at the paper's size and schedule.
_base_ = [
    '../_base_/models/eatrack_teacher_deit-tiny.py',
    '../_base_/datasets/got10k-lasot-trackingnet-coco.py',
    '../_base_/datasets/dtb70.py',
    '../_base_/schedules/eatrack_300e.py',
    '../_base_/default_runtime.py',
]
