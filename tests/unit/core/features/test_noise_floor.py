"""Numbers over the noise floor, against signals whose lines, bursts and noise are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.features.noise_floor import compute_noise_floor_features, list_noise_floor_features
from utils.exceptions import ErrorCode, SignalError

RATE_HZ = 20_480.0
N = 5 * 20_480
TIMES_S = np.arange(N) / RATE_HZ


def noise(seed: int = 0, level: float = 0.1) -> NDArray:
    return level * np.random.default_rng(seed).standard_normal(N)


def line(frequency_hz: float, amplitude: float) -> NDArray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIMES_S + 0.3)


def pink(seed: int, level: float) -> NDArray:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(N))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    values = np.fft.irfft(spectrum, N)
    return level * values / values.std()


def describe(signal: NDArray) -> dict[str, float]:
    row = compute_noise_floor_features(signal[None], RATE_HZ)[0]
    return dict(zip(list_noise_floor_features(), row.tolist(), strict=True))


def test_a_line_stands_over_the_floor_by_what_the_formula_says() -> None:
    found = describe(noise() + line(60.0, 0.05) + line(120.0, 0.025))

    expected = 10 * np.log10(0.05**2 * N / (6 * 0.1**2))
    assert found["1x_level"] == pytest.approx(expected, abs=1.0)
    assert found["1x_local"] == pytest.approx(expected, abs=1.5)
    assert found["1x_over_2x"] == pytest.approx(6.0, abs=1.0)


def test_ten_times_the_noise_lowers_the_lines_but_not_their_ratio() -> None:
    lines = line(60.0, 0.5) + line(120.0, 0.25)
    quiet, loud = describe(noise(level=0.01) + lines), describe(noise(level=0.1) + lines)

    assert quiet["1x_level"] - loud["1x_level"] == pytest.approx(20.0, abs=0.5)
    assert quiet["1x_over_2x"] == pytest.approx(loud["1x_over_2x"], abs=0.3)


@pytest.mark.parametrize("shaft_hz", [54.1, 60.0, 65.93])
def test_the_shaft_is_found_in_pink_noise_beside_a_stronger_tone(shaft_hz: float) -> None:
    orders = sum(line(order * shaft_hz, 0.03) for order in (1, 2, 3))
    found = describe(pink(1, 0.1) + orders + line(171.3, 0.3))

    for order in (1, 2, 3):
        assert found[f"{order}x_local"] > 12.0
    assert found["4x_local"] < 10.0


def test_a_whirl_line_is_placed_by_order_with_its_side_lines() -> None:
    shaft_hz = 61.0
    whirl_hz = 0.45 * shaft_hz
    swing = 1 + 0.2 * np.sin(np.pi * whirl_hz * TIMES_S)
    found = describe(noise() + line(shaft_hz, 0.2) + line(2 * shaft_hz, 0.1) + swing * line(whirl_hz, 0.5))

    assert found["subsynchronous_order"] == pytest.approx(0.45, abs=0.005)
    assert found["whirl_hz"] == pytest.approx(whirl_hz, abs=0.2)
    assert found["whirl_half_local"] > 12.0
    assert found["whirl_three_halves_local"] > 12.0


def test_bursts_rise_over_the_frames_and_a_steady_tone_among_them_does_not() -> None:
    burst = np.zeros(N)
    for at in (9_000, 41_000, 77_000):
        burst[at : at + 164] += np.hanning(164) * np.sin(2 * np.pi * 2000 / RATE_HZ * np.arange(164))
    plain, toned = describe(noise()), describe(noise() + line(1900.0, 0.3))
    bursting = describe(noise() + burst)

    assert bursting["burst_rank_2"] > plain["burst_rank_2"] + 5.0
    assert bursting["burst_rank_18"] < plain["burst_rank_18"] + 1.0
    assert toned["burst_rank_0"] < plain["burst_rank_0"] + 1.0


def test_noise_that_swells_once_a_second_is_told_from_steady_noise() -> None:
    steady = describe(noise())
    swelling = describe(noise() * (1 + 0.3 * np.sin(2 * np.pi * 1.0 * TIMES_S)))

    assert swelling["swelling_local"] > steady["swelling_local"] + 15.0


def test_the_colour_of_the_noise_is_seen() -> None:
    white, coloured = describe(noise()), describe(pink(2, 0.1))

    assert abs(white["quiet_6.5_hz"]) < 3.0
    assert coloured["quiet_6.5_hz"] > 20.0
    assert coloured["quiet_300_hz"] == pytest.approx(10 * np.log10(5000 / 430), abs=2.0)


@pytest.mark.parametrize(("gain", "offset"), [(0.25, 0.0), (4.0, -3.0), (1e-4, 0.0)])
def test_gain_and_offset_change_nothing(gain: float, offset: float) -> None:
    signal = noise(4) + line(58.0, 0.05)
    windows = np.stack([signal, gain * signal + offset])

    plain, changed = compute_noise_floor_features(windows, RATE_HZ)
    np.testing.assert_allclose(changed, plain, atol=0.05)


def test_batch_and_single_agree() -> None:
    windows = np.stack([noise(seed) + line(50.0 + seed, 0.1) for seed in range(18)])
    together = compute_noise_floor_features(windows, RATE_HZ)
    alone = np.concatenate([compute_noise_floor_features(window[None], RATE_HZ) for window in windows])

    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_names_are_unique_and_one_per_column() -> None:
    names = list_noise_floor_features()
    assert len(set(names)) == len(names)
    assert compute_noise_floor_features(noise()[None], RATE_HZ).shape == (1, len(names))


@pytest.mark.parametrize("duration_s", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("rate_hz", [10_000.0, 12_001.0, 20_480.0])
def test_silent_and_constant_windows_of_any_length_stay_finite(duration_s: float, rate_hz: float) -> None:
    n_samples = int(duration_s * rate_hz)
    windows = np.stack([np.zeros(n_samples), np.full(n_samples, 7.3), np.eye(1, n_samples, 9)[0]])
    found = compute_noise_floor_features(windows, rate_hz)

    assert found.shape == (3, len(list_noise_floor_features()))
    assert np.isfinite(found).all()


def test_windows_too_short_or_too_slow_are_refused() -> None:
    with pytest.raises(SignalError, match=r"0\.5 s") as short:
        compute_noise_floor_features(np.zeros((1, 5000)), RATE_HZ)
    assert short.value.code == ErrorCode.RECORDING_TOO_SHORT
    with pytest.raises(SignalError, match="10 kHz"):
        compute_noise_floor_features(np.zeros((1, 5000)), 2_000.0)
