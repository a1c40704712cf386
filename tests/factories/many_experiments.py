"""Thousands of finished trainings, written straight into the tables: nothing was trained for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import insert

from core.networks.registry import NETWORKS
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.experiment import Experiment
from models.job import Job
from models.registry import get_metadata
from models.split import Split

SEEDS = 3
_BATCH = 5_000
_CLASSES = ["healthy", "inner_race", "outer_race", "ball"]
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)
_STATES = ("done", "done", "done", "done", "done", "done", "done", "failed", "cancelled", "done")
_WORDS = ("pump", "fan", "mill", "crane", "press", "motor", "spindle")


def fill_experiments(n_experiments: int, *, n_datasets: int = 12) -> None:
    """Write groups of three seeds, every network with a baseline beside it, over a few datasets."""
    get_metadata()
    places = _write_places(n_datasets)
    rows = list(_list_experiments(n_experiments, places))
    with get_db_session() as session:
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            session.execute(insert(Job), [job for job, _ in batch])
            session.execute(insert(Experiment), [experiment for _, experiment in batch])
        session.commit()


def _write_places(n_datasets: int) -> list[tuple[int, int]]:
    places = []
    with get_db_session() as session:
        for number in range(n_datasets):
            dataset = Dataset(name=f"Plant {number:02d} {_WORDS[number % len(_WORDS)]}")
            session.add(dataset)
            session.flush()
            version = DatasetVersion(
                dataset_id=dataset.id, number=1, manifest_sha256="", n_signals=0, n_recordings=0
            )
            session.add(version)
            session.flush()
            for colour in ("clear", "amber"):
                split = Split(
                    dataset_version_id=version.id,
                    name=f"by {'bearing' if colour == 'clear' else 'load'}",
                    rule={"by": "bearing", "seed": 0},
                    colour=colour,
                    findings=[],
                    accepted_reason="known" if colour == "amber" else None,
                )
                session.add(split)
                session.flush()
                places.append((version.id, split.id))
        session.commit()
    return places


def _mix(number: int) -> int:
    """Scatter numbers, so that no column is stored in its own order."""
    return number * 2_654_435_761 % 2**32


def _list_experiments(
    n_experiments: int, places: list[tuple[int, int]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    networks = [spec for spec in NETWORKS.values() if spec.family == "network"]
    number, request = 0, 0
    while number < n_experiments:
        spec = networks[_mix(request) % len(networks)]
        version_id, split_id = places[_mix(request + 7) % len(places)]
        word = _WORDS[_mix(request) % len(_WORDS)]
        options = {option.name: option.default for option in spec.options}
        options |= {
            "learning_rate": (1e-4, 3e-4, 1e-3, 3e-3)[request % 4],
            "window_s": (0.1, 0.25)[request % 2],
        }
        common = {
            "name": f"{word} trial {request:05d}",
            "dataset_version_id": version_id,
            "split_id": split_id,
            "channel": ("DE", "FE", None)[request % 3],
            "class_names": _CLASSES,
            "notes": "",
        }
        group = f"{_mix(request):08x}{request:024x}"
        for seed in range(min(SEEDS, n_experiments - number)):
            number += 1
            more = {"network": spec.name, "options": options, "seed": seed, "group_key": group}
            yield _build(number, {**common, **more, "baseline_of": None})
        if number < n_experiments:
            number += 1
            forest = {option.name: option.default for option in NETWORKS["random_forest"].options}
            more = {"network": "random_forest", "options": forest, "seed": 0, "group_key": f"b{group[1:]}"}
            yield _build(number, {**common, **more, "baseline_of": group})
        request += 1


def _build(number: int, facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    state = _STATES[_mix(number) % len(_STATES)]
    began = _FIRST + timedelta(seconds=400 * number)
    job = {
        "id": number,
        "kind": "train",
        "queue": "train",
        "title": f"Train {facts['name']}",
        "state": state,
        "payload": {"experiment_id": number},
        "error": "Training diverged: the loss is not a number." if state == "failed" else None,
        "created_at": began,
        "finished_at": began + timedelta(seconds=300),
    }
    accuracy = 0.5 + (_mix(number) % 5000) / 10_000 if state == "done" else None
    results = None if accuracy is None else _build_results(accuracy)
    experiment = {
        "id": number,
        "job_id": number,
        "folder": f"{number:032x}",
        "created_at": began,
        "changed_at": began,
        "stopped_early": False,
        "test_evaluations": 1 if results else 0,
        "results": results,
        "classifier_sha256": "0" * 64 if results else None,
        "test_recording_accuracy": accuracy,
        "test_macro_f1": None if accuracy is None else accuracy - 0.01,
        "validation_recording_accuracy": accuracy,
        "train_cpu_s": None if accuracy is None else 20.0 + _mix(number) % 400,
        "epochs_run": None if accuracy is None else 20,
        "best_epoch": None if accuracy is None else 15,
        **facts,
    }
    return job, experiment


@lru_cache(maxsize=5_000)
def _build_results(accuracy: float) -> dict[str, Any]:
    """Return results of the size that a training with four classes leaves."""
    per_class = [
        {
            "class_name": name,
            "precision": accuracy,
            "recall": accuracy,
            "recall_interval": [accuracy - 0.1, accuracy + 0.1],
            "f1": accuracy,
            "support": 48,
        }
        for name in _CLASSES
    ]
    level = {
        "n": 528,
        "accuracy": accuracy,
        "accuracy_interval": [accuracy - 0.04, min(accuracy + 0.04, 1.0)],
        "macro_f1": accuracy,
        "ece": 0.02,
        "per_class": per_class,
        "confusion": [[33] * 4] * 4,
    }
    part = {"recording_level": level, "window_level": {**level, "n": 10_560}}
    document: dict[str, Any] = json.loads(json.dumps({"test": part, "validation": part, "subsets": {}}))
    return document
