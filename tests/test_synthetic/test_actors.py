from dataclasses import replace

import numpy as np
import pytest

from mmeatrack.synthetic.actors import make_rivals, make_traffic
from mmeatrack.synthetic.route import Course, plan_route
from mmeatrack.synthetic.scenario import Scenario
from mmeatrack.synthetic.sprites.targets import make_target, random_paint

SCALE = 8.0


def _cast(kind, rivals, traffic, seed=0):
    rng = np.random.default_rng(seed)
    scenario = Scenario('distractor', kind, 'urban', 24.0, 0.2, 0.0, 0.0)
    scenario = replace(scenario, rivals=rivals, traffic=traffic)
    route = plan_route(rng, 40, Course(5.0, 0.3, 0.0, 70.0, True, 2000.0))
    paint = random_paint(rng, kind)
    target = make_target(rng, kind, SCALE, paint)
    actors = make_rivals(rng, scenario, route, target, SCALE, SCALE, paint)
    actors += make_traffic(rng, scenario, route, target, SCALE, SCALE)
    return route, target, actors


def _gaps(first, second):
    return np.linalg.norm(first - second, axis=1)


@pytest.mark.parametrize('kind', ['car', 'boat', 'person'])
def test_the_first_rival_passes_closely_without_contact(kind):
    route, target, (rival,) = _cast(kind, 1, 0)
    gaps = _gaps(rival.points, route.points) / SCALE
    length, width = target.extent()
    assert rival.lookalike
    assert width < gaps.min() < 2.2 * max(length, width)
    assert gaps.max() > 2 * gaps.min()


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('rivals', [0, 3])
def test_vehicles_do_not_drive_through_each_other(seed, rivals):
    route, target, actors = _cast('car', rivals, 6, seed)
    tracks = [(route.points, target)] + [(actor.points, actor.sprite) for actor in actors]
    for number, (points, sprite) in enumerate(tracks):
        for other_points, other in tracks[number + 1 :]:
            widths = (sprite.extent()[1] + other.extent()[1]) / 2
            assert _gaps(points, other_points).min() / SCALE > widths


def test_traffic_faces_its_direction_of_motion():
    _, _, actors = _cast('car', 0, 6)
    for actor in actors:
        motion = np.diff(actor.points, axis=0)
        moving = np.linalg.norm(motion, axis=1) > 1.0
        heading = np.arctan2(motion[:, 1], motion[:, 0])
        assert np.cos(heading - actor.headings[:-1])[moving].min() > 0.9


def test_boats_have_a_wake():
    _, _, actors = _cast('boat', 1, 2)
    assert all(actor.wake is not None for actor in actors)
