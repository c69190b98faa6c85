import math

import numpy as np
import pytest

from mmeatrack.tracking.calibrated_confidence import (
    CalibratedConfidence,
    CueFeatures,
    Cues,
    fit_confidence,
    logit,
    size_change,
)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_score_follows_the_formula() -> None:
    confidence = CalibratedConfidence([0.5, -0.25, 2.0, 0.1, -3.0], bias=-1.0)
    first, second = Cues(0.8, 0.2, 0.5, 0.1), Cues(0.3, 0.6, -0.1, 0.4)
    leads = [math.log(4) - math.log(0.25), math.log(3 / 7) - math.log(1.5)]
    expected = -1 + 0.5 * math.log(4) - 0.25 * leads[0] + 2 * 0.5 + 0.1 * leads[0] - 3 * 0.1
    assert confidence.update(first) == pytest.approx(sigmoid(expected))
    worst = 0.8 * leads[0] + 0.2 * leads[1]
    expected = -1 + 0.5 * math.log(3 / 7) - 0.25 * leads[1] - 2 * 0.1 + 0.1 * worst - 3 * 0.4
    assert confidence.update(second) == pytest.approx(sigmoid(expected))


def test_worst_lead_recovers_slowly() -> None:
    def cues(value: float) -> Cues:
        """Cues with the given lead."""
        return Cues(sigmoid(value), 0.5, 0.0, 0.0)

    features = CueFeatures()
    assert features.update(cues(2.0)) == pytest.approx([2, 2, 0, 2, 0])
    # The worst lead falls to 0.8 * 2 - 0.2 * 3 = 1.
    assert features.update(cues(-3.0)) == pytest.approx([-3, -3, 0, 1, 0])
    average = 0.8 * 1.0 + 0.2 * 6
    assert features.update(cues(6.0))[3] == pytest.approx(1 + 0.01 * (average - 1))
    for _ in range(500):
        last = features.update(cues(6.0))[3]
    assert 5.9 < last < 6


def test_scores_stay_finite() -> None:
    confidence = CalibratedConfidence([100.0, 0.0, 0.0, 0.0, 0.0], bias=0.0)
    assert 0 < confidence.update(Cues(0.0, 1.0, -1.0, 9.0)) < 1e-12
    assert 1 - 1e-12 < confidence.update(Cues(1.0, 0.0, 1.0, 0.0)) < 1
    assert logit(0) == pytest.approx(math.log(1e-4 / (1 - 1e-4)))


def test_fit_recovers_the_weights_of_generated_data() -> None:
    rng = np.random.default_rng(0)
    cues = rng.normal(size=(20000, 4)) * [2.0, 1.0, 0.2, 3.0] + [0, -3, 0.5, 1]
    weights, bias = np.array([0.8, -0.4, 3.0, 0.2]), -1.5
    chance = 1 / (1 + np.exp(-(cues @ weights + bias)))
    fit = fit_confidence(cues, rng.random(20000) < chance, ridge=0.0)
    np.testing.assert_allclose(fit[:-1], weights, rtol=0.1)
    assert fit[-1] == pytest.approx(bias, abs=0.15)


def test_gradient_of_the_fit_is_zero() -> None:
    rng = np.random.default_rng(1)
    cues, right = rng.normal(size=(300, 2)), rng.random(300) < 0.3
    fit = fit_confidence(cues, right, ridge=0.0)
    residual = 1 / (1 + np.exp(-(cues @ fit[:-1] + fit[-1]))) - right
    np.testing.assert_allclose(np.c_[cues, np.ones(300)].T @ residual, 0, atol=1e-6)


def test_tracking_uses_the_fitted_features() -> None:
    frames = [Cues(0.9, 0.1, 0.8, 0.0), Cues(0.4, 0.3, 0.2, 0.3), Cues(0.6, 0.5, 0.1, 0.5)]
    features = CueFeatures()
    rows = np.array([features.update(cues) for cues in frames])
    weights, bias = np.array([0.3, -0.2, 1.0, 0.4, -2.0]), 0.1
    confidence = CalibratedConfidence(weights, bias)
    expected = 1 / (1 + np.exp(-(rows @ weights + bias)))
    np.testing.assert_allclose([confidence.update(cues) for cues in frames], expected)


def test_bad_values_are_refused() -> None:
    with pytest.raises(ValueError, match=r'give five finite weights'):
        CalibratedConfidence([1.0, 2.0], 0.0)
    with pytest.raises(ValueError, match=r'give five finite weights'):
        CalibratedConfidence([1.0, 2.0, 3.0, 4.0, math.nan], 0.0)
    with pytest.raises(ValueError, match=r'5 of 5 predictions are right'):
        fit_confidence(np.zeros((5, 1)), np.ones(5))


def test_size_change_is_symmetric_and_ignores_aspect() -> None:
    box = (5.0, 5.0, 8.0, 2.0)
    assert size_change(box, (0.0, 0.0, 4.0, 4.0)) == 0
    assert size_change(box, (0.0, 0.0, 16.0, 4.0)) == pytest.approx(math.log(2))
    assert size_change((0.0, 0.0, 16.0, 4.0), box) == pytest.approx(math.log(2))
