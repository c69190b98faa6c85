# The teacher of the micro student.
_base_ = [
    '../_base_/models/eatrack_teacher_micro.py',
    '../_base_/datasets/synthetic_uav_micro.py',
    '../_base_/schedules/eatrack_micro.py',
    '../_base_/iteration_runtime.py',
]

train_cfg = dict(max_iters=1100)
_base_.param_scheduler[1].update(end=1100)
