import copy
import math
from typing import Any, Dict, Tuple

import pytest
import torch
from mmengine.runner import load_checkpoint

from mmeatrack.conversion import from_ostrack
from mmeatrack.models import EATrack
from mmeatrack.models.heads import CenterHeadOutput
from tests.toy_ostrack import ostrack_weights
from tests.toys import (
    FIRST_BOX,
    GRID,
    PREPROCESSOR,
    TOKENS,
    build,
    follow,
    frame_sample,
    search_sample,
    tracker_cfg,
    training_batch,
    video,
)

Cell = Tuple[int, int]


def logit(value: float) -> float:
    return math.log(value / (1 - value))


def stub_head(tracker: Any, cell: Cell, box: Tuple[float, float, float, float], score: float):
    """Make the head predict its peak at ``cell`` (row, column): offset x, y and size w, h."""
    row, column = cell
    maps = [torch.full((1, channels, GRID, GRID), logit(0.01)) for channels in (1, 2, 2)]
    maps[0][0, 0, row, column] = logit(score)
    maps[1][0, :, row, column] = torch.tensor(box[:2])
    maps[2][0, :, row, column] = torch.tensor([logit(side) for side in box[2:]])
    tracker.head.forward = lambda feature_map: CenterHeadOutput(*maps)


@pytest.fixture
def tracker() -> EATrack:
    return build(tracker_cfg()).eval()


def boxes_of(rows: torch.Tensor) -> list:
    return [row[:4].tolist() for row in rows]


# Training and tensor mode


def test_losses_of_a_batch(tracker) -> None:
    inputs, samples = training_batch()
    losses = tracker.train()(inputs, samples, mode='loss')
    assert set(losses) == {'loss_cls', 'loss_bbox', 'loss_iou', 'iou'}
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    without = [name for name, p in tracker.named_parameters() if p.grad is None]
    assert without == []  # every parameter is trained


def test_crop_of_another_video_has_an_empty_box(tracker) -> None:
    _, samples = training_batch()
    for sample, label in zip(samples, (1, 0)):
        sample.search_gt_instances.labels = torch.tensor([label])
    boxes = tracker.search_boxes(samples)
    del samples[0].search_gt_instances.labels
    assert torch.equal(boxes[0], tracker.search_boxes(samples)[0])
    assert boxes[0].min() > 0
    assert boxes[1].tolist() == [0, 0, 0, 0]


def test_tensor_mode_equals_the_forward_of_loss_mode(tracker) -> None:
    inputs, samples = training_batch()
    output = tracker(inputs, samples, mode='tensor')
    assert isinstance(output, CenterHeadOutput)
    assert output.score.shape == (2, 1, GRID, GRID)
    losses = tracker(inputs, samples, mode='loss')
    again = tracker.head.loss(output, tracker.search_boxes(samples))
    assert {k: v.item() for k, v in losses.items()} == {k: v.item() for k, v in again.items()}


def test_search_boxes_are_normalised(tracker) -> None:
    boxes = tracker.search_boxes([search_sample((4, 8, 12, 24)), search_sample((0, 0, 32, 32))])
    assert boxes.tolist() == [[0.25, 0.5, 0.25, 0.5], [0.5, 0.5, 1, 1]]


def test_temporal_slot_is_dropped_at_the_configured_rate() -> None:
    tracker = build(tracker_cfg(train_cfg=dict(temporal_drop=0.25)))
    torch.manual_seed(0)
    shown = tracker.train()._draw_temporal_mask(4000)
    assert shown.dtype == torch.bool
    assert float(shown.float().mean()) == pytest.approx(0.75, abs=0.03)
    assert tracker.eval()._draw_temporal_mask(4000) is None


def test_dropped_temporal_slot_trains_like_a_single_template() -> None:
    """temporal_drop=1: the second template changes nothing, as with an empty store at test."""
    tracker = build(tracker_cfg(train_cfg=dict(temporal_drop=1.0))).train()
    tracker.head.eval()
    inputs, samples = training_batch()
    alone = dict(inputs, img=inputs['img'][:, :1])
    both, one = (tracker(batch, samples, mode='loss') for batch in (inputs, alone))
    for name, value in one.items():
        torch.testing.assert_close(both[name], value)


# Geometry, end to end


def test_box_in_image_pixels_is_exact(tracker) -> None:
    """First box centre (80, 60), 20 x 20: the search window is 80 px from (40, 20), scale 2.5."""
    stub_head(tracker, cell=(2, 1), box=(0.25, 0.5, 0.25, 0.5), score=0.8)
    rows = follow(tracker, video(3))
    assert rows[0].tolist() == [*FIRST_BOX, -1.0]
    # Crop px ((1 + 0.25) * 8, (2 + 0.5) * 8) = (10, 20), and half a pixel of the convention:
    # 40 + 10.5 * 2.5 = 66.25, 20 + 20.5 * 2.5 = 71.25; 8 x 16 crop px are 20 x 40.
    assert rows[1, :4].tolist() == pytest.approx([56.25, 51.25, 76.25, 91.25], abs=1e-4)
    assert rows[1, 4].item() == pytest.approx(0.8, abs=1e-6)
    # The next window: ceil(sqrt(20 * 40) * 4) = 114 px about (66.25, 71.25), from (9, 14).
    cx, cy, scale = 9 + 10.5 * 114 / 32, 14 + 20.5 * 114 / 32, 114 / 32
    expected = [cx - 4 * scale, cy - 8 * scale, cx + 4 * scale, cy + 8 * scale]
    expected[3] = min(expected[3], 120.0)  # the image ends there
    assert rows[2, :4].tolist() == pytest.approx(expected, abs=1e-4)


def test_target_in_the_middle_of_the_window_does_not_move(tracker) -> None:
    """The centre of the crop is pixel 15.5 in the training convention."""
    middle = 15.5 / 8
    stub_head(tracker, cell=(1, 1), box=(middle - 1, middle - 1, 0.25, 0.25), score=0.8)
    rows = follow(tracker, video(6))
    for box in boxes_of(rows):
        assert box == pytest.approx(FIRST_BOX, abs=1e-3)


@pytest.mark.parametrize(
    ('cell', 'offset', 'expected'),
    [
        # 20 x 20 px boxes beyond the far ends of the window; 10 px of the image are kept.
        ((1, 0), (-30.0, 0.9), [0.0, None, 10.0, None]),
        ((1, 3), (40.0, 0.9), [150.0, None, 160.0, None]),
        ((0, 1), (0.9, -30.0), [None, 0.0, None, 10.0]),
        ((3, 1), (0.9, 40.0), [None, 110.0, None, 120.0]),
    ],
)
def test_box_is_clipped_with_its_margin(tracker, cell: Cell, offset, expected) -> None:
    stub_head(tracker, cell, (*offset, 0.25, 0.25), score=0.9)
    box = follow(tracker, video(2))[1, :4].tolist()
    for value, limit in zip(box, expected):
        assert limit is None or value == pytest.approx(limit, abs=1e-4)


def test_margin_is_a_config_value() -> None:
    tracker = build(tracker_cfg(test_cfg=dict(margin=3.0))).eval()
    stub_head(tracker, (1, 3), (40.0, 0.9, 0.0625, 0.0625), score=0.9)
    assert follow(tracker, video(2))[1, [0, 2]].tolist() == pytest.approx([157.0, 160.0])


def test_window_prefers_the_last_position(tracker) -> None:
    maps = [torch.full((1, channels, GRID, GRID), logit(0.05)) for channels in (1, 2, 2)]
    maps[0][0, 0, 0, 0], maps[0][0, 0, 2, 2] = logit(0.9), logit(0.5)
    maps[1][:], maps[2][:] = 0.0, 0.0
    tracker.head.forward = lambda feature_map: CenterHeadOutput(*maps)
    row = follow(tracker, video(2))[1]
    assert row[4].item() == pytest.approx(0.5)  # 0.9 times 0.12 is less than 0.5 times 0.82
    centre = (row[:2] + row[2:4]) / 2
    assert centre.tolist() == pytest.approx([40 + 16.5 * 2.5, 20 + 16.5 * 2.5], abs=1e-3)


def test_crops_are_normalised_rgb_with_black_borders(tracker) -> None:
    """A frame of one colour, the target in the corner: what reaches the backbone."""
    seen: Dict[str, torch.Tensor] = {}
    template, search = tracker.backbone.forward_template, tracker.backbone.forward_search
    tracker.backbone.forward_template = lambda crop: template(seen.setdefault('template', crop))
    tracker.backbone.forward_search = lambda crop: search(seen.setdefault('search', crop))
    frame = torch.tensor([10, 20, 30], dtype=torch.uint8).reshape(1, 3, 1, 1)
    frame = frame.expand(1, 3, 120, 160).contiguous()
    sample = frame_sample(0, (0.0, 0.0, 20.0, 20.0))
    with torch.no_grad():
        tracker(dict(img=frame[None]), [sample], mode='predict')
        tracker(dict(img=frame[None]), [frame_sample(1, FIRST_BOX)], mode='predict')
    mean, std = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    colour, black = (torch.tensor([30.0, 20.0, 10.0]) - mean) / std, -mean / std
    for name, size, inside in (('template', 16, 4), ('search', 32, 12)):
        # Half the template's window is image, from its middle on: 40 px from (-10, -10). The
        # search window is 80 px from (-30, -30).
        crop = seen[name]
        assert crop.shape == (1, 3, size, size)
        torch.testing.assert_close(crop[0, :, size - 1, size - 1], colour)
        torch.testing.assert_close(crop[0, :, inside - 2, size - 1], black)
        torch.testing.assert_close(crop[0, :, size - 1, inside - 2], black)


# Bad input


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        ((70, 50, 70, 70), 'width and height must be above 0'),
        ((70, 50, 60, 70), 'width and height must be above 0'),
        ((math.nan, 50, 90, 70), 'four finite numbers'),
        ((70, 50, math.inf, 70), 'four finite numbers'),
        ((170, 50, 190, 70), r'outside the image'),
        ((70, -40, 90, -10), r'outside the image'),
    ],
)
def test_bad_first_box_is_refused(tracker, box, expected: str) -> None:
    inputs = dict(img=video(1)[0][None])
    with pytest.raises(ValueError, match=expected) as error:
        tracker(inputs, [frame_sample(0, box)], mode='predict')
    assert '160x120 px' in str(error.value)
    assert tracker.state is None


def test_tracking_without_a_first_frame_is_refused(tracker) -> None:
    with pytest.raises(RuntimeError, match='has no target: call init on the first frame'):
        tracker.track(video(1)[0], [])


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(test_cfg=dict(search_facter=4.0)), r"test_cfg has unknown keys \['search_facter'\]"),
        (dict(train_cfg=dict(drop=0.5)), r"train_cfg has unknown keys \['drop'\]; .*temporal_drop"),
        (
            dict(test_cfg=dict(search_factor=0.0)),
            r'search_factor=0.0 must be a finite number above 0\.',
        ),
        (
            dict(test_cfg=dict(template_factor=-2.0)),
            r'template_factor=-2.0 must be a finite number above 0',
        ),
        (
            dict(test_cfg=dict(margin=-1.0)),
            r'test_cfg.margin=-1.0 must be a finite number from 0 on',
        ),
        (dict(test_cfg=dict(search_factor='4')), r"search_factor='4' must be a finite number"),
        (dict(test_cfg=dict(search_factor=float('nan'))), r'search_factor=nan must be a finite'),
        (dict(test_cfg=dict(test_mode='LT')), r"test_mode='LT' must be one of \('OPE', 'VOT'\)"),
        (dict(train_cfg=dict(temporal_drop=1.5)), r'temporal_drop=1.5 must lie between 0 and 1'),
        (
            dict(temporal=dict(type='mmeatrack.TargetStore', interval=0)),
            r'interval=0 must be a whole number',
        ),
    ],
)
def test_bad_configs_are_refused_when_built(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        build(tracker_cfg(**arguments))


def test_bad_store_is_refused_when_switched_on(tracker) -> None:
    with pytest.raises(ValueError, match='threshold=7 must lie'):
        tracker.set_temporal(dict(type='mmeatrack.TargetStore', threshold=7))
    assert tracker.temporal_cfg is None


# State


def test_state_of_a_video(tracker) -> None:
    rows = follow(tracker, video(4))
    state = tracker.state
    assert state.frame == 3
    assert state.store is None
    assert state.temporal is None
    assert state.active_template is state.template
    assert state.template.shape == (1, TOKENS, 16)
    cx, cy, w, h = state.box
    assert rows[3, :4].tolist() == pytest.approx([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])


def test_state_is_not_in_the_checkpoint(tracker) -> None:
    before = set(tracker.state_dict())
    follow(tracker, video(3))
    assert set(tracker.state_dict()) == before
    assert not any('window' in key for key in before)


def test_deep_copied_trackers_do_not_share_state(tracker) -> None:
    tracker.set_temporal(dict(type='mmeatrack.TargetStore', threshold=0.0, interval=2))
    first, second = video(7, seed=1), video(7, seed=2)
    alone = follow(tracker, first), follow(tracker, second)

    follow(tracker, first[:3])
    other = copy.deepcopy(tracker)  # in the middle of a video, with a candidate in the store
    follow(other, second[:3])
    rows: Tuple[list, list] = ([], [])
    for i in range(3, 7):
        rows[0].append(follow(tracker, first[i : i + 1], first_frame=i))
        rows[1].append(follow(other, second[i : i + 1], first_frame=i))
    for whole, parts in zip(alone, rows):
        assert torch.equal(whole[3:], torch.cat(parts))
    assert tracker.state.store is not other.state.store
    assert tracker.state.temporal is not None


def test_checkpoint_of_ostrack(tmp_path) -> None:
    weights = ostrack_weights(depth=2)
    path = str(tmp_path / 'OSTrack_ep0300.pth.tar')
    torch.save(dict(net=weights, net_type='OSTrack'), path)
    tracker = build(dict(from_ostrack(weights).model, data_preprocessor=PREPROCESSOR))
    load_checkpoint(tracker, path)
    assert torch.equal(tracker.backbone.norm.bias, weights['backbone.norm.bias'])
    relative = {'backbone.blocks.0.active_score_module.weight': torch.zeros(1, 320)}
    torch.save(dict(net=dict(weights, **relative)), path)
    with pytest.raises(ValueError, match='AVTrack'):
        load_checkpoint(tracker, path)
