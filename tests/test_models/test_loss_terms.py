import pytest
import torch

from mmeatrack.models import loss_terms as module
from tests.toys import build, distill_cfg, training_batch


def test_one_process_uses_its_own_counts() -> None:
    counts = torch.tensor([0.0, 0.3, 7.0], requires_grad=True)
    shares = [module.shared_count(count) for count in counts]
    assert [share.item() for share in shares] == [1, 1, 7]
    assert not any(share.requires_grad for share in shares)


@pytest.mark.parametrize(('counts', 'share'), [((3, 0, 1), 4 / 3), ((0, 0, 0), 1 / 3)])
def test_three_processes_share_their_mean_count(monkeypatch, counts: tuple, share: float) -> None:
    monkeypatch.setattr(module, 'get_world_size', lambda: 3)
    monkeypatch.setattr(module, 'reduce_mean', lambda own: own.new_tensor(sum(counts) / 3))
    given = torch.tensor(float(counts[0]))
    assert module.shared_count(given).item() == pytest.approx(share)
    assert given.item() == counts[0]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32(dtype: torch.dtype) -> None:
    assert module.full_precision(torch.ones(2, dtype=dtype)).dtype is torch.float32


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_full_precision_is_kept(dtype: torch.dtype) -> None:
    given = torch.ones(2, dtype=dtype)
    assert module.full_precision(given) is given


def test_counts_of_a_step_are_exchanged_together(monkeypatch) -> None:
    exchanged = []
    monkeypatch.setattr(module, 'get_world_size', lambda: 2)

    def exchange(own: torch.Tensor) -> torch.Tensor:
        exchanged.append(own.tolist())
        return own / 2  # the other process counts 0

    monkeypatch.setattr(module, 'reduce_mean', exchange)
    counts = module.SharedCounts(
        lambda boxes: boxes.sum(), lambda boxes: boxes.numel() + 0 * boxes[0]
    )
    assert counts.add(lambda boxes: boxes.min()) == 2
    found = counts(torch.tensor([3.0, 0.0]))
    assert exchanged == [[3, 2, 0]]
    assert [each.item() for each in found] == [1.5, 1, 0.5]


@pytest.mark.parametrize('tokens', ['search', 'all'])
def test_a_distillation_step_exchanges_once(monkeypatch, tokens: str) -> None:
    """Losses that count for themselves give the same values."""
    exchanged, reduce_mean = [], module.reduce_mean
    monkeypatch.setattr(
        module, 'reduce_mean', lambda own: exchanged.append(own.numel()) or reduce_mean(own)
    )
    distiller = dict(
        type='mmeatrack.EATrackDistiller',
        layer_pairs=[(2, 2), (3, 3)],
        reduction='mean',
        tokens=tokens,
        feature_mask=dict(shape='soft'),
    )
    model = build(distill_cfg(distiller=distiller)).eval()
    inputs, samples = training_batch(4)
    samples[1].search_gt_instances.bboxes[:] = torch.tensor([40.0, 8, 60, 20])  # centre outside
    samples[2].search_gt_instances.labels = torch.tensor([0])
    found = model(inputs, samples, mode='loss')
    assert exchanged == [3]  # centres, boxes and the masks' weights

    boxes = model.student.search_boxes(samples)
    head = model.student.head
    assert float(head.gaussian_map(boxes, (4, 4)).eq(1).sum()) == 2
    assert [float(each) for each in model.student.shared_counts(boxes)][:2] == [2, 3]
    model.student.num_head_counts = 0
    for mapping in model.distiller.loss_forward_mappings.values():
        mapping.pop('mask_count', None)
    again = model(inputs, samples, mode='loss')
    for name, value in found.items():
        assert again[name].item() == pytest.approx(value.item(), rel=1e-6), name
