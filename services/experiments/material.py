"""Which signals an experiment trains and is judged on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.signal.bearings import FaultOrders
from core.training.signals import LabelledSignal
from models.dataset import ManifestRow
from models.experiment import Experiment
from models.recording import Recording, Signal
from models.split import Split, SplitMember
from services.datasets.bearings import find_fault_orders
from services.datasets.entered_bearings import load_entries
from services.datasets.rows import show_as_edited
from services.shared.signal_store import load_samples
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES
from utils.exceptions import ErrorCode, InvalidInputError

PARTS = ("train", "validation", "test")
_KNOWN_ORDER = {
    name: rank for rank, name in enumerate(dict.fromkeys((*ROLLING_FAULT_CLASSES, *FAULT_CLASSES)))
}


class GivenRecording(Protocol):
    """What a recording to judge is recognised by."""

    @property
    def signal_id(self) -> int | None:
        """Its row, where it is stored."""

    @property
    def sha256(self) -> str:
        """The hash of its samples."""


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One labelled signal of a split."""

    signal: Signal
    fault_class: str
    physical_bearing: str | None
    part: str
    fault_orders: FaultOrders | None

    @property
    def recording(self) -> Recording:
        """The acquisition it is a channel of."""
        return self.signal.recording

    def describe(self) -> str:
        """Name the signal in a sentence."""
        return f"{self.recording.name} ({self.signal.channel})"


def load_material(session: Session, split: Split, channel: str | None) -> list[MaterialRow]:
    """Return the labelled signals of a split in a fixed order; ``channel`` None means every channel.

    Signals without a label are left out: nothing can be learned from them, and nothing judged.
    """
    chosen = (
        select(Signal, ManifestRow.fault_class, ManifestRow.physical_bearing, SplitMember.part)
        .join(SplitMember, SplitMember.signal_id == Signal.id)
        .join(
            ManifestRow,
            (ManifestRow.signal_id == Signal.id)
            & (ManifestRow.dataset_version_id == split.dataset_version_id),
        )
        .where(SplitMember.split_id == split.id, ManifestRow.fault_class.is_not(None))
        .options(
            joinedload(Signal.recording).joinedload(Recording.machine),
            joinedload(Signal.bearing),
        )
        .order_by(Signal.id)
    )
    if channel is not None:
        chosen = chosen.where(Signal.channel == channel)
    entered = load_entries(session)
    rows = [
        MaterialRow(signal, fault_class, physical_bearing, part, find_fault_orders(signal.bearing, entered))
        for signal, fault_class, physical_bearing, part in session.execute(chosen).unique()
        if fault_class is not None
    ]
    show_as_edited(session, [row.signal for row in rows], split.dataset_version_id)
    return rows


def find_learned_part(session: Session, experiment: Experiment, recording: GivenRecording) -> str | None:
    """Return the part, train or validation, in which an experiment saw a recording; None where in neither.

    A recording is recognised by its samples, whatever it is called, and a stored one also by its other
    channels.
    """
    same_recording = select(Signal.recording_id).where(Signal.id == recording.signal_id)
    chosen = (
        select(SplitMember.part)
        .join(Signal, Signal.id == SplitMember.signal_id)
        .where(
            SplitMember.split_id == experiment.split_id,
            SplitMember.part.in_(("train", "validation")),
            (SplitMember.signal_sha256 == recording.sha256) | Signal.recording_id.in_(same_recording),
        )
        .order_by(SplitMember.part)
        .limit(1)
    )
    if experiment.channel is not None:
        chosen = chosen.where(Signal.channel == experiment.channel)
    return session.scalar(chosen)


def list_class_names(rows: list[MaterialRow]) -> list[str]:
    """Return the classes of the training part: known ones in their usual order, others by name."""
    names = {row.fault_class for row in rows if row.part == "train"}
    return sorted(names, key=lambda name: (_KNOWN_ORDER.get(name, len(_KNOWN_ORDER)), name))


def check_material(rows: list[MaterialRow], options: dict[str, Any]) -> list[str]:
    """Return the class names, or raise the first reason why these signals can't train a classifier.

    Raises
    ------
    InvalidInputError
        ``class_without_training``, ``recording_too_short``, ``sample_rate_too_low``, or no signals at all.
    """
    if not any(row.part == "train" for row in rows):
        raise InvalidInputError(
            "The split's training part holds no labelled signal of this channel. Choose another channel, "
            "or label the recordings.",
            code=ErrorCode.CLASS_WITHOUT_TRAINING,
        )
    names = list_class_names(rows)
    missing = sorted({row.fault_class for row in rows} - set(names))
    if missing:
        raise InvalidInputError(
            f"The class {', '.join(missing)} has no training recording, but is judged. Make another split, "
            "or leave the class out.",
            code=ErrorCode.CLASS_WITHOUT_TRAINING,
        )
    if len(names) < 2:
        raise InvalidInputError(
            f"The training part holds the class {names[0]} only; a classifier needs two or more.",
            code=ErrorCode.CLASS_WITHOUT_TRAINING,
        )
    _check_lengths(rows, float(options["window_s"]))
    _check_rates(rows, choose_analysis_rate(rows, options))
    return names


def choose_analysis_rate(rows: list[MaterialRow], options: dict[str, Any]) -> float:
    """Return the rate that every signal is resampled to: the option, or the training part's lowest rate."""
    given = options.get("analysis_rate_hz")
    return float(given or min(row.signal.sample_rate_hz for row in rows if row.part == "train"))


def _check_lengths(rows: list[MaterialRow], window_s: float) -> None:
    short = [row for row in rows if row.signal.n_samples / row.signal.sample_rate_hz < window_s]
    if short:
        first = short[0]
        duration_s = first.signal.n_samples / first.signal.sample_rate_hz
        raise InvalidInputError(
            f"{_count(short)} shorter than one window of {window_s:g} s, for example {first.describe()} with "
            f"{duration_s:.3g} s. Choose a shorter window.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )


def _check_rates(rows: list[MaterialRow], analysis_rate_hz: float) -> None:
    low = [row for row in rows if row.signal.sample_rate_hz < analysis_rate_hz * (1 - 1e-9)]
    if low:
        first = low[0]
        raise InvalidInputError(
            f"{_count(low)} sampled below the analysis rate of {analysis_rate_hz:g} Hz, for example "
            f"{first.describe()} with {first.signal.sample_rate_hz:g} Hz. Choose a lower analysis rate.",
            code=ErrorCode.SAMPLE_RATE_TOO_LOW,
        )


def _count(rows: list[MaterialRow]) -> str:
    return f"{len(rows)} signals are" if len(rows) > 1 else "One signal is"


def build_labelled_signals(
    rows: list[MaterialRow], part: str, class_names: list[str]
) -> list[LabelledSignal]:
    """Return a part's signals as the training takes them; samples are read when they are needed."""
    return [
        LabelledSignal(
            signal_sha256=row.signal.sha256,
            recording_id=row.recording.id,
            channel=row.signal.channel,
            class_index=class_names.index(row.fault_class),
            sample_rate_hz=row.signal.sample_rate_hz,
            shaft_speed_rpm=row.recording.shaft_speed_rpm,
            load=lambda signal=row.signal: load_samples(signal),  # type: ignore[misc]  # binds this row
            fault_orders=row.fault_orders,
            n_samples=row.signal.n_samples,
        )
        for row in rows
        if row.part == part
    ]


def count_parts(rows: list[MaterialRow]) -> dict[str, dict[str, Any]]:
    """Return per part how many recordings and signals it has, by class."""
    return {
        part: {
            "n_signals": sum(row.part == part for row in rows),
            "n_recordings": len({row.recording.id for row in rows if row.part == part}),
            "classes": dict(Counter(row.fault_class for row in rows if row.part == part)),
        }
        for part in PARTS
    }


def describe_origin(rows: list[MaterialRow]) -> dict[str, Any]:
    """Return what a classifier trained on these signals has seen: machines, bearings, speeds, units."""
    seen = [row for row in rows if row.part in {"train", "validation"}]
    speeds = [row.recording.shaft_speed_rpm for row in seen if row.recording.shaft_speed_rpm is not None]
    return {
        "machines": sorted({row.recording.machine.name for row in seen if row.recording.machine}),
        "bearings": sorted({row.signal.bearing.designation for row in seen if row.signal.bearing}),
        "physical_bearings": len({row.physical_bearing for row in seen if row.physical_bearing}),
        "channels": sorted({row.signal.channel for row in seen}),
        "units": sorted({row.signal.unit for row in seen if row.signal.unit}),
        "loads": sorted({row.recording.load for row in seen if row.recording.load}),
        "shaft_speed_rpm": {"min": min(speeds), "max": max(speeds)} if speeds else None,
        "n_train_recordings": len({row.recording.id for row in rows if row.part == "train"}),
    }
