"""Fault orders of a bearing: as given, from its geometry, or from the catalogue; else unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from core.signal.bearings import (
    FAULT_ORDER_NAMES,
    BearingEntry,
    FaultOrders,
    compute_fault_orders,
    find_bearing,
    parse_geometry,
    parse_orders,
)
from models.machine import Bearing

_MAX_SOURCE = 300


@dataclass(frozen=True, slots=True)
class BearingOrders:
    """A bearing's name, its fault orders where they are known, and where they come from."""

    designation: str
    orders: dict[str, float] | None
    source: str | None


def resolve_bearing(
    designation: str | None,
    geometry: str | None = None,
    orders: str | None = None,
    *,
    entered: Sequence[BearingEntry] = (),
) -> BearingOrders | None:
    """Find a bearing's fault orders, by name among ``entered`` ones too; None where no bearing is named.

    Raises:
        InvalidInputError: Geometry or orders are not of their form (the sentence shows it).
    """
    name = designation or geometry or orders
    if name is None:
        return None
    if orders:
        return BearingOrders(name, asdict(parse_orders(orders)), "orders as given")
    if geometry:
        computed = asdict(compute_fault_orders(parse_geometry(geometry)))
        return BearingOrders(name, computed, f"from the geometry {geometry}"[:_MAX_SOURCE])
    entry = find_bearing(name, entered)
    if entry is None:
        return BearingOrders(name, None, None)
    origin = "entered" if entry in entered else "catalogue"
    return BearingOrders(name, asdict(entry.orders), f"{origin}: {entry.source}"[:_MAX_SOURCE])


def find_fault_orders(bearing: Bearing | None, entered: Sequence[BearingEntry] = ()) -> FaultOrders | None:
    """Return a bearing's fault orders: as it came with, else by its name; None where not known."""
    if bearing is None:
        return None
    known = bearing.orders
    if known is None:  # its geometry may have been entered since the recording came in
        return name_fault_orders(bearing.designation, entered)
    return FaultOrders(**{name: float(known[name]) for name in FAULT_ORDER_NAMES})


def name_fault_orders(designation: str, entered: Sequence[BearingEntry] = ()) -> FaultOrders | None:
    """Return the fault orders that a designation stands for; None where it is not known."""
    entry = find_bearing(designation, entered)
    return entry.orders if entry else None
