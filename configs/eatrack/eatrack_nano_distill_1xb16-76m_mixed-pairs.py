# The nano student, distilled.
# Needs model.teacher_ckpt=CHECKPOINT; load_from=CHECKPOINT starts from the weights of a student.
_base_ = [
    '../_base_/models/eatrack_nano_distill.py',
    '../_base_/datasets/mixed_pairs.py',
    '../_base_/schedules/eatrack_wall_time.py',
    '../_base_/iteration_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='mmeatrack.StudentExportHook')]
