# The micro student without distillation; also the config to test any micro student with.
_base_ = [
    '../_base_/models/eatrack_micro.py',
    '../_base_/datasets/synthetic_uav_micro.py',
    '../_base_/schedules/eatrack_micro.py',
    '../_base_/iteration_runtime.py',
]
