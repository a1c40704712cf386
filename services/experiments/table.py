"""The rows of the experiments' table: families with their mean over seeds, single trainings, baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.networks.registry import NETWORKS
from models.experiment import Experiment
from models.job import Job, JobState
from services.experiments import choosing
from services.experiments.families import (
    Families,
    count_rows,
    find_families,
    find_matching,
    order_families,
    summarise_seeds,
    unfold,
)
from services.experiments.index import NOTHING, STATES, Snapshot, look
from services.shared.batches import split_batches
from utils.clock import to_iso
from utils.constants import TRASH_KEPT_DAYS

MAX_PER_PAGE = 200
_LIVE = (JobState.RUNNING, JobState.PAUSED)
_MEANS = ("test_macro_f1", "validation_recording_accuracy", "train_cpu_s", "epochs_run", "best_epoch")
_FACTS = ("name", "network", "channel", "group_key")


def list_rows(
    session: Session,
    filters: choosing.Filters,
    *,
    sort: str,
    page: int,
    per_page: int,
    grouped: bool = True,
    expanded: Collection[str] = (),
) -> dict[str, Any]:
    """Return one page of the table, and how many rows, experiments and groups match."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    snapshot = look(session)
    mask = choosing.match(snapshot, filters)
    families = find_families(snapshot, filters.shelf)
    matching = find_matching(families, mask)
    offset = (page - 1) * per_page
    if grouped:
        open_codes = {snapshot.words["group_key"].find(key) for key in expanded} - {NOTHING}
        order = order_families(snapshot, families, mask, sort, offset + per_page)
        places = unfold(families, order, open_codes, offset, per_page)
        total = count_rows(families, matching, open_codes)
    else:
        found, total = _order(snapshot, filters, sort, offset, per_page)
        places = [(NOTHING, at) for at in found]
    return {
        "items": _Rows(session, snapshot, families, expanded).build(places),
        "total": total,
        "n_experiments": int(mask.sum()),
        "n_groups": len(matching),
        "page": page,
        "per_page": per_page,
    }


class _Rows:
    """Builds rows; what the index does not hold comes from the database in one statement."""

    def __init__(
        self, session: Session, snapshot: Snapshot, families: Families, expanded: Collection[str]
    ) -> None:
        self._session = session
        self._snapshot = snapshot
        self._families = families
        self._expanded = set(expanded)
        self._details: dict[int, dict[str, Any]] = {}

    def build(self, places: Sequence[tuple[int, int | None]]) -> list[dict[str, Any]]:
        """Return the rows of (family, position of an experiment or None for the family's own row)."""
        needed = [at for family, at in places if at is not None]
        for family, at in places:
            if at is None:
                needed += [each for part in self._families.list_members(family) for each in part]
        ids = [int(self._snapshot.columns["id"][at]) for at in needed]
        self._details = _load_details(self._session, ids)
        return [self._build_row(family, at) for family, at in places]

    def _build_row(self, family: int, at: int | None) -> dict[str, Any]:
        if at is None:
            return self._build_family(family)
        if family == NOTHING:
            return {**self._build_experiment(at), "level": 0, "kind": "experiment", "n_children": 0}
        own, _baselines = self._families.list_members(family)
        kind = "experiment" if at in own else "baseline"
        return {**self._build_experiment(at), "level": 1, "kind": kind, "n_children": 0}

    def _build_family(self, family: int) -> dict[str, Any]:
        own, baselines = self._families.list_members(family)
        first = self._build_experiment(own[0])
        row = self._build_group(own, first) if len(own) > 1 else {**first, "kind": "experiment"}
        return {
            **row,
            "level": 0,
            "row_id": f"group-{first['group_key']}",
            "n_children": self._families.count_children(family),
            "is_open": first["group_key"] in self._expanded,
            **self._describe_baseline(baselines, row["test_recording_accuracy"]),
        }

    def _build_group(self, own: list[int], first: dict[str, Any]) -> dict[str, Any]:
        columns = self._snapshot.columns
        accuracies = _given(columns["test_recording_accuracy"][own])
        seeds = summarise_seeds(accuracies, len(own))
        states = Counter(STATES[code] for code in columns["status"][own])
        windows = [each["test_window_accuracy"] for at in own if (each := self._find_details(at)) is not None]
        interval = seeds["test_recording_accuracy_interval"]
        progress = [self._measure_progress(at) for at in own]
        return {
            **first,
            "kind": "group",
            "experiment_id": None,
            "experiment_ids": columns["id"][own].tolist(),
            "done_ids": [
                int(columns["id"][at]) for at in own if STATES[columns["status"][at]] == JobState.DONE
            ],
            "seed": None,
            "seeds": [int(each) for each in columns["seed"][own]],
            "status": min(states, key=STATES.index),
            "states": dict(states),
            "progress": sum(progress) / len(progress),
            "command": None,
            "error": next((each["error"] for at in own if (each := self._find_details(at))["error"]), None),
            "stopped_early": bool(columns["stopped_early"][own].any()),
            "n_finished": seeds["n_finished"],
            "note": seeds["note"],
            "test_recording_accuracy": seeds["test_recording_accuracy_mean"],
            "test_recording_accuracy_interval": [max(interval[0], 0.0), min(interval[1], 1.0)]
            if interval
            else None,
            "test_window_accuracy": _mean([each for each in windows if each is not None]),
            **{name: _mean(_given(columns[name][own])) for name in _MEANS},
        }

    def _find_details(self, at: int) -> dict[str, Any]:
        return self._details.get(int(self._snapshot.columns["id"][at]), _NO_DETAILS)

    def _measure_progress(self, at: int) -> float:
        state = STATES[self._snapshot.columns["status"][at]]
        if state in _LIVE:
            return float(self._find_details(at)["progress"] or 0.0)
        return 0.0 if state == JobState.QUEUED else 1.0

    def _describe_baseline(self, baselines: list[int], accuracy: float | None) -> dict[str, Any]:
        columns = self._snapshot.columns
        found = _mean(_given(columns["test_recording_accuracy"][baselines])) if baselines else None
        gain = None if found is None or accuracy is None else accuracy - found
        names = [self._snapshot.read_word("network", at) for at in baselines]
        return {
            "baseline_ids": columns["id"][baselines].tolist(),
            "baseline_network": _title(names[0]) if names and names[0] else None,
            "baseline_accuracy": found,
            "baseline_gain": gain,
        }

    def _build_experiment(self, at: int) -> dict[str, Any]:
        details = self._find_details(at)
        row = describe_facts(self._snapshot, at)
        return {
            **row,
            "row_id": f"experiment-{row['experiment_id']}",
            "experiment_ids": [row["experiment_id"]],
            "done_ids": [row["experiment_id"]] if row["status"] == JobState.DONE else [],
            "seeds": [row["seed"]],
            "states": {row["status"]: 1},
            "progress": self._measure_progress(at),
            "n_finished": int(row["test_recording_accuracy"] is not None),
            "note": None,
            "baseline_accuracy": None,
            "baseline_gain": None,
            **{name: details[name] for name in _DETAILS},
        }


def describe_facts(snapshot: Snapshot, at: int) -> dict[str, Any]:
    """Return what the index holds of one experiment, as plain data."""
    columns = snapshot.columns
    version = snapshot.versions[int(columns["dataset_version_id"][at])]
    split_id = int(columns["split_id"][at])
    split = snapshot.splits[split_id]
    facts = {name: snapshot.read_word(name, at) for name in _FACTS}
    numbers = {name: _plain(columns[name][at]) for name in ("test_recording_accuracy", *_MEANS)}
    parent_id = int(columns["parent_id"][at])
    thrown_s = _plain(columns["trashed_at"][at])
    return {
        "experiment_id": int(columns["id"][at]),
        **facts,
        "network_title": _title(str(facts["network"])),
        "baseline_of": snapshot.read_word("baseline_of", at),
        "parent_id": None if parent_id == NOTHING else parent_id,
        "dataset_id": version.dataset_id,
        "dataset": version.name,
        "dataset_version": version.number,
        "split_id": split_id,
        "split": split.name,
        "split_colour": split.colour,
        "seed": int(columns["seed"][at]),
        "status": STATES[columns["status"][at]],
        "stopped_early": bool(columns["stopped_early"][at]),
        **numbers,
        "best_epoch": None if numbers["best_epoch"] is None else int(numbers["best_epoch"]),
        "epochs_run": None if numbers["epochs_run"] is None else int(numbers["epochs_run"]),
        "created_at": _tell_moment(_plain(columns["created_at"][at])),
        "finished_at": _tell_moment(_plain(columns["finished_at"][at])),
        "trashed_at": _tell_moment(thrown_s),
        "kept_until": None if thrown_s is None else _tell_moment(thrown_s + TRASH_KEPT_DAYS * 86_400),
        "options": snapshot.words["options"].parse()[columns["options"][at]],
    }


def list_facts(
    session: Session, filters: choosing.Filters, sort: str, offset: int, limit: int
) -> list[dict[str, Any]]:
    """Return what the index holds of one stretch of the experiments that match."""
    snapshot = look(session)
    positions, _total = _order(snapshot, filters, sort, offset, limit)
    return [describe_facts(snapshot, at) for at in positions]


def find_ids(
    session: Session, filters: choosing.Filters, sort: str, offset: int, limit: int
) -> tuple[list[int], int]:
    """Return the ids of one stretch of the experiments that match, and how many there are in all."""
    snapshot = look(session)
    positions, total = _order(snapshot, filters, sort, offset, limit)
    return snapshot.columns["id"][positions].tolist(), total


def _order(
    snapshot: Snapshot, filters: choosing.Filters, sort: str, offset: int, limit: int
) -> tuple[list[int], int]:
    name, downwards = choosing.check_sort(sort)
    candidates = np.flatnonzero(choosing.match(snapshot, filters))
    key = choosing.read_key(snapshot, name)
    order = choosing.order_first(key, candidates, offset + limit, downwards=downwards)
    return order[offset:].tolist(), len(candidates)


# --- what the index does not hold ------------------------------------------------------------------------

_DETAILS = (
    *("test_window_accuracy", "test_recording_accuracy_interval", "n_test_recordings", "n_test_windows"),
    *("command", "error"),
)
_NO_DETAILS: dict[str, Any] = {**dict.fromkeys(_DETAILS), "progress": None}


def _load_details(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what a row shows beside the index's facts; results are read by the database, not here."""

    def read(level: str, *path: str | int) -> Any:
        return Experiment.results[("test", level, *path)].as_float()

    chosen = select(
        *(Experiment.id, Job.progress, Job.command, Job.error),
        *(read(level, "n") for level in ("recording_level", "window_level")),
        read("window_level", "accuracy"),
        *(read("recording_level", "accuracy_interval", side) for side in (0, 1)),
    ).join(Job, Job.id == Experiment.job_id)
    found = {}
    for batch in split_batches(ids):
        for row in session.execute(chosen.where(Experiment.id.in_(batch))):
            found[row[0]] = {
                **dict(zip(("progress", "command", "error"), row[1:4], strict=True)),
                "n_test_recordings": None if row[4] is None else int(row[4]),
                "n_test_windows": None if row[5] is None else int(row[5]),
                "test_window_accuracy": row[6],
                "test_recording_accuracy_interval": None if row[7] is None else [row[7], row[8]],
            }
    return found


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _given(values: Any) -> list[float]:
    return [float(each) for each in values if not np.isnan(each)]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _tell_moment(seconds: float | None) -> str | None:
    return None if seconds is None else to_iso(datetime.fromtimestamp(seconds, UTC))


def _title(network: str) -> str:
    return NETWORKS[network].title if network in NETWORKS else network
