"""Distillation algorithm of EATrack on mmrazor's SingleTeacherDistill."""

import copy
from contextlib import ExitStack
from typing import Any, Dict, List, Optional, Union

import torch
from mmrazor.models.algorithms import SingleTeacherDistill
from mmrazor.models.utils import add_prefix
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.distillers.config_check import check_distiller
from mmeatrack.models.distillers.connectors import bind_connectors
from mmeatrack.models.distillers.teacher import (
    bind_teacher,
    build_teacher,
    check_checkpoint_is_given,
    keep_configured_teachers,
    leave_out_teachers,
    load_teacher,
    share_weights,
)
from mmeatrack.models.trackers.eatrack import EATrack
from mmeatrack.registry import MODELS

# Options of SingleTeacherDistill for what is always the same here.
_FIXED = {'teacher_trainable', 'teacher_norm_eval', 'student_trainable', 'calculate_student_loss'}


@MODELS.register_module()
class EATrackDistill(SingleTeacherDistill):
    """Distils a frozen teacher into ``architecture``, the student.

    The teacher runs in tensor mode, without losses or gradients, and stays in eval as a whole:
    its drop path would otherwise make its features random. At test the student alone predicts.

    A teacher that was loaded from a file is no part of the state dict: the configured file decides
    which teacher distils, in a resumed run as well, and checkpoints are smaller. Copies of the
    model, such as EMAHook's, share the teacher's weights.

    Args:
        distiller: Config of an :class:`EATrackDistiller`, or of mmrazor's ConfigurableDistiller.
        teacher: Config of the teacher, or the path of a config file whose ``model`` it is. A
            tracker of mmtrack's teaches through a :class:`MMTrackTeacher`.
        teacher_ckpt: Its checkpoint.
        allow_random_teacher: Accept a teacher without a checkpoint (for tests).
        kwargs: Of SingleTeacherDistill; ``architecture`` is the student's config.

    Raises:
        ValueError: If there is no checkpoint, the distiller does not fit the models or this
            algorithm, or an option of SingleTeacherDistill is given that has no effect here.
        RuntimeError: If the checkpoint is not the teacher's.

    Example:
        >>> from mmengine.config import Config
        >>> model = EATrackDistill(
        ...     architecture=Config.fromfile('student.py').model,
        ...     teacher='student.py',
        ...     distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 2), (3, 3)]),
        ...     allow_random_teacher=True,  # in earnest: teacher_ckpt='teacher.pth'
        ... )
        >>> list(model.distiller.distill_losses)
        ['loss_feat_2_2', 'loss_feat_3_3', 'loss_pred']
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
        check_distiller(distiller)
        super().__init__(distiller=distiller, teacher=build_teacher(teacher), **kwargs)
        bind_connectors(self.distiller, self.student)
        bind_teacher(self.teacher, self.student)
        # Of the teachers whose weights come from a file, by their place in the model.
        self.teacher_files: Dict[str, str] = {}
        self._register_state_dict_hook(leave_out_teachers)
        if teacher_ckpt is not None:
            load_teacher(self.teacher, teacher_ckpt)
            self.teacher_files['teacher'] = teacher_ckpt
        self.teacher.eval()

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        if not prefix and not any(key.startswith('architecture.') for key in state_dict):
            # Weights of a tracker: the student starts from them.
            for key in list(state_dict):
                state_dict['architecture.' + key] = state_dict.pop(key)
        keep_configured_teachers(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def __deepcopy__(self, memo: Dict[int, Any]) -> 'EATrackDistill':
        for teacher in self.teachers:
            share_weights(teacher, memo)
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied.__setstate__(copy.deepcopy(self.__dict__, memo))
        return copied

    @property
    def cfg(self) -> Any:
        """Config that mmtrack's ``init_model`` keeps; the student follows its hooks."""
        return self.student.cfg

    @cfg.setter
    def cfg(self, cfg: Any) -> None:
        self.student.cfg = cfg

    def train(self, mode: bool = True) -> 'EATrackDistill':
        """Set the student's mode; the teacher stays in eval."""
        super().train(mode)
        for teacher in self.teachers:
            teacher.eval()
        return self

    def parts_to_compile(self) -> List[nn.Module]:
        """Modules of student and teachers that the config's ``compile`` option compiles."""
        models = [self.student, *self.teachers]
        return [p for each in models if isinstance(each, EATrack) for p in each.parts_to_compile()]

    def loss(
        self, batch_inputs: Dict[str, Tensor], data_samples: Optional[List[TrackDataSample]] = None
    ) -> Dict[str, Tensor]:
        """The student's losses (``student.*``) and the distiller's (``distill.*``), by name.

        The inputs are those of :meth:`EATrack.loss`. After mmrazor's StopDistillHook has stopped
        distillation the teacher is not run any more; the one loss left of a distiller that has
        parameters (adapters) is ``distill.loss_stopped``, always 0.
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
            losses = add_prefix(student_losses, 'student')
            losses.update(add_prefix(self._distill_losses(outputs), 'distill'))
            return losses
        finally:
            for distiller in self.distillers:
                _release_records(distiller)

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


def _release_records(distiller: Any) -> None:
    """Let go of what was recorded, and with it of the batch's graph."""
    for manager in (distiller.student_recorders, distiller.teacher_recorders):
        for recorder in manager.recorders.values():
            recorder.reset_data_buffer()
