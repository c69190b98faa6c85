from typing import Tuple

import numpy as np
import pytest

from mmeatrack.evaluation import SUCCESS_THRESHOLDS, ope_scores
from mmeatrack.evaluation.ope import OPEScores, box_overlaps, center_errors, repair_result
from mmeatrack.files.box_text import parse_boxes, read_boxes
from mmeatrack.files.result_source import open_results
from tests.raw_results import WHOLE, needs_whole_benchmarks, published_scores

NAN = [np.nan] * 4


def score_one(result: list, truth: list, **kwargs: str) -> OPEScores:
    return ope_scores([np.array(result, float)], [np.array(truth, float)], **kwargs)


def test_thresholds_equal_matlabs() -> None:
    assert len(SUCCESS_THRESHOLDS) == 21
    assert SUCCESS_THRESHOLDS[13] == 0.6499999999999999
    assert np.linspace(0, 1, 21)[13] == 0.65
    np.testing.assert_allclose(SUCCESS_THRESHOLDS, np.linspace(0, 1, 21), rtol=0, atol=1e-15)


def test_perfect_tracker() -> None:
    truth = np.random.default_rng(0).uniform(1, 100, (50, 4))

    scores = ope_scores({'a': truth}, {'a': truth})

    assert scores.success_auc == 20 / 21  # IoU 1 is not a success at t = 1
    assert scores.precision20 == scores.norm_precision == 1
    assert scores.success_curve[-1] == 0


def test_hand_worked_sequence() -> None:
    # Frame 0 is given. Frame 1: shifted by half of its width, IoU 1/3, 5 px off, 0.5 of the width.
    # Frame 2: the same place, half as wide: IoU 1/2, 2.5 px off, 0.25 of the width.
    # Frame 3: far away.
    truth = [[10, 10, 10, 10]] * 4
    result = [[0, 0, 1, 1], [15, 10, 10, 10], [10, 10, 5, 10], [50, 10, 10, 10]]

    scores = score_one(result, truth)
    sequence = scores.per_sequence['0']

    # IoU > t for t = 0 .. 0.30 in frame 1 (7 thresholds), for t = 0 .. 0.45 in frame 2 (10).
    assert scores.success_auc == pytest.approx((20 + 7 + 10) / (4 * 21), abs=1e-15)
    assert scores.precision20 == 0.75
    assert scores.norm_precision == 0.25
    np.testing.assert_array_equal(sequence.precision_curve[[0, 2, 3, 4, 5, 39, 40]],
                                  [0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1])  # fmt: skip
    np.testing.assert_array_equal(sequence.norm_precision_curve[[0, 24, 25, 49, 50]],
                                  [0.25, 0.25, 0.5, 0.5, 0.75])  # fmt: skip


def test_overlap_of_13_of_20_is_a_success_at_the_14th_threshold() -> None:
    scores = score_one([[1, 1, 20, 1], [1, 1, 13, 1]], [[1, 1, 20, 1]] * 2)

    assert scores.success_curve[13] == 1
    assert scores.success_curve[14] == 0.5


def test_error_of_20_px_is_precise() -> None:
    truth = [[10, 10, 10, 10]] * 3
    result = [truth[0], [30, 10, 10, 10], [30.001, 10, 10, 10]]

    assert score_one(result, truth).precision20 == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ('absent', 'success', 'precision', 'norm_precision'),
    [
        ('miss', 10 / 21, 0.5, 0.5),
        ('sglatrack', 10 / 21, 0.5, 1.0),
        ('hit', 10 / 21, 1.0, 1.0),
        ('exclude', 20 / 21, 1.0, 1.0),
    ],
)
def test_perfect_tracker_with_half_of_its_frames_absent(
    absent: str, success: float, precision: float, norm_precision: float
) -> None:
    truth = [[10, 10, 10, 10], NAN, [0, 0, 0, 0], [12, 10, 10, 10]]
    result = [[10, 10, 10, 10]] * 3 + [[12, 10, 10, 10]]

    scores = score_one(result, truth, absent=absent)

    assert scores.success_auc == pytest.approx(success, abs=1e-15)
    assert scores.precision20 == precision
    assert scores.norm_precision == norm_precision
    assert scores.per_sequence['0'].num_absent == 2
    assert scores.absent == absent


def test_valid_box_rules() -> None:
    truth = [[5, 5, 10, 10], [0, 5, 10, 10]]  # the second touches the left border

    assert score_one(truth, truth, absent='miss').precision20 == 1
    assert score_one(truth, truth, absent='miss', valid_boxes='positive').precision20 == 0.5
    assert score_one(truth, truth, absent='hit').success_auc == pytest.approx(10 / 21)
    sized = score_one(truth, truth, absent='hit', valid_boxes='sized')
    assert sized.success_auc == pytest.approx(20 / 21)
    assert (sized.absent, sized.valid_boxes) == ('hit', 'sized')


def test_unusable_rows_repeat_the_row_before() -> None:
    truth = np.array([[1, 1, 2, 2]] * 6, float)
    result = np.array([NAN, NAN, [3, 3, 2, 2], [9, 9, 0, 2], [9, 9, 2, -1], [np.inf, 1, 2, 2]])

    repaired = repair_result(result, truth)

    np.testing.assert_array_equal(repaired, [[1, 1, 2, 2], [1, 1, 2, 2], *[[3, 3, 2, 2]] * 4])
    assert np.isnan(result[0]).all()  # the input stays as it was


def test_mean_is_over_sequences_not_over_frames() -> None:
    good, far = np.tile([10.0, 10, 10, 10], (2, 1)), np.tile([10.0, 10, 10, 10], (98, 1))
    lost = far.copy()
    lost[1:, 0] = 500

    scores = ope_scores({'a': good, 'b': lost}, {'a': good, 'b': far})

    assert scores.precision20 == pytest.approx((1 + 1 / 98) / 2)


def test_overlaps_and_errors_of_degenerate_boxes() -> None:
    boxes = np.array([[0, 0, 2, 2], [0, 0, 0, 0], [0.1, 0.1, 0.3, 0.3], [0, 0, 1, 1]], float)
    others = np.array([[1, 1, 2, 2], [0, 0, 0, 0], [0.1, 0.1, 0.3, 0.3], [1, 0, 1, 1]], float)

    np.testing.assert_allclose(box_overlaps(boxes, others), [1 / 7, 0, 1, 0], atol=1e-15)
    assert box_overlaps(boxes, others)[2] <= 1
    error, norm_error = center_errors(boxes, others)
    np.testing.assert_allclose(error, [np.sqrt(2), 0, 0, 1])
    assert norm_error[0] == pytest.approx(np.sqrt(0.5))


def loop_scores(result: np.ndarray, truth: np.ndarray, absent: str) -> Tuple[float, float, float]:
    """Reference implementation: the definition, frame by frame."""
    success, precision, norm_precision, num_counted = np.zeros(21), 0, 0, 0
    before = truth[0]
    for i, target in enumerate(truth):
        box = truth[0] if i == 0 else result[i]
        if not np.isfinite(box).all() or box[2] <= 0 or box[3] <= 0:
            box = before
        before = box
        present = not np.isnan(target).any() and target[2] > 0 and target[3] > 0
        if not present and absent == 'exclude':
            continue
        num_counted += 1
        if not present:
            precision += absent == 'hit'
            norm_precision += absent in ('hit', 'sglatrack')
            continue
        width = min(box[0] + box[2], target[0] + target[2]) - max(box[0], target[0])
        height = min(box[1] + box[3], target[1] + target[3]) - max(box[1], target[1])
        shared = max(width, 0) * max(height, 0)
        overlap = shared / (box[2] * box[3] + target[2] * target[3] - shared)
        dx = box[0] + box[2] / 2 - target[0] - target[2] / 2
        dy = box[1] + box[3] / 2 - target[1] - target[3] / 2
        for j in range(21):
            success[j] += overlap > (j * 0.05 if j <= 10 else 1 - (20 - j) * 0.05)
        precision += (dx**2 + dy**2) ** 0.5 <= 20
        norm_precision += ((dx / target[2]) ** 2 + (dy / target[3]) ** 2) ** 0.5 <= 0.2
    return success.mean() / num_counted, precision / num_counted, norm_precision / num_counted


@pytest.mark.parametrize('absent', ['miss', 'sglatrack', 'hit', 'exclude'])
def test_scores_equal_a_frame_by_frame_reference(absent: str) -> None:
    rng = np.random.default_rng(3)
    truth = np.concatenate([rng.uniform(1, 200, (300, 2)), rng.uniform(20, 80, (300, 2))], axis=1)
    result = truth + rng.normal(0, 12, truth.shape)
    result[rng.integers(1, 300, 20)] = np.nan
    result[rng.integers(1, 300, 20), 2] = 0
    truth[rng.integers(1, 300, 40)] = np.nan

    scores = ope_scores([result], [truth], absent=absent, valid_boxes='sized')

    np.testing.assert_allclose(
        (scores.success_auc, scores.precision20, scores.norm_precision),
        loop_scores(result, truth, absent),
        rtol=0,
        atol=1e-14,
    )


@pytest.mark.parametrize(
    ('result', 'truth', 'message'),
    [
        ([[1, 1, 2, 2]], [[1, 1, 2, 2]] * 2, '1 result boxes for 2 ground truth boxes'),
        ([[1, 1, 2, 2]] * 9, [[1, 1, 2, 2]], '9 result boxes for 1 .* the first box only'),
        ([[1, 1, 2, 2]], [NAN], 'the first ground truth box is'),
        ([[1, 1, 2]], [[1, 1, 2, 2]], r'the result has shape \(1, 3\)'),
    ],
)
def test_unscorable_sequence_is_named(result: list, truth: list, message: str) -> None:
    with pytest.raises(ValueError, match=f'sequence 0: {message}'):
        score_one(result, truth)


def test_unknown_policies_and_differing_sequences() -> None:
    box = np.array([[1.0, 1, 2, 2]])

    with pytest.raises(ValueError, match="absent='skip' is unknown"):
        ope_scores([box], [box], absent='skip')
    with pytest.raises(ValueError, match="valid_boxes='all' is unknown"):
        ope_scores([box], [box], valid_boxes='all')
    with pytest.raises(ValueError, match=r'differ in 2 sequences \(a, b\)'):
        ope_scores({'a': box}, {'b': box})
    with pytest.raises(ValueError, match='both be mappings'):
        ope_scores({'a': box}, [box])
    with pytest.raises(ValueError, match='1 different names'):
        ope_scores([box, box], [box, box], names=['a', 'a'])
    with pytest.raises(ValueError, match='no sequence to score'):
        ope_scores({}, {})


@needs_whole_benchmarks
@pytest.mark.parametrize(('benchmark', 'tracker'), published_scores() or [('', '')])
def test_published_numbers_are_reproduced(benchmark: str, tracker: str) -> None:
    folder = WHOLE / benchmark
    truths = {path.stem: read_boxes(path) for path in sorted((folder / 'gt').glob('*.txt'))}
    files = open_results(f'{tracker}={folder / "results.zip"}', truths)[0].files
    results = {name: parse_boxes(files[name](), name) for name in truths}

    scores = ope_scores(results, truths, absent='hit')

    expected = published_scores()[benchmark, tracker]
    assert round(scores.success_auc, 3) == float(expected['success_auc'])
    assert round(scores.precision20, 3) == float(expected['precision20'])
