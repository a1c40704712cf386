"""Single readings of journal evidence, against noise, lines and events whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evidence.journal_events import EventFrames
from core.evidence.journal_lines import FLOOR_MARGIN_DB, LineSpectrum, compute_needed_db
from core.evidence.journal_readings import read_recording
from core.evidence.journal_rules import RULES, compute_probabilities, weigh_cues
from utils.constants import FAULT_CLASSES

RATE_HZ = 8192.0
N = round(5 * RATE_HZ)
TIMES_S = np.arange(N) / RATE_HZ


def noise(seed: int, level: float = 1.0) -> NDArray[np.float64]:
    return level * np.random.default_rng(seed).standard_normal(N)


def line(frequency_hz: float, amplitude: float) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIMES_S + 0.2)


@pytest.mark.parametrize("n_bins", [1, 5, 40])
def test_the_height_that_counts_is_exceeded_as_often_as_promised(n_bins: int) -> None:
    highest = np.random.default_rng(n_bins).exponential(size=(40_000, n_bins)).max(axis=1)
    height = 10 ** ((compute_needed_db(n_bins, 0.02) - FLOOR_MARGIN_DB) / 10)
    assert np.mean(highest > height) == pytest.approx(0.02, abs=0.003)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_noise_of_any_colour_makes_no_lines(exponent: float) -> None:
    found = 0
    at_hz = np.fft.rfftfreq(N, 1 / RATE_HZ)
    for seed in range(25):
        coloured = np.fft.irfft(np.fft.rfft(noise(seed)) / np.maximum(at_hz, 0.2) ** exponent, N)
        spectrum = LineSpectrum(coloured, RATE_HZ)
        read = [spectrum.read(*band) for band in ((2.0, 5.0), (24.0, 30.0), (57.0, 63.0), (117.0, 123.0))]
        found += sum(reading is not None and reading.is_found for reading in read)
    assert found <= 1


def test_the_level_of_a_line_is_its_share_of_the_variance() -> None:
    for at_hz in (60.0, 60.1):
        reading = LineSpectrum(noise(1) + line(at_hz, 1.2), RATE_HZ).read(58.0, 62.0)
        assert reading is not None
        assert reading.level == pytest.approx(0.72 / 1.72, rel=0.05)
        assert reading.found_hz == pytest.approx(at_hz, abs=0.03)


def test_the_flank_of_a_line_outside_is_no_line() -> None:
    spectrum = LineSpectrum(noise(2, 0.01) + line(30.0, 1.0), RATE_HZ)
    outside = spectrum.read(24.0, 29.4)
    assert outside is not None and not outside.is_found
    inside = spectrum.read(24.0, 30.0)
    assert inside is not None and inside.is_found


def test_two_bursts_in_the_band_count_and_knocks_do_not() -> None:
    shape = np.hanning(64) * np.sin(2 * np.pi * 2000 / RATE_HZ * np.arange(64))
    bursts, knocks = noise(3, 0.05), noise(4, 0.05)
    for at in (5000, 15_000, 30_000):
        bursts[at : at + 64] += 0.5 * shape
        knocks[at : at + 2] += 3.0
    assert EventFrames(bursts, RATE_HZ).find_bursts().n_events == 3
    assert not EventFrames(knocks, RATE_HZ).find_bursts().is_found
    assert not EventFrames(noise(5), RATE_HZ).find_bursts().is_found


def test_a_tone_that_sweeps_through_the_burst_band_is_one_event() -> None:
    sweep = np.sin(2 * np.pi * np.cumsum(np.linspace(500.0, 3500.0, N)) / RATE_HZ)
    assert EventFrames(noise(13, 0.05) + 0.1 * sweep, RATE_HZ).find_bursts().n_events <= 1


def test_a_steady_tone_in_the_burst_band_is_floor() -> None:
    assert not EventFrames(noise(6, 0.05) + line(2000.0, 0.5), RATE_HZ).find_bursts().is_found


@pytest.mark.parametrize("depth", [0.2, 0.4])
def test_swelling_noise_is_read_with_its_depth(depth: float) -> None:
    swelling = EventFrames(noise(7) * (1 + line(1.1, depth)), RATE_HZ).find_swelling()
    assert swelling is not None
    assert swelling.found_hz == pytest.approx(1.1, abs=0.2)
    assert swelling.depth / 2 == pytest.approx(depth, rel=0.3)
    assert swelling.snr_db > swelling.needed_db


def test_a_modulated_line_is_told_from_one_whose_load_steps() -> None:
    wave = line(60.0, 1.0)
    modulated = read_recording(noise(8, 0.05) + wave * (1 + line(0.8, 0.3)), RATE_HZ, 60.0).modulation
    stepped = read_recording(noise(8, 0.05) + wave * np.where(TIMES_S < 2.0, 0.7, 1.0), RATE_HZ, 60.0)
    assert modulated is not None and modulated.depth == pytest.approx(0.3, rel=0.15)
    assert modulated.offset_hz == pytest.approx(0.8, abs=0.2)
    assert stepped.modulation is not None and stepped.modulation.depth < 0.12


def test_the_shaft_is_found_off_its_nominal_speed_but_not_in_noise() -> None:
    turning = noise(9, 0.3) + line(56.7, 0.1) + line(113.4, 0.1)
    shaft = read_recording(turning, RATE_HZ, 60.0).shaft
    assert shaft.is_confirmed and shaft.frequency_hz == pytest.approx(56.7, abs=0.05)
    still = read_recording(noise(10), RATE_HZ, 60.0).shaft
    assert not still.is_confirmed and still.frequency_hz == 60.0


def test_lines_at_half_orders_are_seen() -> None:
    halves = noise(11, 0.1) + line(30.0, 0.2) + line(60.0, 0.3) + line(90.0, 0.2) + line(120.0, 0.1)
    assert [round(found.found_hz) for found in read_recording(halves, RATE_HZ, 60.0).half_orders] == [30, 90]


def test_probabilities_add_up_and_unreadable_cues_tell_nothing() -> None:
    readings = read_recording(noise(12), RATE_HZ, 60.0)
    probabilities, _ = compute_probabilities(weigh_cues(readings))
    assert set(probabilities) == set(FAULT_CLASSES) == set(RULES)
    assert sum(probabilities.values()) == pytest.approx(1.0)
    even, none = compute_probabilities(dict.fromkeys(weigh_cues(readings), 0.5))
    assert list(even.values()) == pytest.approx([1 / 11] * 11) and none == pytest.approx(1 / 12)
