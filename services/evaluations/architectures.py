"""What experiments reach, beside what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.size import measure_size
from core.networks.registry import get_network_spec
from database.connection import get_db_session
from models.experiment import Experiment
from services.evaluations.kinds import EvaluationKind
from services.evaluations.reading import load_finished
from services.evaluations.storing import find_newest
from services.experiments.classifiers import CLASSIFIER_FOLDER
from services.experiments.runs import get_run_folder
from utils.clock import to_iso
from utils.exceptions import InvalidInputError

MAX_EXPERIMENTS = 40
_KEPT = ("n", "accuracy", "macro_f1", "ece")


def compare(experiment_ids: Sequence[int]) -> dict[str, Any]:
    """Return one row per experiment, which of them have no measured latency, and notes.

    Raises:
        InvalidInputError: None or too many.
        NotFoundError, ConflictError: One does not exist or has not been judged.
    """
    ids = list(dict.fromkeys(int(each) for each in experiment_ids))
    if not 0 < len(ids) <= MAX_EXPERIMENTS:
        raise InvalidInputError(f"Choose 1 to {MAX_EXPERIMENTS} experiments.")
    with get_db_session(read_only=True) as session:
        experiments = [load_finished(session, experiment_id) for experiment_id in ids]
        latencies = {
            experiment.id: find_newest(session, experiment, EvaluationKind.LATENCY)
            for experiment in experiments
        }
    rows = [_describe(experiment) for experiment in experiments]
    for row in rows:
        found = latencies[row["experiment_id"]]
        row["latency"] = _describe_latency(found.results, to_iso(found.created_at)) if found else None
    for row in rows:
        row["pareto"] = not any(_is_better(other, row) for other in rows)
    return {
        "rows": rows,
        "missing_latency": [row["experiment_id"] for row in rows if row["latency"] is None],
        "notes": _list_notes(experiments, rows),
    }


def _describe(experiment: Experiment) -> dict[str, Any]:
    spec = get_network_spec(experiment.network)
    size = measure_size(get_run_folder(experiment.folder) / CLASSIFIER_FOLDER)
    test = (experiment.results or {}).get("test")
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "network": experiment.network,
        "network_title": spec.title,
        "family": spec.family,
        "seed": experiment.seed,
        "dataset": experiment.dataset_version.dataset.name,
        "dataset_version": experiment.dataset_version.number,
        "split_id": experiment.split_id,
        "split": experiment.split.name,
        "split_colour": experiment.split.colour,
        "recording_level": _describe_level(test, "recording_level"),
        "window_level": _describe_level(test, "window_level"),
        "n_parameters": size.n_parameters,
        "n_bytes": size.n_bytes,
        "train_cpu_s": experiment.train_cpu_s,
    }


def _describe_level(test: Mapping[str, Any] | None, level: str) -> dict[str, Any] | None:
    if test is None:
        return None
    return {**{key: test[level][key] for key in _KEPT}, "interval": test[level]["accuracy_interval"]}


def _describe_latency(results: Mapping[str, Any] | None, measured_at: str | None) -> dict[str, Any] | None:
    if results is None:
        return None
    return {
        "recording_ms_p50": results["recording_ms"]["p50"],
        "recording_ms_p95": results["recording_ms"]["p95"],
        "window_ms_p50": results["window_ms"]["p50"] if results["window_ms"] else None,
        "recording_s": results["recording_s"],
        "threads": results["threads"],
        "machine": results["machine"],
        "measured_at": measured_at,
    }


def _is_better(other: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Tell whether another one is at least as accurate and as small, and one of the two strictly.

    Accuracies on different splits don't compare.
    """
    if not row["recording_level"] or not other["recording_level"] or row["split_id"] != other["split_id"]:
        return False
    theirs = (other["recording_level"]["accuracy"], -other["n_bytes"])
    mine = (row["recording_level"]["accuracy"], -row["n_bytes"])
    return all(a >= b for a, b in zip(theirs, mine, strict=True)) and theirs != mine


def _list_notes(experiments: Sequence[Experiment], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    if len({experiment.split_id for experiment in experiments}) > 1:
        notes.append("These experiments were tested on different splits: their accuracies don't compare.")
    durations = {row["latency"]["recording_s"] for row in rows if row["latency"]}
    if len(durations) > 1:
        notes.append("The latencies were measured on recordings of different length.")
    return notes
