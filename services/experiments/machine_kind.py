"""Which bearings the machine of a recording has: decided here for diagnoses and explanations alike."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from core.evidence.gathering import MachineKind
from services.experiments.given import GivenSignal
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS, ROLLING_FAULT_CLASSES

ROLLING: Final[MachineKind] = "rolling"
JOURNAL: Final[MachineKind] = "journal"


def find_machine_kind(given: GivenSignal, class_names: Collection[str] = ()) -> MachineKind | None:
    """Return the kind of bearings: as said or stored, by known orders, else by a classifier's classes."""
    if given.machine_kind is not None:
        return JOURNAL if given.machine_kind == JOURNAL else ROLLING
    if given.fault_orders is not None:
        return ROLLING
    told = tell_machine_kind(class_names)
    return ROLLING if told is None and given.bearing is not None else told


def tell_machine_kind(class_names: Collection[str]) -> MachineKind | None:
    """Return the kind of bearings whose faults a classifier names; None where they are neither's.

    >>> tell_machine_kind(["healthy", "oil_whirl"])
    'journal'
    """
    faults = set(class_names) - {HEALTHY_CLASS}
    if faults and faults <= set(ROLLING_FAULT_CLASSES):
        return ROLLING
    return JOURNAL if faults and faults <= set(FAULT_CLASSES) else None
