"""The recording that a diagnosis is asked for: stored, from a file, or sent as samples."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.datasets.isolated import IsolatedReader
from core.datasets.readers.base import FilePreview, VariablePreview
from core.datasets.store import hash_signal
from core.signal.bearings import BearingEntry, FaultOrders
from core.signal.quality import QualitySeverity, assess_quality, check_usable
from dashboard_config import get_settings
from database.connection import get_db_session
from models.recording import Recording, Signal
from services.datasets.bearings import find_fault_orders, resolve_bearing
from services.datasets.entered_bearings import load_entries
from services.datasets.rows import show_as_edited
from services.datasets.sources import SourceFile
from services.shared.signal_store import load_samples
from utils.exceptions import ErrorCode, NotFoundError, SignalError

_MAX_LISTED = 8


@dataclass(frozen=True, slots=True)
class GivenSignal:
    """The recording to judge: its samples and what is known of it."""

    name: str
    values: NDArray[np.float32]
    sample_rate_hz: float
    channel: str | None = None
    shaft_speed_rpm: float | None = None
    machine: str | None = None
    bearing: str | None = None
    unit: str | None = None
    load: str | None = None
    signal_id: int | None = None
    dataset_id: int | None = None
    fault_orders: FaultOrders | None = None
    orders_source: str | None = None
    machine_kind: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of the samples, as the store names signals."""
        return hash_signal(self.values)


def rate_missing(what: str) -> SignalError:
    """Return the error of a recording without a sample rate; ``what`` begins its sentence."""
    return SignalError(f"{what}. Give it in hertz; it is never guessed.", code=ErrorCode.SAMPLE_RATE_MISSING)


def read_stored(signal_id: int) -> GivenSignal:
    """Return a stored signal with what its recording says."""
    with get_db_session(read_only=True) as session:
        signal = session.scalar(
            select(Signal)
            .where(Signal.id == signal_id)
            .options(joinedload(Signal.recording).joinedload(Recording.machine), joinedload(Signal.bearing))
        )
        if signal is None:
            raise NotFoundError("The signal has been deleted.")
        show_as_edited(session, [signal])
        fault_orders = find_fault_orders(signal.bearing, load_entries(session))
    recording = signal.recording
    return GivenSignal(
        name=f"{recording.name} ({signal.channel})",
        values=load_samples(signal),
        sample_rate_hz=signal.sample_rate_hz,
        channel=signal.channel,
        shaft_speed_rpm=recording.shaft_speed_rpm,
        machine=recording.machine.name if recording.machine else None,
        bearing=signal.bearing.designation if signal.bearing else None,
        unit=signal.unit,
        load=recording.load,
        signal_id=signal.id,
        dataset_id=recording.dataset_id,
        fault_orders=fault_orders,
        orders_source=signal.bearing.orders_source if signal.bearing else None,
        machine_kind=((recording.machine and recording.machine.details) or {}).get("bearing_type"),
    )


def read_file(found: SourceFile, facts: Mapping[str, Any]) -> GivenSignal:
    """Read a file from outside in the limited reader process."""
    settings = get_settings()
    with (
        tempfile.TemporaryDirectory(prefix="pfd-diagnose-") as folder,
        IsolatedReader(memory_bytes=settings.reader_memory_bytes) as reader,
    ):
        preview = reader.preview(found.path, found.name)
        variable = choose_variable(preview, facts.get("variable") or facts.get("channel"), found.name)
        sample_rate_hz = _choose_rate(variable, facts, found.name)
        out = Path(folder) / "signal.f32"
        reader.read(found.path, variable.name, out, found.name)
        values = np.fromfile(out, dtype=np.float32)
    check_usable(values)
    declared = variable.attributes
    return GivenSignal(
        name=found.name,
        values=values,
        sample_rate_hz=sample_rate_hz,
        channel=variable.name,
        shaft_speed_rpm=_as_number(declared.get("shaft_speed_rpm")),
        machine=_as_text(declared.get("machine")),
        bearing=_as_text(declared.get("bearing")),
        unit=variable.unit,
    )


def choose_variable(preview: FilePreview, wanted: str | None, file_name: str) -> VariablePreview:
    """Return the variable that ``wanted`` names (whole, by glob or as a part), or a file's only one.

    Raises
    ------
    SignalError
        ``no_usable_vector`` with the names there are.
    """
    usable = [variable for variable in preview.variables if variable.n_samples > 0]
    if not usable:
        raise SignalError(
            f"{file_name} holds no signal: no variable with samples was found.",
            code=ErrorCode.NO_USABLE_VECTOR,
        )
    if wanted is None and len(usable) == 1:
        return usable[0]
    names = ", ".join(variable.name for variable in usable[:_MAX_LISTED])
    if wanted is None:
        raise SignalError(
            f"{file_name} holds several signals; name one of them: {names}.",
            code=ErrorCode.NO_USABLE_VECTOR,
        )
    found = _match(usable, wanted)
    if len(found) != 1:
        problem = "no signal" if not found else f"{len(found)} signals"
        raise SignalError(
            f"'{wanted}' names {problem} in {file_name}. It holds: {names}.",
            code=ErrorCode.NO_USABLE_VECTOR,
        )
    return found[0]


def _match(usable: list[VariablePreview], wanted: str) -> list[VariablePreview]:
    for fits in (
        lambda name: name == wanted,
        lambda name: fnmatchcase(name, wanted),
        lambda name: wanted.lower() in name.lower().replace("/", "_").split("_"),
    ):
        found = [variable for variable in usable if fits(variable.name)]
        if found:
            return found
    return []


def check_rate(given: Any, declared: float | None, name: str) -> None:
    """Refuse a sample rate that contradicts what the recording says of itself."""
    if given is not None and declared is not None and abs(float(given) - declared) > 1e-6 * declared:
        raise SignalError(
            f"{name} says {declared:g} Hz, but {float(given):g} Hz was given. Leave the sample rate "
            "out, or correct the recording.",
            code=ErrorCode.SAMPLE_RATE_INVALID,
        )


def _choose_rate(variable: VariablePreview, facts: Mapping[str, Any], file_name: str) -> float:
    given, declared = facts.get("sample_rate_hz"), variable.sample_rate_hz
    if given is None and declared is None:
        raise rate_missing(f"{file_name} does not say its sample rate")
    check_rate(given, declared, file_name)
    return float(given if given is not None else declared)  # type: ignore[arg-type]  # one of them is there


def complete(
    given: GivenSignal, facts: Mapping[str, Any], entered: Sequence[BearingEntry] = ()
) -> GivenSignal:
    """Fill in what the person said about the recording; what they said wins over what is stored."""
    speed_rpm = facts.get("shaft_speed_rpm")
    said = replace(
        given,
        shaft_speed_rpm=float(speed_rpm) if speed_rpm is not None else given.shaft_speed_rpm,
        machine=facts.get("machine") or given.machine,
        machine_kind=facts.get("machine_kind") or given.machine_kind,
    )
    return _name_bearing(said, facts, entered)


def _name_bearing(
    given: GivenSignal, facts: Mapping[str, Any], entered: Sequence[BearingEntry]
) -> GivenSignal:
    """Find the fault orders: as given, from geometry or name, else those stored with the recording."""
    geometry, orders, bearing = (facts.get(name) for name in ("geometry", "orders", "bearing"))
    is_stored = geometry is None and orders is None and bearing in (None, given.bearing)
    if is_stored and given.fault_orders is not None:
        return given
    found = resolve_bearing(bearing or given.bearing, geometry, orders, entered=entered)
    if found is None:
        return given
    return replace(
        given,
        bearing=found.designation,
        fault_orders=FaultOrders(**found.orders) if found.orders else None,
        orders_source=found.source,
    )


def list_quality_sentences(given: GivenSignal) -> list[str]:
    """Return what is wrong with the measurement itself.

    Raises
    ------
    SignalError
        ``empty_signal``: it never changes, so that every answer would be about nothing.
    """
    flags = assess_quality(given.values, given.sample_rate_hz)
    for flag in flags:
        if flag.severity is QualitySeverity.ERROR:
            raise SignalError(f"{flag.sentence} There is nothing to diagnose.", code=ErrorCode.EMPTY_SIGNAL)
    return [flag.sentence for flag in flags if flag.severity is QualitySeverity.WARNING]


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_text(value: Any) -> str | None:
    return str(value) if value else None
