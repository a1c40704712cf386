"""Cyclic coherence of modulated noise, whose value is known, against a plain estimate, and on a fault."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from core.signal.cyclic_coherence import CyclicCoherence, compute_cyclic_coherence
from tests.factories.signals import OuterRaceFault, simulate_outer_race
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 10_000.0
N_SAMPLES = 60_000


def modulated_noise(cyclic_hz: float, depth: float, seed: int = 0) -> np.ndarray:
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    carrier = np.random.default_rng(seed).standard_normal(N_SAMPLES)
    return (1.0 + depth * np.cos(2 * np.pi * cyclic_hz * time_s + 0.4)) * carrier


def read_at(found: CyclicCoherence, cyclic_hz: float) -> np.ndarray:
    """Return the coherence of each bin at a cyclic frequency."""
    return found.coherence[:, int(np.abs(found.cyclic_frequencies_hz - cyclic_hz).argmin())]


@pytest.mark.parametrize(("cyclic_hz", "depth"), [(20.0, 0.4), (78.0, 0.9), (137.0, 0.4), (300.0, 0.9)])
def test_modulated_noise_has_the_coherence_of_its_depth(cyclic_hz: float, depth: float) -> None:
    step_hz = compute_cyclic_coherence(
        np.ones(N_SAMPLES), RATE_HZ, 400.0, n_segment=128
    ).cyclic_frequencies_hz[0]
    on_grid_hz = round(cyclic_hz / step_hz) * step_hz
    found = compute_cyclic_coherence(modulated_noise(on_grid_hz, depth), RATE_HZ, 400.0, n_segment=128)
    expected = (depth / (1 + depth**2 / 2)) ** 2
    assert np.median(read_at(found, on_grid_hz)[3:-3]) == pytest.approx(expected, rel=0.1)
    top = found.cyclic_frequencies_hz[found.average().argmax()]
    assert top == pytest.approx(on_grid_hz, abs=0.5 * step_hz)


def test_steady_noise_has_next_to_none() -> None:
    found = compute_cyclic_coherence(modulated_noise(100.0, 0.0), RATE_HZ, 400.0, n_segment=128)
    away = found.cyclic_frequencies_hz > 5.0
    # averages of n independent spectra scatter by 1/n: here some 700
    assert np.median(found.coherence[3:-3, away]) < 3e-3
    assert found.coherence[3:-3, away].max() < 0.03


def estimate_slowly(signal: np.ndarray, cyclic_hz: float, n_segment: int) -> np.ndarray:
    """Coherence of the signal with itself moved by the cyclic frequency, segment by segment."""
    time_s = np.arange(signal.size) / RATE_HZ
    moved = signal * np.exp(2j * np.pi * cyclic_hz * time_s)
    weights = scipy.signal.get_window("hann", n_segment)
    sums = np.zeros((3, n_segment), complex)
    for start in range(0, signal.size - n_segment + 1, n_segment // 8):
        X = np.fft.fft(signal[start : start + n_segment] * weights)
        Y = np.fft.fft(moved[start : start + n_segment] * weights)
        sums += [X * Y.conj(), np.abs(X) ** 2, np.abs(Y) ** 2]
    return (np.abs(sums[0]) ** 2 / (sums[1].real * sums[2].real))[: n_segment // 2 + 1]


@pytest.mark.parametrize("cyclic_hz", [40.0, 95.0, 240.0])
def test_it_agrees_with_the_coherence_of_the_signal_and_itself_moved(cyclic_hz: float) -> None:
    signal = modulated_noise(cyclic_hz, 0.8, seed=3)
    signal = scipy.signal.lfilter([1.0], [1.0, -0.5, 0.6], signal) + 0.5 * modulated_noise(1.0, 0.0, seed=4)
    found = compute_cyclic_coherence(signal, RATE_HZ, 300.0, n_segment=128)
    nearest_hz = found.cyclic_frequencies_hz[np.abs(found.cyclic_frequencies_hz - cyclic_hz).argmin()]
    slow = estimate_slowly(signal[: int(N_SAMPLES)], nearest_hz, 128)
    np.testing.assert_allclose(read_at(found, cyclic_hz)[4:-4], slow[4:-4], atol=0.08)
    assert np.corrcoef(read_at(found, cyclic_hz)[4:-4], slow[4:-4])[0, 1] > 0.9


def test_a_fault_shows_at_its_rate_in_the_band_of_its_resonance() -> None:
    fault = OuterRaceFault(slip=0.003)
    found = compute_cyclic_coherence(simulate_outer_race(fault, 1), fault.sample_rate_hz, 400.0)
    spectrum = found.average((fault.resonance_hz - 500.0, fault.resonance_hz + 500.0))
    top_hz = found.cyclic_frequencies_hz[spectrum.argmax()]
    # the impacts' rate or a low multiple: of a train of impacts they are all coherent
    assert round(top_hz / fault.bpfo_hz) in (1, 2, 3)
    assert top_hz % fault.bpfo_hz == pytest.approx(0.0, abs=1.0)
    by_band = read_at(found, top_hz)
    assert abs(found.frequencies_hz[by_band.argmax()] - fault.resonance_hz) < 500.0
    # the line stands higher over the rest than in the average over all frequencies
    whole = found.average()
    assert spectrum.max() / np.median(spectrum) > whole.max() / np.median(whole)


def test_gain_and_offset_change_nothing() -> None:
    signal = modulated_noise(100.0, 0.5)[:20_000]
    plain = compute_cyclic_coherence(signal, RATE_HZ, 200.0).coherence
    other = compute_cyclic_coherence(100.0 * signal + 5.0, RATE_HZ, 200.0).coherence
    np.testing.assert_allclose(other, plain, atol=1e-3)


def test_silence_is_coherent_with_nothing() -> None:
    assert not compute_cyclic_coherence(np.full(5_000, 2.0), RATE_HZ, 100.0).coherence.any()


def test_what_can_not_be_is_refused() -> None:
    signal = modulated_noise(100.0, 0.5)
    for wrong in (
        {"max_cyclic_hz": 0.0},
        {"max_cyclic_hz": 2_501.0},
        {"max_cyclic_hz": 100.0, "n_segment": 16},
    ):
        with pytest.raises(InvalidInputError):
            compute_cyclic_coherence(signal, RATE_HZ, **wrong)
    with pytest.raises(InvalidInputError, match="no bin"):
        compute_cyclic_coherence(signal[:5_000], RATE_HZ, 100.0).average((10.0, 20.0))
    with pytest.raises(SignalError) as caught:
        compute_cyclic_coherence(signal[:2_000], RATE_HZ, 100.0)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
