"""Trackers of mmtrack as teachers: its shipped configs with random weights."""

from typing import Any, List, Tuple

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models import MMTrackTeacher
from mmeatrack.models.teachers.mmtrack_responses import Crop, Response, on_grid, resample
from tests.toys import build, distill_cfg, same_weights, saved, search_sample, tracker_cfg

pytestmark = pytest.mark.slow

STARK = 'mmtrack::sot/stark/stark-st1_r50_8xb16-500e_got10k-lasot-trackingnet-coco_base.py'
SIAMRPN = 'mmtrack::sot/siamese_rpn/siamese-rpn_r50_8xb28-20e_imagenetvid-imagenetdet-coco_base.py'
CELLS, CELL = 16, 16
# Crops of the full-size student at a toy width: 128 and 256 px in patches of 16.
STUDENT = tracker_cfg(backbone=dict(patch_size=16, template_size=128, search_size=256))
PREDICTION = dict(type='mmeatrack.EATrackDistiller', layer_pairs=None)


def distillation(config: str, **kwargs: Any) -> Any:
    teacher = dict(type='mmeatrack.MMTrackTeacher', config=config)
    options = dict(architecture=STUDENT, teacher=teacher, distiller=PREDICTION)
    return build(distill_cfg(**dict(options, **kwargs)))


@pytest.fixture(scope='module')
def models() -> dict:
    return {config: distillation(config) for config in (STARK, SIAMRPN)}


def batch(count: int = 1) -> Tuple[dict, List[TrackDataSample]]:
    generator = torch.Generator().manual_seed(0)
    inputs = dict(
        img=torch.randn(count, 2, 3, 128, 128, generator=generator),
        search_img=torch.randn(count, 1, 3, 256, 256, generator=generator),
    )
    return inputs, [search_sample((96, 100, 160, 156)) for _ in range(count)]


# Geometry, on planted responses


@pytest.mark.parametrize('x', [6.0, 60.0, 131.0, 200.0, 249.0])
@pytest.mark.parametrize('y', [9.0, 128.0, 246.0])
@torch.no_grad()
def test_siamrpn_responds_at_the_targets_cell(models, x: float, y: float, monkeypatch) -> None:
    tracker = models[SIAMRPN].teacher.tracker

    def search(image: Tensor) -> Tuple[Tensor]:
        assert image.shape[-1] == 319
        return (torch.zeros(1, 1, 39, 39),)  # the real network's size, see below

    def head(template: Any, search: Any) -> Tuple[Tensor, Tensor]:
        scores = torch.zeros(1, 2, 5, 33, 33)
        # 63.5 / 64 of its px per student px; an anchor every 8 px around the centre.
        column, row = (round((at - 128) * 63.5 / 64 / 8) + 16 for at in (x, y))
        scores[:, 1, 2, row, column] = 5.0
        return scores.flatten(1, 2), torch.zeros(1, 20, 33, 33)

    monkeypatch.setattr(tracker, 'forward_template', lambda image: (torch.zeros(1, 1, 7, 7),))
    monkeypatch.setattr(tracker, 'forward_search', search)
    monkeypatch.setattr(tracker.head, 'forward', head)
    score = models[SIAMRPN].teacher(*batch()).score
    assert score.shape == (1, 1, CELLS, CELLS)
    check_cell(score, x, y)


@pytest.mark.parametrize('x', [24.0, 60.0, 131.0, 200.0, 233.0])
@pytest.mark.parametrize('y', [30.0, 128.0, 225.0])
@torch.no_grad()
def test_stark_responds_at_the_targets_cell(models, x: float, y: float, monkeypatch) -> None:
    tracker = models[STARK].teacher.tracker
    corners = tracker.head.bbox_head
    branches = (corners.tl_corner_pred, corners.br_corner_pred)
    for branch, sign in zip(branches, (-1, 1)):
        scores = torch.zeros(1, 1, 20, 20)
        # A box of 40 x 50 px; the crop extends 32 px beyond the student's on each side.
        column, row = round((x + 32 + sign * 20) / 16), round((y + 32 + sign * 25) / 16)
        scores[..., min(max(row, 0), 19), min(max(column, 0), 19)] = 12.0
        monkeypatch.setattr(branch, 'forward', lambda given, scores=scores: scores)
    monkeypatch.setattr(tracker, 'extract_feat', lambda image: image)
    monkeypatch.setattr(
        tracker.head, 'forward', lambda given: [branch(given[-1]['feat']) for branch in branches]
    )
    score = models[STARK].teacher(*batch()).score
    check_cell(score, x, y)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(models[STARK].teacher(*batch()).score, score)


@pytest.mark.slow
@torch.no_grad()
def test_siamrpn_of_random_weights_places_the_target(models, monkeypatch) -> None:
    """The real network finds the template's features at the target's cell."""
    teacher = models[SIAMRPN].teacher
    places = [(40, 52), (206, 212)]
    generator = torch.Generator().manual_seed(3)

    def texture(count: int, size: int) -> Tensor:
        coarse = torch.rand(count, 3, size // 4, size // 4, generator=generator) * 255
        return F.interpolate(coarse, size, mode='bilinear')

    template = texture(1, 128)
    search = F.pad(texture(len(places), 256), (64, 64, 64, 64))
    for crop, (x, y) in zip(search, places):
        crop[:, y : y + 128, x : x + 128] = template[0]
    search = search[..., 64:-64, 64:-64]

    def correlate(template: Any, search: Any) -> Tuple[Tensor, Tensor]:
        z, x = template[0], search[0]
        norms = F.conv2d((x * x).sum(dim=1, keepdim=True), torch.ones(1, 1, *z.shape[2:])).sqrt()
        scores = F.conv2d(x, z[:1]) / norms
        return torch.cat((torch.zeros_like(scores), scores), dim=1), scores

    monkeypatch.setattr(teacher.tracker.head, 'forward', correlate)
    normalize = models[SIAMRPN].student.data_preprocessor.normalize
    inputs = dict(
        img=normalize(template).expand(len(places), -1, -1, -1)[:, None],
        search_img=normalize(search)[:, None],
    )
    for score, (x, y) in zip(teacher(inputs).score, places):
        check_cell(score, x, y)


def check_cell(score: Tensor, x: float, y: float) -> None:
    peak = int(score.flatten().argmax())
    # Cell j stands for targets nearest to 16 j px, a pixel's centre being a whole number.
    assert abs(peak % CELLS - (x - 0.5) / CELL) <= 1.0
    assert abs(peak // CELLS - (y - 0.5) / CELL) <= 1.0


def test_centre_of_the_response_is_the_centre_of_the_score_map(models) -> None:
    response = Response(torch.zeros(1, 1, 33, 33), 8.0, -128.0, 64.0)
    response.logits[0, 0, 16, 16] = 1.0
    score = on_grid(response, CELLS, 256, 64.0)[0, 0]
    assert {tuple(place) for place in (score == score.max()).nonzero().tolist()} == {(8, 8)}


def test_cells_out_of_reach_get_the_minimum() -> None:
    response = Response(torch.rand(1, 1, 5, 5) + 3.0, 16.0, -32.0, 64.0)
    score = on_grid(response, CELLS, 256, 64.0)
    assert torch.equal(score[0, 0, 0], response.logits.min().expand(CELLS))


def test_crop_around_the_same_centre() -> None:
    pixels = torch.arange(64.0).view(1, 1, 8, 8).expand(1, 3, 8, 8)
    crop = Crop(pixels, torch.zeros(1, 8, 8, dtype=torch.bool), 4.0)
    moved, outside = resample(crop, 12, 4.0)
    torch.testing.assert_close(moved[..., 2:10, 2:10], pixels)
    assert moved[..., :2, :].abs().max() == 0
    assert int(outside.sum()) == 144 - 64
    half, _ = resample(crop, 4, 2.0)
    torch.testing.assert_close(half[0, 0, 0, 0], torch.tensor((0 + 1 + 8 + 9) / 4))


# Distillation


@pytest.mark.slow
@pytest.mark.parametrize(('config', 'count'), [(STARK, 2), (SIAMRPN, 1)])
def test_response_is_distilled(models, config: str, count: int) -> None:
    model = models[config].train()
    losses = model(*batch(count), mode='loss')
    assert losses['distill.loss_pred'].isfinite()
    losses['distill.loss_pred'].backward()
    assert any(p.grad is not None for p in model.student.parameters())
    assert all(p.grad is None for p in model.teacher.parameters())
    assert not any(module.training for module in model.teacher.modules())


@pytest.mark.slow
def test_the_trackers_checkpoint_is_loaded(models, tmp_path) -> None:
    tracker = models[STARK].teacher.tracker
    path = saved(tracker, tmp_path / 'stark.pth')
    model = distillation(STARK, teacher_ckpt=path, allow_random_teacher=False)
    assert same_weights(model.teacher.tracker, tracker)
    assert not [key for key in model.state_dict() if key.startswith('teacher.')]


def test_features_are_refused_with_the_reason(models) -> None:
    teacher = models[STARK].teacher
    for pairs in ([(3, 3)], 'auto'):
        distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=pairs)
        with pytest.raises(ValueError, match='features of an mmtrack tracker cannot be distilled'):
            build(distill_cfg(architecture=STUDENT, teacher=teacher, distiller=distiller))


def test_tracker_of_mmtrack_itself_is_refused(models) -> None:
    with pytest.raises(TypeError, match=r"mmtrack's Stark.*type='mmeatrack\.MMTrackTeacher'"):
        build(distill_cfg(teacher=models[STARK].teacher.tracker))


def test_other_kinds_and_missing_files_are_named() -> None:
    path = 'mmtrack::sot/prdimp/prdimp_r50_8xb10-50e_got10k.py'
    with pytest.raises(ValueError, match=r"PrDiMP cannot teach.*\['SiamRPN', 'Stark'\]"):
        MMTrackTeacher(path)
    with pytest.raises(FileNotFoundError, match=r'absent\.py.*does not exist.*mmtrack::sot/stark'):
        MMTrackTeacher('mmtrack::sot/absent.py')


@pytest.mark.slow
def test_padding_reaches_the_tracker(models, monkeypatch) -> None:
    teacher = models[STARK].teacher
    inputs, samples = batch()
    mask = torch.zeros(1, 256, 256, dtype=torch.bool)
    mask[:, :, 200:] = True
    samples[0].search_padding_mask = mask
    samples[0].padding_mask = torch.zeros(2, 128, 128, dtype=torch.bool)
    samples[0].gt_instances = InstanceData()
    seen: List[Tensor] = []
    forward = teacher.tracker.head.forward
    monkeypatch.setattr(
        teacher.tracker.head,
        'forward',
        lambda given: seen.extend(each['mask'] for each in given) or forward(given),
    )
    with torch.no_grad():
        teacher(inputs, samples)
    assert [tuple(each.shape) for each in seen] == [(1, 128, 128)] * 2 + [(1, 320, 320)]
    assert seen[2][0, 160, 40:230].sum() == 0
    assert seen[2][0, 160, 232:].all()
    assert seen[2][0, 160, :32].all()
