"""The lines to look for in a signal's spectra, and what is missing to know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.signal.bearings import FaultOrders
from core.signal.fault_lines import (
    DEFAULT_SLIP,
    FaultLine,
    LineFamily,
    LineKind,
    find_motor_slip,
    list_coincidences,
    list_fault_lines,
)
from database.connection import get_db_session
from models.recording import Signal
from services.datasets.bearings import resolve_bearing
from services.datasets.entered_bearings import load_entries
from services.signals.machines import MachineDetails, build_facts, read_details
from utils.exceptions import InvalidInputError

_MAX_HARMONICS = 20
_KINDS = frozenset([*LineFamily, *LineKind])


def build_fault_lines(
    signal: Signal,
    *,
    shaft_speed_rpm: float | None,
    bearing: str | None,
    geometry: str | None,
    orders: str | None,
    max_hz: float | None,
    n_harmonics: int,
    slip: float = DEFAULT_SLIP,
    kinds: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the lines of a signal's machine and bearing, or of a bearing that is named instead.

    Raises:
        InvalidInputError: A speed, geometry, orders, slip or kind that can't be.
    """
    if not 1 <= n_harmonics <= _MAX_HARMONICS:
        raise InvalidInputError(f"Ask for 1 to {_MAX_HARMONICS} harmonics.")
    _check_kinds(kinds)
    speed_rpm = shaft_speed_rpm if shaft_speed_rpm is not None else signal.recording.shaft_speed_rpm
    name, known, origin = _find_orders(signal, bearing, geometry, orders)
    details = read_details(signal.recording.machine)
    shaft_hz = None if speed_rpm is None else speed_rpm / 60.0
    limit_hz = signal.sample_rate_hz / 2 if max_hz is None else min(max_hz, signal.sample_rate_hz / 2)
    if bearing or geometry or orders:  # named for this view, whatever the machine's own bearings are
        details = details.model_copy(update={"bearing_type": "rolling"})
    facts = build_facts(details, None if known is None else FaultOrders(**known))
    lines = list_fault_lines(facts, shaft_hz, limit_hz, n_harmonics=n_harmonics, slip=slip)
    shown = [line for line in lines if kinds is None or {line.kind, line.family} & set(kinds)]
    return {
        "lines": _describe(shown),
        "shaft_frequency_hz": shaft_hz,
        "speed_origin": _speed_origin(shaft_speed_rpm, speed_rpm),
        "bearing": name,
        "orders": known,
        "orders_origin": origin,
        "source": origin,
        "slip": slip,
        "missing": _list_missing(shaft_hz, name, known, details),
        "coincidences": list_coincidences(shown),
    }


def _check_kinds(kinds: Sequence[str] | None) -> None:
    unknown = sorted(set(kinds or ()) - _KINDS)
    if unknown:
        raise InvalidInputError(
            f"There is no kind of line '{unknown[0]}'. Kinds: {', '.join(sorted(_KINDS))}."
        )


def _describe(lines: Sequence[FaultLine]) -> list[dict[str, Any]]:
    """Return each line as plain data, with how many harmonics of its name there are."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.name] = counts.get(line.name, 0) + 1
    return [
        {
            **asdict(line),
            "family": line.family.value,
            "kind": line.kind.value,
            "harmonics": counts[line.name],
            "falls_on": list(line.falls_on),
        }
        for line in lines
    ]


def _list_missing(
    shaft_hz: float | None, name: str | None, known: dict[str, float] | None, details: MachineDetails
) -> list[str]:
    missing = []
    if shaft_hz is None:
        missing.append("The shaft speed of this recording is not known. Give it in rpm to see the lines.")
    if known is None and details.bearing_type != "journal":
        what = f"The geometry of bearing {name}" if name else "The bearing of this signal"
        missing.append(f"{what} is not known. Give its geometry or orders to see its fault lines.")
    if shaft_hz is not None and details.line_frequency_hz and details.n_poles:
        slip = find_motor_slip(shaft_hz, details.line_frequency_hz, details.n_poles)
        if slip is None:
            missing.append(
                f"A speed of {60.0 * shaft_hz:.6g} rpm does not fit a motor of {details.n_poles} poles at "
                f"{details.line_frequency_hz:g} Hz, so its pole-pass lines are not shown."
            )
    return missing


def _find_orders(
    signal: Signal, bearing: str | None, geometry: str | None, orders: str | None
) -> tuple[str | None, dict[str, float] | None, str | None]:
    with get_db_session(read_only=True) as session:
        entered = load_entries(session)
    named = resolve_bearing(bearing, geometry, orders, entered=entered)
    if named is not None:
        return named.designation, named.orders, named.source
    if signal.bearing is None:
        return None, None, None
    if signal.bearing.orders is not None:
        return signal.bearing.designation, signal.bearing.orders, signal.bearing.orders_source
    # Its geometry may have been entered since the recording came in.
    known = resolve_bearing(signal.bearing.designation, entered=entered)
    return (
        signal.bearing.designation,
        known.orders if known else None,
        known.source if known else None,
    )


def _speed_origin(given: float | None, used: float | None) -> str | None:
    if used is None:
        return None
    return "given" if given is not None else "recording"
