"""Reports as plain dicts, ready for JSON: what a tracker scored, how, and on what."""

from typing import Dict, Mapping, Optional, Sequence

from mmeatrack.evaluation.ope import OPEScores, mean_scores

POLICY_TEXTS = {
    'miss': 'a frame without the target is neither a success nor precise',
    'hit': 'a frame without the target is no success but precise',
    'exclude': 'frames without the target are left out',
}
VALID_BOX_TEXTS = {
    'positive': 'the target is there where x, y, w and h of its box are > 0',
    'sized': 'the target is there where w and h of its box are > 0',
}


def policy_text(absent: str, valid_boxes: str) -> str:
    """State in a sentence how frames without a target were treated."""
    return (
        f'absent={absent}, valid_boxes={valid_boxes}: {POLICY_TEXTS[absent]}; '
        f'{VALID_BOX_TEXTS[valid_boxes]}'
    )


def report_entry(
    scores: OPEScores,
    left_out: Mapping[str, str],
    attributes: Optional[Mapping[str, Sequence[str]]] = None,
) -> dict:
    """Build the report of one tracker.

    Args:
        scores: Its scores.
        left_out: Why sequences were not scored, by name.
        attributes: Names of the attributes of each sequence.

    Returns:
        ``success_auc``, ``precision20`` and ``norm_precision`` (0 to 1), ``per_sequence`` and
        ``per_attribute`` with the same keys, the policy, the curves and what was left out.
    """
    entry = _numbers(scores)
    entry.update(
        num_sequences=len(scores.per_sequence),
        left_out=dict(left_out),
        absent=scores.absent,
        valid_boxes=scores.valid_boxes,
        policy=policy_text(scores.absent, scores.valid_boxes),
        success_curve=scores.success_curve.tolist(),
        precision_curve=scores.precision_curve.tolist(),
        norm_precision_curve=scores.norm_precision_curve.tolist(),
        per_attribute={
            name: dict(_numbers(subset), num_sequences=len(subset.per_sequence))
            for name, subset in attribute_scores(scores, attributes or {}).items()
        },
        per_sequence={
            name: dict(
                _numbers(sequence), num_frames=sequence.num_frames, num_absent=sequence.num_absent
            )
            for name, sequence in scores.per_sequence.items()
        },
    )
    return entry


def attribute_scores(
    scores: OPEScores, attributes: Mapping[str, Sequence[str]]
) -> Dict[str, OPEScores]:
    """Average scores over the sequences of each attribute.

    Args:
        scores: Scores of a tracker.
        attributes: Names of the attributes of each sequence.

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


def _numbers(scores: object) -> dict:
    """The three headline numbers."""
    return {key: getattr(scores, key) for key in ('success_auc', 'precision20', 'norm_precision')}
