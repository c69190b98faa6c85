import numpy as np
import pytest

from mmeatrack.evaluation.calibration import (
    calibration_summary,
    is_right,
    lost_rates,
    reliability,
    scored_predictions,
)


def test_right_is_an_iou_of_at_least_one_half() -> None:
    truth = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [np.nan] * 4, [0, 0, 10, 10]], float)
    boxes = np.array([[0, 0, 10, 5], [0, 0, 10, 4.9], [0, 0, 10, 10], [0, 0, 10, 20]], float)
    assert is_right(boxes, truth).tolist() == [True, False, False, True]


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    scores = np.array([0.9, 0.4, 0.4, 0.1])
    # Right: 0.9 and one 0.4. Pairs with the wrong 0.4 and 0.1: 1, 1, a tie of one half, 1.
    summary = calibration_summary(scores, np.array([True, True, False, False]))
    assert summary['auroc'] == pytest.approx(3.5 / 4)
    rng = np.random.default_rng(0)
    scores, right = rng.integers(0, 20, 200) / 20, rng.random(200) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[right] for b in scores[~right]]
    assert calibration_summary(scores, right)['auroc'] == pytest.approx(float(np.mean(pairs)))


def test_calibration_error_by_hand() -> None:
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    right = np.array([False, True, False, True, True])
    bins = reliability(scores, right)
    assert [each.frames for each in bins] == [1, 2, 2]
    assert [each.right for each in bins] == [0, 0.5, 1]
    # (0.05 * 1 + 0.35 * 2 + 0.025 * 2) / 5
    assert calibration_summary(scores, right)['ece'] == pytest.approx(0.16)


def test_scores_equal_to_probabilities_have_no_error() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(200000)
    summary = calibration_summary(scores, rng.random(200000) < scores)
    assert summary['ece'] == pytest.approx(0, abs=0.005)
    assert summary['right'] == pytest.approx(0.5, abs=0.005)
    # Over uniform scores s: E[s t < s' ...] gives 5 / 6.
    assert summary['auroc'] == pytest.approx(5 / 6, abs=0.005)


def test_first_frames_are_left_out() -> None:
    boxes = dict(a=np.array([[0, 0, 4, 4]] * 3, float), b=np.array([[0, 0, 4, 4]] * 2, float))
    truths = dict(a=boxes['a'], b=boxes['b'] + 9)
    scores = dict(a=np.array([-1, 0.7, 0.6]), b=np.array([-1, 0.2]))
    found, right = scored_predictions(boxes, scores, truths)
    assert found.tolist() == [0.7, 0.6, 0.2]
    assert right.tolist() == [True, True, False]


def test_predictions_of_one_outcome_have_bins_but_no_auroc() -> None:
    scores = np.array([0.2, 0.25, 1.0])
    for right in (np.ones(3, bool), np.zeros(3, bool)):
        summary = calibration_summary(scores, right)
        assert summary['auroc'] is None
        assert summary['ece'] == pytest.approx(abs(right[0] - np.mean(scores)))
        assert [each.frames for each in reliability(scores, right)] == [1, 1, 1]


def test_rates_of_the_lost_signal() -> None:
    truth = np.tile([0.0, 0, 10, 10], (40, 1))
    truth[30] = np.nan
    boxes = truth + 0.0
    boxes[10:13] += 20  # wrong, as is the last frame
    boxes[39] += 20
    boxes[30] = 0, 0, 10, 10
    lost = np.zeros(40, bool)
    lost[[0, 5, 26, 30]] = True  # 26 is 14 frames after 12 and 15 after 11
    both = dict(a=boxes, b=truth[:3]), dict(a=lost, b=lost[:3]), dict(a=truth, b=truth[:3])
    assert lost_rates(*both) == dict(
        right_called_lost=pytest.approx(2 / 36), wrong_called_lost=1 / 4, wrong=4
    )
    alone = (dict(b=each['b']) for each in both)
    assert lost_rates(*alone) == dict(right_called_lost=0, wrong_called_lost=None, wrong=0)
