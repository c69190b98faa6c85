import pytest

from mmeatrack.registry import MODELS
from mmeatrack.tracking import LostDetector


def states(detector: LostDetector, scores: list) -> str:
    return ''.join('L' if detector.update(score) else '.' for score in scores)


def test_hysteresis_and_patience() -> None:
    detector = LostDetector(lost_below=0.3, found_above=0.6, patience=2)
    #           two bad frames     not found: below 0.6    found: two at 0.6 or more
    scores = [0.9, 0.2, 0.3, 0.2, 0.29, 0.5, 0.7, 0.5, 0.6, 0.9, 0.5, 0.1]
    assert states(detector, scores) == '....LLLLL...'
    assert (detector.times_lost, detector.times_found) == (1, 1)
    assert states(detector, [0.1]) == 'L'
    assert (detector.times_lost, detector.times_found) == (2, 1)


def test_never_lost_below_zero() -> None:
    assert states(LostDetector(lost_below=0.0), [0.0] * 9) == '.' * 9


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(lost_below=0.7, found_above=0.5), 'lost_below not above found_above'),
        (dict(found_above=1.2), 'must lie between 0 and 1'),
        (dict(patience=0), 'patience=0 must be a whole number'),
        (dict(patience=2.5), 'patience=2.5 must be a whole number'),
    ],
)
def test_bad_values_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        MODELS.build(dict(type='mmeatrack.LostDetector', **arguments))
