# The micro student, distilled. Needs model.teacher_ckpt, e.g.
# --cfg-options model.teacher_ckpt=work_dirs/demo/teacher/iter_800.pth
_base_ = './eatrack_micro_1xb32-800i_synthetic-uav.py'

# ------------------------------------ often changed ------------------------------------
teacher = 'configs/_base_/models/eatrack_teacher_micro.py'
teacher_ckpt = None
distiller = dict(
    type='mmeatrack.EATrackDistiller',
    # The student's only joint layer learns from the teacher's last.
    layer_pairs=[(3, 5)],
    feature_weight=1.0,
    prediction_weight=1.0,
)

# ------------------------------------ hardly ever changed ------------------------------------
model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    architecture=_base_.model,
    teacher=teacher,
    teacher_ckpt=teacher_ckpt,
    distiller=distiller,
)
custom_hooks = [dict(type='mmeatrack.StudentExportHook')]
find_unused_parameters = False
