import numpy as np

from mmeatrack.synthetic.scenery.ground import Ground, Sun, rectangle, rotated

SUN = Sun((1.0, 0.0), 0.5, 0.6)


def _ground():
    ground = Ground((200, 160), 4.0, SUN)
    ground.bgr[...] = 200
    return ground


def test_rotated_turns_x_towards_y():
    turned = rotated(np.array([[2.0, 0.0]]), np.pi / 2, np.array([10.0, 20.0]))
    np.testing.assert_allclose(turned, [[10.0, 22.0]], atol=1e-12)


def test_rectangle_has_its_sides():
    corners = rectangle(6.0, 2.0, 0.0, np.zeros(2))
    assert corners.tolist() == [[-3, -1], [3, -1], [3, 1], [-3, 1]]


def test_reserved_ground_is_not_free():
    ground = _ground()
    plot = rectangle(40, 40, 0.3, np.array([100.0, 80.0]))
    assert ground.is_free(plot)
    ground.reserve(plot)
    assert not ground.is_free(rectangle(10, 10, 0.0, np.array([100.0, 80.0])))
    assert ground.is_free(rectangle(10, 10, 0.0, np.array([20.0, 20.0])))
    assert not ground.is_free(rectangle(10, 10, 0.0, np.array([-50.0, 20.0])))


def test_free_spots_avoid_occupied_ground():
    ground = _ground()
    ground.taken[:, :25] = 1
    spots = np.array(ground.free_spots(np.random.default_rng(0), 50))
    assert 10 < len(spots) < 40
    assert spots[:, 0].min() >= 100


def test_a_shadow_is_as_long_as_slope_times_height():
    ground = _ground()
    # 10 m high, slope 0.5, 4 px a metre: 20 px to the right.
    ground.cast(rectangle(20, 20, 0.0, np.array([60.0, 80.0])), 10.0)
    columns = np.nonzero(ground.shade[80] > 127)[0]
    assert columns.min() in (50, 51)
    assert columns.max() in (89, 90)


def test_the_shadow_of_an_overhead_plate_is_offset():
    ground = _ground()
    ground.cast_from(rectangle(20, 20, 0.0, np.array([60.0, 80.0])), 20.0)
    assert ground.shade[80, 60] == 0
    assert ground.shade[80, 100] == 255


def test_shadows_darken_the_blue_least():
    ground = _ground()
    ground.shade[:80] = 255
    ground.apply_shadows()
    blue, green, red = ground.bgr[20, 100].astype(int)
    assert red < green < blue < 120
    assert ground.bgr[140, 100].tolist() == [200] * 3


def test_an_image_may_extend_beyond_the_map():
    ground = _ground()
    picture = np.zeros((10, 10, 4), np.uint8)
    picture[..., 3] = 255
    ground.blend(picture, (-5, -5))
    ground.blend(picture, (500, 500))
    assert ground.bgr[4, 4].tolist() == [0] * 3
    assert ground.bgr[5, 5].tolist() == [200] * 3


def test_hectares():
    # 200 x 160 px at 4 px a metre are 50 m x 40 m.
    assert _ground().hectares() == 0.2
