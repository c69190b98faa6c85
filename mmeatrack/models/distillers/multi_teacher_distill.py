"""Distillation from several teachers."""

import copy
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import torch
from mmdet.utils.dist_utils import reduce_mean
from mmrazor.models.utils import add_prefix
from torch import Tensor

from mmeatrack.models.distillers.config_check import check_teacher
from mmeatrack.models.distillers.eatrack_distill import EATrackDistill
from mmeatrack.models.distillers.eatrack_distiller import EATrackDistiller
from mmeatrack.models.distillers.short_form import mask_record
from mmeatrack.models.heads import CenterHeadOutput
from mmeatrack.models.teachers.teacher import build_teacher
from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_choice

WEIGHTINGS = ('fixed', 'confidence')


class TeacherEntry(NamedTuple):
    """Entry of ``teachers`` in the config of a :class:`MultiTeacherDistill`."""

    config: Union[dict, str]
    ckpt: Optional[str] = None
    weight: float = 1.0
    distiller: Dict[str, Any] = {}


@MODELS.register_module()
class MultiTeacherDistill(EATrackDistill):
    """Distil several frozen teachers into ``architecture``, the student.

    Each teacher has its own distiller; their losses are averaged by weight and logged as
    ``distill.teacher_0.loss_pred``. The student runs once a step.

    Args:
        distiller: Config of an :class:`EATrackDistiller`, for every teacher.
        teachers: A ``dict(config=..., ckpt=..., weight=1.0, distiller=dict(...))`` for each.
            ``config`` and ``ckpt`` are ``teacher`` and ``teacher_ckpt`` of :class:`EATrackDistill`;
            ``weight`` is above 0; ``distiller`` holds what differs for this teacher, such as
            ``layer_pairs`` for another depth.
        weighting: 'fixed' takes the weights as they are; 'confidence' multiplies each, batch by
            batch, by the teacher's mean confidence: its highest score inside the target. Both
            normalise the weights to a sum of 1.
        allow_random_teacher: Accept teachers without a checkpoint (for tests).
        kwargs: Of EATrackDistill.

    Raises:
        TypeError: If an entry of ``teachers`` has an unknown key or no ``config``.
        ValueError: If there is no teacher, a value is unknown or out of range, or layer pairs are
            to be found ('auto' takes one teacher).

    Example:
        >>> from mmengine.config import Config
        >>> student = Config.fromfile('student.py').model
        >>> model = MultiTeacherDistill(
        ...     architecture=student,
        ...     teachers=[dict(config='student.py', weight=2.0), dict(config='student.py')],
        ...     distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 3)]),
        ...     allow_random_teacher=True,  # for a real run: dict(config=..., ckpt='teacher.pth')
        ... )
        >>> len(model.teachers), model.weights
        (2, [2.0, 1.0])
    """

    def __init__(
        self,
        distiller: dict,
        teachers: Sequence[dict],
        weighting: str = 'fixed',
        allow_random_teacher: bool = False,
        **kwargs: Any,
    ) -> None:
        entries = [TeacherEntry(**each) for each in teachers]
        distillers = [dict(copy.deepcopy(distiller), **each.distiller) for each in entries]
        _check(entries, distillers, weighting)
        first, *others = entries
        super().__init__(
            distiller=distillers[0],
            teacher=first.config,
            teacher_ckpt=first.ckpt,
            allow_random_teacher=allow_random_teacher,
            **kwargs,
        )
        self.weighting = weighting
        self.weights = [float(each.weight) for each in entries]
        for index, (entry, config) in enumerate(zip(others, distillers[1:])):
            check_teacher(entry.ckpt, allow_random_teacher, config)
            teacher = build_teacher(entry.config).requires_grad_(False)
            self.other_teachers.append(teacher)
            if not self.teacher_module_inplace:
                self.set_module_inplace_false(teacher, f'self.other_teachers[{index}]')
            built = MODELS.build(config)
            built.prepare_from_student(self.student)
            built.prepare_from_teacher(teacher)
            self.other_distillers.append(built)
            self._complete_teacher(f'other_teachers.{index}', teacher, built, entry.ckpt)
        if weighting == 'confidence' and not isinstance(self.distiller, EATrackDistiller):
            raise ValueError(
                "weighting='confidence' needs the target's mask: set distiller.type to "
                f"'mmeatrack.EATrackDistiller'; it is {distillers[0]['type']!r}."
            )

    def _distill_losses(self, outputs: List[CenterHeadOutput]) -> Dict[str, Tensor]:
        losses: Dict[str, Tensor] = {}
        weights = self._batch_weights([output.score for output in outputs])
        for index, (weight, distiller) in enumerate(zip(weights, self.distillers)):
            own = distiller.compute_distill_losses()
            weighted = {name: weight * value for name, value in own.items()}
            losses.update(add_prefix(weighted, f'teacher_{index}'))
        return losses

    @torch.no_grad()
    def _batch_weights(self, scores: List[Tensor]) -> Tensor:
        """(K,) weights of sum 1 by K score maps (B, 1, Hf, Wf); equal if none is confident."""
        like = scores[0]
        weights = torch.stack([like.new_full((), each) for each in self.weights]).float()
        if self.weighting == 'confidence':
            inside = self.distiller.get_record(**mask_record('map'))[:, None]  # (B, 1, Hf, Wf)
            peaks = [(score.float().sigmoid() * inside).flatten(1).amax(dim=1) for score in scores]
            # Samples without a target add 0. Averaged over processes: all use the same weights.
            weights = weights * reduce_mean(torch.stack([peak.mean() for peak in peaks]))
        total = weights.sum()
        return torch.where(total > 0, weights / total, torch.full_like(weights, 1 / len(weights)))


def _check(entries: List[TeacherEntry], distillers: List[dict], weighting: str) -> None:
    check_choice(WEIGHTINGS, weighting=weighting)
    if not entries:
        raise ValueError('teachers is empty: give dict(config=..., ckpt=...) for each.')
    for index, entry in enumerate(entries):
        if not entry.weight > 0:
            raise ValueError(f'teachers[{index}]: weight={entry.weight} must be above 0.')
    if any(each.get('layer_pairs') == 'auto' for each in distillers):
        raise ValueError(
            "layer_pairs='auto' works with one teacher: give the pairs of each teacher."
        )
