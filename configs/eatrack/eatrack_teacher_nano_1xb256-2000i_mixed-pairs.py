# The teacher of the nano student, on one GPU.
_base_ = [
    '../_base_/models/eatrack_teacher_nano.py',
    '../_base_/datasets/mixed_pairs_gpu.py',
    '../_base_/schedules/eatrack_nano_gpu.py',
]
