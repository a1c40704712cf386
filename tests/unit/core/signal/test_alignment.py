"""Two recordings brought to one rate and laid over each other to a fraction of a sample."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signal.alignment import align_signals, bring_to_one_rate, estimate_shift
from utils.exceptions import ErrorCode, SignalError

RATE_HZ = 2_000.0


def smooth_noise(n_samples: int, seed: int = 0) -> np.ndarray:
    """Return noise below 0.6 of the Nyquist frequency."""
    taps = scipy.signal.firwin(101, 0.6)
    return np.convolve(np.random.default_rng(seed).standard_normal(n_samples + 100), taps, mode="valid")


@settings(max_examples=25, deadline=None)
@given(shift=st.integers(-300, 300), sign=st.sampled_from([1.0, -1.0]), seed=st.integers(0, 5))
def test_a_shift_of_whole_samples_is_found_and_taken_out(shift: int, sign: float, seed: int) -> None:
    whole = smooth_noise(3_000, seed)
    first, second = whole[400:2_400], sign * whole[400 - shift : 2_400 - shift] + 2.0
    found = estimate_shift(first, second)
    assert found.n_samples == pytest.approx(shift, abs=0.05)
    assert found.correlation == pytest.approx(sign * (1 - abs(shift) / 2_000), abs=0.1)
    one, two = align_signals(first, second, shift)
    assert one.size == 2_000 - abs(shift)
    np.testing.assert_allclose(two, sign * one + 2.0, atol=1e-9)


def test_the_highest_magnitude_is_that_of_a_plain_sum() -> None:
    first, second = smooth_noise(200, 1), smooth_noise(200, 2)
    x, y = first - first.mean(), second - second.mean()
    sums = {k: sum(x[i] * y[i + k] for i in range(max(0, -k), min(200, 200 - k))) for k in range(-100, 101)}
    best = max(sums, key=lambda k: abs(sums[k]))
    found = estimate_shift(first, second)
    assert round(found.n_samples) == best
    assert found.correlation == pytest.approx(sums[best] / np.linalg.norm(x) / np.linalg.norm(y))
    assert abs(estimate_shift(first, second, max_samples=5).n_samples) <= 5.5
    assert estimate_shift(first, second, max_samples=0).n_samples == 0.0


@pytest.mark.parametrize("fraction", [-0.4, 0.25, 0.5])
def test_a_fraction_of_a_sample_is_found_and_taken_out(fraction: float) -> None:
    time_s = np.arange(4_000) / RATE_HZ
    lines = [(37.0, 0.1), (111.0, 1.0), (333.3, 2.0), (512.1, 0.7)]

    def sample(delay: float) -> np.ndarray:
        return sum(np.sin(2 * np.pi * hz * (time_s - delay / RATE_HZ) + phase) for hz, phase in lines)

    first, second = sample(0.0), sample(7.0 + fraction)
    found = estimate_shift(first, second, max_samples=20)
    assert found.n_samples == pytest.approx(7.0 + fraction, abs=0.05)
    one, two = align_signals(first, second, 7.0 + fraction)
    assert np.abs(one - two)[60:-60].max() < 0.02


def test_the_faster_one_comes_down_to_the_slower_ones_rate() -> None:
    time_s = np.arange(8_000) / 8_000.0
    fast, slow = np.sin(2 * np.pi * 50 * time_s), np.sin(2 * np.pi * 50 * time_s[::4])[:1_500]
    first, second, rate_hz = bring_to_one_rate(fast, 8_000.0, slow, 2_000.0)
    assert (first.size, second.size, rate_hz) == (1_500, 1_500, 2_000.0)
    np.testing.assert_allclose(first[100:-100], second[100:-100], atol=0.01)
    second, first, rate_hz = bring_to_one_rate(slow, 2_000.0, fast, 8_000.0)
    np.testing.assert_allclose(first[100:-100], second[100:-100], atol=0.01)


def test_signals_of_one_rate_are_left_as_they_are() -> None:
    first, second, _ = bring_to_one_rate(np.arange(100.0), RATE_HZ, np.arange(50.0), RATE_HZ)
    np.testing.assert_array_equal(first, second)


def test_a_constant_signal_has_no_shift() -> None:
    found = estimate_shift(np.ones(100), smooth_noise(100))
    assert (found.n_samples, found.correlation) == (0.0, 0.0)


def test_too_little_in_common_is_refused() -> None:
    for call in (
        lambda: bring_to_one_rate(np.ones(100), RATE_HZ, np.ones(15), RATE_HZ),
        lambda: align_signals(np.ones(100), np.ones(100), 90.0),
    ):
        with pytest.raises(SignalError) as caught:
            call()
        assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
