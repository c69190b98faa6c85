"""Reports: scores of a tracker, the policy behind them, and the data."""

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

from mmeatrack.evaluation.ope import OPEScores, SequenceScores, mean_scores

POLICY_TEXTS = {
    'miss': 'a frame without the target is neither a success nor precise',
    'sglatrack': 'a frame without the target is neither a success nor precise at 20 px, but '
    'precise by the normalised measure',
    'hit': 'a frame without the target is no success but precise',
    'exclude': 'frames without the target are left out',
}
VALID_BOX_TEXTS = {
    'positive': 'the target is there where x, y, w and h of its box are > 0',
    'sized': 'the target is there where w and h of its box are > 0',
}


@dataclass(frozen=True)
class TrackerReport:
    """The report of one tracker on one benchmark.

    Attributes:
        scores: Scores, the mean and those of each sequence.
        by_attribute: Scores by attribute: means over the sequences that have it.
        left_out: Why sequences were not scored, by name.
        warnings: Sentences about results that were repaired or not read.
        speed: Frames per second and the machine, where they were measured.
        sequence_speeds: Frames per second by sequence, where they were measured.
    """

    scores: OPEScores
    by_attribute: Mapping[str, OPEScores] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()
    speed: Optional[Mapping[str, Any]] = None
    sequence_speeds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def num_sequences(self) -> int:
        """Number of sequences that were scored."""
        return len(self.scores.per_sequence)

    @property
    def policy(self) -> str:
        """Sentence on how frames without a target were treated."""
        absent, valid_boxes = self.scores.absent, self.scores.valid_boxes
        return (
            f'absent={absent}, valid_boxes={valid_boxes}: {POLICY_TEXTS[absent]}; '
            f'{VALID_BOX_TEXTS[valid_boxes]}'
        )

    def as_dict(self) -> Dict[str, Any]:
        """The report as it is written to JSON.

        Returns:
            ``success_auc``, ``precision20`` and ``norm_precision`` (0 to 1), ``per_sequence`` and
            ``per_attribute`` with the same keys, the policy, the curves and what was left out.
        """
        entry: Dict[str, Any] = _headline(self.scores)
        entry.update(
            num_sequences=self.num_sequences,
            left_out=dict(self.left_out),
            absent=self.scores.absent,
            valid_boxes=self.scores.valid_boxes,
            policy=self.policy,
            success_curve=self.scores.success_curve.tolist(),
            precision_curve=self.scores.precision_curve.tolist(),
            norm_precision_curve=self.scores.norm_precision_curve.tolist(),
            per_attribute={
                name: dict(_headline(subset), num_sequences=len(subset.per_sequence))
                for name, subset in self.by_attribute.items()
            },
            per_sequence={
                name: dict(
                    _headline(sequence),
                    num_frames=sequence.num_frames,
                    num_absent=sequence.num_absent,
                    **self.sequence_speeds.get(name, {}),
                )
                for name, sequence in self.scores.per_sequence.items()
            },
            warnings=list(self.warnings),
        )
        if self.speed is not None:
            entry['speed'] = dict(self.speed)
        return entry


Report = Mapping[str, TrackerReport]
"""Reports by tracker, the best success AUC first."""


def attribute_scores(
    scores: OPEScores, attributes: Mapping[str, Sequence[str]]
) -> Dict[str, OPEScores]:
    """Average scores over the sequences of each attribute.

    Returns:
        Scores by attribute, in the order of the attributes' first occurrence.
    """
    occurrences = (
        name for sequence in scores.per_sequence for name in attributes.get(sequence, ())
    )
    by_attribute = {}
    for name in dict.fromkeys(occurrences):
        chosen = {
            sequence: score
            for sequence, score in scores.per_sequence.items()
            if name in attributes.get(sequence, ())
        }
        by_attribute[name] = mean_scores(chosen, scores.absent, scores.valid_boxes)
    return by_attribute


def _headline(scores: Union[OPEScores, SequenceScores]) -> Dict[str, float]:
    return dict(
        success_auc=scores.success_auc,
        precision20=scores.precision20,
        norm_precision=scores.norm_precision,
    )
