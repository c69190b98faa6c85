# EATrack's student with its teacher; what a distillation needs besides.
_base_ = './eatrack_deit-tiny.py'

model = dict(
    _delete_=True,
    type='mmeatrack.EATrackDistill',
    # ------------------------------------ often changed ------------------------------------
    # Another teacher: the config file that it was trained with, or a dict as `model` has it.
    teacher='configs/_base_/models/eatrack_teacher_deit-tiny.py',
    teacher_ckpt=None,
    distiller=dict(
        type='mmeatrack.EATrackDistiller',
        # (student layer, teacher layer): the joint layers learn from the teacher's last two.
        layer_pairs=[(6, 10), (7, 11)],
        # The losses' forms that keep their scale, with the weights that did well on micro models;
        # as printed: reduction='paper', support='map' and weights of 1.
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
