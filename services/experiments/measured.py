"""How networks have done here: measured accuracies of own finished trainings, never a promise."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from services.experiments.families import summarise_seeds
from services.experiments.index import Snapshot
from services.experiments.table import describe_facts

MAX_PER_NETWORK = 6


def list_measured(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """Return by network the newest finished group on each split, the newest first.

    The newest, not the best: choosing among trainings by their test accuracy would flatter every one.
    """
    columns = snapshot.columns
    finished = np.isnan(columns["trashed_at"]) & ~np.isnan(columns["test_recording_accuracy"])
    positions = np.flatnonzero(finished)
    keys = columns["network"][positions].astype(np.int64) * (int(columns["split_id"].max(initial=0)) + 1)
    keys += columns["split_id"][positions]
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    newest = positions[::-1][from_the_end]
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for at in newest[np.argsort(-columns["id"][newest])].tolist():
        network = str(snapshot.read_word("network", at))
        if len(found[network]) < MAX_PER_NETWORK:
            found[network].append(_describe(snapshot, at))
    return found


def _describe(snapshot: Snapshot, at: int) -> dict[str, Any]:
    columns = snapshot.columns
    group = np.flatnonzero(columns["group_key"] == columns["group_key"][at])
    group = group[np.isnan(columns["trashed_at"][group])]
    accuracies = columns["test_recording_accuracy"][group]
    given = accuracies[~np.isnan(accuracies)].tolist()
    facts = describe_facts(snapshot, at)
    shown = ("dataset_id", "dataset", "dataset_version", "split_id", "split", "split_colour", "channel")
    return {
        **{name: facts[name] for name in shown},
        "experiment_id": facts["experiment_id"],
        "experiment_ids": columns["id"][group].tolist(),
        "finished_at": facts["finished_at"],
        **summarise_seeds(given, len(group)),
    }
