import numpy as np
import pytest

from mmeatrack.synthetic.sprites.sprite import Pose, Sprite, composite, darken


def _bar(length=40, width=20, margin=4):
    """A white bar, 4 m by 2 m at 10 px a metre."""
    picture = np.zeros((width + 2 * margin, length + 2 * margin, 4), np.uint8)
    picture[margin:-margin, margin:-margin] = 255
    return Sprite([[picture]], 10.0)


def test_extent_is_that_of_the_opaque_part():
    assert _bar().extent() == (4.0, 2.0)


@pytest.mark.parametrize(
    ('angle', 'box'),
    [
        # 5 px a metre: 20 px by 10 px about the middle of pixel (50, 40).
        (0.0, (40.5, 35.5, 60.5, 45.5)),
        (np.pi / 2, (45.5, 30.5, 55.5, 50.5)),
        (np.pi, (40.5, 35.5, 60.5, 45.5)),
        # Half of (20 + 10) / sqrt(2) is 10.607.
        (np.pi / 4, (39.893, 29.893, 61.107, 51.107)),
    ],
)
def test_box_of_a_turned_bar(angle, box):
    assert _bar().box(Pose(50, 40, angle, 5.0)) == pytest.approx(box, abs=1e-3)


@pytest.mark.parametrize('scale', [3.0, 5.3, 9.0, 14.0])
@pytest.mark.parametrize('angle', [0.0, 0.4, 2.2])
def test_box_fits_the_warped_picture(scale, angle):
    pose = Pose(80.3, 70.6, angle, scale)
    sprite = _bar()
    alpha = sprite.warp(pose, (0, 0, 160, 140))[..., 3]
    rows, columns = np.nonzero(alpha >= 128)
    measured = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_allclose(sprite.box(pose), measured, atol=1.0)
    # The area is that of the bar: 4 m by 2 m.
    assert alpha.sum() / 255 == pytest.approx(8 * scale**2, rel=0.04)


def test_region_holds_the_whole_sprite_and_is_none_outside():
    sprite = _bar()
    pose = Pose(50, 40, 0.7, 5.0)
    region = sprite.region(pose, (100, 80))
    whole = sprite.warp(pose, (0, 0, 100, 80))[..., 3]
    inside = sprite.warp(pose, region)[..., 3]
    assert inside.astype(int).sum() == whole.astype(int).sum()
    assert sprite.region(Pose(-60, 40, 0.0, 5.0), (100, 80)) is None


def test_blend_fades_between_looks():
    first, second = np.full((12, 12, 4), 255, np.uint8), np.full((12, 12, 4), 255, np.uint8)
    second[..., :3] = 55
    sprite = Sprite([[first], [second]], 1.0)
    layer = sprite.warp(Pose(5.5, 5.5, 0.0, 1.0, blend=0.25), (0, 0, 12, 12))
    assert layer[5, 5].tolist() == [205, 205, 205, 255]


def test_composite_weights_by_opacity():
    frame = np.full((4, 4, 3), 100, np.uint8)
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (200, 200, 200, 255)
    layer[1, 1] = (100, 100, 100, 128)
    composite(frame, layer, (1, 1, 3, 3))
    assert frame[1, 1].tolist() == [200] * 3
    assert abs(int(frame[2, 2, 0]) - 150) <= 1
    assert frame[1, 2].tolist() == [100] * 3
    assert frame[0].tolist() == [[100] * 3] * 4


def test_darken_follows_the_shadow_map():
    frame = np.full((3, 3, 3), 200, np.uint8)
    shadow = np.array([[255, 0], [0, 51]], np.uint8)
    darken(frame, shadow, (0, 0, 2, 2), 0.5)
    assert frame[0, 0, 0] == 100
    assert frame[0, 1, 0] == 200
    assert abs(int(frame[1, 1, 0]) - 180) <= 1


def test_a_sprite_without_opaque_pixels_is_refused():
    with pytest.raises(ValueError, match='opaque'):
        Sprite([[np.zeros((8, 8, 4), np.uint8)]], 1.0)
