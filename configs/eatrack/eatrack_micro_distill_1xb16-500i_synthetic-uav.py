# The micro student, distilled. Needs model.teacher_ckpt, e.g.
# --cfg-options model.teacher_ckpt=work_dirs/demo/teacher/iter_1100.pth
#
# Your own config can change single entries: model = dict(distiller=dict(feature_weight=1.0)).
_base_ = './eatrack_micro_1xb16-500i_synthetic-uav.py'

model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    # ------------------------------------ often changed ------------------------------------
    teacher='configs/_base_/models/eatrack_teacher_micro.py',
    teacher_ckpt=None,
    distiller=dict(
        type='mmeatrack.EATrackDistiller',
        # The student's joint layers learn from the teacher's last ones.
        layer_pairs=[(2, 4), (3, 5)],
        # Loss forms of stable scale; as printed: reduction='paper', support='map'.
        # The weights balance them with the tracker's own losses, see docs/results.md.
        feature_weight=3.0,
        reduction='mean',
        prediction_weight=20.0,
        support='target',
    ),
    # ------------------------------------ hardly ever changed ------------------------------------
    architecture=_base_.model,
)
custom_hooks = [dict(type='mmeatrack.StudentExportHook')]
find_unused_parameters = False
