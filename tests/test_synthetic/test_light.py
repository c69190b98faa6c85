import cv2
import numpy as np
import pytest

from mmeatrack.synthetic.light import Light, plan_light
from mmeatrack.synthetic.scenario import Scenario


def _light(gain=1.0, gamma=1.0, warmth=0.0, cloud=None):
    one = np.ones(1)
    return Light(gain * one, gamma * one, warmth * one, cloud, np.zeros((1, 2)))


def test_normal_light_is_the_identity_below_the_highlights():
    table = _light().table(0)
    assert table.shape == (1, 256, 3)
    assert (table[0, :216] == np.arange(216)[:, None]).all()
    assert table[0, 255].max() < 255


def test_gain_and_warmth_scale_the_channels():
    table = _light(gain=0.5, warmth=0.1).table(0)
    blue, green, red = table[0, 200]
    assert (blue, green, red) == (90, 100, 110)


def test_grey_agrees_with_the_lookup_table():
    light = _light(gain=0.7, gamma=1.2)
    assert light.grey(0) == pytest.approx(float(light.table(0)[0, 110, 1]), abs=0.5)


def test_a_cloud_darkens_what_is_below_it():
    cloud = np.ones((20, 20), np.float32)
    cloud[:, :10] = 0.5
    light = _light(cloud=cloud)
    assert light.cloud_at(0, np.array([0.2, 0.5])) == 0.5
    assert light.cloud_at(0, np.array([0.8, 0.5])) == 1.0
    # A camera that sees the whole world, one world pixel per frame pixel.
    view = light.cloud_view(0, np.array([[1.0, 0, 0], [0, 1.0, 0]]), (160, 160), (160, 160))
    assert view.shape == (160, 160, 3)
    assert np.abs(view[:, :60].astype(int) - 128).max() <= 1
    assert view[:, 100:].min() == 255


def test_light_of_a_static_scenario_is_constant():
    scenario = Scenario('static', 'car', 'urban', 20.0, 0.0, 0.0, 0.0, light=0.0)
    light = plan_light(np.random.default_rng(0), scenario, 30)
    assert np.ptp(light.gain) == np.ptp(light.gamma) == np.ptp(light.warmth) == 0
    assert light.cloud is None


def test_a_strong_illumination_change_exceeds_its_minimum():
    scenario = Scenario('illumination_change', 'car', 'urban', 20.0, 0.0, 0.0, 0.0, light=1.4)
    for seed in range(10):
        light = plan_light(np.random.default_rng(seed), scenario, 30)
        greys = [light.grey(frame) for frame in range(30)]
        assert max(greys) / min(greys) > 1.3
        image = cv2.LUT(np.full((2, 2, 3), 110, np.uint8), light.table(0))
        assert 25 < image.mean() < 200
