"""Views over the shaft's angle: order spectrum, order map, synchronous average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.envelope import compute_envelope
from core.signal.order_tracking import (
    DEFAULT_MAX_ORDER,
    OrderMap,
    compute_order_map,
    compute_order_spectrum,
    resample_to_angle,
)
from core.signal.peaks import find_peaks
from core.signal.synchronous_average import compute_synchronous_average
from services.signals.notes import join_notes
from services.signals.speeds import describe_angle, find_angle
from services.signals.stretches import MAX_POINTS, SpectralStretch, shorten, thin_lines
from utils.exceptions import InvalidInputError

_N_PEAKS = 10
_MAX_ORDERS, _MAX_COLUMNS = 400, 300
_FLOOR_DB = 120.0
MAP_AXES = ("time", "speed")

FloatArray = npt.NDArray[np.float64]


def build_order_spectrum(
    stretch: SpectralStretch,
    *,
    shaft_speed_rpm: float | None,
    envelope_band_hz: Sequence[float] | None,
    tracked: bool,
    max_order: float | None,
) -> dict[str, Any]:
    """Return the order spectrum of a stretch, or of its envelope within a band."""
    found = find_angle(stretch, shaft_speed_rpm, tracked=tracked)
    rate = stretch.signal.sample_rate_hz
    samples = _demodulate(stretch, envelope_band_hz)
    angular = resample_to_angle(samples, rate, found.angle, max_order=max_order or DEFAULT_MAX_ORDER)
    spectrum = compute_order_spectrum(angular)
    orders, amplitudes = thin_lines(spectrum.frequencies_hz, spectrum.amplitudes, n_points=MAX_POINTS)
    peaks = find_peaks(spectrum, _N_PEAKS, min_hz=3.0 * spectrum.resolution_hz)
    speed = describe_angle(found)
    return {
        **stretch.description,
        **speed,
        "note": join_notes(stretch.description["note"], speed["note"]),
        "orders": orders,
        "amplitudes": amplitudes,
        "resolution_orders": spectrum.resolution_hz,
        "n_turns": angular.n_turns,
        "max_order": angular.max_order,
        "envelope_band_hz": list(envelope_band_hz) if envelope_band_hz else None,
        "peaks": [{"order": peak.frequency_hz, "amplitude": peak.amplitude} for peak in peaks],
    }


def _demodulate(stretch: SpectralStretch, band_hz: Sequence[float] | None) -> npt.NDArray[Any]:
    if band_hz is None:
        return stretch.samples
    low_hz, high_hz = (float(edge) for edge in band_hz)
    return compute_envelope(stretch.samples, stretch.signal.sample_rate_hz, (low_hz, high_hz))


def build_order_map(
    stretch: SpectralStretch,
    *,
    shaft_speed_rpm: float | None,
    envelope_band_hz: Sequence[float] | None,
    max_order: float,
    turns_per_stretch: int,
    by: str,
) -> dict[str, Any]:
    """Return order spectra of stretches of equal angle, by time or by speed, as levels in dB."""
    if by not in MAP_AXES:
        raise InvalidInputError(f"An order map goes by {' or '.join(MAP_AXES)}.")
    found = find_angle(stretch, shaft_speed_rpm, tracked=True)
    samples = _demodulate(stretch, envelope_band_hz)
    angular = resample_to_angle(samples, stretch.signal.sample_rate_hz, found.angle, max_order=max_order)
    whole = compute_order_map(angular, found.angle, turns_per_stretch=turns_per_stretch)
    if by == "speed":
        rank = np.argsort(whole.speeds_hz, kind="stable")
        whole = OrderMap(
            whole.orders,
            whole.times_s[rank],
            whole.speeds_hz[rank],
            whole.amplitudes[:, rank],
            whole.resolution_orders,
        )
    small = _shrink(whole)
    speed = describe_angle(found)
    unit = stretch.signal.unit
    return {
        **stretch.description,
        **speed,
        "note": join_notes(stretch.description["note"], speed["note"]),
        "by": by,
        "times_s": shorten(small.times_s + stretch.description["start_s"]),
        "speeds_rpm": shorten(60.0 * small.speeds_hz),
        "orders": shorten(small.orders),
        "level_db": [[round(level, 1) for level in row] for row in _to_db(small.amplitudes).tolist()],
        "level_unit": f"dB re 1 {unit}" if unit else "dB re 1 (unit unknown)",
        "resolution_orders": whole.resolution_orders,
    }


def _shrink(whole: OrderMap) -> OrderMap:
    """Keep the highest of every few cells, so that at most 400 x 300 remain."""
    rows = math.ceil(whole.orders.size / _MAX_ORDERS)
    columns = math.ceil(whole.times_s.size / _MAX_COLUMNS)
    row_starts = np.arange(0, whole.orders.size, rows)
    column_starts = np.arange(0, whole.times_s.size, columns)
    amplitudes = np.maximum.reduceat(whole.amplitudes, row_starts, axis=0)
    amplitudes = np.maximum.reduceat(amplitudes, column_starts, axis=1)
    return OrderMap(
        _middles(whole.orders, row_starts),
        _middles(whole.times_s, column_starts),
        _middles(whole.speeds_hz, column_starts),
        amplitudes,
        whole.resolution_orders,
    )


def _middles(values: FloatArray, starts: npt.NDArray[np.int64]) -> FloatArray:
    counts = np.diff(np.append(starts, values.size))
    return np.asarray(np.add.reduceat(values, starts) / counts)


def _to_db(amplitudes: FloatArray) -> FloatArray:
    """Levels; nothing lies more than 120 dB below the highest."""
    top = float(amplitudes.max())
    floor = max(top * 10.0 ** (-_FLOOR_DB / 20.0), np.finfo(float).tiny)
    return np.asarray(20.0 * np.log10(np.maximum(amplitudes, floor)))


def build_synchronous_average(
    stretch: SpectralStretch, *, shaft_speed_rpm: float | None, n_turns: int, ratio: float, max_order: float
) -> dict[str, Any]:
    """Return the time-synchronous average over a number of turns."""
    found = find_angle(stretch, shaft_speed_rpm, tracked=True)
    average = compute_synchronous_average(
        stretch.samples,
        stretch.signal.sample_rate_hz,
        found.angle,
        n_turns=n_turns,
        ratio=ratio,
        max_order=max_order,
    )
    speed = describe_angle(found)
    step = math.ceil(average.values.size / MAX_POINTS)
    return {
        **stretch.description,
        **speed,
        "note": join_notes(stretch.description["note"], speed["note"]),
        "angle_turns": shorten(average.angle_turns[::step]),
        "values": shorten(average.values[::step]),
        "n_averages": average.n_averages,
        "n_turns": n_turns,
        "ratio": ratio,
        "synchronous_rms": average.synchronous_rms,
        "residual_rms": average.residual_rms,
    }
