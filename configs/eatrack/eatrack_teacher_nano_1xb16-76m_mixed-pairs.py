# The teacher of the nano student, on synthetic videos, photographs and cut-outs.
_base_ = [
    '../_base_/models/eatrack_teacher_nano.py',
    '../_base_/datasets/mixed_pairs.py',
    '../_base_/schedules/eatrack_wall_time.py',
    '../_base_/iteration_runtime.py',
]
