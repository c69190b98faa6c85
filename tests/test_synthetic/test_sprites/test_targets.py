import numpy as np
import pytest

from mmeatrack.synthetic.sprites.targets import KINDS, make_target, random_paint


def _target(kind, seed=0, changing=False, resolution=24.0):
    rng = np.random.default_rng(seed)
    return make_target(rng, kind, resolution, random_paint(rng, kind), changing)


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_dimensions_are_near_the_kinds_nominal_ones(kind):
    for seed in range(4):
        extent = np.array(_target(kind, seed).extent())
        assert (np.abs(np.log(extent / KINDS[kind].nominal)) < np.log(1.5)).all()


@pytest.mark.parametrize('kind', ['bus', 'car', 'truck', 'van', 'boat', 'cyclist'])
def test_the_front_is_along_the_longer_side(kind):
    length, width = _target(kind).extent()
    assert length > 1.4 * width


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_two_looks_share_their_outline_but_not_their_colours(kind):
    sprite = _target(kind, changing=True)
    assert len(sprite.looks) == 2
    for first, second in zip(*sprite.looks):
        assert np.array_equal(first[..., 3], second[..., 3])
        opaque = first[..., 3] > 127
        change = np.abs(first[..., :3].astype(int) - second[..., :3])[opaque].mean()
        assert change > 5


@pytest.mark.parametrize('kind', ['person', 'cyclist', 'drone', 'bird'])
def test_animated_targets_have_different_phases(kind):
    sprite = _target(kind)
    assert sprite.phases == 8
    pictures = {picture.tobytes() for picture in sprite.looks[0]}
    assert len(pictures) >= 5


def test_a_target_depends_on_its_random_generator_alone():
    first, again, other = _target('car', 1), _target('car', 1), _target('car', 2)
    assert np.array_equal(first.looks[0][0], again.looks[0][0])
    assert first.looks[0][0].tobytes() != other.looks[0][0].tobytes()
