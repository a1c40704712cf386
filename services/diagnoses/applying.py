"""Feedback on diagnoses becomes labels: a new dataset version by the usual editing, with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.dataset import DatasetVersion, ManifestRow
from models.diagnosis import Diagnosis, DiagnosisFeedback
from models.recording import Recording, Signal
from models.user import User
from services.datasets.cached import forget_dataset
from services.datasets.edit_jobs import start_edit
from services.datasets.editing import parse_request
from services.datasets.rows import find_version
from services.diagnoses.feedback import OpinionKind
from services.shared.actors import Actor
from utils.exceptions import InvalidInputError

_MAX_REASON = 300
_MAX_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Word:
    """The newest word on a diagnosis of a signal of the dataset; ``label`` is what it gives or rejects.

    ``owner`` is what has the class: the bearing in the recording, with all its channels, or the signal alone
    where its bearing is not known.
    """

    feedback_id: int
    diagnosis_id: int
    signal_id: int
    owner: tuple[int, str | None]
    recording: str
    opinion: str
    label: str | None
    note: str
    person: str | None
    is_listed: bool
    label_now: str | None

    def describe(self) -> dict[str, Any]:
        return {
            "diagnosis_id": self.diagnosis_id,
            "signal_id": self.signal_id,
            "recording": self.recording,
            "opinion": self.opinion,
            "label_now": self.label_now,
            "label_new": self.label,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    """What feedback would change in the newest version of a dataset."""

    version: DatasetVersion
    words: list[_Word]
    left_out: list[dict[str, Any]]

    @property
    def changes(self) -> list[_Word]:
        """Those that give another label."""
        return [word for word in self.words if word.label != word.label_now]


def preview_feedback(dataset_id: int, diagnosis_ids: Sequence[int] | None) -> dict[str, Any]:
    """Return which labels the feedback that no version has taken up would change.

    Raises:
        NotFoundError: There is no such dataset.
    """
    with get_db_session(read_only=True) as session:
        plan = _make_plan(session, dataset_id, diagnosis_ids)
    return {
        "dataset_id": dataset_id,
        "version": plan.version.number,
        "items": [word.describe() for word in plan.words],
        "n_changes": len(plan.changes),
        "left_out": plan.left_out,
    }


def apply_feedback(
    dataset_id: int, diagnosis_ids: Sequence[int] | None, reason: str, actor: Actor
) -> dict[str, Any]:
    """Write all labels into one new version, and note which version took them up.

    Raises:
        NotFoundError: There is no such dataset.
        InvalidInputError: There is no feedback that gives a label.
        ConflictError: Somebody else made a version meanwhile.
    """
    with get_db_session(read_only=True) as session:
        plan = _make_plan(session, dataset_id, diagnosis_ids)
    if not plan.words:
        why = f" {plan.left_out[0]['sentence']}" if plan.left_out else ""
        raise InvalidInputError(f"There is no feedback that gives a label.{why}")
    done: dict[str, Any] = {"dataset_id": dataset_id, "version": plan.version.number, "n_signals": 0}
    job_ids: list[int] = []
    if plan.changes:
        edited = _edit(dataset_id, plan, reason, actor)
        done["n_signals"] = edited["n_signals"]
        if edited["job_id"] is None:
            done["version"] = edited["version"]
        else:
            job_ids.append(edited["job_id"])
    if not job_ids:
        _note_version(dataset_id, plan.words)
    forget_dataset(dataset_id)
    taken = sorted(word.diagnosis_id for word in plan.words)
    return {**done, "diagnosis_ids": taken, "job_ids": job_ids}


def _edit(dataset_id: int, plan: _Plan, reason: str, actor: Actor) -> dict[str, Any]:
    """Give every signal its class at once; the newest word comes first."""
    runs = groupby(plan.changes, key=lambda word: word.label)
    request = parse_request(
        dataset_id,
        {},
        reason=_word_reason(plan.changes, reason),
        version=plan.version.number,
        labels=[(label, [word.signal_id for word in words]) for label, words in runs],
    )
    return start_edit(request, actor)


def _word_reason(words: Sequence[_Word], reason: str) -> str:
    numbers = ", ".join(str(word.diagnosis_id) for word in words)
    noun = "diagnosis" if len(words) == 1 else "diagnoses"
    people = ", ".join(dict.fromkeys(word.person for word in words if word.person))
    notes = "; ".join(dict.fromkeys(word.note for word in words if word.note))
    parts = [
        reason.strip(),
        f"Feedback on {noun} {numbers}" + (f" by {people}" if people else ""),
        notes,
    ]
    text = ". ".join(part for part in parts if part)
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"


def _note_version(dataset_id: int, words: Sequence[_Word]) -> None:
    with get_db_session() as session:
        version = find_version(session, dataset_id)
        session.execute(
            update(DiagnosisFeedback)
            .where(DiagnosisFeedback.id.in_([word.feedback_id for word in words]))
            .values(dataset_version_id=version.id)
        )
        session.commit()


# --- plan ------------------------------------------------------------------------------------------------


def _make_plan(session: Session, dataset_id: int, diagnosis_ids: Sequence[int] | None) -> _Plan:
    version = find_version(session, dataset_id)
    words, left_out = _settle(_list_words(session, version, diagnosis_ids))
    return _Plan(version, words, left_out)


def _settle(words: Sequence[_Word]) -> tuple[list[_Word], list[dict[str, Any]]]:
    """Return the words that count and why the others do not; the newest come first and win.

    A class belongs to a bearing in a recording, so words on its channels speak of the same, and one that
    confirms the present class stands against an older one that changes it.
    """
    kept: dict[int, _Word] = {}
    owned: dict[tuple[int, str | None], _Word] = {}
    rejected: dict[tuple[tuple[int, str | None], str | None], _Word] = {}
    left_out = []
    for word in words:
        newer = kept.get(word.signal_id) or _find_contrary(word, owned.get(word.owner))
        sentence = _find_obstacle(word, newer, rejected.get((word.owner, word.label)))
        if sentence is None:
            kept[word.signal_id] = word
            owned.setdefault(word.owner, word)
            continue
        left_out.append({"diagnosis_id": word.diagnosis_id, "sentence": sentence})
        if word.opinion == OpinionKind.REJECTED:
            rejected.setdefault((word.owner, word.label), word)
    return list(kept.values()), left_out


def _find_contrary(word: _Word, newer: _Word | None) -> _Word | None:
    """Return the newer word on another channel where it gives another class."""
    return None if newer is None or newer.label == word.label else newer


def _find_obstacle(word: _Word, newer: _Word | None, contrary: _Word | None) -> str | None:
    """Return why a word gives no label; ``newer`` counts in its place, ``contrary`` rejects its class."""
    if word.opinion == OpinionKind.REJECTED:
        return f"Diagnosis {word.diagnosis_id} was rejected without a class; relabel it to give one."
    if newer is not None:
        what = _word_place(word, newer)
        return f"Newer feedback on the same {what} counts: that on diagnosis {newer.diagnosis_id}."
    if contrary is not None:
        what = _word_place(word, contrary)
        return f"Newer feedback on the same {what} rejects this class: diagnosis {contrary.diagnosis_id}."
    if not word.is_listed:
        return f"The newest version of the dataset does not hold the signal of diagnosis {word.diagnosis_id}."
    return None


def _word_place(word: _Word, other: _Word) -> str:
    return "signal" if word.signal_id == other.signal_id else "bearing of the same recording"


def _list_words(
    session: Session, version: DatasetVersion, diagnosis_ids: Sequence[int] | None
) -> list[_Word]:
    """Return the newest word on each diagnosis, where no version has taken it up; newest first."""
    last = select(func.max(DiagnosisFeedback.id)).group_by(DiagnosisFeedback.diagnosis_id)
    chosen = (
        select(
            DiagnosisFeedback,
            Diagnosis.signal_id,
            Recording.id,
            Recording.name,
            ManifestRow.physical_bearing,
            Diagnosis.answer["verdict"]["fault_class"].as_string().label("said"),
            ManifestRow.signal_id.label("listed"),
            ManifestRow.fault_class.label("label_now"),
            User.display_name,
        )
        .join(Diagnosis, Diagnosis.id == DiagnosisFeedback.diagnosis_id)
        .join(Signal, Signal.id == Diagnosis.signal_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .outerjoin(
            ManifestRow,
            (ManifestRow.signal_id == Signal.id) & (ManifestRow.dataset_version_id == version.id),
        )
        .outerjoin(User, User.id == DiagnosisFeedback.created_by)
        .where(
            DiagnosisFeedback.id.in_(last),
            DiagnosisFeedback.dataset_version_id.is_(None),
            Recording.dataset_id == version.dataset_id,
        )
        .order_by(DiagnosisFeedback.id.desc())
        .limit(_MAX_AT_ONCE)
    )
    if diagnosis_ids is not None:
        chosen = chosen.where(Diagnosis.id.in_(list(diagnosis_ids)[:_MAX_AT_ONCE]))
    return [
        _Word(
            feedback_id=row.id,
            diagnosis_id=row.diagnosis_id,
            signal_id=signal_id,
            owner=(signal_id, None) if bearing is None else (recording_id, bearing),
            recording=name,
            opinion=row.opinion,
            label=row.fault_class if row.opinion == OpinionKind.RELABELLED else said,
            note=row.note,
            person=person,
            is_listed=listed is not None,
            label_now=label_now,
        )
        for row, signal_id, recording_id, name, bearing, said, listed, label_now, person in (
            session.execute(chosen)
        )
    ]
