import math
from typing import List

import pytest
import torch

from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS

SCORES = [0.9, 0.7, 0.95, 0.7, 0.8, 0.9]
SAME = torch.ones(6, 2)


def angles(*degrees: float) -> torch.Tensor:
    """Embeddings in the plane at these angles, with lengths that must not matter."""
    return torch.tensor(
        [
            [(i + 1) * math.cos(math.radians(a)), (i + 1) * math.sin(math.radians(a))]
            for i, a in enumerate(degrees)
        ]
    )


@pytest.mark.parametrize(
    ('sampling', 'count', 'chosen'),
    [
        ('recent', 1, [5]),
        ('recent', 3, [3, 4, 5]),
        # 0.95, then the 0.9s, the newer first; oldest first in the answer.
        ('score', 1, [2]),
        ('score', 2, [2, 5]),
        ('score', 3, [0, 2, 5]),
        # Every 6 / count entries back from the newest.
        ('even', 1, [5]),
        ('even', 2, [2, 5]),
        ('even', 3, [1, 3, 5]),
        ('even', 4, [1, 2, 4, 5]),
    ],
)
def test_sampling_by_score_and_time(sampling: str, count: int, chosen: List[int]) -> None:
    assert SAMPLINGS[sampling](SCORES, SAME, count) == chosen


@pytest.mark.parametrize(
    ('count', 'chosen'),
    [
        (1, [5]),
        (2, [1, 5]),  # 170 degrees is the farthest from 0
        (3, [1, 2, 5]),  # then 90: 80 degrees from 170, where 60 is 60 from 0
        (4, [1, 2, 4, 5]),  # then 45: 45 degrees from the next, where 10 and 60 are 10 and 30
    ],
)
def test_diverse_sampling_takes_the_farthest_entries(count: int, chosen: List[int]) -> None:
    embeddings = angles(10, 170, 90, 60, 45, 0)
    assert SAMPLINGS['diverse'](SCORES, embeddings, count) == chosen


@pytest.mark.parametrize('sampling', list(SAMPLINGS))
@pytest.mark.parametrize('total', [1, 2, 6])
@pytest.mark.parametrize('count', [6, 7, 100])
def test_all_entries_are_sampled_if_there_are_no_more(
    sampling: str, total: int, count: int
) -> None:
    embeddings = angles(10, 170, 90, 60, 45, 0)[:total]
    assert SAMPLINGS[sampling](SCORES[:total], embeddings, count) == list(range(total))


@pytest.mark.parametrize('sampling', list(SAMPLINGS))
def test_count_is_respected_oldest_first(sampling: str) -> None:
    embeddings = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))
    scores = torch.rand(30, generator=torch.Generator().manual_seed(1)).tolist()
    for count in range(1, 31):
        chosen = SAMPLINGS[sampling](scores, embeddings, count)
        assert len(chosen) == count
        assert chosen == sorted(set(chosen))
        assert chosen[0] >= 0
        assert chosen[-1] < 30


def test_diverse_sampling_of_equal_entries() -> None:
    """All distances are 0, and no entry may be drawn twice."""
    assert len(set(SAMPLINGS['diverse'](SCORES, SAME, 4))) == 4


TEMPLATE = torch.tensor([[[0.0, 4.0], [8.0, 0.0]]])  # (1, Nz 2, C 2)
SAMPLES = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[3.0, 8.0], [0.0, 4.0]]])  # (S 2, Nz 2, C 2)


def test_concat_keeps_the_template_and_joins_the_samples() -> None:
    template, temporal = FUSIONS['concat'](TEMPLATE, SAMPLES, 0.7)
    assert torch.equal(template, TEMPLATE)
    expected = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [3.0, 8.0], [0.0, 4.0]]])
    assert torch.equal(temporal, expected)


def test_blend_mixes_in_the_mean_of_the_samples() -> None:
    template, temporal = FUSIONS['blend'](TEMPLATE, SAMPLES, 0.25)
    # The samples' mean is (2, 4), (0, 2): three quarters of the template and one of that.
    assert torch.equal(template, torch.tensor([[[0.5, 4.0], [6.0, 0.5]]]))
    assert temporal is None


def test_blend_at_weights_0_and_1() -> None:
    assert torch.equal(FUSIONS['blend'](TEMPLATE, SAMPLES, 0.0)[0], TEMPLATE)
    mean = torch.tensor([[[2.0, 4.0], [0.0, 2.0]]])
    assert torch.equal(FUSIONS['blend'](TEMPLATE, SAMPLES, 1.0)[0], mean)


def test_fusions_do_not_modify_their_inputs() -> None:
    for fusion in FUSIONS.values():
        template, samples = TEMPLATE.clone(), SAMPLES.clone()
        fusion(template, samples, 0.5)
        assert torch.equal(template, TEMPLATE)
        assert torch.equal(samples, SAMPLES)
