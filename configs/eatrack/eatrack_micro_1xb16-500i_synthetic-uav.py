# The micro student without distillation, and the config that tests any student.
_base_ = [
    '../_base_/models/eatrack_micro.py',
    '../_base_/datasets/synthetic_uav_micro.py',
    '../_base_/schedules/eatrack_micro.py',
    '../_base_/iteration_runtime.py',
]
