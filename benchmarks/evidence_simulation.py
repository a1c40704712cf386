"""Recordings of simulated machines, no two of them alike: what the rolling evidence is calibrated with.

Bearing, speed, sample rate, length, resonances, noise, disturbances and the kind of fault are drawn anew
for every recording, widely, because nothing may be tuned to a rig. The impacts are those of
`core.synthesis.rolling`; around them stands what real machines add: shaft harmonics, tones with side lines
that belong to no bearing, noise that swells once per turn, mains, single shocks, a speed not quite nominal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.signal.bearings import BearingGeometry, FaultOrders, compute_fault_orders
from core.synthesis.configuration import Resonance, RollingConfig
from core.synthesis.noise import make_pink
from core.synthesis.rolling import make_impacts, ring, slip_orders

CLASSES = ("healthy", "inner_race", "outer_race", "ball")
_RATES_HZ = (10_000.0, 12_000.0, 20_000.0, 25_600.0, 32_000.0, 48_000.0, 51_200.0, 64_000.0)
_MOST_SAMPLES = 200_000
# So much, at most, does the noise of a sound bearing swell at each of its own frequencies.
SOUND_DEPTH = 0.20


@dataclass(frozen=True, slots=True)
class SimulatedRecording:
    """A recording and the truth about it.

    Attributes
    ----------
    samples
        ``(n_samples,)``, no unit.
    nominal_hz, shaft_hz
        As on the plate, and as it was.
    orders
        By geometry, without slip.
    fault_class
        One of `CLASSES`.
    snr_db
        Power of the ringing over all else, within the band of the strongest resonance; None if healthy.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: float
    nominal_hz: float
    shaft_hz: float
    geometry: BearingGeometry
    orders: FaultOrders
    fault_class: str
    snr_db: float | None


def draw_geometry(rng: np.random.Generator) -> BearingGeometry:
    """Draw a bearing that can be built, of balls or of rollers."""
    while True:
        n_elements = int(rng.integers(6, 21))
        share = rng.uniform(0.10, 0.33)
        if n_elements * math.asin(share) < 0.97 * math.pi and n_elements * math.asin(share) > 0.45 * math.pi:
            angle = float(rng.choice([0.0, 0.0, 15.0, 25.0, 40.0]))
            return BearingGeometry(n_elements, 100.0 * share, 100.0, angle)


def simulate(seed: int, fault_class: str | None = None) -> SimulatedRecording:
    """Draw a machine and record it; the same seed gives the same recording."""
    rng = np.random.default_rng([2026, seed])
    fault_class = fault_class or CLASSES[seed % len(CLASSES)]
    geometry = draw_geometry(rng)
    rate = float(rng.choice(_RATES_HZ))
    shaft_hz = float(np.exp(rng.uniform(math.log(8.0), math.log(60.0))))
    wanted_s = np.exp(rng.uniform(math.log(0.3), math.log(12.0)))
    duration_s = float(np.clip(wanted_s, 4.0 / shaft_hz, _MOST_SAMPLES / rate))
    n_samples = scipy.fft.prev_fast_len(int(duration_s * rate), real=True)
    deviation = rng.uniform(-0.03, 0.08) if rng.random() < 0.4 else rng.normal(0.0, 0.003)
    nominal_hz = shaft_hz / (1.0 + deviation)
    highest_hz = min(0.4 * rate, 18_000.0)
    resonances = tuple(
        Resonance(
            frequency_hz=float(np.exp(rng.uniform(math.log(1_200.0), math.log(highest_hz)))),
            damping=float(np.exp(rng.uniform(math.log(0.02), math.log(0.10)))),
            weight=1.0 if number == 0 else float(rng.uniform(0.2, 1.0)),
        )
        for number in range(int(rng.integers(1, 4)))
    )
    values = _make_surroundings(rng, geometry, n_samples, rate, shaft_hz, resonances)
    snr_db = None
    if fault_class != "healthy":
        snr_db = float(rng.uniform(-12.0, 6.0))
        fault = _make_fault(rng, fault_class, geometry, n_samples, rate, shaft_hz, resonances)
        band = (0.8 * resonances[0].frequency_hz, min(1.25 * resonances[0].frequency_hz, 0.49 * rate))
        scale = math.sqrt(
            10.0 ** (snr_db / 10.0) * _measure(values, band, rate) / _measure(fault, band, rate)
        )
        values = values + scale * fault
    values = values * 10.0 ** rng.uniform(-3.0, 3.0)
    return SimulatedRecording(
        values.astype(np.float32),
        rate,
        nominal_hz,
        shaft_hz,
        geometry,
        compute_fault_orders(geometry),
        fault_class,
        snr_db,
    )


def _make_fault(
    rng: np.random.Generator,
    fault_class: str,
    geometry: BearingGeometry,
    n_samples: int,
    rate: float,
    shaft_hz: float,
    resonances: tuple[Resonance, ...],
) -> NDArray[np.float64]:
    text = (
        f"n={geometry.n_rolling_elements},d={geometry.rolling_element_diameter_mm},"
        f"D={geometry.pitch_diameter_mm},phi={geometry.contact_angle_deg}"
    )
    # A spot on a race is passed evenly; a ball slides, and its axis turns: its strikes may have no rhythm of
    # their own at all, and only come when the ball is in the load zone.
    most_jitter = 10.0 if fault_class == "ball" else 2.0
    config = RollingConfig(
        kind="rolling",
        geometry=text,
        duration_s=n_samples / rate,
        sample_rate_hz=rate,
        interval_jitter_percent=float(np.exp(rng.uniform(math.log(0.1), math.log(most_jitter)))),
        ball_scatter=float(rng.uniform(0.0, 0.5)),
        load_zone=bool(rng.random() < 0.8),
        resonances=resonances,
    )
    orders = slip_orders(geometry, float(rng.normal(-0.003, 0.006)))
    train = make_impacts(config, fault_class, shaft_hz, orders, rng)
    # A rough patch strikes with a strength that varies widely; a ball's axis wanders on and off its spot.
    spread = np.exp(rng.uniform(0.0, 0.8) * rng.standard_normal(train.times_s.size))
    if fault_class == "ball":
        spread = spread * _wander(rng, train.times_s, shaft_hz * orders.ftf)
    struck = type(train)(train.times_s, train.amplitudes * spread)
    return np.asarray(ring(struck, n_samples, rate, resonances), dtype=np.float64)


def _wander(rng: np.random.Generator, times_s: NDArray[np.float64], cage_hz: float) -> NDArray[np.float64]:
    """Strength of a ball's strikes while its axis wanders over some turns of the cage."""
    n_knots = max(3, int(times_s[-1] * cage_hz / rng.uniform(2.0, 30.0)) + 2) if times_s.size else 3
    knots = rng.uniform(0.0, 1.0, n_knots)
    return np.interp(times_s, np.linspace(0.0, times_s[-1] if times_s.size else 1.0, n_knots), knots)


def _make_surroundings(
    rng: np.random.Generator,
    geometry: BearingGeometry,
    n_samples: int,
    rate: float,
    shaft_hz: float,
    resonances: tuple[Resonance, ...],
) -> NDArray[np.float64]:
    """Everything but the fault, with a white floor of standard deviation 1."""
    t = np.arange(n_samples) / rate
    values = rng.standard_normal(n_samples)
    for resonance in resonances:
        values += rng.uniform(0.0, 1.5) * _ring_noise(rng, n_samples, rate, resonance)
    values *= _draw_swelling(rng, geometry, shaft_hz * t)
    values += rng.uniform(0.0, 3.0) * make_pink(rng, n_samples, 1.0, rate, 1.0)
    for harmonic in range(1, 9):
        if harmonic <= 2 or rng.random() < 0.5:
            amplitude = 10.0 ** rng.uniform(-1.5, 0.7) / harmonic**0.5
            values += amplitude * np.sin(2.0 * np.pi * harmonic * shaft_hz * t + rng.uniform(0, 6.28))
    mains_hz = float(rng.choice([50.0, 60.0]))
    values += 10.0 ** rng.uniform(-2.0, 0.0) * np.sin(2.0 * np.pi * mains_hz * t)
    for _ in range(int(rng.integers(0, 5))):
        # A tone of something else that turns (a gear, a belt, a pump), with side lines of its own.
        carrier_hz, spacing_hz = rng.uniform(0.02, 0.4) * rate, shaft_hz * np.exp(rng.uniform(-1.5, 2.0))
        depth = rng.uniform(0.0, 0.7)
        tone = (1.0 + depth * np.cos(2.0 * np.pi * spacing_hz * t)) * np.sin(2.0 * np.pi * carrier_hz * t)
        values += 10.0 ** rng.uniform(-1.5, 0.3) * tone
    if rng.random() < 0.2:
        # Shocks of no period.
        for _ in range(int(rng.integers(1, 12))):
            start = int(rng.integers(0, n_samples))
            length = min(int(0.002 * rate), n_samples - start)
            values[start : start + length] += 10.0 ** rng.uniform(0.0, 1.2) * rng.standard_normal(length)
    return values


def _draw_swelling(
    rng: np.random.Generator, geometry: BearingGeometry, turns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How broadband noise swells with the shaft, and as the elements of a sound bearing pass.

    The stiffness of a loaded bearing varies with the place of its elements, rings are wavy, the load wanders.
    """
    orders = compute_fault_orders(geometry)
    power = np.ones(turns.size)
    if rng.random() < 0.5:
        per_turn = int(rng.integers(1, 4))
        power += rng.uniform(0.0, 0.4) * np.cos(2.0 * np.pi * per_turn * turns + rng.uniform(0, 6.28))
    for order in (orders.bpfo, orders.bpfi, orders.ftf):
        depth = np.exp(rng.uniform(math.log(0.005), math.log(SOUND_DEPTH)))
        phase = 2.0 * np.pi * order * (1.0 + rng.normal(0.0, 0.005)) * turns + rng.uniform(0, 6.28)
        power += depth * (np.cos(phase) + rng.uniform(0.0, 0.5) * np.cos(2.0 * phase))
    return np.sqrt(np.maximum(power, 0.05))


def _ring_noise(
    rng: np.random.Generator, n_samples: int, rate: float, resonance: Resonance
) -> NDArray[np.float64]:
    spectrum = scipy.fft.rfft(rng.standard_normal(n_samples))
    frequency = np.fft.rfftfreq(n_samples, 1.0 / rate) / resonance.frequency_hz
    spectrum /= np.sqrt((1.0 - frequency**2) ** 2 + (2.0 * resonance.damping * frequency) ** 2)
    rung = scipy.fft.irfft(spectrum, n_samples)
    return np.asarray(rung / rung.std())


def _measure(values: NDArray[Any], band: tuple[float, float], rate: float) -> float:
    """Power within a band."""
    power = np.abs(scipy.fft.rfft(values)) ** 2
    first, last = (int(edge / rate * values.size) for edge in band)
    return float(power[first : last + 1].sum()) + 1e-30
