import numpy as np
import pytest

from mmeatrack.synthetic.route import Course, plan_route
from mmeatrack.synthetic.scenery.biomes import BIOMES
from mmeatrack.synthetic.scenery.ground import Sun
from mmeatrack.synthetic.scenery.world import build_world

SIZE = (320, 288)
SUN = Sun((0.8, 0.6), 0.6, 0.5)
PATHS = {
    'urban': 'road', 'suburb': 'road', 'rural': 'road', 'coast': 'road', 'park': 'path',
    'plaza': 'path', 'beach': 'path', 'lake': 'water', 'shore': 'water',
}  # fmt: skip


def _route(seed=0):
    course = Course(3.0, 0.4, 0.1, 30.0, False, 150.0)
    route = plan_route(np.random.default_rng(seed), 30, course)
    middle = (route.points.min(0) + route.points.max(0)) / 2
    return route.moved(np.array(SIZE) / 2 - middle)


def _world(biome, seed=0, **more):
    rng = np.random.default_rng(seed)
    return build_world(rng, biome, SIZE, 5.0, _route(seed), PATHS[biome], SUN, **more)


def _along_route(world, seed=0):
    points = np.round(_route(seed).points).astype(int)
    return world.levels[0][points[:, 1], points[:, 0]].astype(int)


def test_every_biome_is_covered():
    assert set(PATHS) == set(BIOMES)


@pytest.mark.parametrize('biome', sorted(PATHS))
def test_a_world_is_complete_varied_and_reproducible(biome):
    world, again = _world(biome), _world(biome)
    bgr = world.levels[0]
    assert bgr.shape == (SIZE[1], SIZE[0], 3)
    assert [level.shape[1] for level in world.levels] == [320, 160, 80]
    assert np.array_equal(bgr, again.levels[0])
    assert not np.array_equal(bgr, _world(biome, 1).levels[0])
    # Neither black nor burnt out nor flat.
    assert 40 < bgr.mean() < 215
    assert bgr.std() > 12
    assert (bgr == 0).all(2).mean() < 0.02


@pytest.mark.parametrize('biome', ['lake', 'shore'])
def test_boats_have_water_under_them(biome):
    for seed in range(3):
        blue, _, red = _along_route(_world(biome, seed), seed).T
        assert (blue > red).mean() > 0.95


@pytest.mark.parametrize('biome', ['urban', 'suburb'])
def test_cars_drive_on_asphalt(biome):
    for seed in range(3):
        colours = _along_route(_world(biome, seed), seed)
        assert np.median(np.ptp(colours, axis=1)) < 25
        assert np.median(colours) < 150


def test_bathers_walk_on_sand():
    for seed in range(3):
        blue, _, red = _along_route(_world('beach', seed), seed).T
        assert (red > blue).mean() > 0.95


def test_overhead_objects_cast_a_shadow():
    plate = np.array([[100.0, 100.0], [160.0, 100.0], [160.0, 150.0], [100.0, 150.0]])
    # 5 m up, slope 0.6, 5 px a metre: shifted by 15 px along (0.8, 0.6).
    world = _world('plaza', overhead=[(plate, 5.0)])
    assert world.shade_at(142.0, 134.0) > 0.9


def test_view_copies_the_map_at_zoom_one():
    world = _world('park')
    view = world.view(np.array([[1.0, 0, -40], [0, 1.0, -30]]), (100, 80))
    assert np.array_equal(view, world.levels[0][30:110, 40:140])


def test_a_wider_view_shows_the_same_place():
    world = _world('park')
    view = world.view(np.array([[0.5, 0, 0], [0, 0.5, 0]]), (160, 144))
    direct = world.levels[1].astype(int)
    # The halved picture's pixel centres lie a quarter of a pixel off the frame's.
    assert np.abs(view[2:-2, 2:-2].astype(int) - direct[2:-2, 2:-2]).mean() < 6


def test_unknown_biome():
    with pytest.raises(ValueError, match="unknown biome 'moon'"):
        build_world(np.random.default_rng(0), 'moon', SIZE, 5.0, _route(), 'road', SUN)
