"""Rolling-bearing records: an impulse train that rings the structure, under noise."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.signal.bearings import BearingGeometry, FaultOrders, compute_fault_orders
from core.synthesis.configuration import Resonance, RollingConfig, Severity
from core.synthesis.constants import load_constants
from core.synthesis.noise import make_pink, make_white, quantise
from core.synthesis.oscillators import Float32Array, Float64Array, make_sine
from core.synthesis.record import SyntheticRecord
from core.synthesis.seeding import Stream, draw_between, make_stream
from utils.constants import HEALTHY_CLASS, ROLLING_FAULT_CLASSES

MODEL_VERSION = "rolling-1"
# Streams of journal records are numbered from 0; those of rolling ones stand apart from them.
_CLASS_OFFSET = 100


@dataclass(frozen=True, slots=True)
class ImpactTrain:
    """When the defect is struck and how hard.

    Attributes
    ----------
    times_s, amplitudes
        One entry per impact.
    """

    times_s: Float64Array
    amplitudes: Float64Array


def slip_orders(geometry: BearingGeometry, cage_slip: float) -> FaultOrders:
    """Return the fault orders of a bearing whose cage turns by `cage_slip` faster than by pure rolling.

    What the cage loses on the outer race it gains on the inner one: BPFO + BPFI stays Z times the shaft's.
    """
    nominal = compute_fault_orders(geometry)
    ftf = nominal.ftf * (1.0 + cage_slip)
    n_elements = geometry.n_rolling_elements
    return FaultOrders(
        bpfo=n_elements * ftf,
        bpfi=n_elements * (1.0 - ftf),
        bsf=nominal.bsf * (1.0 + cage_slip),
        ftf=ftf,
    )


def make_rolling_record(
    config: RollingConfig, fault_class: str, index: int, *, severity: Severity | None = None
) -> SyntheticRecord:
    """Make one record; arguments as for `core.synthesis.journal.make_journal_record`."""
    key = (config.seed, _CLASS_OFFSET + ROLLING_FAULT_CLASSES.index(fault_class), index)
    rng = make_stream(*key, Stream.OPERATING)
    shaft_hz = draw_between(rng, config.shaft_speed_rpm) / 60.0
    cage_slip = draw_between(rng, config.cage_slip_percent) / 100.0
    name = severity or config.severities[index % len(config.severities)]
    spread_db = config.snr_db or load_constants("rolling")["severity"]["snr_db"][name]
    snr_db = draw_between(rng, spread_db)
    gain_db = draw_between(rng, config.sensor_gain_db)
    orders = slip_orders(config.find_geometry(), cage_slip)
    values = _make_noise(config, key, shaft_hz)
    healthy = fault_class == HEALTHY_CLASS
    if not healthy:
        train = make_impacts(config, fault_class, shaft_hz, orders, make_stream(*key, Stream.FAULT))
        ringing = ring(train, config.n_samples, config.sample_rate_hz, config.resonances)
        power = float(np.mean(np.square(ringing, dtype=np.float64)))
        scale = math.sqrt(10.0 ** (snr_db / 10.0) / power) if power else 0.0
        values += np.float32(scale * max(config.noise_level, 1e-6)) * ringing
    if "quantisation" in config.noise_layers:
        quantise(values, load_constants("rolling")["noise"]["quantisation"])
    values *= np.float32(10.0 ** (gain_db / 20.0))
    drawn: dict[str, Any] = {
        "shaft_frequency_hz": round(shaft_hz, 6),
        "cage_slip_percent": round(cage_slip * 100.0, 6),
        "fault_orders": {part: round(order, 6) for part, order in asdict(orders).items()},
        "sensor_gain_db": round(gain_db, 4),
        "noise_layers": sorted(config.noise_layers),
    }
    return SyntheticRecord(
        name=f"{fault_class}-{index:05d}",
        fault_class=fault_class,
        severity=None if healthy else name,
        shaft_speed_rpm=shaft_hz * 60.0,
        load_percent=None,
        sample_rate_hz=config.sample_rate_hz,
        unit=config.unit,
        channels={"vibration": values},
        conditions=drawn if healthy else {**drawn, "snr_db": round(snr_db, 4)},
    )


def make_impacts(
    config: RollingConfig,
    fault_class: str,
    shaft_hz: float,
    orders: FaultOrders,
    rng: np.random.Generator,
) -> ImpactTrain:
    """Return the impacts of a defect on a race, a ball or the cage.

    The intervals scatter and their errors add up (a ball that is late stays late); each rolling element
    strikes with a strength of its own; what moves through the load zone is modulated by it.
    """
    k = load_constants("rolling")["impacts"]
    rate = {
        "outer_race": orders.bpfo,
        "inner_race": orders.bpfi,
        "ball": 2.0 * orders.bsf,
        "cage": orders.ftf,
    }[fault_class]
    duration_s = config.n_samples / config.sample_rate_hz
    times_s = _draw_times(rate * shaft_hz, duration_s, config.interval_jitter_percent / 100.0, rng)
    numbers = np.arange(len(times_s))
    amplitudes = 1.0 + k["amplitude_scatter"] * rng.standard_normal(len(times_s))
    n_elements = config.find_geometry().n_rolling_elements
    strengths = np.clip(1.0 + config.ball_scatter * rng.standard_normal(n_elements), 0.1, None)
    start_rad = draw_between(rng, (0.0, 2.0 * math.pi))
    if fault_class in ("outer_race", "inner_race"):
        amplitudes *= strengths[numbers % n_elements]
    if fault_class == "ball":
        amplitudes *= np.where(numbers % 2, k["inner_over_outer"], 1.0)
    turning = {"inner_race": 1.0, "ball": orders.ftf}.get(fault_class)
    if turning is not None and config.load_zone:
        amplitudes *= _load_at(start_rad + 2.0 * math.pi * turning * shaft_hz * times_s)
    return ImpactTrain(times_s, amplitudes)


def _draw_times(rate_hz: float, duration_s: float, jitter: float, rng: np.random.Generator) -> Float64Array:
    n_impacts = int(duration_s * rate_hz * 1.2) + 10
    intervals = np.clip(1.0 + jitter * rng.standard_normal(n_impacts), 0.2, None) / rate_hz
    times_s = float(rng.random()) / rate_hz + np.cumsum(intervals)
    return np.asarray(times_s[times_s < duration_s])


def _load_at(angles_rad: Float64Array) -> Float64Array:
    """Return the share of the largest load at an angle from the middle of the load zone (Stribeck)."""
    k = load_constants("rolling")["impacts"]
    half_width = math.radians(k["load_zone_half_width_deg"])
    epsilon = 0.5 * (1.0 - math.cos(half_width))
    zone = np.clip(1.0 - (1.0 - np.cos(angles_rad)) / (2.0 * epsilon), 0.0, None) ** k["load_zone_exponent"]
    return np.asarray(k["load_zone_floor"] + (1.0 - k["load_zone_floor"]) * zone)


def ring(
    train: ImpactTrain, n_samples: int, sample_rate_hz: float, resonances: tuple[Resonance, ...]
) -> Float32Array:
    """Let every impact ring the resonances, exactly between the samples too.

    Each resonance is one complex pole; an impact enters at the next sample with the phase and decay that it
    has gathered since its own moment.
    """
    from scipy import signal  # slow to load, and no journal record needs it

    entries = np.ceil(train.times_s * sample_rate_hz).astype(int)
    inside = entries < n_samples
    entries, late_s = entries[inside], (entries / sample_rate_hz - train.times_s)[inside]
    total = np.zeros(n_samples)
    for resonance in resonances:
        omega = 2.0 * math.pi * resonance.frequency_hz
        pole = complex(-resonance.damping * omega, omega * math.sqrt(1.0 - resonance.damping**2))
        excitation = np.zeros(n_samples, complex)
        np.add.at(excitation, entries, train.amplitudes[inside] * np.exp(pole * late_s))
        ringing = signal.lfilter([1.0], [1.0, -np.exp(pole / sample_rate_hz)], excitation)
        total += resonance.weight * ringing.imag
    return total.astype(np.float32)


def _make_noise(config: RollingConfig, key: tuple[int, int, int], shaft_hz: float) -> Float32Array:
    """Return everything but the defect: noise layers and the weak shaft lines that every machine has."""
    constants = load_constants("rolling")
    k, level, rate_hz = constants["noise"], config.noise_level, config.sample_rate_hz
    values = np.zeros(config.n_samples, np.float32)
    if "white" in config.noise_layers:
        values += make_white(make_stream(*key, Stream.WHITE), config.n_samples, level)
    if "pink" in config.noise_layers:
        rng = make_stream(*key, Stream.PINK)
        values += make_pink(rng, config.n_samples, k["pink"] * level, rate_hz, k["pink_lowest_hz"])
    if "mains" in config.noise_layers:
        rng = make_stream(*key, Stream.MAINS)
        phase_rad = draw_between(rng, (0.0, 2.0 * math.pi))
        hum = make_sine(config.n_samples, rate_hz, k["mains_hz"], phase_rad)
        values += np.float32(k["mains"] * level) * hum
    rng = make_stream(*key, Stream.BROADBAND)
    for order, span in ((1, constants["shaft"]["first"]), (2, constants["shaft"]["second"])):
        amplitude, phase_rad = draw_between(rng, span), draw_between(rng, (0.0, 2.0 * math.pi))
        values += np.float32(amplitude) * make_sine(config.n_samples, rate_hz, order * shaft_hz, phase_rad)
    return values
