# The teacher of the micro student.
_base_ = [
    '../_base_/models/eatrack_teacher_micro.py',
    '../_base_/datasets/synthetic_uav_micro.py',
    '../_base_/schedules/eatrack_micro.py',
    '../_base_/iteration_runtime.py',
]

max_iters = 1100
param_scheduler = _base_.param_scheduler
param_scheduler[1]['end'] = max_iters
train_cfg = dict(max_iters=max_iters)
