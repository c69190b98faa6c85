import csv
import math

import numpy as np
import pytest
import torch

from mmeatrack.analysis import (
    LayerSimilarity,
    LinearCKA,
    MaskedMean,
    SimilarityMeter,
    layer_search_tokens,
    token_cosine,
    write_similarity_csv,
)
from mmeatrack.models import TargetMask
from tests.toys import GRID, build, search_sample, teacher_cfg, tracker_cfg, training_batch


def test_tokens_are_the_outputs_of_the_layers() -> None:
    """Compare a separate and a joint layer with the steps of the backbone."""
    tracker = build(tracker_cfg(backbone=dict(drop_path_rate=0.5))).train()
    inputs, _ = training_batch()
    separate, last = layer_search_tokens(tracker, inputs, [1, 3])
    assert tracker.backbone.training  # as before
    assert not any(module._forward_hooks for module in tracker.modules())
    backbone = tracker.backbone.eval()
    search = inputs['search_img'][:, 0]
    with torch.no_grad():
        assert torch.equal(separate, backbone.forward_search(search))
        assert torch.equal(backbone.norm(last), backbone(inputs['img'], search).search)


def test_network_is_similar_to_itself() -> None:
    tracker = build(tracker_cfg())
    meter = SimilarityMeter(tracker, tracker, [(1, 1), (3, 3)])
    meter.update(*training_batch())
    for row in meter.result():
        assert (row.inside, row.outside) == pytest.approx((1.0, 1.0), abs=1e-6)


def test_cosine_inside_and_outside() -> None:
    student, teacher = build(tracker_cfg(), seed=1), build(teacher_cfg(), seed=2)
    meter = SimilarityMeter(student, teacher, [(3, 2)])
    found: dict = dict(inside=[], outside=[])
    for seed in (0, 1):
        inputs, samples = training_batch(seed=seed)
        meter.update(inputs, samples)
        (x,), (y,) = (
            layer_search_tokens(*args) for args in ((student, inputs, [3]), (teacher, inputs, [2]))
        )
        x, y = x.double().numpy(), y.double().numpy()
        cosine = (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)
        mask = TargetMask('hard')(student.search_boxes(samples), (GRID, GRID)).flatten(1) > 0
        found['inside'].extend(cosine[mask.numpy()])
        found['outside'].extend(cosine[~mask.numpy()])
    (row,) = meter.result()
    assert row[:3] == (3, 2, 'cosine')
    assert row.inside == pytest.approx(np.mean(found['inside']), abs=1e-6)
    assert row.outside == pytest.approx(np.mean(found['outside']), abs=1e-6)


def test_samples_without_a_target_are_left_out() -> None:
    tracker = build(tracker_cfg())
    meter = SimilarityMeter(tracker, tracker, [(3, 3)])
    meter.update(training_batch(batch_size=1)[0], [search_sample((5, 5, 5, 5))])
    assert all(math.isnan(value) for value in meter.result()[0][3:])


def test_different_widths_are_compared_by_cka() -> None:
    student = build(tracker_cfg())
    teacher = build(tracker_cfg(0, 3, backbone=dict(embed_dims=24)))
    meter = SimilarityMeter(student, teacher, [(3, 2)])
    meter.update(*training_batch(batch_size=8))
    (row,) = meter.result()
    assert row.measure == 'cka'
    assert 0 < row.inside <= 1
    assert 0 < row.outside <= 1


def test_wrong_layers_and_grids_are_refused() -> None:
    tracker = build(tracker_cfg())
    with pytest.raises(ValueError, match='there is no layer 9'):
        SimilarityMeter(tracker, tracker, [(3, 9)])
    other = build(tracker_cfg(backbone=dict(search_size=64)))
    with pytest.raises(ValueError, match=r'grids of 4 \(student\) and 8 \(teacher\)'):
        SimilarityMeter(tracker, other, [(3, 3)])


def test_csv(tmp_path) -> None:
    path = tmp_path / 'new' / 'similarity.csv'
    write_similarity_csv(dict(alone=[LayerSimilarity(6, 10, 'cosine', 0.5, -0.25)]), path)
    with path.open(newline='') as file:
        assert list(csv.DictReader(file)) == [
            dict(
                student='alone',
                student_layer='6',
                teacher_layer='10',
                measure='cosine',
                inside='0.500000',
                outside='-0.250000',
            )
        ]


def test_cosine_of_each_token() -> None:
    x = torch.tensor([[[1.0, 0.0], [3.0, 4.0], [1.0, 1.0], [0.0, 0.0]]])
    y = torch.tensor([[[0.0, 2.0], [6.0, 8.0], [-1.0, 0.0], [1.0, 2.0]]])
    assert token_cosine(x, y)[0].tolist() == pytest.approx([0, 1, -math.sqrt(0.5), 0], abs=1e-6)


def test_cosine_of_different_widths_is_refused() -> None:
    with pytest.raises(ValueError, match=r'\(1, 4, 2\) and \(1, 4, 3\) differ .* linear CKA'):
        token_cosine(torch.zeros(1, 4, 2), torch.zeros(1, 4, 3))


def test_mean_is_over_values_and_not_over_batches() -> None:
    mean = MaskedMean()
    assert math.isnan(mean.value())
    mean.update(torch.tensor([[1.0, 100.0]]), torch.tensor([[True, False]]))
    mean.update(torch.tensor([[4.0, 7.0]]), torch.tensor([[True, True]]))
    assert mean.value() == 4.0


def cka_numpy(x: np.ndarray, y: np.ndarray) -> float:
    """By Gram matrices: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) of K = X X^T, L = Y Y^T."""
    n = len(x)
    centre = np.eye(n) - np.ones((n, n)) / n
    k, m = (centre @ (a @ a.T) @ centre for a in (x, y))
    return np.trace(k @ m) / math.sqrt(np.trace(k @ k) * np.trace(m @ m))


def cka(x: torch.Tensor, y: torch.Tensor, batches: int = 1) -> float:
    meter = LinearCKA(x.shape[1], y.shape[1])
    for a, b in zip(x.chunk(batches), y.chunk(batches)):
        meter.update(a, b)
    return meter.value()


def features(*widths: int, count: int = 40) -> list:
    shared = torch.randn(count, 3)
    return [
        shared @ torch.randn(3, width) + 0.5 * torch.randn(count, width) + 5 for width in widths
    ]


@pytest.mark.parametrize('batches', [1, 3])
def test_value_agrees_with_gram_matrices(batches: int) -> None:
    x, y = features(4, 7)
    expected = cka_numpy(x.double().numpy(), y.double().numpy())
    assert 0.1 < expected < 0.95
    assert cka(x, y, batches) == pytest.approx(expected, rel=1e-9)


def test_rotation_scale_and_shift_change_nothing() -> None:
    (x,) = features(5)
    rotation, _ = torch.linalg.qr(torch.randn(5, 5))
    assert cka(x, 3 * x @ rotation - 7) == pytest.approx(1.0, abs=1e-6)


def test_orthogonal_features_have_no_similarity() -> None:
    x = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])
    y = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert cka(x, y) == 0.0


def test_no_samples_and_constants_give_nan() -> None:
    assert math.isnan(LinearCKA(2, 3).value())
    assert math.isnan(cka(torch.full((9, 2), 0.1), torch.randn(9, 2)))
