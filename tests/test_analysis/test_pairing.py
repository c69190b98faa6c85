from itertools import combinations

import numpy as np
import pytest

from mmeatrack.analysis import monotone_pairs, pairs_by_depth


def test_order_is_kept_where_the_greedy_choice_breaks_it() -> None:
    # Row by row the best columns are 2 and 0, which cross.
    similarity = np.array([[0.5, 0.1, 0.9], [0.8, 0.6, 0.7]])
    assert monotone_pairs(similarity) == [0, 2]


@pytest.mark.parametrize('shape', [(1, 1), (1, 6), (2, 12), (3, 3), (4, 7)])
def test_best_of_all_increasing_choices(shape) -> None:
    rows, columns = shape
    for seed in range(5):
        similarity = np.random.default_rng(seed).random(shape)
        best = max(
            combinations(range(columns), rows),
            key=lambda choice: sum(similarity[s, t] for s, t in enumerate(choice)),
        )
        assert monotone_pairs(similarity) == list(best)


def test_ties_go_to_the_earlier_layers() -> None:
    assert monotone_pairs(np.ones((2, 5))) == [0, 1]


def test_negative_similarity() -> None:
    assert monotone_pairs(np.array([[-0.5, -0.1, -0.9]])) == [1]


def test_fewer_teacher_layers_are_refused() -> None:
    with pytest.raises(ValueError, match=r'3 layers of the student .* in order with 2'):
        monotone_pairs(np.ones((3, 2)))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match='not finite'):
        monotone_pairs(np.array([[0.5, np.nan]]))


def test_pairs_by_depth() -> None:
    assert pairs_by_depth(4, 6) == [(0, 1), (1, 2), (2, 4), (3, 5)]
    assert pairs_by_depth(8, 12)[-2:] == [(6, 10), (7, 11)]
    assert pairs_by_depth(2, 2) == [(0, 0), (1, 1)]
