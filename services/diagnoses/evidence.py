"""Read the physical evidence of a recording: which bearings, what is known of them, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from core.evidence.findings import Evidence
from core.evidence.gathering import choose_gatherer
from core.evidence.recording_check import RecordingCheck
from core.evidence.sanity import check_recording
from core.evidence.stated_rate import check_stated_rate
from services.experiments.given import GivenSignal
from services.experiments.machine_kind import JOURNAL, find_machine_kind
from utils.exceptions import SignalError

_KIND_UNKNOWN = (
    "It is not known which bearings the machine has. Give the designation, the geometry or the fault orders "
    "of a rolling bearing, or say that it is a journal bearing."
)
_SPEED_UNKNOWN = "The shaft speed is unknown, and fault lines follow from it. Give it in rpm."


@dataclass(frozen=True, slots=True)
class Reading:
    """What the lines say, or why nothing could be read.

    Attributes:
        machine_kind: ``rolling`` or ``journal``; None where that is unknown.
        evidence: None where nothing could be read.
        missing: Why not; empty otherwise.
        check: What speaks against this being a recording of a machine.
        gather: Reads the same evidence at another sample rate; None where there is none.
    """

    machine_kind: str | None
    evidence: Evidence | None
    missing: str
    check: RecordingCheck
    gather: Callable[[float], Evidence] | None = None

    def doubt_rate(self, sample_rate_hz: float) -> RecordingCheck:
        """Return whether the lines fit another sample rate better; only asked before a class is named."""
        if self.evidence is None or self.gather is None:
            return self.check
        return check_stated_rate(self.evidence, self.gather, sample_rate_hz)


def read_evidence(given: GivenSignal, class_names: Collection[str] = ()) -> Reading:
    """Read what the lines of a recording say.

    Args:
        given: The recording and what is known of it.
        class_names: Of the classifier that is asked too; they tell the kind where nothing else does.
    """
    kind = find_machine_kind(given, class_names)
    check = check_recording(given.values, given.sample_rate_hz)
    if not check.is_passed:
        return Reading(kind, None, check.reason, check)
    missing = _find_missing(given, kind)
    if missing:
        return Reading(kind, None, missing, check)
    gather = choose_gatherer(kind or JOURNAL, given.values, get_shaft_hz(given), given.fault_orders)
    assert gather is not None  # noqa: S101 -- nothing is missing
    try:
        evidence = gather(given.sample_rate_hz)
    except SignalError as error:
        return Reading(kind, None, error.sentence, check)
    return Reading(kind, evidence, "", check, gather)


def _find_missing(given: GivenSignal, kind: str | None) -> str:
    if kind is None:
        return _KIND_UNKNOWN
    if kind == JOURNAL:
        return ""
    if given.fault_orders is None and given.bearing is None:
        return "The bearing is unknown. Give its designation, its geometry or its fault orders."
    if given.fault_orders is None:
        return (
            f"The fault orders of the bearing '{given.bearing}' are unknown. Give its geometry or its fault "
            "orders, or enter it among the bearings."
        )
    return _SPEED_UNKNOWN if get_shaft_hz(given) is None else ""


def get_shaft_hz(given: GivenSignal) -> float | None:
    """Return the shaft frequency in Hz; a speed of 0 entered with a recording says as little as none."""
    speed_rpm = given.shaft_speed_rpm
    return speed_rpm / 60.0 if speed_rpm is not None and speed_rpm > 0.0 else None
