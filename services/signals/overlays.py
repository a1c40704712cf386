"""Two signals in one view, and their difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.signal.alignment import Shift, align_signals, estimate_shift
from core.signal.decimation import min_max_decimate
from core.signal.envelope import compute_envelope_spectrum, suggest_band
from core.signal.spectra import compute_psd, compute_spectrum
from services.signals.pairs import Pair, describe_pair
from services.signals.stretches import MAX_POINTS, FloatArray, shorten
from utils.exceptions import InvalidInputError

# Below this the best correlation is mostly chance.
_WEAK_CORRELATION = 0.3
_UNITS_DIFFER = "The signals have different units: there is no difference to show."


@dataclass(frozen=True, slots=True)
class OverlayView:
    """What is asked for: the kind of view, whether to align, the envelope's band, the frequencies shown."""

    kind: str
    align: bool
    low_hz: float | None
    high_hz: float | None
    min_hz: float
    max_hz: float | None


@dataclass(frozen=True, slots=True)
class _Samples:
    """Samples of both signals, perhaps aligned, and what is asked of them."""

    first: FloatArray
    second: FloatArray
    start_s: float
    rate_hz: float
    unit: str | None
    asked: OverlayView


@dataclass(frozen=True, slots=True)
class _Curves:
    """Both signals over one axis."""

    x: FloatArray
    first: FloatArray
    second: FloatArray
    x_unit: str
    y_unit: str | None
    facts: dict[str, Any]


def build_overlay(pair: Pair, asked: OverlayView) -> dict[str, Any]:
    """Return both signals and their difference, each in at most 4000 points.

    Raises:
        InvalidInputError: An unknown view, or a band or range that can't be.
    """
    if asked.kind not in _CURVES:
        raise InvalidInputError(f"Unknown view '{asked.kind}'. Choose one of: {', '.join(_CURVES)}.")
    first, second, start_s = pair.first, pair.second, pair.first_stretch.description["start_s"]
    shift = estimate_shift(first, second) if asked.align else None
    if shift is not None:
        first, second = align_signals(first, second, shift.n_samples)
        start_s += max(0, -round(shift.n_samples)) / pair.rate_hz
    unit = pair.first_stretch.signal.unit
    curves = _CURVES[asked.kind](_Samples(first, second, start_s, pair.rate_hz, unit, asked))
    units_note = None if pair.has_one_unit else _UNITS_DIFFER
    return {
        **describe_pair(pair, _judge_shift(shift), units_note),
        "view": asked.kind,
        "first": _thin(curves.x, curves.first),
        "second": _thin(curves.x, curves.second),
        "difference": _thin(curves.x, curves.first - curves.second)
        if pair.has_one_unit
        else {"x": [], "y": []},
        "x_unit": curves.x_unit,
        "y_unit": curves.y_unit,
        "shift_s": None if shift is None else shift.n_samples / pair.rate_hz,
        "correlation": None if shift is None else shift.correlation,
        **curves.facts,
    }


def _judge_shift(shift: Shift | None) -> str | None:
    if shift is None:
        return None
    if abs(shift.correlation) < _WEAK_CORRELATION:
        return f"The signals hardly correlate ({shift.correlation:.2f}): where they were laid means little."
    return "The signals correlate with opposite signs." if shift.correlation < 0.0 else None


def _thin(x: FloatArray, y: FloatArray) -> dict[str, list[float]]:
    indexes, values = min_max_decimate(y, MAX_POINTS)
    return {"x": shorten(x[indexes]), "y": shorten(values)}


def _compare_waveforms(given: _Samples) -> _Curves:
    times_s = given.start_s + np.arange(given.first.size) / given.rate_hz
    return _Curves(times_s, given.first, given.second, "s", given.unit, {})


def _compare_spectra(given: _Samples) -> _Curves:
    one, two = (compute_spectrum(each, given.rate_hz) for each in (given.first, given.second))
    facts = {"resolution_hz": one.resolution_hz, "scaling": one.scaling, "window": one.window}
    curves = _Curves(one.frequencies_hz, one.amplitudes, two.amplitudes, "Hz", given.unit, facts)
    return _cut(curves, given.asked)


def _compare_densities(given: _Samples) -> _Curves:
    one, two = (compute_psd(each, given.rate_hz) for each in (given.first, given.second))
    facts = {"resolution_hz": one.resolution_hz, "n_segments": one.n_segments, "window": one.window}
    unit = f"({given.unit})²/Hz" if given.unit else "unit²/Hz"
    return _cut(_Curves(one.frequencies_hz, one.density, two.density, "Hz", unit, facts), given.asked)


def _compare_envelopes(given: _Samples) -> _Curves:
    asked = given.asked
    low_hz, high_hz = suggest_band(given.rate_hz)
    band = (
        low_hz if asked.low_hz is None else asked.low_hz,
        high_hz if asked.high_hz is None else asked.high_hz,
    )
    one, two = (compute_envelope_spectrum(each, given.rate_hz, band) for each in (given.first, given.second))
    facts = {"resolution_hz": one.resolution_hz, "scaling": one.scaling, "band_hz": list(band)}
    return _cut(_Curves(one.frequencies_hz, one.amplitudes, two.amplitudes, "Hz", given.unit, facts), asked)


def _cut(curves: _Curves, asked: OverlayView) -> _Curves:
    """Keep the frequencies that are shown."""
    most_hz = math.inf if asked.max_hz is None else asked.max_hz
    shown = (curves.x >= asked.min_hz) & (curves.x <= most_hz)
    if not shown.any():
        raise InvalidInputError(f"There is nothing between {asked.min_hz:g} and {most_hz:g} Hz.")
    x, first, second = curves.x[shown], curves.first[shown], curves.second[shown]
    return _Curves(x, first, second, curves.x_unit, curves.y_unit, curves.facts)


_CURVES = {
    "waveform": _compare_waveforms,
    "spectrum": _compare_spectra,
    "psd": _compare_densities,
    "envelope_spectrum": _compare_envelopes,
}
