import numpy as np
import pytest

from mmeatrack.synthetic.scenario import SCENARIOS, draw_scenario
from mmeatrack.synthetic.sprites.targets import KINDS


def _draw(name, seed=0, frame_size=(480, 360), mixing=0.5):
    return draw_scenario(np.random.default_rng(seed), name, frame_size, mixing)


@pytest.mark.parametrize('name', SCENARIOS)
def test_settings_fit_the_kind_and_the_frame(name):
    for seed in range(20):
        scenario = _draw(name, seed)
        assert scenario.name == name
        assert scenario.biome in KINDS[scenario.kind].biomes
        assert 12 <= scenario.size <= 90
        assert max(scenario.zoom) == 1.0


def test_small_frames_have_smaller_targets():
    sizes = [_draw('rotation', seed, (160, 120)).size for seed in range(30)]
    assert min(sizes) >= 12
    assert max(sizes) <= 0.24 * 120


def test_static_ignores_mixing():
    assert _draw('static', 3, mixing=0.0) == _draw('static', 3, mixing=1.0)
    scenario = _draw('static', 3)
    assert scenario.change == scenario.light == scenario.spin == scenario.turn == 0
    assert scenario.covers == scenario.rivals == scenario.traffic == 0


def test_more_mixing_adds_more_effects():
    def effects(mixing):
        drawn = [_draw('rotation', seed, mixing=mixing) for seed in range(60)]
        return sum((s.covers > 0) + (s.rivals > 0) + (s.change > 0) for s in drawn)

    assert effects(0.0) == 0
    assert sum(_draw('rotation', seed, mixing=0.0).traffic for seed in range(9)) == 0
    assert sum(_draw('rotation', seed, mixing=0.1).traffic for seed in range(9)) > 0
    assert 10 < effects(0.4) < effects(1.0)


def test_unknown_scenario():
    with pytest.raises(ValueError, match=r"unknown scenario 'rain'.*static"):
        _draw('rain')
