# The nano student, distilled on one GPU. Needs model.teacher_ckpt=CHECKPOINT; load_from=CHECKPOINT
# starts from the weights of a student.
_base_ = './eatrack_nano_1xb256-2000i_mixed-pairs.py'

model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    # ------------------------------------ often changed ------------------------------------
    teacher='configs/_base_/models/eatrack_teacher_nano.py',
    teacher_ckpt=None,
    distiller=dict(
        type='mmeatrack.EATrackDistiller',
        # The student's joint layers learn from the teacher's last.
        layer_pairs=[(3, 8), (4, 9)],
        feature_weight=3.0,
        reduction='mean',
        prediction_weight=20.0,
        support='target',
    ),
    # ------------------------------------ hardly ever changed ------------------------------------
    architecture=_base_.model,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmeatrack.StudentExportHook')]
find_unused_parameters = False
