import numpy as np

from mmeatrack.synthetic.scenery.ground import Ground, Sun
from mmeatrack.synthetic.scenery.roads import Road, paint_roads


def _straight(y=100.0):
    x = np.arange(-50.0, 300.0, 2.0)
    return np.stack([x, np.full_like(x, y)], 1)


def _painted(kind):
    ground = Ground((240, 200), 6.0, Sun((1.0, 0.0), 0.5, 0.6))
    ground.bgr[...] = (60, 120, 90)
    paint_roads(ground, np.random.default_rng(0), [Road(_straight(), 6.8, kind)])
    return ground


def test_offset_is_to_the_right_of_the_driving_direction():
    road = Road(_straight(), 6.8, 'street')
    # Driving towards +x with y pointing down, the right side is at larger y.
    np.testing.assert_allclose(road.offset(5.0)[:, 1], 105.0)
    np.testing.assert_allclose(road.offset(-5.0)[:, 0], road.line[:, 0])


def test_a_street_is_grey_over_its_width_alone():
    ground = _painted('street')
    # 6.8 m at 6 px a metre: from y = 79.6 to 120.4.
    lane = ground.bgr[108:116, 20:220].astype(int)
    assert np.abs(lane - lane.mean(2, keepdims=True)).mean() < 6
    assert lane.mean() < 150
    assert ground.bgr[20, 20].tolist() == [60, 120, 90]
    kerb = ground.bgr[121:123, 20:220].mean()
    assert kerb > lane.mean() + 30


def test_the_middle_of_a_street_is_dashed():
    middle = _painted('street').bgr[99:102, 20:220].max(2).max(0).astype(int)
    assert middle.max() > 180
    assert np.median(middle) < 170


def test_a_street_occupies_its_ground():
    ground = _painted('street')
    assert ground.taken[100 // 4, 100 // 4]
    assert not ground.taken[20 // 4, 100 // 4]


def test_a_track_is_brown():
    blue, green, red = _painted('track').bgr[95:105, 20:220].reshape(-1, 3).mean(0)
    assert red > green > blue
