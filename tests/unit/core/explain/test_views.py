"""Coefficients against hand-made sums; attributions over lines against linear functions known in full."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.views import (
    build_windows,
    find_bins,
    list_frequencies,
    read_coefficients,
    spread_over_envelope,
    spread_over_frequency,
    sum_by_bin,
    view_envelope,
)
from utils.exceptions import InvalidInputError

RATE = 256.0


@pytest.mark.parametrize("n_samples", [7, 8, 33, 256])
def test_windows_come_back_from_their_coefficients(n_samples: int) -> None:
    windows = np.random.default_rng(0).standard_normal((3, n_samples))
    assert np.allclose(build_windows(read_coefficients(windows)), windows)


@pytest.mark.parametrize("n_samples", [7, 8])
def test_coefficients_are_products_with_orthonormal_sines_and_cosines(n_samples: int) -> None:
    places = np.arange(n_samples)
    waves = [np.full(n_samples, 1 / np.sqrt(n_samples))]
    for k in range(1, (n_samples - 1) // 2 + 1):
        waves.append(np.sqrt(2 / n_samples) * np.cos(2 * np.pi * k * places / n_samples))
        waves.append(-np.sqrt(2 / n_samples) * np.sin(2 * np.pi * k * places / n_samples))
    if n_samples % 2 == 0:
        waves.append((-1.0) ** places / np.sqrt(n_samples))
    window = np.random.default_rng(1).standard_normal(n_samples)
    assert np.allclose(read_coefficients(window[None])[0], np.array(waves) @ window)


def test_a_bin_holds_the_coefficients_of_its_frequency() -> None:
    assert find_bins(8).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]
    assert sum_by_bin(np.arange(8.0)[None]).tolist() == [[0.0, 3.0, 7.0, 11.0, 7.0]]
    assert sum_by_bin(np.arange(7.0)[None]).tolist() == [[0.0, 3.0, 7.0, 11.0]]


def test_a_line_gets_what_a_linear_score_takes_from_it() -> None:
    # The score is 2 × the amplitude of a 20 Hz cosine: of 3·cos it takes 6, of other lines nothing.
    time_s = np.arange(256) / RATE
    cosine = np.cos(2 * np.pi * 20 * time_s)
    window = 3.0 * cosine + 5.0 * np.sin(2 * np.pi * 41 * time_s) + 1.0
    slopes = 2.0 * cosine * 2.0 / 256
    spread = spread_over_frequency(slopes[None], window[None])[0]
    assert spread[20] == pytest.approx(6.0)
    assert np.abs(np.delete(spread, 20)).max() < 1e-9


def test_spreading_keeps_the_sum() -> None:
    rng = np.random.default_rng(2)
    slopes, differences = rng.standard_normal((2, 4, 101))
    assert np.allclose(
        spread_over_frequency(slopes, differences).sum(axis=1), (slopes * differences).sum(axis=1)
    )


def test_a_window_is_its_carrier_times_its_envelope_and_the_rest() -> None:
    window = np.random.default_rng(3).standard_normal(300)
    view = view_envelope(window, 300.0, (60.0, 120.0))
    assert np.allclose(view.build(view.coefficients), window)
    assert np.allclose(view.carrier * view.envelope + view.rest, window)
    spectrum = np.abs(np.fft.rfft(view.rest))
    assert spectrum[60:121].max() < 1e-9


def test_a_modulation_is_found_at_its_frequency() -> None:
    # A carrier of 64 Hz with 30 % at 5 Hz; the score weighs the window by the carrier times the modulation.
    time_s = np.arange(256) / RATE
    carrier, swing = np.cos(2 * np.pi * 64 * time_s), np.cos(2 * np.pi * 5 * time_s)
    window = (1.0 + 0.3 * swing) * carrier + np.sin(2 * np.pi * 11 * time_s)
    slopes = swing * carrier
    spread = spread_over_envelope(slopes[None], window[None], RATE, (50.0, 80.0))[0]
    # Sum over t of 0.3·swing²·carrier² = 0.3 · 256/4.
    assert spread[5] == pytest.approx(0.3 * 64.0, rel=1e-6)
    assert np.abs(np.delete(spread, 5)).max() < 1e-6


def test_the_envelope_lines_add_up_to_what_the_band_contributes() -> None:
    rng = np.random.default_rng(4)
    slopes, differences = rng.standard_normal((2, 2, 200))
    spread = spread_over_envelope(slopes, differences, 200.0, (30.0, 70.0))
    over_frequency = spread_over_frequency(slopes, differences)
    inside = (list_frequencies(200, 200.0) >= 30.0) & (list_frequencies(200, 200.0) <= 70.0)
    assert np.allclose(spread.sum(axis=1), over_frequency[:, inside].sum(axis=1))


def test_a_band_without_anything_has_no_carrier() -> None:
    view = view_envelope(np.zeros(64), 64.0, (5.0, 20.0))
    assert not view.carrier.any()
    assert not view.envelope.any()


def test_an_impossible_band_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="band from 40 to 20"):
        view_envelope(np.ones(64), 64.0, (40.0, 20.0))
