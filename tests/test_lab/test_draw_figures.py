"""Cut-outs of drawn figures."""

from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest

from lab import draw_figures
from lab.figures.solids import Solids
from lab.figures.view import LONGEST_SIDE, MEAN_SIDE, Figure, Light, render
from mmeatrack.datasets.pairs.stills import CutoutStore

LIGHT = Light(np.array([0.0, 0.0, 1.0]), 0.5, 0.0, 0.0, 0.0, 0)


def extent(cutout: np.ndarray) -> np.ndarray:
    """Height and width of the opaque part."""
    opaque = np.argwhere(cutout[..., 3] > 127)
    return opaque.max(axis=0) - opaque.min(axis=0) + 1


def test_written_figures_can_be_read_by_a_cutout_store(tmp_path: Path) -> None:
    arguments = ['--seed', '4', '--figures', '3', '--views', '3']
    assert draw_figures.main([str(tmp_path / 'one'), *arguments]) == 0
    assert draw_figures.main([str(tmp_path / 'two'), *arguments]) == 0
    paths = sorted((tmp_path / 'one').rglob('*.webp'))
    assert len(paths) == 9
    for path in paths:
        assert (
            path.read_bytes()
            == (tmp_path / 'two' / path.relative_to(tmp_path / 'one')).read_bytes()
        )
        cutout = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert cutout.shape[2] == 4
        height, width = extent(cutout)
        assert max(height, width) <= LONGEST_SIDE + 1
        assert 0.7 * MEAN_SIDE < (height * width) ** 0.5 < 1.05 * MEAN_SIDE
        # A cast shadow is less than half opaque.
        assert cutout[0, :, 3].max() < 128
    store = CutoutStore(tmp_path / 'one', least=3)
    assert sorted(len(poses) for poses in store.things) == [3, 3, 3]


@pytest.mark.parametrize(
    'maker', [maker for makers, _ in draw_figures.GROUPS for maker in dict.fromkeys(makers)]
)
def test_every_figure_looks_different_from_another_side(
    maker: Callable[[np.random.Generator], Figure],
) -> None:
    figure = maker(np.random.default_rng(2))
    pitch = np.radians(30)
    first, second = (
        render(figure.solids(turn), turn, pitch, LIGHT)[..., 3] > 127 for turn in (0.3, 1.4)
    )
    assert first.sum() > 250
    assert second.sum() > 250
    assert first.shape != second.shape or (first != second).mean() > 0.02


def test_a_box_has_the_aspect_of_its_visible_side() -> None:
    solids = Solids().box((-2, -1, 0), (2, 1, 1), (0.2, 0.5, 0.8))
    # From the side 4 by 1, along its length 2 by 1, from above 4 by 2.
    for azimuth, pitch, ratio in ((0.0, 0.0, 4), (np.pi / 2, 0.0, 2), (0.0, np.pi / 2, 2)):
        height, width = extent(render(solids, azimuth, pitch, LIGHT))
        assert width / height == pytest.approx(ratio, rel=0.06)


def test_a_nearer_solid_occludes_the_other() -> None:
    solids = Solids().ball((0, -3, 0), (1, 1, 1), (0.0, 0.0, 0.9))
    solids.limb((0, 2, 0), (0, 3, 0), 1.0, (0.9, 0.0, 0.0))
    image = render(solids, 0.0, 0.0, LIGHT)
    middle = image[image.shape[0] // 2, image.shape[1] // 2]
    assert middle[2] > 100
    assert middle[0] < 20
    behind = render(solids, np.pi, 0.0, LIGHT)
    assert behind[behind.shape[0] // 2, behind.shape[1] // 2, 0] > 100


def test_a_shadow_stays_less_than_half_opaque() -> None:
    sunny = LIGHT._replace(sun=np.array([0.6, 0.0, 0.8]), shadow=0.45)
    solids = Solids().box((-1, -1, 0), (1, 1, 2), (0.5, 0.5, 0.5))
    plain, lit = (render(solids, 0.0, 0.6, light) for light in (LIGHT, sunny))
    assert (extent(lit) == extent(plain)).all()
    assert ((lit[..., 3] > 60) & (lit[..., 3] < 128)).sum() > 100
