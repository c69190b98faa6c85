"""Packs of synthetic videos, and stills from unpacked packages."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lab import collect_stills, pack_synthetic
from mmeatrack.datasets.pairs.video_packs import read_packs


def test_synthetic_videos_are_packed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path), '--seed', '3', '--videos', '1', '--frames-each', '4']
    arguments += ['--size', '160x120']
    assert pack_synthetic.main(arguments) == 0
    (pack,) = read_packs(tmp_path)
    assert pack.patches.shape == (4, 224, 224, 3)
    assert pack.videos.tolist() == [30000] * 4
    assert (np.diff(pack.frames) > 0).all()
    # Each target is in the middle of its patch, with a seventh of its side.
    assert pack.boxes[:, :2].tolist() == [[112, 112]] * 4
    assert np.sqrt(pack.boxes[:, 2:].prod(axis=1)) == pytest.approx(32, rel=0.01)
    assert '4 patches' in capsys.readouterr().out
    assert pack_synthetic.main(arguments) == 0
    assert capsys.readouterr().out == ''


def test_stills_are_collected_from_unpacked_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    textures = tmp_path / 'in/flightgear-data-base/usr/Textures/Terrain'
    stamps = tmp_path / 'in/tuxpaint-stamps-default/usr/stamps/animals'
    units = tmp_path / 'in/wesnoth-1.16-data/core/images/units/orcs'
    for folder in (textures, stamps, units):
        folder.mkdir(parents=True)
    photo = rng.integers(40, 200, (300, 300, 3), dtype=np.uint8)
    cv2.imwrite(str(textures / 'city.png'), photo)
    cv2.imwrite(str(textures / 'city-mask.png'), photo)
    cutout = np.zeros((70, 40, 4), np.uint8)
    cutout[10:60, 10:30] = (250, 20, 250, 255)  # magenta
    cv2.imwrite(str(stamps / 'red-fox.png'), cutout)
    cv2.imwrite(str(stamps / 'flat.png'), cutout[..., :3])
    for name in ('grunt', 'grunt-attack-1', 'grunt-die-1'):
        cv2.imwrite(str(units / f'{name}.png'), cutout)
    out = tmp_path / 'out'
    assert collect_stills.main([str(tmp_path / 'in'), str(out)]) == 0
    found = sorted(str(path.relative_to(out)) for path in out.rglob('*.*'))
    assert found == [
        'cutouts/tux_animals/red_fox.webp',
        'cutouts/wes_orcs/grunt-0.webp',
        'cutouts/wes_orcs/grunt-1.webp',
        'photos/flightgear-data-base_Terrain_city.jpg',
    ]
    # The magenta of a unit is recoloured; a stamp keeps its colours.
    dyed = cv2.imread(str(out / 'cutouts/wes_orcs/grunt-0.webp'), cv2.IMREAD_UNCHANGED)
    assert not np.array_equal(dyed[30, 20], cutout[30, 20])
    assert dyed[30, 20, 3] == 255
    assert 'wesnoth-1.16-data: 2' in capsys.readouterr().out


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert collect_stills.main([str(tmp_path), str(tmp_path / 'out')]) == 1
