import cv2
import numpy as np
import pytest

from mmeatrack.synthetic.covers import plan_covers
from mmeatrack.synthetic.route import Course, plan_route
from mmeatrack.synthetic.scenario import Scenario
from mmeatrack.synthetic.scenery.ground import Sun
from mmeatrack.synthetic.sprites.targets import make_target, random_paint

SCALE = 8.0


def _covers(kind, hidden, covers=1, seed=0, step=4.0):
    rng = np.random.default_rng(seed)
    scenario = Scenario(
        'occlusion', kind, 'urban', 24.0, step / 24.0, 0.0, 0.0, covers=covers, hidden=hidden
    )
    route = plan_route(rng, 60, Course(step, 0.0, 0.0, 70.0, False, 2000.0))
    target = make_target(rng, kind, SCALE, random_paint(rng, kind))
    sun = Sun((1.0, 0.0), 0.5, 0.5)
    return route, target, plan_covers(rng, scenario, route, target, SCALE, sun, (160, 120))


def _distance(cover, point):
    outline = cover.outline.astype(np.float32)
    return cv2.pointPolygonTest(outline, (float(point[0]), float(point[1])), True)


@pytest.mark.parametrize('kind', ['car', 'boat', 'person', 'bird'])
def test_a_hiding_occluder_is_wider_than_the_target(kind):
    route, target, covers = _covers(kind, True)
    deepest = max(_distance(covers[0], point) for point in route.points)
    assert deepest / SCALE > 0.5 * target.extent()[0]


@pytest.mark.parametrize('seed', range(6))
def test_no_occluder_lies_over_the_start(seed):
    route, target, covers = _covers('car', False, 2, seed)
    assert covers
    reach = 0.5 * np.hypot(*target.extent()) * SCALE
    assert all(_distance(cover, route.points[0]) < -reach for cover in covers)


def test_a_target_that_hardly_moves_is_not_occluded():
    assert _covers('car', True, step=0.1)[2] == []


def test_clouds_cast_no_shadow():
    assert [cover.casts for cover in _covers('bird', False)[2]] == [False]
