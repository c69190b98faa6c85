"""Distillation from several teachers."""

import copy
from typing import Any, Dict, List, Sequence

import torch
from mmdet.utils.dist_utils import reduce_mean
from mmrazor.models.utils import add_prefix
from torch import Tensor, nn

from mmeatrack.models.distillers.config_check import check_distiller
from mmeatrack.models.distillers.connectors import bind_connectors
from mmeatrack.models.distillers.eatrack_distill import EATrackDistill
from mmeatrack.models.distillers.eatrack_distiller import EATrackDistiller
from mmeatrack.models.distillers.teacher import (
    bind_teacher,
    build_teacher,
    check_checkpoint_is_given,
    load_teacher,
)
from mmeatrack.models.heads import CenterHeadOutput
from mmeatrack.registry import MODELS

WEIGHTINGS = ('fixed', 'confidence')
_KEYS = {'config', 'ckpt', 'weight', 'distiller'}


@MODELS.register_module()
class MultiTeacherDistill(EATrackDistill):
    """Distils several frozen teachers into ``architecture``, the student.

    Each teacher has a distiller of its own; their losses are averaged by weight and logged as
    ``distill.teacher_0.loss_pred``. The student runs once a step.

    Args:
        distiller: Config of an :class:`EATrackDistiller`, for every teacher.
        teachers: For each ``dict(config=..., ckpt=..., weight=1.0, distiller=dict(...))``: config
            and checkpoint as :class:`EATrackDistill` takes them; ``weight`` above 0; ``distiller``:
            what differs for this teacher, such as ``layer_pairs`` for another depth.
        weighting: 'fixed' takes the weights as they are; 'confidence' multiplies each, batch by
            batch, with the teacher's mean confidence: its highest score inside the target. Both
            make the weights sum to 1.
        allow_random_teacher: Accept teachers without a checkpoint (for tests).
        kwargs: Of EATrackDistill.

    Raises:
        ValueError: If there is no teacher, a value is unknown or out of range, or layer pairs are
            to be found ('auto' takes one teacher).

    Example:
        >>> from mmengine.config import Config
        >>> student = Config.fromfile('student.py').model
        >>> model = MultiTeacherDistill(
        ...     architecture=student,
        ...     teachers=[dict(config='student.py', weight=2.0), dict(config='student.py')],
        ...     distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 3)]),
        ...     allow_random_teacher=True,  # in earnest: dict(config=..., ckpt='teacher.pth')
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
        _check(teachers, weighting)
        distillers = [
            dict(copy.deepcopy(distiller), **each.get('distiller', {})) for each in teachers
        ]
        for each in teachers:
            check_checkpoint_is_given(each.get('ckpt'), allow_random_teacher)
        if any(each.get('layer_pairs') == 'auto' for each in distillers):
            raise ValueError(
                "layer_pairs='auto' takes one teacher: give the pairs of each teacher."
            )
        first, *others = teachers
        if 'teacher' in kwargs or 'teacher_ckpt' in kwargs:
            raise ValueError('give all teachers in `teachers`, and no teacher or teacher_ckpt.')
        super().__init__(
            distiller=distillers[0],
            teacher=first['config'],
            teacher_ckpt=first.get('ckpt'),
            allow_random_teacher=allow_random_teacher,
            **kwargs,
        )
        self.weighting = weighting
        self.weights = [float(each.get('weight', 1.0)) for each in teachers]
        self.other_teachers, self.other_distillers = nn.ModuleList(), nn.ModuleList()
        for each, config in zip(others, distillers[1:]):
            self._add_teacher(each, config)
        if weighting == 'confidence' and not isinstance(self.distiller, EATrackDistiller):
            raise ValueError(
                "weighting='confidence' looks at the target's mask, which an "
                f'mmeatrack.EATrackDistiller makes; distiller.type is {distillers[0]["type"]!r}.'
            )

    def _add_teacher(self, given: dict, distiller: dict) -> None:
        """Add a teacher as EATrackDistill adds its one."""
        check_distiller(distiller)
        teacher = build_teacher(given['config'])
        if given.get('ckpt') is not None:
            load_teacher(teacher, given['ckpt'])
            self.teacher_files[f'other_teachers.{len(self.other_teachers)}'] = given['ckpt']
        self.other_teachers.append(teacher.eval().requires_grad_(False))
        if not self.teacher_module_inplace:
            index = len(self.other_teachers) - 1
            self.set_module_inplace_false(teacher, f'self.other_teachers[{index}]')
        built = MODELS.build(distiller)
        bind_connectors(built, self.student)
        bind_teacher(teacher, self.student)
        built.prepare_from_student(self.student)
        built.prepare_from_teacher(teacher)
        self.other_distillers.append(built)

    @property
    def teachers(self) -> List[Any]:
        """All teachers, in the config's order."""
        return [self.teacher, *self.other_teachers]

    @property
    def distillers(self) -> List[Any]:
        """A distiller for each teacher."""
        return [self.distiller, *self.other_distillers]

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
        """(K,) weights of sum 1 by K score maps (B, 1, Hf, Wf); equal where none is confident."""
        like = scores[0]
        weights = torch.stack([like.new_full((), each) for each in self.weights]).float()
        if self.weighting == 'confidence':
            inside = self.distiller.target_cells()[:, None]  # (B, 1, Hf, Wf)
            peaks = [(score.float().sigmoid() * inside).flatten(1).amax(dim=1) for score in scores]
            # Samples without a target add nothing to any teacher.
            # All processes weigh alike, by the whole batch.
            weights = weights * reduce_mean(torch.stack([peak.mean() for peak in peaks]))
        total = weights.sum()
        return torch.where(total > 0, weights / total, torch.full_like(weights, 1 / len(weights)))


def _check(teachers: Sequence[dict], weighting: str) -> None:
    if weighting not in WEIGHTINGS:
        raise ValueError(f'weighting={weighting!r} is unknown; it is one of {list(WEIGHTINGS)}.')
    if not teachers:
        raise ValueError('teachers is empty: give dict(config=..., ckpt=...) for each.')
    for index, each in enumerate(teachers):
        unknown = sorted(set(each) - _KEYS)
        if unknown or 'config' not in each:
            raise ValueError(
                f'teachers[{index}] has the keys {sorted(each)}; it needs config and may have '
                f'{sorted(_KEYS - {"config"})}.'
            )
        if not each.get('weight', 1.0) > 0:
            raise ValueError(f'teachers[{index}]: weight={each["weight"]} must be above 0.')
