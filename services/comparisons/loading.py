"""What a comparison reads from the database, in a number of statements that does not grow."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from models.dataset import DatasetVersion
from models.experiment import Experiment, Prediction, TrainingEpoch
from models.job import JobState
from models.recording import Recording, Signal
from models.split import SplitMember
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, NotFoundError

MAX_EXPERIMENTS = 40
TEST = "test"

# A recording of the test part is its signals' hashes and its label, whatever it is called.
RecordingKey = tuple[tuple[str, ...], str]
_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ComparedRecording:
    """One recording of a test part, as a link needs it."""

    key: RecordingKey
    recording_id: int
    dataset_id: int
    name: str
    channels: tuple[str, ...]

    @property
    def target(self) -> str:
        """Its label."""
        return self.key[1]


@dataclass(slots=True, eq=False)
class Judged:
    """One experiment with the answer that it gives for each recording of its test part."""

    experiment: Experiment
    recordings: dict[RecordingKey, ComparedRecording] = field(default_factory=dict)
    answers: dict[RecordingKey, str] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def signals(self) -> dict[str, tuple[str, str]]:
        """The label and the name of each test signal, by its hash."""
        return {
            sha256: (found.target, f"{found.name} ({', '.join(found.channels)})")
            for key, found in self.recordings.items()
            for sha256 in key[0]
        }


def check_ids(experiment_ids: Sequence[int]) -> list[int]:
    """Return the ids without repeats, or raise when they can't make a comparison.

    Raises:
        InvalidInputError: Fewer than two, or too many.
    """
    ids = list(dict.fromkeys(experiment_ids))
    if len(ids) < 2:
        raise InvalidInputError("Choose two experiments or more to compare.")
    if len(ids) > MAX_EXPERIMENTS:
        raise InvalidInputError(f"At most {MAX_EXPERIMENTS} experiments can be compared at once.")
    return ids


def load_judged(session: Session, ids: Sequence[int]) -> list[Judged]:
    """Return the experiments in the order of ``ids``, each with its answers on its test part.

    Raises:
        NotFoundError: One does not exist.
        ConflictError: One is in the trash, or has not been judged on a test part.
    """
    version = selectinload(Experiment.dataset_version).joinedload(DatasetVersion.dataset)
    chosen = select(Experiment).where(Experiment.id.in_(ids))
    options = (joinedload(Experiment.job), joinedload(Experiment.split), version)
    found = {each.id: each for each in session.scalars(chosen.options(*options))}
    judged = {}
    for experiment_id in ids:
        _check_experiment(experiment_id, found.get(experiment_id))
        judged[experiment_id] = Judged(found[experiment_id])
    _add_answers(session, judged)
    return list(judged.values())


def _check_experiment(experiment_id: int, experiment: Experiment | None) -> None:
    if experiment is None:
        raise NotFoundError(f"There is no experiment {experiment_id}; the link may be old.")
    name = f"'{experiment.name}' (experiment {experiment.id}, seed {experiment.seed})"
    if experiment.trashed_at is not None:
        raise ConflictError(f"{name} is in the trash. Restore it, or take it out of the comparison.")
    if experiment.job.state != JobState.DONE or experiment.results is None:
        raise ConflictError(
            f"{name} has no result: its training is {experiment.job.state}. Compare finished experiments.",
            code=ErrorCode.NOT_TRAINED,
        )
    if experiment.results.get(TEST) is None:
        raise ConflictError(f"{name} was judged on no test part: its split has none.")


def _add_answers(session: Session, judged: dict[int, Judged]) -> None:
    by_recording: dict[tuple[int, int, str], list[_Row]] = defaultdict(list)
    for row in session.execute(
        select(
            Prediction.id,
            Prediction.experiment_id,
            Prediction.target,
            Prediction.predicted,
            Prediction.n_windows,
            Signal.sha256,
            Signal.channel,
            Recording.id.label("recording_id"),
            Recording.dataset_id,
            Recording.name,
        )
        .join(Signal, Signal.id == Prediction.signal_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .where(Prediction.experiment_id.in_(judged), Prediction.part == TEST)
        .order_by(Recording.name, Signal.channel)
    ):
        by_recording[row.experiment_id, row.recording_id, row.target].append(row)
    pooled = _pool_signals(session, judged, [rows for rows in by_recording.values() if len(rows) > 1])
    for (experiment_id, _, target), rows in by_recording.items():
        key = (tuple(sorted(row.sha256 for row in rows)), target)
        first = rows[0]
        channels = tuple(row.channel for row in rows)
        recording = ComparedRecording(key, first.recording_id, first.dataset_id, first.name, channels)
        judged[experiment_id].recordings[key] = recording
        judged[experiment_id].answers[key] = pooled.get(first.id, first.predicted)


def _pool_signals(
    session: Session, judged: dict[int, Judged], groups: Sequence[Sequence[_Row]]
) -> dict[int, str]:
    """Return the answer for each recording of several channels, by the id of its first prediction.

    Pooled as the results pool it: the channels' log-probabilities, each weighing as many windows as it has.
    """
    wanted = {row.id for rows in groups for row in rows}
    if not wanted:
        return {}
    chosen = select(Prediction.id, Prediction.probabilities).where(
        Prediction.experiment_id.in_(judged), Prediction.part == TEST
    )
    stored = {row.id: row.probabilities for row in session.execute(chosen) if row.id in wanted}
    answers = {}
    for rows in groups:
        sums: NDArray[np.float64] = np.sum(
            [row.n_windows * np.log(np.maximum(stored[row.id], 1e-300)) for row in rows], axis=0
        )
        names = judged[rows[0].experiment_id].experiment.class_names
        answers[rows[0].id] = names[int(sums.argmax())]
    return answers


def add_histories(session: Session, judged: Sequence[Judged]) -> None:
    """Give each experiment its epochs."""
    by_id = {each.experiment.id: each for each in judged}
    chosen = (
        select(TrainingEpoch.experiment_id, TrainingEpoch.values)
        .where(TrainingEpoch.experiment_id.in_(by_id))
        .order_by(TrainingEpoch.experiment_id, TrainingEpoch.epoch)
    )
    for experiment_id, values in session.execute(chosen):
        by_id[experiment_id].history.append(values)


def count_finished_seeds(session: Session, group_keys: set[str]) -> dict[str, int]:
    """Return how many finished experiments each group has."""
    chosen = (
        select(Experiment.group_key, func.count())
        .where(
            Experiment.group_key.in_(group_keys),
            Experiment.test_recording_accuracy.is_not(None),
            Experiment.trashed_at.is_(None),
        )
        .group_by(Experiment.group_key)
    )
    return {row[0]: row[1] for row in session.execute(chosen)}


def hash_training_parts(session: Session, judged: Sequence[Judged]) -> dict[int, str]:
    """Return a hash of what each experiment was trained on; one statement, none where all share a split."""
    places = {(each.experiment.split_id, each.experiment.channel) for each in judged}
    if len(places) == 1:
        return dict.fromkeys((each.experiment.id for each in judged), "same")
    chosen = (
        select(SplitMember.split_id, SplitMember.signal_sha256, Signal.channel)
        .join(Signal, Signal.id == SplitMember.signal_id)
        .where(SplitMember.split_id.in_({split_id for split_id, _ in places}), SplitMember.part == "train")
        .order_by(SplitMember.split_id, SplitMember.signal_sha256)
    )
    hashers = {place: hashlib.sha256() for place in places}
    for split_id, sha256, channel in session.execute(chosen):
        for place in ((split_id, None), (split_id, channel)):
            if place in hashers:
                hashers[place].update(sha256.encode())
    hashes = {place: hasher.hexdigest() for place, hasher in hashers.items()}
    return {each.experiment.id: hashes[each.experiment.split_id, each.experiment.channel] for each in judged}
