"""Distillation algorithm of EATrack on mmrazor's SingleTeacherDistill."""

import copy
from contextlib import ExitStack
from typing import Any, Dict, List, Optional, Union

import torch
from mmrazor.models.algorithms import SingleTeacherDistill
from mmrazor.models.utils import add_prefix
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.distillers.config_check import check_teacher
from mmeatrack.models.distillers.connectors import bind_connectors
from mmeatrack.models.teachers.mmtrack_teacher import MMTrackTeacher
from mmeatrack.models.teachers.teacher import (
    build_teacher,
    keep_configured_teachers,
    load_teacher,
    omit_loaded_teachers,
)
from mmeatrack.models.trackers.eatrack import EATrack
from mmeatrack.registry import MODELS


@MODELS.register_module()
class EATrackDistill(SingleTeacherDistill):
    """Distil a frozen teacher into ``architecture``, the student.

    The teacher runs in tensor mode, without losses or gradients, and stays in eval as a whole:
    its drop path would otherwise make its features random. At test the student alone predicts.

    A teacher that was loaded from a file is not part of the state dict: the configured file decides
    which teacher distils, in a resumed run as well, and checkpoints are smaller. Copies of the
    model, such as EMAHook's, share the teacher's weights.

    Args:
        distiller: Config of an :class:`EATrackDistiller`, or of mmrazor's ConfigurableDistiller.
        teacher: Config of the teacher, or the path of a config file whose ``model`` it is. A
            tracker of mmtrack's teaches through a :class:`MMTrackTeacher`.
        teacher_ckpt: Its checkpoint.
        allow_random_teacher: Accept a teacher without a checkpoint (for tests).
        kwargs: Of SingleTeacherDistill, except those that freeze or train a part;
            ``architecture`` is the student's config.

    Raises:
        ValueError: If there is no checkpoint, or the distiller does not fit the models or this
            algorithm.
        RuntimeError: If the checkpoint is not the teacher's.

    Example:
        >>> from mmengine.config import Config
        >>> model = EATrackDistill(
        ...     architecture=Config.fromfile('student.py').model,
        ...     teacher='student.py',
        ...     distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 2), (3, 3)]),
        ...     allow_random_teacher=True,  # for a real run: teacher_ckpt='teacher.pth'
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
        check_teacher(teacher_ckpt, allow_random_teacher, distiller)
        super().__init__(
            distiller=distiller,
            teacher=build_teacher(teacher),
            teacher_trainable=False,
            teacher_norm_eval=True,
            student_trainable=True,
            calculate_student_loss=True,
            **kwargs,
        )
        # Of MultiTeacherDistill.
        self.other_teachers, self.other_distillers = nn.ModuleList(), nn.ModuleList()
        # Checkpoints of the teachers, by the teachers' names in the state dict.
        self.teacher_files: Dict[str, Optional[str]] = {}
        self._register_state_dict_hook(omit_loaded_teachers)
        self._complete_teacher('teacher', self.teacher, self.distiller, teacher_ckpt)

    def _complete_teacher(
        self, name: str, teacher: Any, distiller: Any, ckpt: Optional[str]
    ) -> None:
        """Bind a teacher and its distiller to the student; load the teacher's checkpoint."""
        bind_connectors(distiller, self.student)
        tracker = teacher
        if isinstance(teacher, MMTrackTeacher):
            teacher.bind(self.student)
            tracker = teacher.tracker
        if ckpt is not None:
            load_teacher(tracker, ckpt)
        self.teacher_files[name] = ckpt
        teacher.eval()

    @property
    def teachers(self) -> List[Any]:
        """The teachers, in the config's order."""
        return [self.teacher, *self.other_teachers]

    @property
    def distillers(self) -> List[Any]:
        """A distiller for each teacher."""
        return [self.distiller, *self.other_distillers]

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        if not prefix and not any(key.startswith('architecture.') for key in state_dict):
            # Weights of a tracker: the student starts from them.
            for key in list(state_dict):
                state_dict['architecture.' + key] = state_dict.pop(key)
        keep_configured_teachers(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def __deepcopy__(self, memo: Dict[int, Any]) -> 'EATrackDistill':
        for teacher in self.teachers:  # the copy shares their weights
            for parameter in teacher.parameters():
                memo[id(parameter)] = nn.Parameter(parameter.detach(), requires_grad=False)
            for buffer in teacher.buffers():
                memo[id(buffer)] = buffer.detach()
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied.__setstate__(copy.deepcopy(self.__dict__, memo))
        return copied

    @property
    def cfg(self) -> Any:
        """The student's config, which mmtrack's ``init_model`` sets."""
        return self.student.cfg

    @cfg.setter
    def cfg(self, cfg: Any) -> None:
        self.student.cfg = cfg

    def train(self, mode: bool = True) -> 'EATrackDistill':
        """Set the student's mode; the teachers stay in eval."""
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

        The inputs are those of :meth:`EATrack.loss`. Once mmrazor's StopDistillHook has stopped
        the distillation, the teacher no longer runs. A distiller with parameters (adapters) then
        gives one loss, ``distill.loss_stopped``, which is 0.
        """
        stopped = self.distillation_stopped
        running = [] if stopped else [*zip(self.teachers, self.distillers)]
        try:
            outputs = []
            for teacher, distiller in running:
                with distiller.teacher_recorders, torch.no_grad():
                    outputs.append(teacher(batch_inputs, data_samples, mode='tensor'))
            with ExitStack() as recorders:
                for _, distiller in running:
                    recorders.enter_context(distiller.student_recorders)
                student_losses = self.student(batch_inputs, data_samples, mode='loss')
            losses: Dict[str, Tensor] = add_prefix(student_losses, 'student')
            distill = self._stopped_losses() if stopped else self._distill_losses(outputs)
            losses.update(add_prefix(distill, 'distill'))
            return losses
        finally:  # release the records, and with them the batch's graph
            for _, distiller in running:
                for manager in (distiller.student_recorders, distiller.teacher_recorders):
                    for recorder in manager.recorders.values():
                        recorder.reset_data_buffer()

    def _stopped_losses(self) -> Dict[str, Tensor]:
        # DistributedDataParallel waits for a gradient of each parameter, if only of zeros.
        unused = [p.sum() for distiller in self.distillers for p in distiller.parameters()]
        return {'loss_stopped': 0 * torch.stack(unused).sum()} if unused else {}

    def _distill_losses(self, outputs: List[Any]) -> Dict[str, Tensor]:
        """Losses of the recorded batch, given the teachers' outputs in tensor mode."""
        return self.distiller.compute_distill_losses()
