"""The lines to look for in a signal's spectra, and what is missing to know them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.signal.bearings import FaultOrders, list_fault_lines
from models.recording import Signal
from services.datasets.bearings import resolve_bearing
from utils.exceptions import InvalidInputError

_MAX_HARMONICS = 20


def build_fault_lines(
    signal: Signal,
    *,
    shaft_speed_rpm: float | None,
    bearing: str | None,
    geometry: str | None,
    orders: str | None,
    max_hz: float | None,
    n_harmonics: int,
) -> dict[str, Any]:
    """Return the lines of a signal's bearing, or of one that is named instead.

    Raises:
        InvalidInputError: A speed, geometry or orders that can't be.
    """
    if not 1 <= n_harmonics <= _MAX_HARMONICS:
        raise InvalidInputError(f"Ask for 1 to {_MAX_HARMONICS} harmonics.")
    speed_rpm = shaft_speed_rpm if shaft_speed_rpm is not None else signal.recording.shaft_speed_rpm
    name, known, origin = _find_orders(signal, bearing, geometry, orders)
    missing = []
    if speed_rpm is None:
        missing.append("The shaft speed of this recording is not known. Give it in rpm to see the lines.")
    if known is None:
        what = f"The geometry of bearing {name}" if name else "The bearing of this signal"
        missing.append(f"{what} is not known. Give its geometry or orders to see its fault lines.")
    shaft_hz = None if speed_rpm is None else speed_rpm / 60.0
    limit_hz = signal.sample_rate_hz / 2 if max_hz is None else min(max_hz, signal.sample_rate_hz / 2)
    fault_orders = None if known is None else FaultOrders(**known)
    lines = [] if shaft_hz is None else list_fault_lines(fault_orders, shaft_hz, limit_hz, n_harmonics)
    return {
        "lines": [{**asdict(line), "kind": line.kind.value} for line in lines],
        "shaft_frequency_hz": shaft_hz,
        "speed_origin": _speed_origin(shaft_speed_rpm, speed_rpm),
        "bearing": name,
        "orders": known,
        "orders_origin": origin,
        "missing": missing,
    }


def _find_orders(
    signal: Signal, bearing: str | None, geometry: str | None, orders: str | None
) -> tuple[str | None, dict[str, float] | None, str | None]:
    named = resolve_bearing(bearing, geometry, orders)
    if named is not None:
        return named.designation, named.orders, named.source
    if signal.bearing is None:
        return None, None, None
    return signal.bearing.designation, signal.bearing.orders, signal.bearing.orders_source


def _speed_origin(given: float | None, used: float | None) -> str | None:
    if used is None:
        return None
    return "given" if given is not None else "recording"
