from pathlib import Path

import numpy as np
import pytest
import torch

from mmeatrack.datasets import VideoPairs
from mmeatrack.datasets.pairs.video_packs import cut_patch, read_packs

from .folders import write_square_pack

CLEAN = dict(
    grey=0, tint=0, light=0, haze=0, blur=0, coarse=0, noise=0, edge=0
)  # nothing but the crops


def bright_box(crop: torch.Tensor) -> list:
    """Left, top, right and bottom of the white pixels of a crop (3, S, S)."""
    rows, columns = (crop[0] > 170).nonzero().unbind(1)
    return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]


def test_boxes_fit_stretched_and_transposed_targets(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    pairs = VideoPairs(str(tmp_path), augmentation=CLEAN, stretch=0.4, transpose=0.5)
    batch = pairs.make_batch(24, pairs.generator([1]))
    whole = 0
    for crop, box in zip(batch.search, batch.search_boxes):
        x, y, w, h = (box + torch.tensor([0.5, 0.5, 0.0, 0.0])).tolist()
        expected = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        if min(expected) < 1 or max(expected) > 127:
            continue
        whole += 1
        assert bright_box(crop) == pytest.approx(expected, abs=1.3)
    assert whole >= 10
    widths, heights = batch.search_boxes[:, 2], batch.search_boxes[:, 3]
    assert (widths > heights).any()
    assert (widths < heights).any()


def test_a_batch_follows_from_its_indices(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    first = VideoPairs(str(tmp_path), seed=3).__getitems__([4, 5])
    again = VideoPairs(str(tmp_path), seed=3).__getitems__([4, 5])
    other = VideoPairs(str(tmp_path), seed=3).__getitems__([6, 7])
    images = [each[0]['inputs']['search_img'] for each in (first, again, other)]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])
    assert first[0]['data_samples'].gt_instances.bboxes.shape == (2, 4)


def test_without_temporal_views_samples_have_one_template(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    (sample,) = VideoPairs(str(tmp_path), temporal=0.0).__getitems__([0])
    assert sample['inputs']['img'].shape == (1, 3, 64, 64)
    assert sample['data_samples'].gt_instances.bboxes.shape == (1, 4)


def test_negatives_get_the_search_crop_of_another_sample_and_label_0(
    tmp_path: Path,
) -> None:
    write_square_pack(tmp_path)
    plain = VideoPairs(str(tmp_path), seed=3).__getitems__(range(16))
    mixed = VideoPairs(str(tmp_path), seed=3, negatives=0.5).__getitems__(range(16))
    labels = [int(each['data_samples'].search_gt_instances.labels[0]) for each in mixed]
    assert 0 < sum(labels) < 16
    for number, label in enumerate(labels):
        shown = plain[number if label else number - 1]
        assert torch.equal(mixed[number]['inputs']['search_img'], shown['inputs']['search_img'])
        assert torch.equal(mixed[number]['inputs']['img'], plain[number]['inputs']['img'])


def test_a_batch_of_one_has_no_negatives(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    pairs = VideoPairs(str(tmp_path), negatives=0.9)
    assert all(pairs[i]['data_samples'].search_gt_instances.labels.item() == 1 for i in range(8))


def test_shares_out_of_range_are_refused(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    with pytest.raises(ValueError, match='must be at least 0 and below 1'):
        VideoPairs(str(tmp_path), negatives=1.0)
    with pytest.raises(ValueError, match=r'transpose=1\.5 must lie'):
        VideoPairs(str(tmp_path), transpose=1.5)


def test_edge_blackens_everything_beyond_a_line_next_to_the_target(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    pairs = VideoPairs(str(tmp_path), augmentation=dict(CLEAN, edge=1.0))
    whole = VideoPairs(str(tmp_path), augmentation=CLEAN)
    batch = pairs.make_batch(32, pairs.generator([1]))
    before = whole.make_batch(32, whole.generator([1]))
    cut = (batch.search != before.search).any(dim=1)  # (B, S, S)
    assert (batch.search[cut[:, None].expand(-1, 3, -1, -1)] == 0).all()
    lines = [crop.all(dim=0).any() or crop.all(dim=1).any() for crop in cut]
    assert sum(map(int, lines)) >= 16
    x1, y1 = (batch.search_boxes[:, :2] - batch.search_boxes[:, 2:] / 2).clamp(min=0).ceil().T
    x2, y2 = (batch.search_boxes[:, :2] + batch.search_boxes[:, 2:] / 2).clamp(max=128).floor().T
    for number in range(32):
        inside = cut[number, int(y1[number]) : int(y2[number]), int(x1[number]) : int(x2[number])]
        assert not inside.any()


def test_skipped_batches_are_empty(tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    pairs = VideoPairs(str(tmp_path))
    pairs.skip_batches = 1
    assert pairs.__getitems__([0, 1]) == [{}, {}]
    assert len(pairs.__getitems__([2, 3])[0]) == 2


def test_a_patch_shows_seven_mean_sides_with_the_box_in_its_middle() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[90:110, 130:170] = 255  # 40 x 20 px around (150, 100)
    patch, box = cut_patch(image, np.array([130, 90, 40, 20]))
    scale = 224 / (800**0.5 * 7)
    assert box.tolist() == pytest.approx([112, 112, 40 * scale, 20 * scale])
    rows, columns = np.nonzero(patch[..., 0] > 127)
    assert columns.min() == pytest.approx(112 - 20 * scale, abs=1)
    assert rows.max() + 1 == pytest.approx(112 + 10 * scale, abs=1)


def test_a_folder_without_packs_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'no pack .* in it'):
        read_packs(tmp_path)


def test_exactly_one_source_is_required(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='either pack_root or videos'):
        VideoPairs()


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(ValueError, match='is empty'):
        cut_patch(np.zeros((20, 20, 3), np.uint8), np.array([1, 1, 0, 5]))
