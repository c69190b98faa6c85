from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmeatrack.datasets import MixedPairs, StillPairs
from mmeatrack.datasets.pairs.stills import CutoutStore, PhotoStore

from .folders import write_cutouts, write_photos, write_square_pack


@pytest.fixture(scope='module')
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict:
    root = tmp_path_factory.mktemp('stills')
    return dict(
        photo_root=str(write_photos(root / 'photos')),
        cutout_root=str(write_cutouts(root / 'cutouts')),
    )


def test_pairs_are_seeded_and_have_the_configured_sizes(roots: dict) -> None:
    pairs = StillPairs(**roots, crops=dict(template_size=32, search_size=64), seed=2)
    batch = pairs.make_batch(12, pairs.generator([0]))
    assert batch.templates.shape == (12, 2, 3, 32, 32)
    assert batch.search.shape == (12, 3, 64, 64)
    assert float(batch.search.min()) >= 0
    assert float(batch.search.max()) <= 255
    again = pairs.make_batch(12, pairs.generator([0]))
    assert all(torch.equal(one, other) for one, other in zip(batch, again))


def test_the_box_fits_the_pasted_cutout(tmp_path: Path) -> None:
    # White ellipses on black photographs: bright pixels are the target.
    photos, cutouts = tmp_path / 'photos', tmp_path / 'cutouts'
    photos.mkdir()
    for number in range(8):
        cv2.imwrite(str(photos / f'{number}.png'), np.zeros((128, 128, 3), np.uint8))
    write_cutouts(cutouts)
    for path in cutouts.rglob('*.png'):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        image[..., :3] = 255
        cv2.imwrite(str(path), image)
    clean = dict(grey=0, tint=0, light=0, haze=0, blur=0, coarse=0, noise=0, edge=0)
    pairs = StillPairs(
        str(photos), str(cutouts), regions=0, filled=0, distractors=0, augmentation=clean
    )
    batch = pairs.make_batch(16, pairs.generator([5]))
    whole = 0
    for crop, (x, y, w, h) in zip(batch.search, (batch.search_boxes + 0).tolist()):
        expected = [x + 0.5 - w / 2, y + 0.5 - h / 2, x + 0.5 + w / 2, y + 0.5 + h / 2]
        if min(expected) < 2 or max(expected) > 126:
            continue
        whole += 1
        rows, columns = (crop[0] > 127).nonzero().unbind(1)
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert [int(value) for value in found] == pytest.approx(expected, abs=2.0)
    assert whole >= 8


def test_unreadable_and_tiny_photographs_are_counted_and_skipped(tmp_path: Path) -> None:
    write_photos(tmp_path, 8)
    (tmp_path / 'broken.jpg').write_bytes(b'no image')
    (tmp_path / 'empty.jpg').touch()
    cv2.imwrite(str(tmp_path / 'tiny.png'), np.zeros((20, 20, 3), np.uint8))
    store = PhotoStore(tmp_path)
    assert len(store.pyramids) == 8
    expected = '8 usable images, 2 unreadable (broken.jpg, empty.jpg), 1 unfit (tiny.png)'
    assert store.report == expected


def test_too_few_photographs_are_refused(tmp_path: Path) -> None:
    write_photos(tmp_path, 3)
    with pytest.raises(ValueError, match='3 usable images, but at least 8 photographs'):
        PhotoStore(tmp_path)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no image in this folder'):
        PhotoStore(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such folder'):
        PhotoStore(tmp_path / 'elsewhere')


def test_cutouts_without_alpha_are_refused(tmp_path: Path) -> None:
    write_photos(tmp_path, 9)
    with pytest.raises(ValueError, match=r'0 usable images, 9 unfit .* with an alpha channel'):
        CutoutStore(tmp_path)


def test_things_have_poses_and_kinds(tmp_path: Path) -> None:
    store = CutoutStore(write_cutouts(tmp_path), least=1)
    assert sum(len(poses) for poses in store.things) == len(store) == 8
    assert sorted(len(kind) for kind in store.kinds) == [4, 4]
    rng = torch.Generator()
    relatives = store.draw_relatives([0] * 50, rng)
    assert set(relatives) <= set(store.kinds[0])


def test_hull_has_the_size_of_the_cutout_on_its_canvas(tmp_path: Path) -> None:
    store = CutoutStore(write_cutouts(tmp_path, width=20, height=50), least=1)
    extent = store.hulls[0].amax(dim=0) - store.hulls[0].amin(dim=0)
    # Scaled to a mean side of 40 px: 20 x 50 becomes 25 x 63.
    assert float(extent.prod()) ** 0.5 == pytest.approx(40, abs=2)
    assert float(extent[1] / extent[0]) == pytest.approx(2.5, rel=0.1)


def test_sets_are_mixed_by_weights(roots: dict, tmp_path: Path) -> None:
    write_square_pack(tmp_path)
    crops = dict(template_size=32, search_size=64)
    sets = [
        dict(type='mmeatrack.VideoPairs', pack_root=str(tmp_path), crops=crops),
        dict(type='mmeatrack.StillPairs', **roots, crops=crops),
    ]
    mixed = MixedPairs(sets, [3.0, 1.0], seed=1)
    drawn = [0, 0]
    for each, number in zip(mixed.sets, range(2)):
        make = each.make_batch

        def counted(size, rng, make=make, number=number):
            drawn[number] += size
            return make(size, rng)

        each.make_batch = counted
    for start in range(0, 160, 16):
        assert len(mixed.__getitems__(range(start, start + 16))) == 16
    assert sum(drawn) == 160
    assert drawn[0] == pytest.approx(120, abs=20)


def test_a_weight_is_needed_for_each_set(roots: dict) -> None:
    with pytest.raises(ValueError, match='give each set a weight above 0'):
        MixedPairs([dict(type='mmeatrack.StillPairs', **roots)], [])


@pytest.mark.parametrize(
    ('argument', 'message'),
    [
        (dict(regions=1.5), 'regions=1.5 must lie between 0 and 1'),
        (dict(distractors=-1), 'distractors=-1 must be at least 0'),
        (dict(length=0), 'length=0 must be at least 1'),
        (dict(seed=-1), 'seed=-1 at least 0'),
        (dict(temporal=2), 'temporal=2 must lie between 0 and 1'),
    ],
)
def test_bad_arguments_are_refused(roots: dict, argument: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StillPairs(**roots, **argument)
