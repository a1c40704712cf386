"""What the list of experiments searches and sorts: every experiment's short facts, held in memory.

The index follows the database: each look reads what changed since the last one (new and changed rows by
`Experiment.changed_at`, the states of open trainings from their jobs), a handful of statements whatever the
number of experiments. Long texts and results are never read here; a page loads them for its own rows.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from models.dataset import Dataset, DatasetVersion
from models.experiment import Experiment
from models.job import Job, JobKind, JobState
from models.split import Split
from services.experiments.interning import Interner

NOTHING = -1
# In the order in which a list of states is sorted: what needs somebody comes first.
STATES = tuple(
    state.value
    for state in (
        JobState.FAILED,
        JobState.DEAD,
        JobState.RUNNING,
        JobState.PAUSED,
        JobState.QUEUED,
        JobState.CANCELLED,
        JobState.DONE,
    )
)
_STATE_CODES = {name: code for code, name in enumerate(STATES)}
_OPEN_CODES = [_STATE_CODES[state] for state in (JobState.RUNNING, JobState.PAUSED, JobState.QUEUED)]
# A transaction may write its moment and commit a little later, on a machine whose clock is a little behind.
_OVERLAP = timedelta(minutes=2)
_FLOATS = (
    *("train_cpu_s", "best_epoch", "epochs_run"),
    *("test_recording_accuracy", "validation_recording_accuracy", "test_macro_f1"),
)
_TEXTS = ("name", "network", "channel", "group_key", "baseline_of", "options")

Column = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A dataset version or a split as the list names it."""

    name: str
    dataset_id: int = 0
    number: int = 0
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All experiments at one moment, by ascending id. Nothing in it changes.

    ``columns`` hold one value per experiment: numbers (NaN: none), or codes of the texts in ``words``.
    ``derived`` keeps what is worked out from them.
    """

    columns: dict[str, Column]
    words: dict[str, Interner]
    versions: dict[int, Place]
    splits: dict[int, Place]
    derived: dict[Any, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["id"])

    def read_word(self, name: str, at: int) -> str | None:
        """Return the text of a column at a position."""
        code = int(self.columns[name][at])
        return None if code == NOTHING else self.words[_interner_of(name)].values[code]


def _interner_of(name: str) -> str:
    """Groups and what a baseline belongs to are the same words."""
    return "group_key" if name == "baseline_of" else name


def look(session: Session) -> Snapshot:
    """Return the experiments as they are now."""
    return _get_index(get_settings().effective_database_url).look(session)


@lru_cache(maxsize=4)
def _get_index(_database: str) -> ExperimentIndex:
    return ExperimentIndex()


class ExperimentIndex:
    """The newest snapshot of one database, brought up to date by whoever looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._words = {name: Interner() for name in _TEXTS if name != "baseline_of"}
        self._snapshot: Snapshot | None = None
        self._seen_until: datetime | None = None

    def look(self, session: Session) -> Snapshot:
        """Return the experiments as they are now."""
        with self._lock:
            columns = self._bring_up_to_date(session)
            places = _load_places(session)
            known = self._snapshot
            if known is None or columns is not known.columns or places != (known.versions, known.splits):
                self._snapshot = known = Snapshot(columns, self._words, *places)
            return known

    def _bring_up_to_date(self, session: Session) -> dict[str, Column]:
        if self._snapshot is None or self._seen_until is None:
            columns = self._read(session, None)
            order = np.argsort(columns["id"], kind="stable")
            return {name: values[order] for name, values in columns.items()}
        columns = self._snapshot.columns
        fresh = self._read(session, Experiment.changed_at >= self._seen_until - _OVERLAP)
        columns = _merge(columns, fresh)
        columns = self._follow_jobs(session, columns)
        n_rows = session.scalar(select(func.count()).select_from(Experiment)) or 0
        if n_rows != len(columns["id"]):
            columns = _keep(columns, np.fromiter(session.scalars(select(Experiment.id)), np.int64))
        return columns

    def _follow_jobs(self, session: Session, columns: dict[str, Column]) -> dict[str, Column]:
        """Take over the states of trainings that are, or were, not over."""
        states = [STATES[code] for code in _OPEN_CODES]
        rows = session.execute(
            select(Job.id, Job.state).where(Job.state.in_(states), Job.kind == JobKind.TRAIN)
        ).all()
        now = {job_id: _STATE_CODES[state] for job_id, state in rows}
        was_open = np.flatnonzero(np.isin(columns["status"], _OPEN_CODES))
        ended = [at for at in was_open.tolist() if int(columns["job_id"][at]) not in now]
        if ended:
            ids = [int(columns["id"][at]) for at in ended]
            columns = _merge(columns, self._read(session, Experiment.id.in_(ids)))
        places = np.flatnonzero(np.isin(columns["job_id"], list(now))) if now else np.array([], int)
        fresh = np.array([now[int(columns["job_id"][at])] for at in places], np.int8)
        if np.array_equal(columns["status"][places], fresh):
            return columns
        status = columns["status"].copy()
        status[places] = fresh
        return {**columns, "status": status}

    def _read(self, session: Session, condition: Any) -> dict[str, Column]:
        """Return the columns of the experiments that fulfil a condition; None: of all."""
        chosen = select(
            *(Experiment.id, Experiment.job_id, Experiment.dataset_version_id, Experiment.split_id),
            *(Experiment.seed, Experiment.parent_id, Experiment.stopped_early, Job.state),
            *(Experiment.created_at, Job.finished_at, Experiment.trashed_at, Experiment.changed_at),
            *(getattr(Experiment, name) for name in _FLOATS),
            *(getattr(Experiment, name) for name in _TEXTS if name != "options"),
            cast(Experiment.options, Text),
        ).join(Job, Job.id == Experiment.job_id)
        rows = session.execute(chosen if condition is None else chosen.where(condition)).all()
        given = list(zip(*rows, strict=True)) if rows else [()] * len(chosen.selected_columns)
        self._note_moments([moment for moment in given[11] if moment is not None])
        return self._build_columns(given)

    def _note_moments(self, changed: Sequence[datetime]) -> None:
        """Before the first change nothing is missed: every look then reads what is new."""
        newest = max(changed, default=None)
        if newest is None:
            self._seen_until = self._seen_until or datetime(1970, 1, 3, tzinfo=UTC)
        elif self._seen_until is None or newest > self._seen_until:
            self._seen_until = newest

    def _build_columns(self, given: Sequence[Sequence[Any]]) -> dict[str, Column]:
        columns: dict[str, Column] = {
            "id": np.array(given[0], np.int64),
            "job_id": np.array(given[1], np.int64),
            "dataset_version_id": np.array(given[2], np.int64),
            "split_id": np.array(given[3], np.int64),
            "seed": np.array(given[4], np.float64),
            "parent_id": np.array([NOTHING if each is None else each for each in given[5]], np.int64),
            "stopped_early": np.array(given[6], bool),
            "status": np.array([_STATE_CODES[state] for state in given[7]], np.int8),
            "created_at": _read_moments(given[8]),
            "finished_at": _read_moments(given[9]),
            "trashed_at": _read_moments(given[10]),
        }
        for name, values in zip((*_FLOATS, *_TEXTS), given[12:], strict=True):
            if name in _FLOATS:
                columns[name] = np.array([np.nan if each is None else each for each in values], np.float64)
            else:
                columns[name] = self._words[_interner_of(name)].encode(values)
        return columns


def _read_moments(values: Sequence[datetime | None]) -> Column:
    """Return seconds since 1970 (NaN: none)."""
    return np.array([np.nan if each is None else each.timestamp() for each in values], np.float64)


def _merge(columns: dict[str, Column], fresh: dict[str, Column]) -> dict[str, Column]:
    """Return ``columns`` with the rows of ``fresh`` in place of, or behind, those that were there."""
    if not len(fresh["id"]):
        return columns
    at = np.searchsorted(columns["id"], fresh["id"])
    inside = np.minimum(at, max(len(columns["id"]) - 1, 0))
    known = (columns["id"][inside] == fresh["id"]) if len(columns["id"]) else np.zeros(len(at), bool)
    if known.all() and all(
        np.array_equal(columns[name][at], values, equal_nan=values.dtype == np.float64)
        for name, values in fresh.items()
    ):
        return columns
    merged = {}
    for name, values in fresh.items():
        column = columns[name].copy()
        column[at[known]] = values[known]
        merged[name] = np.concatenate([column, values[~known]])
    order = np.argsort(merged["id"], kind="stable")
    return {name: values[order] for name, values in merged.items()}


def _keep(columns: dict[str, Column], ids: NDArray[np.int64]) -> dict[str, Column]:
    kept = np.isin(columns["id"], ids)
    return {name: values[kept] for name, values in columns.items()}


def _load_places(session: Session) -> tuple[dict[int, Place], dict[int, Place]]:
    """Return the names of dataset versions and splits by their ids; people may have changed them."""
    versions = session.execute(
        select(DatasetVersion.id, Dataset.name, Dataset.id, DatasetVersion.number).join(
            Dataset, Dataset.id == DatasetVersion.dataset_id
        )
    )
    splits = session.execute(select(Split.id, Split.name, Split.colour))
    return (
        {row[0]: Place(row[1], dataset_id=row[2], number=row[3]) for row in versions},
        {row[0]: Place(row[1], colour=row[2]) for row in splits},
    )
