"""One record of a configuration, made here and now, and what the whole dataset would cost."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.fingerprints import fingerprint_signal
from core.datasets.store import hash_signal
from core.signal.decimation import min_max_decimate
from core.signal.quality import assess_quality
from core.signal.spectra import compute_spectrum
from core.synthesis.card import list_limits, name_generator
from core.synthesis.configuration import JournalConfig, RollingConfig, dump_config, parse_config
from core.synthesis.record import SyntheticRecord
from core.synthesis.records import make_record
from core.synthesis.workers import count_processes
from services.datasets.generation import count_bytes
from utils.exceptions import InvalidInputError

_MAX_SAMPLES = 2_000_000
_MAX_POINTS = 2000

GeneratorConfig = JournalConfig | RollingConfig
_PROCESS_START_S = 2.0


def preview_generation(
    raw: Mapping[str, Any], *, fault_class: str | None, severity: str | None, index: int, max_hz: float | None
) -> dict[str, Any]:
    """Make one record with the real generator and describe it; nothing is stored.

    Raises:
        InvalidInputError: The configuration, class, severity or number can't be used.
    """
    config = parse_config(raw)
    chosen = fault_class or config.classes[0]
    if chosen not in config.classes:
        raise InvalidInputError(f"'{chosen}' is not among the classes of the configuration.")
    if severity is not None and severity not in config.severities:
        raise InvalidInputError(f"'{severity}' is not among the severities of the configuration.")
    if not 0 <= index < config.n_per_class:
        raise InvalidInputError(f"There are records 0 to {config.n_per_class - 1} of each class.")
    shown, note = _shorten_records(config)
    began_s = time.thread_time()
    record = make_record(shown, chosen, index, severity=severity)
    _store_nowhere(record)
    spent_s = (time.thread_time() - began_s) * config.n_samples / shown.n_samples
    return {
        "config": dump_config(config),
        "title": name_generator(config),
        "name": record.name,
        "fault_class": chosen,
        "severity": record.severity,
        "shaft_speed_rpm": record.shaft_speed_rpm,
        "load_percent": record.load_percent,
        "conditions": record.conditions,
        "unit": record.unit,
        "channels": [_draw_channel(record, channel, max_hz) for channel in record.channels],
        "note": note,
        "estimate": _estimate(config, spent_s),
        "not_evidence_for": list_limits(config),
    }


def _shorten_records(config: GeneratorConfig) -> tuple[GeneratorConfig, str | None]:
    """Return a configuration whose records are quick to make, and what is to be said about it."""
    if config.n_samples <= _MAX_SAMPLES:
        return config, None
    duration_s = _MAX_SAMPLES / config.sample_rate_hz
    note = (
        f"The records will be {config.duration_s:g} s long. Shown is a shorter one, of {duration_s:.3g} s, "
        "with the same draws."
    )
    return config.model_copy(update={"duration_s": duration_s}), note


def _store_nowhere(record: SyntheticRecord) -> None:
    """Do what storing does besides writing, so that the estimate counts it."""
    for values in record.channels.values():
        hash_signal(values)
        fingerprint_signal(values)
        assess_quality(values, record.sample_rate_hz)


def _draw_channel(record: SyntheticRecord, channel: str, max_hz: float | None) -> dict[str, Any]:
    values = record.channels[channel]
    indexes, heights = min_max_decimate(values, _MAX_POINTS)
    spectrum = compute_spectrum(values - values.mean(), record.sample_rate_hz)
    shown = spectrum.frequencies_hz <= (max_hz or np.inf)
    bins, lines = min_max_decimate(spectrum.amplitudes[shown], _MAX_POINTS)
    return {
        "channel": channel,
        "times_s": _shorten(indexes / record.sample_rate_hz),
        "values": _shorten(heights),
        "frequencies_hz": _shorten(spectrum.frequencies_hz[bins]),
        "amplitudes": _shorten(lines),
        "resolution_hz": spectrum.resolution_hz,
        "rms": float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))),
    }


def _shorten(values: NDArray[np.floating[Any]]) -> list[float]:
    """Round to what a plot can show: one part in a million of the largest."""
    largest = float(np.abs(values).max()) if values.size else 0.0
    digits = 6 - math.floor(math.log10(largest)) if largest else 0
    rounded: list[float] = np.round(np.asarray(values, np.float64), digits).tolist()
    return rounded


def _estimate(config: GeneratorConfig, seconds_per_record: float) -> dict[str, Any]:
    n_recordings = len(config.classes) * config.n_per_class
    n_processes = count_processes(n_recordings)
    return {
        "n_recordings": n_recordings,
        "n_signals": n_recordings * len(config.channels),
        "n_bytes": count_bytes(config),
        "n_processes": n_processes,
        "seconds": _PROCESS_START_S + n_recordings * seconds_per_record / n_processes,
        "seconds_per_record": seconds_per_record,
    }
