"""What a person says of the recording that is to be diagnosed, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.signal.bearings import FAULT_ORDER_NAMES, compute_fault_orders, parse_geometry, parse_orders
from services.shared.texts import check_text
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

MACHINE_KINDS = ("rolling", "journal")
_MAX_RATE_HZ = 10_000_000.0
_MAX_SPEED_RPM = 1_000_000.0
_MAX_TEXT = 200
# In the order in which they are written.
_NAMES = ("n", "d", "D", "phi", *FAULT_ORDER_NAMES)


def check_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known, geometry and orders in their text form.

    Raises:
        SignalError: ``sample_rate_invalid``.
        InvalidInputError: Another value that can't be; the sentence says how it is given.
    """
    known = {name: value for name, value in facts.items() if value is not None and value != ""}
    for name in ("geometry", "orders"):
        if name in known:
            known[name] = _write(known[name])
    check_text(known, "request")
    _check_numbers(known)
    kind = known.get("machine_kind")
    if kind is not None and kind not in MACHINE_KINDS:
        raise InvalidInputError(f"The machine's bearings are {' or '.join(MACHINE_KINDS)}, not '{kind}'.")
    _check_bearing(known)
    return known


def _write(value: Any) -> str:
    """Return the text form of a geometry or of orders, the same one however names and numbers came."""
    if isinstance(value, Mapping):
        ranked = sorted(value, key=lambda name: (_NAMES.index(name) if name in _NAMES else len(_NAMES), name))
        return ",".join(f"{name}={value[name]:.10g}" for name in ranked)
    return str(value).strip()[:_MAX_TEXT]


def _check_numbers(known: Mapping[str, Any]) -> None:
    rate_hz, speed_rpm = known.get("sample_rate_hz"), known.get("shaft_speed_rpm")
    if rate_hz is not None and not 1.0 <= float(rate_hz) <= _MAX_RATE_HZ:
        raise SignalError(
            f"A sample rate of {float(rate_hz):g} Hz is not possible; give hertz, for example 12000.",
            code=ErrorCode.SAMPLE_RATE_INVALID,
        )
    if speed_rpm is not None and not 0.0 < float(speed_rpm) <= _MAX_SPEED_RPM:
        raise InvalidInputError("The shaft speed is given in rpm, above 0, for example 1797.")


def _check_bearing(known: Mapping[str, Any]) -> None:
    geometry, orders = known.get("geometry"), known.get("orders")
    if geometry is not None and orders is not None:
        raise InvalidInputError("Give the bearing's geometry or its fault orders, not both.")
    if known.get("machine_kind") == "journal" and (geometry or orders):
        raise InvalidInputError("A journal bearing has no rolling elements: leave geometry and orders out.")
    if geometry is not None:
        compute_fault_orders(parse_geometry(geometry))
    if orders is not None:
        parse_orders(orders)
