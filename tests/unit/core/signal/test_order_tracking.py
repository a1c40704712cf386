"""Order tracking, order maps and synchronous averages of signals whose turns are known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signal.order_tracking import compute_order_map, compute_order_spectrum, resample_to_angle
from core.signal.peaks import find_peaks
from core.signal.shaft_angle import ShaftAngle, build_constant_angle
from core.signal.spectra import compute_spectrum
from core.signal.speed_tracking import find_shaft_angle, smooth_path, track_shaft_speed
from core.signal.synchronous_average import compute_synchronous_average
from core.signal.tacho import build_angle_from_pulses, find_pulse_times
from utils.exceptions import InvalidInputError, SignalError

RATE_HZ = 10_000.0
N_SAMPLES = 100_000
TIME_S = np.arange(N_SAMPLES) / RATE_HZ
RUN_UP_TURNS = 25.0 * TIME_S + 0.5 * 0.5 * TIME_S**2  # 25 to 30 Hz: 20 %
AMPLITUDES = {1: 1.0, 2: 0.5, 3: 0.7}


def make_signal(turns: NDArray[np.float64], snr_db: float = 10.0, seed: int = 0) -> NDArray[np.float64]:
    lines = sum(a * np.sin(2 * np.pi * order * turns + order) for order, a in AMPLITUDES.items())
    noise = np.random.default_rng(seed).standard_normal(turns.size)
    return np.asarray(lines + noise * np.sqrt(np.mean(lines**2) / 10 ** (snr_db / 10)))


def make_tacho_angle(turns: NDArray[np.float64]) -> ShaftAngle:
    return build_angle_from_pulses(find_pulse_times((np.mod(turns, 1.0) < 0.05).astype(float), RATE_HZ))


def read_line(signal: NDArray[np.float64], angle: ShaftAngle, order: float) -> tuple[float, float]:
    spectrum = compute_order_spectrum(resample_to_angle(signal, RATE_HZ, angle))
    (peak,) = find_peaks(spectrum, 1, min_hz=order - 0.4, max_hz=order + 0.4)
    return peak.frequency_hz, peak.amplitude


def test_without_order_tracking_the_third_harmonic_smears() -> None:
    """What the next tests are about: the plain spectrum holds no 3X line at all."""
    spectrum = compute_spectrum(make_signal(RUN_UP_TURNS, snr_db=60.0), RATE_HZ)
    near = (spectrum.frequencies_hz > 70.0) & (spectrum.frequencies_hz < 95.0)
    assert spectrum.amplitudes[near].max() < 0.2


def test_a_tacho_puts_the_third_order_of_a_run_up_in_place() -> None:
    order, amplitude = read_line(make_signal(RUN_UP_TURNS), make_tacho_angle(RUN_UP_TURNS), 3.0)
    assert order == pytest.approx(3.0, abs=0.005)  # 0.02 asked for
    assert amplitude == pytest.approx(0.7, rel=0.02)


@pytest.mark.parametrize("snr_db", [20.0, 0.0, -5.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_without_a_tacho_the_third_order_of_a_run_up_is_in_place_too(snr_db: float, seed: int) -> None:
    signal = make_signal(RUN_UP_TURNS, snr_db, seed)
    track = track_shaft_speed(signal, RATE_HZ, 27.5)
    assert track.angle is not None, track.reason
    order, amplitude = read_line(signal, track.angle, 3.0)
    assert order == pytest.approx(3.0, abs=0.005)  # 0.02 asked for
    assert amplitude == pytest.approx(0.7, rel=0.07)
    speeds = track.angle.frequency_at(TIME_S[2_000:-2_000:500])
    np.testing.assert_allclose(speeds, 25.0 + 0.5 * TIME_S[2_000:-2_000:500], rtol=0.02)
    assert track.angle.mean_frequency_hz == pytest.approx(27.5, rel=0.005)


@pytest.mark.parametrize(
    "turns",
    [
        30.0 * TIME_S - 0.5 * 0.8 * TIME_S**2,  # run-down from 30 to 22 Hz
        27.0 * TIME_S + 1.5 * np.sin(2 * np.pi * 0.25 * TIME_S) / (2 * np.pi * 0.25),  # hunting by 1.5 Hz
    ],
    ids=["run-down", "hunting"],
)
def test_other_changes_of_speed_are_followed(turns: NDArray[np.float64]) -> None:
    found = find_shaft_angle(make_signal(turns, 5.0), RATE_HZ, 27.0)
    assert found.method == "tracked"
    assert found.angle is not None
    assert read_line(make_signal(turns, 5.0), found.angle, 3.0) == (
        pytest.approx(3.0, abs=0.005),
        pytest.approx(0.7, rel=0.05),
    )


def test_a_steady_machine_keeps_its_steady_speed() -> None:
    found = find_shaft_angle(make_signal(26.1 * TIME_S, 0.0), RATE_HZ, 27.0)
    assert found.method == "steady"
    assert found.angle is not None
    assert found.angle.mean_frequency_hz == pytest.approx(26.1, rel=1e-4)


def test_noise_is_not_followed() -> None:
    for seed in range(8):
        noise = np.random.default_rng(seed).standard_normal(N_SAMPLES)
        if seed % 2:
            noise = np.cumsum(noise)
        found = find_shaft_angle(noise, RATE_HZ, 27.5)
        assert found.angle is None
        assert found.reason
    assert track_shaft_speed(noise[:2000], RATE_HZ, 27.5).reason
    # Many turns let the refinement make a line of noise; that is no shaft either.
    white = np.random.default_rng(9).standard_normal(N_SAMPLES)
    assert track_shaft_speed(white, RATE_HZ, 400.0).angle is None


def test_the_best_path_beats_every_other_one() -> None:
    """Against trying all paths of a small table."""
    from itertools import product

    scores = np.random.default_rng(5).uniform(0.0, 1.0, (5, 4))

    def judge(path: tuple[int, ...]) -> float:
        gained = sum(scores[frame, speed] for frame, speed in enumerate(path))
        return float(gained - 0.4 * np.abs(np.diff(path)).sum())

    best = max(product(range(4), repeat=5), key=judge)
    assert tuple(smooth_path(scores)) == best


@pytest.mark.parametrize("order", [0.46, 3.0, 17.3, 60.0])
def test_amplitudes_over_the_angle_are_true_up_to_high_orders(order: float) -> None:
    angle = ShaftAngle(TIME_S, RUN_UP_TURNS)
    signal = 2.5 * np.sin(2 * np.pi * order * RUN_UP_TURNS)
    found_order, amplitude = read_line(signal, angle, order)
    assert found_order == pytest.approx(order, abs=0.002)
    assert amplitude == pytest.approx(2.5, rel=0.01)


def test_what_lies_above_the_highest_order_does_not_fold_back() -> None:
    angle = ShaftAngle(TIME_S, RUN_UP_TURNS)
    angular = resample_to_angle(np.sin(2 * np.pi * 34.0 * RUN_UP_TURNS), RATE_HZ, angle, max_order=20.0)
    spectrum = compute_order_spectrum(angular)
    assert spectrum.frequencies_hz[-1] <= 20.0
    assert spectrum.amplitudes.max() < 0.01


def test_the_angular_signal_holds_whole_turns() -> None:
    angular = resample_to_angle(make_signal(RUN_UP_TURNS), RATE_HZ, make_tacho_angle(RUN_UP_TURNS))
    assert angular.samples.size == angular.n_turns * angular.samples_per_turn
    assert angular.n_turns == 273  # 275 turns, the tacho begins with its second pulse
    low = resample_to_angle(make_signal(RUN_UP_TURNS), 250.0, build_constant_angle(5.0, 100.0))
    assert low.max_order == pytest.approx(25.0)  # half the sample rate


@pytest.mark.parametrize("max_order", [0.0, -1.0, float("nan")])
def test_an_impossible_order_is_refused(max_order: float) -> None:
    with pytest.raises(InvalidInputError, match="order"):
        resample_to_angle(
            make_signal(RUN_UP_TURNS), RATE_HZ, build_constant_angle(25.0, 1.0), max_order=max_order
        )


def test_too_few_turns_are_refused() -> None:
    with pytest.raises(SignalError, match="turns"):
        resample_to_angle(make_signal(RUN_UP_TURNS)[:1000], RATE_HZ, build_constant_angle(25.0, 0.1))


def test_an_order_map_has_straight_lines_and_rising_speed() -> None:
    angle = ShaftAngle(TIME_S, RUN_UP_TURNS)
    angular = resample_to_angle(make_signal(RUN_UP_TURNS, 30.0), RATE_HZ, angle, max_order=10.0)
    found = compute_order_map(angular, angle)
    assert found.amplitudes.shape == (found.orders.size, found.times_s.size)
    for order, amplitude in AMPLITUDES.items():
        row = int(np.argmin(np.abs(found.orders - order)))
        assert found.orders[row] == order
        np.testing.assert_allclose(found.amplitudes[row], amplitude, rtol=0.1)
    np.testing.assert_allclose(found.speeds_hz, 25.0 + 0.5 * found.times_s, rtol=1e-3)
    with pytest.raises(InvalidInputError, match="turns"):
        compute_order_map(angular, angle, turns_per_stretch=1)


def test_a_synchronous_average_finds_the_period_and_leaves_the_noise() -> None:
    angle = ShaftAngle(TIME_S, RUN_UP_TURNS)
    signal = make_signal(RUN_UP_TURNS, snr_db=-10.0)
    average = compute_synchronous_average(signal, RATE_HZ, angle, max_order=20.0)
    expected = sum(a * np.sin(2 * np.pi * k * average.angle_turns + k) for k, a in AMPLITUDES.items())
    rms = np.sqrt(np.mean(expected**2))
    error = np.sqrt(np.mean((average.values - expected) ** 2))
    # Noise within 20 orders (of 182) at -10 dB, averaged over 274 turns.
    assert error < 1.3 * rms * np.sqrt(10.0 * (20.0 * 27.5 / 5000.0) / average.n_averages)
    assert average.n_averages == 274
    assert average.values.size * average.n_averages == average.residual.size
    assert average.synchronous_rms == pytest.approx(rms, rel=0.05)


def test_a_gear_behind_a_ratio_is_averaged_over_its_own_turns() -> None:
    """Teeth of the second shaft stay, the first shaft's turn goes."""
    ratio = 23 / 57
    angle = build_constant_angle(25.0, TIME_S[-1])
    second = 0.8 * np.sin(2 * np.pi * 5 * ratio * 25.0 * TIME_S)
    signal = second + np.sin(2 * np.pi * 25.0 * TIME_S)
    average = compute_synchronous_average(signal, RATE_HZ, angle, ratio=ratio)
    line = 2 * np.abs(np.mean(average.values * np.exp(-2j * np.pi * 5 * average.angle_turns)))
    assert line == pytest.approx(0.8, rel=0.01)
    assert average.synchronous_rms == pytest.approx(0.8 / np.sqrt(2), rel=0.01)
    assert average.residual_rms == pytest.approx(1 / np.sqrt(2), rel=0.02)


def test_an_average_of_two_turns_keeps_half_orders() -> None:
    angle = build_constant_angle(25.0, TIME_S[-1])
    half = np.sin(2 * np.pi * 12.5 * TIME_S)
    assert compute_synchronous_average(half, RATE_HZ, angle).synchronous_rms < 0.02
    both = compute_synchronous_average(half, RATE_HZ, angle, n_turns=2)
    assert both.synchronous_rms == pytest.approx(1 / np.sqrt(2), rel=0.01)
    with pytest.raises(InvalidInputError):
        compute_synchronous_average(half, RATE_HZ, angle, n_turns=0)
    with pytest.raises(SignalError, match="averag"):
        compute_synchronous_average(half, RATE_HZ, angle, n_turns=200)
