"""The distillation algorithm of EATrack on mmrazor's SingleTeacherDistill."""

from typing import Any, Dict, List, Optional, Union

import torch
from mmrazor.models.algorithms import SingleTeacherDistill
from mmrazor.models.utils import add_prefix
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models.distillers.teacher import build_teacher, load_teacher
from mmeatrack.registry import MODELS

# Options of SingleTeacherDistill for what is always the same here.
_FIXED = {
    'teacher_trainable',
    'teacher_norm_eval',
    'student_trainable',
    'calculate_student_loss',
}


@MODELS.register_module()
class EATrackDistill(SingleTeacherDistill):
    """Distils a frozen teacher into ``architecture``, the student.

    The teacher runs in tensor mode, without losses or gradients, and stays in eval as a whole:
    its drop path would otherwise make its features random. At test the student alone predicts.

    Args:
        distiller: Config of an :class:`EATrackDistiller`.
        teacher: Config of the teacher, or the path of a config file whose ``model`` it is.
        teacher_ckpt: Its checkpoint.
        allow_random_teacher: Accept a teacher without a checkpoint (for tests).
        kwargs: Of SingleTeacherDistill; ``architecture`` is the student's config.

    Raises:
        ValueError: If there is no checkpoint, the distiller does not fit the models, or an option
            of SingleTeacherDistill is given that has no effect here.
        RuntimeError: If the checkpoint is not the teacher's.
    """

    def __init__(
        self,
        distiller: dict,
        teacher: Union[dict, str],
        teacher_ckpt: Optional[str] = None,
        allow_random_teacher: bool = False,
        **kwargs: Any,
    ) -> None:
        if teacher_ckpt is None and not allow_random_teacher:
            raise ValueError(
                'teacher_ckpt is missing, and a random teacher teaches nothing: set '
                'model.teacher_ckpt to a checkpoint of the teacher, or '
                'model.allow_random_teacher=True for a test of the machinery.'
            )
        fixed = sorted(set(kwargs) & _FIXED)
        if fixed:
            raise ValueError(
                f'{fixed} cannot be chosen here: the teacher is frozen, and the student is trained '
                'with its own losses and those of the distiller. Leave them out.'
            )
        super().__init__(distiller=distiller, teacher=build_teacher(teacher), **kwargs)
        if teacher_ckpt is not None:
            load_teacher(self.teacher, teacher_ckpt)
        self.teacher.eval()

    def train(self, mode: bool = True) -> 'EATrackDistill':
        """Set the student's mode; the teacher stays in eval."""
        super().train(mode)
        self.teacher.eval()
        return self

    def loss(
        self,
        batch_inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]] = None,
    ) -> Dict[str, Tensor]:
        """The student's losses (``student.*``) and the distiller's (``distill.*``).

        Args:
            batch_inputs: As :meth:`EATrack.loss` takes them.
            data_samples: Their annotations.

        Returns:
            Losses by name. After mmrazor's StopDistillHook has stopped distillation the
            teacher is not run any more.
        """
        if self.distillation_stopped:
            return add_prefix(self.student(batch_inputs, data_samples, mode='loss'), 'student')
        try:
            with self.distiller.teacher_recorders, torch.no_grad():
                self.teacher(batch_inputs, data_samples, mode='tensor')
            with self.distiller.student_recorders:
                student_losses = self.student(batch_inputs, data_samples, mode='loss')
            grid = self.student.backbone.search_grid
            self.distiller.set_target(self.student.search_boxes(data_samples), (grid, grid))
            losses = add_prefix(student_losses, 'student')
            losses.update(add_prefix(self.distiller.compute_distill_losses(), 'distill'))
            return losses
        finally:
            self.distiller.release()
