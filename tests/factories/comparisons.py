"""Finished experiments with chosen answers, written as a training leaves them; nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.training.metrics import judge_level
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.experiment import Experiment, Prediction, TrainingEpoch
from models.job import Job, JobKind, JobQueue, JobState
from models.recording import Recording, Signal
from models.split import Split, SplitMember
from utils.ids import new_storage_name

CLASSES = ["healthy", "inner_race"]
AMBER = {"colour": "amber", "kind": "shared_bearing", "sentence": "Bearing 7 is in train and test."}


@dataclass(frozen=True, slots=True)
class TestPart:
    """A dataset version with a split whose test part holds ``targets``."""

    __test__ = False

    dataset_id: int
    version_id: int
    split_id: int
    targets: list[str]
    signal_ids: list[list[int]]  # per recording, its channels


def add_test_part(
    name: str, targets: Sequence[str], *, channels: Sequence[str] = ("DE",), same_as: str | None = None
) -> TestPart:
    """Store recordings without samples; ``same_as`` gives them the hashes that another name's have."""
    with get_db_session() as session:
        dataset = Dataset(name=name)
        session.add(dataset)
        session.flush()
        n = len(targets) * len(channels)
        version = DatasetVersion(
            dataset_id=dataset.id, number=1, manifest_sha256="", n_signals=n, n_recordings=len(targets)
        )
        session.add(version)
        session.flush()
        split = Split(
            dataset_version_id=version.id, name="by load", rule={}, colour="amber", findings=[AMBER],
            accepted_reason="one rig",
        )  # fmt: skip
        session.add(split)
        session.flush()
        ids = []
        for index, target in enumerate(targets):
            recording = Recording(dataset_id=dataset.id, name=f"{name}_{index:03d}", source_file="x")
            session.add(recording)
            session.flush()
            signals = [
                Signal(
                    recording_id=recording.id,
                    channel=channel,
                    sample_rate_hz=1.0,
                    n_samples=1,
                    sha256=f"{same_as or name}-{index}-{channel}",
                    shard="",
                )
                for channel in channels
            ]
            session.add_all(signals)
            session.flush()
            ids.append([signal.id for signal in signals])
            for signal in signals:
                session.add(
                    ManifestRow(dataset_version_id=version.id, signal_id=signal.id, fault_class=target)
                )
                session.add(
                    SplitMember(
                        split_id=split.id, signal_id=signal.id, signal_sha256=signal.sha256, part="test"
                    )
                )
        session.commit()
        return TestPart(dataset.id, version.id, split.id, list(targets), ids)


def add_experiment(
    part: TestPart,
    answers: Sequence[str],
    *,
    name: str = "Forest",
    group: str | None = None,
    seed: int = 0,
    network: str = "random_forest",
    options: dict[str, Any] | None = None,
    probabilities: Sequence[Sequence[Sequence[float]]] | None = None,
    **more: Any,
) -> int:
    """Store a finished experiment that answers so; ``probabilities`` are per recording and channel."""
    given = probabilities or [
        [[0.9 if known == answer else 0.1 / (len(CLASSES) - 1) for known in CLASSES]] * len(signal_ids)
        for answer, signal_ids in zip(answers, part.signal_ids, strict=True)
    ]
    level = judge_level(
        np.array([CLASSES.index(target) for target in part.targets]),
        np.array([[float(known == answer) for known in CLASSES] for answer in answers]),
        CLASSES,
    )
    judged = {"recording_level": level, "window_level": level}
    with get_db_session() as session:
        job = Job(
            kind=JobKind.TRAIN, queue=JobQueue.TRAIN, title="t", payload={}, state=JobState.DONE,
        )  # fmt: skip
        session.add(job)
        session.flush()
        fields = {
            "results": {"test": judged, "validation": judged},
            "test_recording_accuracy": level["accuracy"],
            "test_evaluations": 1,
            "train_cpu_s": 2.5,
        }
        experiment = Experiment(
            name=name,
            network=network,
            options=options or {"n_trees": 20, "window_s": 0.1},
            seed=seed,
            group_key=group or new_storage_name(),
            dataset_version_id=part.version_id,
            split_id=part.split_id,
            job_id=job.id,
            class_names=CLASSES,
            folder=new_storage_name(),
            **{**fields, **more},
        )
        session.add(experiment)
        session.flush()
        for target, signal_ids, channels in zip(part.targets, part.signal_ids, given, strict=True):
            for signal_id, shares in zip(signal_ids, channels, strict=True):
                session.add(
                    Prediction(
                        experiment_id=experiment.id,
                        signal_id=signal_id,
                        part="test",
                        target=target,
                        predicted=CLASSES[int(np.argmax(shares))],
                        probabilities=list(shares),
                        n_windows=4,
                        n_windows_correct=2,
                    )
                )
        for epoch in range(1, 4):
            session.add(
                TrainingEpoch(
                    experiment_id=experiment.id,
                    epoch=epoch,
                    values={"epoch": epoch, "train_loss": 1 / epoch, "validation_loss": 1.2 / epoch},
                )
            )
        session.commit()
        return experiment.id


def change(answers: Sequence[str], *places: int) -> list[str]:
    """Return the answers with the other class at these places."""
    return [
        CLASSES[1 - CLASSES.index(answer)] if index in places else answer
        for index, answer in enumerate(answers)
    ]
