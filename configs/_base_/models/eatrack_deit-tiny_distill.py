# EATrack's student, its teacher and the settings of the distillation.
_base_ = './eatrack_deit-tiny.py'

model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    # ------------------------------------ often changed ------------------------------------
    # For another teacher: the config file it was trained with, or a dict such as its `model`.
    teacher='configs/_base_/models/eatrack_teacher_deit-tiny.py',
    teacher_ckpt=None,
    distiller=dict(
        type='mmeatrack.EATrackDistiller',
        # (student layer, teacher layer): the joint layers learn from the teacher's last two.
        layer_pairs=[(6, 10), (7, 11)],
        # Loss forms of stable scale, with weights that worked well for micro models. As printed:
        # reduction='paper', support='map' and weights of 1.
        feature_weight=5.0,
        reduction='mean',
        prediction_weight=1.0,
        support='target',
        temperature=1.0,
    ),
    # ------------------------------------ hardly ever changed ------------------------------------
    architecture=_base_.model,
)
custom_hooks = [dict(type='mmeatrack.StudentExportHook')]
find_unused_parameters = False
