# EATrack: the student distilled from its teacher, at the paper's size and schedule. Needs
# --cfg-options model.teacher_ckpt=CHECKPOINT
#
# A config of your own changes it by name, e.g. another teacher with other pairs:
#     _base_ = '.../eatrack_deit-tiny_distill_4xb32-300e_got10k-lasot-trackingnet-coco.py'
#     model = dict(
#         teacher='my_teacher.py',
#         teacher_ckpt='my_teacher.pth',
#         distiller=dict(layer_pairs=[(7, 23)], feature_weight=2.0),
#     )
_base_ = './eatrack_deit-tiny_4xb32-300e_got10k-lasot-trackingnet-coco.py'

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
