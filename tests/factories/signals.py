"""Made-up signals with a known answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OuterRaceFault:
    """What a simulated outer-race fault is made of: SNR in dB of the impacts' power over white noise's."""

    sample_rate_hz: float = 25_600.0
    duration_s: float = 4.0
    bpfo_hz: float = 107.3
    resonance_hz: float = 5_200.0
    damping_ratio: float = 0.03
    slip: float = 0.01
    snr_db: float = -5.0


def simulate_outer_race(fault: OuterRaceFault, seed: int) -> NDArray[np.float64]:
    """Return impacts that ring at one resonance, at intervals that slip, in white noise."""
    rng = np.random.default_rng(seed)
    rate, duration_s = fault.sample_rate_hz, fault.duration_s
    n_samples = round(rate * duration_s)
    n_impacts = int(duration_s * fault.bpfo_hz) - 1
    # each interval between impacts varies by itself, around its mean: the phase wanders as in a real bearing
    intervals_s = (1.0 + fault.slip * rng.standard_normal(n_impacts)) / fault.bpfo_hz
    times_s = np.cumsum(intervals_s)
    heights = 1.0 + 0.1 * rng.standard_normal(n_impacts)
    impacts = np.zeros(n_samples)
    inside = times_s < duration_s
    np.add.at(impacts, (times_s[inside] * rate).astype(int), heights[inside])
    ringing_s = np.arange(round(0.02 * rate)) / rate
    omega = 2.0 * np.pi * fault.resonance_hz
    ringing = np.exp(-fault.damping_ratio * omega * ringing_s) * np.sin(omega * ringing_s)
    ringing_impacts = np.convolve(impacts, ringing)[:n_samples]
    noise_power = np.mean(ringing_impacts**2) / 10.0 ** (fault.snr_db / 10.0)
    return ringing_impacts + np.sqrt(noise_power) * rng.standard_normal(n_samples)
