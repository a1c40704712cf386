"""Condition indicators of one recording: numbers that are followed over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.signal.bearings import FaultOrders
from core.signal.checks import check_sample_rate, check_usable
from core.signal.envelope import compute_envelope, suggest_band
from core.signal.spectra import Spectrum, compute_spectrum
from core.signal.statistics import compute_basic_features

# Real lines slip by up to this share of their frequency.
_SLIP = 0.02
# The floor beside a line is the median of its surroundings, this share of its frequency to either side.
_SURROUNDINGS = 0.25
_LEAST_FLOOR_BINS = 4
# In fewer turns of the shaft the lines of different parts run into each other.
_LEAST_TURNS = 10


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """A condition indicator: its name, a title, and its unit (``signal`` stands for the signal's own)."""

    name: str
    title: str
    unit: str | None = None


INDICATORS: tuple[IndicatorSpec, ...] = (
    IndicatorSpec("rms", "Rms", "signal"),
    IndicatorSpec("peak", "Peak", "signal"),
    IndicatorSpec("crest_factor", "Crest factor"),
    IndicatorSpec("kurtosis", "Kurtosis (Pearson)"),
    IndicatorSpec("envelope_rms", "Rms of the envelope, mean removed", "signal"),
    IndicatorSpec("shaft_1x", "1X line over its surroundings"),
    IndicatorSpec("outer_race", "BPFO line of the envelope over its surroundings"),
    IndicatorSpec("inner_race", "BPFI line of the envelope over its surroundings"),
    IndicatorSpec("ball", "2×BSF line of the envelope over its surroundings"),
    IndicatorSpec("cage", "FTF line of the envelope over its surroundings"),
)


def compute_indicators(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    shaft_frequency_hz: float | None = None,
    orders: FaultOrders | None = None,
) -> dict[str, float]:
    """Compute the condition indicators of one signal.

    The lines are read as the highest bin within the slip of their place, divided by the median of their
    surroundings: about 1 to 3 where there is no line, whatever the sensor's gain.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    shaft_frequency_hz
        Needed by the lines; without it they are left out.
    orders
        Of the bearing; without them its four lines are left out.

    Returns
    -------
    dict
        Name, as in `INDICATORS`, to value. Lines need ten turns of the shaft; one that lies beyond the
        spectrum is left out too.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples, or an impossible sample rate.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal)
    basic = compute_basic_features(samples, rate)
    envelope = compute_envelope(samples, rate, suggest_band(rate))
    found = {
        "rms": basic["rms"],
        "peak": basic["peak_value"],
        "crest_factor": basic["crest_factor"],
        "kurtosis": basic["kurtosis"],
        "envelope_rms": float(envelope.std(dtype=np.float64)),
    }
    if not shaft_frequency_hz or samples.size / rate * shaft_frequency_hz < _LEAST_TURNS:
        return found
    lines = {"shaft_1x": _read_line(compute_spectrum(samples, rate), shaft_frequency_hz)}
    if orders is not None:
        spectrum = compute_spectrum(envelope, rate)
        by_name = {
            "outer_race": orders.bpfo,
            "inner_race": orders.bpfi,
            "ball": 2.0 * orders.bsf,
            "cage": orders.ftf,
        }
        lines |= {name: _read_line(spectrum, order * shaft_frequency_hz) for name, order in by_name.items()}
    return found | {name: value for name, value in lines.items() if value is not None}


def _read_line(spectrum: Spectrum, frequency_hz: float) -> float | None:
    """Height of a line over the median of its surroundings; None where the spectrum can't tell them apart."""
    resolution_hz = spectrum.resolution_hz
    half_width = max(1, math.ceil(_SLIP * frequency_hz / resolution_hz))
    reach = max(math.ceil(_SURROUNDINGS * frequency_hz / resolution_hz), half_width + _LEAST_FLOOR_BINS)
    centre = round(frequency_hz / resolution_hz)
    first, last = max(1, centre - reach), centre + reach + 1
    if centre <= half_width or last > spectrum.amplitudes.size:
        return None
    heights = spectrum.amplitudes
    line = float(heights[centre - half_width : centre + half_width + 1].max())
    beside = np.concatenate([heights[first : centre - half_width], heights[centre + half_width + 1 : last]])
    floor = float(np.median(beside)) if beside.size >= _LEAST_FLOOR_BINS else 0.0
    return line / floor if floor > 0.0 else None
