"""Baselines: what each keeps of a window and what it loses."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.baselines import build_baselines, draw_baselines, randomise_phases
from tests.unit.core.explain.networks import LinearNetwork, build, build_linear, draw_windows
from utils.exceptions import InvalidInputError


@pytest.mark.parametrize("n_samples", [255, 256])
def test_random_phases_keep_the_amplitudes_and_lose_the_impacts(n_samples: int) -> None:
    windows = np.random.default_rng(0).standard_normal((2, n_samples))
    windows[:, 100:104] += 15.0
    turned = randomise_phases(windows, seed=1)
    amplitudes = np.abs(np.fft.rfft(windows, axis=1))
    np.testing.assert_allclose(np.abs(np.fft.rfft(turned, axis=1)), amplitudes, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(turned.mean(axis=1), windows.mean(axis=1), atol=1e-6)
    assert (np.abs(turned).max(axis=1) < 0.6 * np.abs(windows).max(axis=1)).all()


def test_all_windows_get_the_same_turns_whatever_lies_beside_them() -> None:
    windows = draw_windows(3)
    together = randomise_phases(windows, seed=2)
    np.testing.assert_allclose(randomise_phases(windows[1:2], seed=2)[0], together[1], atol=1e-6)
    assert not np.allclose(randomise_phases(windows, seed=3), together, atol=0.1)


def test_the_healthy_mean_has_the_healthy_spectrum_and_the_windows_phases() -> None:
    explainable, _ = build_linear()
    found = np.fft.rfft(build_baselines("healthy_mean", explainable), axis=1)
    power = (np.abs(np.fft.rfft(explainable.healthy_windows, axis=1)) ** 2).mean(axis=0)
    np.testing.assert_allclose(np.abs(found), np.sqrt(np.tile(power, (3, 1))), rtol=1e-3, atol=1e-3)
    phases = np.angle(np.fft.rfft(explainable.windows, axis=1) * np.conj(found))[:, 1:-1]
    np.testing.assert_allclose(phases, 0.0, atol=1e-3)


def test_draws_of_the_healthy_class_are_healthy_windows() -> None:
    explainable, _ = build_linear()
    drawn = draw_baselines("healthy_mean", explainable, explainable.windows[0], 5, seed=1)
    for row in drawn:
        assert (row == explainable.healthy_windows).all(axis=1).any()


def test_silence_is_zero_and_an_unknown_baseline_is_refused() -> None:
    explainable, _ = build_linear()
    assert not build_baselines("zero", explainable).any()
    with pytest.raises(InvalidInputError, match="no baseline 'mean'"):
        build_baselines("mean", explainable)


def test_without_healthy_windows_their_mean_is_refused() -> None:
    explainable = build(LinearNetwork(np.ones(256)))
    object.__setattr__(explainable, "healthy_windows", None)
    with pytest.raises(InvalidInputError, match="no healthy recording"):
        build_baselines("healthy_mean", explainable)
