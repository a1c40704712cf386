"""A classifier on the labelled recordings of any dataset, as far as it may be judged on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.training.evaluate import Evaluation, evaluate_classifier
from database.connection import get_db_session
from models.dataset import ManifestRow
from models.recording import Recording, Signal
from models.split import SplitMember
from services.datasets.bearings import find_fault_orders
from services.datasets.entered_bearings import load_entries
from services.datasets.rows import find_dataset, find_version, show_as_edited
from services.evaluations.reading import PartPredictions, describe_part
from services.evaluations.works import Work
from services.experiments.judged import build_part
from services.experiments.material import MaterialRow, build_labelled_signals
from services.experiments.requirements import list_learned_splits
from utils.exceptions import InvalidInputError

_PART = "given"
_LEARNED = frozenset({"train", "validation"})
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class _Given:
    """The labelled signals of a dataset version, and which of them the classifier may be judged on."""

    name: str
    number: int
    version_id: int
    rows: list[MaterialRow]
    left_out: list[dict[str, Any]]
    n_of_test_part: int
    unknown: list[str]


def run_recordings(work: Work) -> tuple[dict[str, Any], int]:
    """Judge the classifier on the recordings of the dataset that the configuration names."""
    config = work.config
    work.handle.report(0.02, "looking up the recordings")
    given = _load_given(work)
    names = list(work.classifier.class_names)
    signals = build_labelled_signals(given.rows, _PART, names)
    done = 0

    def command() -> str:
        nonlocal done
        work.handle.report(0.05 + 0.9 * done / len(signals), f"{done} of {len(signals)} signals")
        done += 1
        return work.obey()

    evaluation = evaluate_classifier(work.classifier, signals, names, command=command)
    ids = {row.signal.sha256: row.signal.id for row in given.rows}
    part = _describe(work, evaluation, ids, given.version_id)
    n_passes = 1 if given.n_of_test_part else 0
    results = {
        "dataset_id": config["dataset_id"],
        "dataset": given.name,
        "dataset_version": given.number,
        "class_names": names,
        "left_out": given.left_out,
        **evaluation.metrics,
        "recordings": part.recordings,
        "notes": _list_notes(given, n_passes),
    }
    return results, n_passes


def _load_given(work: Work) -> _Given:
    config = work.config
    if config["dataset_id"] is None:
        raise InvalidInputError("Name the dataset to judge the classifier on: dataset_id.")
    channel = config["channel"] or work.experiment.channel
    with get_db_session(read_only=True) as session:
        dataset = find_dataset(session, config["dataset_id"])
        version = find_version(session, dataset.id, config["version"])
        rows = _load_rows(session, version.id, channel)
        parts, unknown = _load_learned(session, work, rows)
    if not rows:
        wanted = f" of channel {channel}" if channel else ""
        raise InvalidInputError(f"'{dataset.name}' holds no labelled signals{wanted}.")
    kept, left_out = _sort_out(work, rows, parts)
    if not kept:
        reasons = " ".join(each["reason"] for each in left_out)
        raise InvalidInputError(f"No recording of '{dataset.name}' can be judged. {reasons}")
    n_of_test_part = sum(parts.get(row.signal.sha256, "").startswith("test") for row in kept)
    return _Given(dataset.name, version.number, version.id, kept, left_out, n_of_test_part, unknown)


def _load_rows(session: Session, version_id: int, channel: str | None) -> list[MaterialRow]:
    chosen = (
        select(Signal, ManifestRow.fault_class, ManifestRow.physical_bearing)
        .join(ManifestRow, ManifestRow.signal_id == Signal.id)
        .where(ManifestRow.dataset_version_id == version_id, ManifestRow.fault_class.is_not(None))
        .options(joinedload(Signal.recording).joinedload(Recording.machine), joinedload(Signal.bearing))
        .order_by(Signal.id)
    )
    if channel is not None:
        chosen = chosen.where(Signal.channel == channel)
    entered = load_entries(session)
    rows = [
        MaterialRow(signal, fault_class, group, _PART, find_fault_orders(signal.bearing, entered))
        for signal, fault_class, group in session.execute(chosen).unique()
        if fault_class is not None
    ]
    show_as_edited(session, [row.signal for row in rows], version_id)
    return rows


def _load_learned(
    session: Session, work: Work, rows: Sequence[MaterialRow]
) -> tuple[dict[str, str], list[str]]:
    """Return which of these signals were learned from or are to test, and what can't be told any more.

    The part is that of the experiment's own split, unless something that it was trained from, or a member
    of the ensemble, has learned from the signal.
    """
    (own, *others), unknown = list_learned_splits(session, work.experiment)
    found = _find_parts(session, own, rows)
    for split_id in others:
        parts = _find_parts(session, split_id, rows)
        found |= {sha256: part for sha256, part in parts.items() if part in _LEARNED}
    return found, unknown


def _find_parts(session: Session, split_id: int, rows: Sequence[MaterialRow]) -> dict[str, str]:
    """Return the part of a split that each of these signals is in, by the hash of its samples.

    Another channel of a recording that was learned from counts as learned.
    """
    chosen = (
        select(SplitMember.signal_sha256, SplitMember.part, Signal.recording_id)
        .join(Signal, Signal.id == SplitMember.signal_id)
        .where(SplitMember.split_id == split_id)
    )
    by_hash: dict[str, str] = {}
    by_recording: dict[int, str] = {}
    for sha256, part, recording_id in session.execute(chosen):
        by_hash[sha256] = part
        if by_recording.get(recording_id) not in _LEARNED:
            by_recording[recording_id] = part
    found = {}
    for row in rows:
        place = by_hash.get(row.signal.sha256) or by_recording.get(row.signal.recording_id)
        if place is not None:
            found[row.signal.sha256] = place
    return found


def _sort_out(
    work: Work, rows: Sequence[MaterialRow], parts: dict[str, str]
) -> tuple[list[MaterialRow], list[dict[str, Any]]]:
    """Return what the classifier may and can be judged on, and what is left out for which reason."""
    known, preprocessing = set(work.classifier.class_names), work.classifier.preprocessing
    kept: list[MaterialRow] = []
    out: dict[str, list[str]] = {}
    for row in rows:
        signal = row.signal
        if parts.get(signal.sha256) in _LEARNED:
            reason = "The classifier was trained on them or chosen by them."
        elif row.fault_class not in known:
            reason = f"The classifier has not learned {row.fault_class.replace('_', ' ')}."
        elif signal.sample_rate_hz < preprocessing.analysis_rate_hz * (1 - 1e-9):
            reason = f"They were sampled below the analysis rate of {preprocessing.analysis_rate_hz:g} Hz."
        elif signal.n_samples / signal.sample_rate_hz < preprocessing.window_s:
            reason = f"They are shorter than one window of {preprocessing.window_s:g} s."
        else:
            kept.append(row)
            continue
        out.setdefault(reason, []).append(row.describe())
    left_out = [
        {"reason": reason, "n": len(names), "recordings": names[:_MOST_NAMED]}
        for reason, names in out.items()
    ]
    return kept, left_out


def _describe(work: Work, evaluation: Evaluation, ids: dict[str, int], version_id: int) -> PartPredictions:
    judged = build_part(evaluation, ids)
    return describe_part(work.experiment, _PART, judged, version_id=version_id)


def _list_notes(given: _Given, n_passes: int) -> list[str]:
    notes = [f"{row['n']} signals are left out: {row['reason']}" for row in given.left_out]
    notes += given.unknown
    if n_passes:
        notes.append(
            f"{given.n_of_test_part} of these signals are the experiment's own test part, which was met once "
            "more."
        )
    return notes
