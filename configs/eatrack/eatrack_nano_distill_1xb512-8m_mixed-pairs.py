# The nano student, distilled for some minutes on one GPU.
# Needs model.teacher_ckpt=CHECKPOINT; load_from=CHECKPOINT starts from the weights of a student.
_base_ = [
    '../_base_/models/eatrack_nano_distill.py',
    '../_base_/datasets/mixed_pairs_gpu.py',
    '../_base_/schedules/eatrack_nano_gpu_minutes.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='mmeatrack.StudentExportHook')]
train_dataloader = dict(batch_size=512)
