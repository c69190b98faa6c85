import numpy as np

from mmeatrack.synthetic.noise import ease, fractal_noise, grain, smooth_curve


def test_fractal_noise_is_centred_seeded_and_scaled():
    fields = [fractal_noise(np.random.default_rng(seed), (200, 240), 16) for seed in (0, 0, 1)]
    assert fields[0].shape == (200, 240)
    assert fields[0].dtype == np.float32
    assert np.array_equal(fields[0], fields[1])
    assert not np.allclose(fields[0], fields[2])
    assert abs(fields[0].mean()) < 0.15
    assert 0.5 < fields[0].std() < 1.1


def test_fractal_noise_of_large_cells_is_smoother():
    steps = []
    for cell in (8, 32):
        field = fractal_noise(np.random.default_rng(0), (128, 128), cell, octaves=1)
        steps.append(np.abs(np.diff(field, axis=1)).mean())
    # Four times the size, a quarter of the slope.
    assert 2.5 < steps[0] / steps[1] < 6


def test_grain_repeats_its_tile_on_larger_maps():
    noise = grain(np.random.default_rng(0), (600, 530))
    assert noise.shape == (600, 530)
    assert np.array_equal(noise[:88, :18], noise[512:, 512:])
    assert abs(noise.std() - 1) < 0.02


def test_ease_is_the_smoothstep():
    assert ease(5, 0, 1).tolist() == [0, 0.15625, 0.5, 0.84375, 1]
    late = ease(11, 0.4, 0.6)
    assert late[:5].tolist() == [0] * 5
    assert late[6:].tolist() == [1] * 5


def test_smooth_curve_has_no_jumps():
    curve = smooth_curve(np.random.default_rng(0), 200, 20)
    assert curve.shape == (200,)
    assert np.abs(np.diff(curve)).max() < 0.2
    assert np.ptp(curve) > 0.5
