# The nano student, its teacher and the settings of the distillation.
_base_ = './eatrack_nano.py'

model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    # ------------------------------------ often changed ------------------------------------
    teacher='configs/_base_/models/eatrack_teacher_nano.py',
    teacher_ckpt=None,
    distiller=dict(
        type='mmeatrack.EATrackDistiller',
        # The student's joint layers learn from the teacher's last ones.
        layer_pairs=[(3, 6), (4, 7)],
        feature_weight=3.0,
        reduction='mean',
        prediction_weight=20.0,
        support='target',
    ),
    # ------------------------------------ hardly ever changed ------------------------------------
    architecture=_base_.model,
)
find_unused_parameters = False
