# The micro student, each layer distilled from the teacher's most similar one, as measured on a
# student trained without a teacher. Needs --cfg-options model.teacher_ckpt=CHECKPOINT
# custom_hooks.0.student_ckpt=CHECKPOINT
_base_ = './eatrack_micro_distill_1xb16-500i_synthetic-uav.py'

model = dict(distiller=dict(layer_pairs='auto'))
custom_hooks = [dict(type='mmeatrack.AutoPairHook', student_ckpt=None), *_base_.custom_hooks]
