"""The distillation algorithm of EATrack on mmrazor's SingleTeacherDistill."""

from contextlib import ExitStack
from typing import Any, Dict, List, Optional, Union

import torch
from mmrazor.models.algorithms import SingleTeacherDistill
from mmrazor.models.utils import add_prefix
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models.distillers.teacher import (
    build_teacher,
    check_checkpoint_is_given,
    load_teacher,
)
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
        check_checkpoint_is_given(teacher_ckpt, allow_random_teacher)
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
        for teacher in self.teachers:
            teacher.eval()
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
            teacher is not run any more; the one loss left of a distiller that has parameters
            (adapters) is ``distill.loss_stopped``, always 0.
        """
        if self.distillation_stopped:
            return self._losses_without_teacher(batch_inputs, data_samples)
        try:
            outputs = []
            for teacher, distiller in zip(self.teachers, self.distillers):
                with distiller.teacher_recorders, torch.no_grad():
                    outputs.append(teacher(batch_inputs, data_samples, mode='tensor'))
            with ExitStack() as recorders:
                for distiller in self.distillers:
                    recorders.enter_context(distiller.student_recorders)
                student_losses = self.student(batch_inputs, data_samples, mode='loss')
            grid = self.student.backbone.search_grid
            boxes = self.student.search_boxes(data_samples)
            for distiller in self.distillers:
                distiller.set_target(boxes, (grid, grid))
            losses = add_prefix(student_losses, 'student')
            losses.update(add_prefix(self._distill_losses(outputs), 'distill'))
            return losses
        finally:
            for distiller in self.distillers:
                distiller.release()

    def _losses_without_teacher(
        self, batch_inputs: Dict[str, Tensor], data_samples: Optional[List[TrackDataSample]]
    ) -> Dict[str, Tensor]:
        student_losses = self.student(batch_inputs, data_samples, mode='loss')
        losses: Dict[str, Tensor] = add_prefix(student_losses, 'student')
        unused = [p.sum() for distiller in self.distillers for p in distiller.parameters()]
        if unused:
            # DistributedDataParallel waits for a gradient of each parameter, if only of zeros.
            losses['distill.loss_stopped'] = 0 * torch.stack(unused).sum()
        return losses

    @property
    def teachers(self) -> List[Any]:
        """The teachers."""
        return [self.teacher]

    @property
    def distillers(self) -> List[Any]:
        """A distiller for each teacher."""
        return [self.distiller]

    def _distill_losses(self, outputs: List[Any]) -> Dict[str, Tensor]:
        """Losses of what was recorded, given the teachers' outputs in tensor mode."""
        losses: Dict[str, Tensor] = self.distiller.compute_distill_losses()
        return losses
