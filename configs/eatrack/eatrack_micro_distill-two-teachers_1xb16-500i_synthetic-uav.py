# The micro student, distilled from two teachers, e.g. of two seeds. Needs --cfg-options
# model.teachers.0.ckpt=CHECKPOINT model.teachers.1.ckpt=CHECKPOINT
_base_ = './eatrack_micro_distill_1xb16-500i_synthetic-uav.py'

model = dict(
    _delete_=True,
    type='mmeatrack.MultiTeacherDistill',
    # ------------------------------------ often changed ------------------------------------
    # Each may have a `weight`, and a `distiller` with what differs for it, e.g. layer_pairs.
    teachers=[
        dict(config=_base_.model.teacher, ckpt=None),
        dict(config=_base_.model.teacher, ckpt=None),
    ],
    # 'confidence' favours the teacher that is more confident in a batch; or 'fixed'.
    weighting='confidence',
    # ------------------------------------ hardly ever changed ------------------------------------
    architecture=_base_.model.architecture,
    distiller=_base_.model.distiller,
)
