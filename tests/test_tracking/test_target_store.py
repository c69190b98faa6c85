import gc
import weakref
from typing import Any, Callable, List, Sequence

import pytest
import torch

from mmeatrack.tracking import TargetStore
from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS

TEMPLATE = torch.full((1, 2, 3), -1.0)


def view(frame: int) -> torch.Tensor:
    """Tokens (1, 2, 3) filled with the number of their frame."""
    return torch.full((1, 2, 3), float(frame))


class Encoder:
    """Factory of the encoders of offers, which records their calls."""

    def __init__(self) -> None:
        self.frames: List[int] = []

    def of(self, frame: int) -> Callable[[], torch.Tensor]:
        def encode() -> torch.Tensor:
            self.frames.append(frame)
            return view(frame)

        return encode


def run(store: TargetStore, scores: Sequence[float], encoder: Any = None) -> List[int]:
    """Offer one frame per score, from frame 1; return the frames with a due activation."""
    encoder = encoder or Encoder()
    due = []
    for frame, score in enumerate(scores, start=1):
        store.offer(frame, score, (float(frame), 0.0, 1.0, 1.0), encoder.of(frame))
        if store.due(frame, 0.5):
            due.append(frame)
    return due


def stored(store: TargetStore) -> List[int]:
    return [entry.frame for entry in store.entries]


def test_best_frame_of_each_interval_is_stored() -> None:
    store, encoder = TargetStore(threshold=0.5, interval=4), Encoder()
    scores = [0.6, 0.9, 0.7, 0.4, 0.1, 0.2, 0.3, 0.4, 0.8, 0.5, 0.55, 0.95]
    assert run(store, scores, encoder) == [4, 8, 12]
    assert stored(store) == [2, 12]  # none of 5 to 8 is confident
    assert encoder.frames == [2, 12]  # and no other view is encoded
    entry = store.entries[0]
    assert (entry.score, entry.box) == (0.9, (2.0, 0.0, 1.0, 1.0))
    assert torch.equal(entry.tokens, view(2)[0])


def test_nothing_is_due_before_the_first_entry() -> None:
    store = TargetStore(threshold=0.5, interval=2)
    assert run(store, [0.1, 0.2, 0.3, 0.4, 0.5, 0.1]) == [6]
    assert store.read(TEMPLATE)[1] is not None


def test_score_at_the_threshold_is_admitted() -> None:
    store = TargetStore(threshold=0.5, interval=1)
    run(store, [0.5, 0.4999])
    assert stored(store) == [1]


def test_first_of_equal_scores_is_the_candidate() -> None:
    store = TargetStore(threshold=0.5, interval=3)
    run(store, [0.7, 0.7, 0.6])
    assert stored(store) == [1]


def test_offer_says_whether_it_became_the_candidate() -> None:
    store = TargetStore(threshold=0.5)
    answers = [store.offer(i, s, (0, 0, 1, 1), Encoder().of(i)) for i, s in enumerate((0.4, 0.6))]
    assert answers == [False, True]
    assert store.offer(2, 0.55, (0, 0, 1, 1), Encoder().of(2)) is False
    assert store.offer(3, 0.65, (0, 0, 1, 1), Encoder().of(3)) is True


def test_candidate_is_dropped_after_its_interval() -> None:
    store = TargetStore(threshold=0.5, interval=2)
    run(store, [0.99, 0.6, 0.7, 0.6])
    assert stored(store) == [1, 3]


def test_oldest_leaves_a_full_store() -> None:
    store = TargetStore(threshold=0.5, interval=1, capacity=3)
    run(store, [0.9] * 7)
    assert stored(store) == [5, 6, 7]


def test_statistics() -> None:
    store = TargetStore(threshold=0.5, interval=2)
    for frame in run(store, [0.1, 0.6, 0.7, 0.9, 0.2, 0.3]):
        assert frame % 2 == 0
        store.read(TEMPLATE)
    statistics = store.statistics
    assert (statistics.offered, statistics.confident, statistics.stored) == (6, 3, 2)
    assert statistics.activations == 3


@pytest.mark.slow
def test_store_is_bounded_in_long_videos() -> None:
    store, encoder = TargetStore(threshold=0.5, interval=10, capacity=5), Encoder()
    alive: List[Any] = []

    def offer(frame: int) -> None:
        encode = encoder.of(frame)

        def watched() -> torch.Tensor:
            tokens = encode()
            alive.append(weakref.ref(tokens))
            return tokens

        store.offer(frame, 0.5 + (frame * 37 % 100) / 250, (0, 0, 1, 1), watched)

    for frame in range(1, 100_001):
        offer(frame)
        if store.due(frame, 0.5):
            store.read(TEMPLATE)
        assert len(store.entries) <= 5
    assert store.statistics.stored == 10_000 == len(encoder.frames)
    assert len(store.entries) == 5
    gc.collect()
    assert sum(reference() is not None for reference in alive) <= 5


@pytest.mark.parametrize(
    ('sampling', 'frames'),
    [
        # Entries of frames 1 to 5 with the scores 0.6, 0.9, 0.7, 0.95, 0.65.
        ('recent', [4, 5]),
        ('score', [2, 4]),
        ('even', [3, 5]),
    ],
)
def test_read_samples_the_entries(sampling: str, frames: List[int]) -> None:
    store = TargetStore(0.5, 1, capacity=5, num_samples=2, sampling=sampling)
    run(store, [0.6, 0.9, 0.7, 0.95, 0.65])
    template, temporal = store.read(TEMPLATE)
    assert torch.equal(template, TEMPLATE)
    assert torch.equal(temporal, torch.cat([view(frame) for frame in frames], dim=1))


def test_read_samples_diverse_views_by_their_mean_token() -> None:
    store = TargetStore(0.5, 1, capacity=5, num_samples=2, sampling='diverse')
    views = [[0.0, 1.0], [1.0, 0.1], [1.0, 0.0]]
    for frame, channels in enumerate(views, start=1):
        tokens = torch.tensor([[channels, channels]])
        store.offer(frame, 0.9, (0, 0, 1, 1), lambda tokens=tokens: tokens)
        store.due(frame, 0.5)
    _, temporal = store.read(torch.zeros(1, 2, 2))
    # The newest (1, 0), and (0, 1), which is at a right angle to it.
    assert temporal[0].tolist() == [views[0], views[0], views[2], views[2]]


def test_blend_reads_a_template_and_no_temporal_tokens() -> None:
    store = TargetStore(0.5, 1, num_samples=2, fusion='blend', blend_weight=0.5)
    run(store, [0.9, 0.9, 0.9])
    template, temporal = store.read(TEMPLATE)
    assert temporal is None
    assert torch.equal(template, torch.full((1, 2, 3), 0.75))  # of -1 and the mean of 2 and 3


@pytest.mark.parametrize('fusion', list(FUSIONS))
@pytest.mark.parametrize('sampling', list(SAMPLINGS))
def test_original_template_is_never_modified(fusion: str, sampling: str) -> None:
    store = TargetStore(0.5, 1, num_samples=3, sampling=sampling, fusion=fusion, blend_weight=0.9)
    original = TEMPLATE.clone()
    for frame in range(1, 20):
        store.offer(frame, 0.9, (0, 0, 1, 1), Encoder().of(frame))
        store.due(frame, 0.5)
        in_use, _ = store.read(original)
        assert torch.equal(original, TEMPLATE)
        # What is read never accumulates: the same views give the same template.
        assert torch.equal(store.read(original)[0], in_use)


def test_empty_store_returns_the_template_itself() -> None:
    template, temporal = TargetStore().read(TEMPLATE)
    assert template is TEMPLATE
    assert temporal is None


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(threshold=1.1), r'threshold=1.1 must lie between 0 and 1'),
        (dict(threshold=-0.1), r'threshold=-0.1 must lie between 0 and 1'),
        (dict(blend_weight=2), r'blend_weight=2 must lie between 0 and 1'),
        (dict(interval=0), r'interval=0 must be a whole number of at least 1'),
        (dict(interval=2.5), r'interval=2.5 must be a whole number'),
        (dict(capacity=0), r'capacity=0 must be a whole number'),
        (dict(num_samples=-1), r'num_samples=-1 must be a whole number'),
        (dict(sampling='even'), r"sampling='even' spreads several samples, but num_samples=1"),
        (dict(sampling='diverse', num_samples=1), r"or sampling='recent', which draws the same"),
        (dict(sampling='random'), r"sampling='random' is unknown; .*'recent', 'score', 'diverse'"),
        (dict(fusion='add'), r"fusion='add' is unknown; it is one of \['concat', 'blend'\]"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        TargetStore(**arguments)


def test_nan_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match='threshold=nan must lie between 0 and 1'):
        TargetStore(threshold=float('nan'))
