"""Journal-bearing records of eleven classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.synthesis.configuration import JournalConfig, Severity
from core.synthesis.constants import load_constants
from core.synthesis.faults import Scene, make_fault
from core.synthesis.noise import JournalNoise
from core.synthesis.operating import (
    OperatingPoint,
    SeverityCourse,
    draw_operating_point,
    draw_severity,
    draw_transient,
    make_transient,
)
from core.synthesis.oscillators import Float32Array, Rotor
from core.synthesis.record import SyntheticRecord
from core.synthesis.seeding import Stream, draw_between, make_stream
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS

MODEL_VERSION = "journal-1"


def make_journal_record(
    config: JournalConfig, fault_class: str, index: int, *, severity: Severity | None = None
) -> SyntheticRecord:
    """Make one record.

    Parameters
    ----------
    config
        What the dataset is to be.
    fault_class
        One of the eleven.
    index
        Which record of its class; with seed and configuration it decides every sample.
    severity
        By default the configuration's severities in turn.

    Returns
    -------
    SyntheticRecord
        Channels of float32 samples, with the conditions that were drawn.
    """
    class_id = FAULT_CLASSES.index(fault_class)
    key = (config.seed, class_id, index)
    operating = draw_operating_point(config, make_stream(*key, Stream.OPERATING))
    rng = make_stream(*key, Stream.SEVERITY)
    course = draw_severity(config, severity or config.severities[index % len(config.severities)], rng)
    transient = draw_transient(config, rng)
    run_up = config.options.run_up_percent / 100.0 if config.profile == "physical" else 0.0
    rotor = Rotor(config.n_samples, config.sample_rate_hz, operating.shaft_frequency_hz, run_up)
    channels: dict[str, Float32Array] = {}
    layers: list[str] = []
    for probe, channel in enumerate(config.channels):
        values = _make_fault_part(config, key, fault_class, probe, rotor, operating, course, transient)
        noise = JournalNoise(config.noise_layers, config.noise_level, (*key, probe))
        layers = noise.add_to(values, config.sample_rate_hz, operating.base_amplitude)
        channels[channel] = values
    sensor = _apply_sensor(config, key, channels) if config.profile == "physical" else {}
    healthy = fault_class == HEALTHY_CLASS
    return SyntheticRecord(
        name=f"{fault_class}-{index:05d}",
        fault_class=fault_class,
        severity=None if healthy else course.name,
        shaft_speed_rpm=operating.shaft_frequency_hz * 60.0 * (1.0 + 0.5 * run_up),
        load_percent=operating.load * 100.0,
        sample_rate_hz=config.sample_rate_hz,
        unit=config.unit,
        channels=channels,
        conditions={
            **operating.as_dict(),
            **({} if healthy else _describe_course(course, transient)),
            **({"shaft_frequency_end_hz": rotor.frequency_hz * (1.0 + run_up)} if run_up else {}),
            "noise_layers": layers,
            **sensor,
        },
    )


def _describe_course(course: SeverityCourse, transient: str | None) -> dict[str, Any]:
    values = {"severity_start": course.start, "severity_end": course.end, "severity_mean": course.mean}
    return {**{name: round(value, 6) for name, value in values.items()}, "transient": transient}


def _make_fault_part(
    config: JournalConfig,
    key: tuple[int, int, int],
    fault_class: str,
    probe: int,
    rotor: Rotor,
    operating: OperatingPoint,
    course: SeverityCourse,
    transient: str | None,
) -> Float32Array:
    """Return what one probe sees of the fault: continuous parts under their envelopes, and events."""
    physical = config.profile == "physical"
    k = load_constants("journal")["physical"]
    rng = make_stream(*key, Stream.PROBE)
    scene = Scene(
        rotor,
        operating,
        course.mean,
        rng=make_stream(*key, Stream.FAULT),
        broadband=make_stream(*key, Stream.BROADBAND, probe),
        options=config.options if physical else None,
        probe_phase_rad=probe * math.pi / 2.0,
        probe_gain=draw_between(rng, k["probe_ellipse"]) if probe else 1.0,
    )
    parts = make_fault(fault_class, scene)
    if parts is None:
        return np.zeros(rotor.n_samples, np.float32)
    continuous, events = parts
    continuous *= np.float32(1.0) * course.make_curve(rotor.n_samples)
    continuous *= np.float32(1.0) * make_transient(transient, rotor.n_samples)
    if events is not None:
        continuous += events
    if physical and config.options.transfer_path:
        continuous = pass_through_structure(continuous, rotor.sample_rate_hz)
    return continuous


def pass_through_structure(values: Float32Array, sample_rate_hz: float) -> Float32Array:
    """Send a signal through the structure: the direct path, and beside it a few lightly damped modes.

    Each mode is a two-pole resonator with a gain of its weight at its own frequency and next to none at the
    shaft's orders, so that the lines keep their heights and what is broadband takes on colour.
    """
    from scipy import signal  # slow to load, and few records need it

    passed = values.astype(np.float64)
    for mode in load_constants("journal")["physical"]["modes"]:
        if mode["frequency_hz"] < 0.45 * sample_rate_hz:
            b, a = signal.iirpeak(mode["frequency_hz"], 0.5 / mode["damping"], fs=sample_rate_hz)
            passed += mode["weight"] * signal.lfilter(b, a, values)
    return passed.astype(np.float32)


def _apply_sensor(
    config: JournalConfig, key: tuple[int, int, int], channels: dict[str, Float32Array]
) -> dict[str, Any]:
    """Give the sensor's gain and lose samples; return what was drawn."""
    rng = make_stream(*key, Stream.SENSOR)
    gain_db = draw_between(rng, config.sensor_gain_db)
    n_lost = 0
    for values in channels.values():
        values *= np.float32(10.0 ** (gain_db / 20.0))
        n_lost += _lose_samples(values, config, rng)
    lost = {"n_samples_lost": n_lost} if n_lost else {}
    return {"sensor_gain_db": round(gain_db, 4), **lost}


def _lose_samples(values: Float32Array, config: JournalConfig, rng: np.random.Generator) -> int:
    """Hold the last value over random gaps until the wanted share is gone; return how many samples."""
    lengths_s = load_constants("journal")["physical"]["gap_s"]
    lost = np.zeros(len(values), bool)
    wanted = round(config.options.missing_share * len(values))
    while lost.sum() < wanted:
        length = min(round(draw_between(rng, lengths_s) * config.sample_rate_hz), wanted) + 1
        at = 1 + int(rng.integers(len(values) - length - 1))
        lost[at : at + length] = True
    if wanted:
        kept = np.maximum.accumulate(np.where(lost, 0, np.arange(len(values))))
        values[:] = values[kept]
    return int(lost.sum())
