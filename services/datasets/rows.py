"""The signals of a dataset version, as rows that leave the services.

What a version says otherwise than the recording (`ManifestRow.edits`) is applied here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.machine import Bearing, Machine, MeasurementPoint
from models.recording import Recording, Signal
from services.shared.batches import split_batches
from utils.clock import to_iso
from utils.exceptions import NotFoundError

UNLABELLED = "unlabelled"
# What a filter says for "has none".
NO_VALUE = "(none)"

Row = dict[str, Any]

_COLUMNS: dict[str, Any] = {
    "signal_id": Signal.id,
    "recording_id": Recording.id,
    "recording": Recording.name,
    "dataset_id": Recording.dataset_id,
    "channel": Signal.channel,
    "measurement_point": MeasurementPoint.name,
    "machine": Machine.name,
    "bearing": Bearing.designation,
    "unit": Signal.unit,
    "sample_rate_hz": Signal.sample_rate_hz,
    "n_samples": Signal.n_samples,
    "shaft_speed_rpm": Recording.shaft_speed_rpm,
    "load": Recording.load,
    "fault_class": ManifestRow.fault_class,
    "severity": ManifestRow.severity,
    "group": ManifestRow.physical_bearing,
    "given_part": ManifestRow.given_part,
    "source_file": Recording.source_file,
    "acquired_at": Recording.acquired_at,
    "sha256": Signal.sha256,
    "quality": Signal.quality,
    "edits": ManifestRow.edits,
}
# Fields that a version may state otherwise than the recording and signal rows; the first ones are the
# recording's, so that all its signals share them.
RECORDING_FIELDS = ("machine", "shaft_speed_rpm", "load")
SIGNAL_FIELDS = ("unit", "bearing", "measurement_point")
LABEL_FIELDS = ("fault_class", "severity", "group")
_STREAMED = 1_000
# Reading so many bytes of samples takes a second or two; more is left to a job.
INLINE_BYTES = 200_000_000


def find_dataset(session: Session, dataset_id: int) -> Dataset:
    """Return a dataset's row.

    Raises:
        NotFoundError: There is none.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFoundError("There is no such dataset.")
    return dataset


def find_version(session: Session, dataset_id: int, number: int | None = None) -> DatasetVersion:
    """Return a version's row, by default the newest.

    Raises:
        NotFoundError: There is none.
    """
    chosen = select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id)
    if number is not None:
        chosen = chosen.where(DatasetVersion.number == number)
    version = session.scalars(chosen.order_by(DatasetVersion.number.desc()).limit(1)).first()
    if version is None:
        raise NotFoundError(
            "There is no such dataset." if number is None else f"There is no version {number}."
        )
    return version


def is_large(version: DatasetVersion) -> bool:
    """Tell whether a version holds more samples than somebody should wait for to be read."""
    n_bytes = version.summary.get("n_bytes")
    return n_bytes is None or n_bytes > INLINE_BYTES


def select_rows(version_id: int) -> Select[Any]:
    """Build the query over the signals of one version; its columns are what `describe_row` takes."""
    return (
        select(*(column.label(name) for name, column in _COLUMNS.items()))
        .select_from(ManifestRow)
        .join(Signal, Signal.id == ManifestRow.signal_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .outerjoin(Machine, Machine.id == Recording.machine_id)
        .outerjoin(MeasurementPoint, MeasurementPoint.id == Signal.measurement_point_id)
        .outerjoin(Bearing, Bearing.id == Signal.bearing_id)
        .where(ManifestRow.dataset_version_id == version_id)
    )


def describe_row(row: Mapping[Any, Any]) -> Row:
    """Return a signal's row as plain data, as its version sees it; ``edited`` names what was changed."""
    described = dict(row)
    edits = described.pop("edits") or {}
    described |= edits
    described["edited"] = sorted(edits)
    described["acquired_at"] = to_iso(described["acquired_at"])
    described["duration_s"] = described["n_samples"] / described["sample_rate_hz"]
    return described


def load_rows(session: Session, version_id: int, *, recording_id: int | None = None) -> list[Row]:
    """Return the signals of a version, or of one of its recordings, by recording and channel."""
    chosen = select_rows(version_id).order_by(Recording.name, Signal.channel)
    if recording_id is not None:
        chosen = chosen.where(Recording.id == recording_id)
    return [describe_row(row) for row in session.execute(chosen).mappings()]


def load_rows_by_id(session: Session, version_id: int, signal_ids: Sequence[int]) -> list[Row]:
    """Return these signals of a version, in the order of their ids here."""
    found: dict[int, Row] = {}
    for batch in split_batches(signal_ids):
        chosen = select_rows(version_id).where(ManifestRow.signal_id.in_(batch))
        found |= {row["signal_id"]: describe_row(row) for row in session.execute(chosen).mappings()}
    return [found[signal_id] for signal_id in signal_ids if signal_id in found]


def iterate_rows(session: Session, version_id: int) -> Iterator[Row]:
    """Yield the signals of a version in the order of their hashes; memory does not grow with their number."""
    chosen = select_rows(version_id).order_by(Signal.sha256, Signal.id)
    streamed = session.execute(chosen.execution_options(yield_per=_STREAMED)).mappings()
    for row in streamed:
        yield describe_row(row)


def find_bearing_row(session: Session, machine: str | None, designation: str) -> Bearing | None:
    """Return the bearing that a machine has under this name."""
    chosen = select(Bearing).outerjoin(Machine, Machine.id == Bearing.machine_id)
    found: Bearing | None = session.scalar(
        chosen.where(Bearing.designation == designation, Machine.name.is_not_distinct_from(machine))
    )
    return found


def show_as_edited(session: Session, signals: Iterable[Signal], version_id: int | None = None) -> None:
    """Let loaded signals and their recordings say what a version says, by default the newest with them.

    What is set here is for reading: the session takes it for stored and never writes it.
    """
    by_id = {signal.id: signal for signal in signals}
    for batch in split_batches(list(by_id)):
        chosen = select(ManifestRow.signal_id, ManifestRow.edits).where(ManifestRow.signal_id.in_(batch))
        if version_id is not None:
            chosen = chosen.where(ManifestRow.dataset_version_id == version_id)
        rows = session.execute(chosen.order_by(ManifestRow.dataset_version_id))
        newest: dict[int, Any] = {row[0]: row[1] for row in rows}
        for signal_id, edits in newest.items():
            if edits:
                _set_edits(session, by_id[signal_id], edits)


def _set_edits(session: Session, signal: Signal, edits: Mapping[str, Any]) -> None:
    recording = signal.recording
    for name in ("shaft_speed_rpm", "load"):
        if name in edits:
            set_committed_value(recording, name, edits[name])
    if "unit" in edits:
        set_committed_value(signal, "unit", edits["unit"])
    if "machine" in edits:
        machine = session.scalar(select(Machine).where(Machine.name == edits["machine"]))
        set_committed_value(recording, "machine", machine)
        set_committed_value(recording, "machine_id", machine.id if machine else None)
    if "bearing" in edits or "machine" in edits:
        _set_bearing(session, signal, edits)
    if "measurement_point" in edits:
        name = edits["measurement_point"]
        point = None if name is None else MeasurementPoint(name=name)
        set_committed_value(signal, "measurement_point", point)


def _set_bearing(session: Session, signal: Signal, edits: Mapping[str, Any]) -> None:
    """The bearing of that name on the machine as it is called now; it keeps its orders."""
    own = None if signal.bearing_id is None else session.get(Bearing, signal.bearing_id)
    designation = edits.get("bearing", own.designation if own else None)
    if designation is None:
        found = None
    else:
        machine = edits["machine"] if "machine" in edits else _name_machine(session, signal)
        found = find_bearing_row(session, machine, designation)
        if found is None and "bearing" not in edits:
            found = own
    set_committed_value(signal, "bearing", found)
    set_committed_value(signal, "bearing_id", found.id if found else None)


def _name_machine(session: Session, signal: Signal) -> str | None:
    machine_id = signal.recording.machine_id
    machine = None if machine_id is None else session.get(Machine, machine_id)
    return machine.name if machine else None
