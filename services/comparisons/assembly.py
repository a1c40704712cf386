"""A comparison as plain data: everything that the page, REST and the exports show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.networks.registry import NETWORKS
from database.connection import get_db_session
from models.experiment import Experiment
from services.comparisons import loading
from services.comparisons.cautions import list_warnings
from services.comparisons.differences import compare_settings
from services.comparisons.disagreements import list_disagreements
from services.comparisons.matching import Comparison, match_experiments
from services.comparisons.metrics import describe_contestant, find_best
from services.comparisons.statistics import compute_statistics
from services.comparisons.wording import write_reading
from utils.clock import to_iso, utc_now


def load_comparison(experiment_ids: Sequence[int]) -> Comparison:
    """Return matched experiments, or raise the reason why they can't be compared."""
    ids = loading.check_ids(experiment_ids)
    with get_db_session(read_only=True) as session:
        return match_experiments(loading.load_judged(session, ids))


def compare(experiment_ids: Sequence[int]) -> dict[str, Any]:
    """Return the whole comparison; statements are few and do not grow with experiments or recordings."""
    ids = loading.check_ids(experiment_ids)
    with get_db_session(read_only=True) as session:
        comparison = match_experiments(loading.load_judged(session, ids))
        judged = comparison.judged
        loading.add_histories(session, judged)
        n_finished = loading.count_finished_seeds(session, {each.experiment.group_key for each in judged})
        training = loading.hash_training_parts(session, judged)
    contestants = [describe_contestant(comparison, each) for each in comparison.contestants]
    statistics = compute_statistics(comparison)
    disagreements = list_disagreements(comparison)
    splits = _describe_splits(comparison)
    facts = _find_facts(comparison, training)
    return {
        "experiment_ids": ids,
        "design": comparison.design.value,
        "compared_at": to_iso(utc_now()),
        "test_sets": _describe_test_sets(comparison),
        "contestants": [
            {**each, "n_finished_seeds": _count_finished(comparison, each["group_keys"], n_finished)}
            for each in contestants
        ],
        "best": find_best(contestants),
        "splits": splits,
        "histories": _describe_histories(comparison),
        "statistics": statistics,
        "reading": write_reading(contestants, statistics, disagreements),
        "warnings": list_warnings(contestants, statistics, splits, facts),
        "settings": compare_settings(comparison),
        "disagreements": disagreements,
    }


def _count_finished(comparison: Comparison, group_keys: Sequence[str], n_finished: dict[str, int]) -> int:
    """Return how many finished experiments of a contestant's groups there are, less those left out."""
    n_left_out = sum(old.experiment.group_key in group_keys for old, _ in comparison.left_out)
    return sum(n_finished.get(key, 0) for key in group_keys) - n_left_out


def _describe_test_sets(comparison: Comparison) -> list[dict[str, Any]]:
    described = []
    for index, keys in enumerate(comparison.test_sets):
        experiment = comparison.list_members(comparison.contestants[0], index)[0].experiment
        version = experiment.dataset_version
        described.append(
            {
                "name": f"{version.dataset.name} v{version.number}, split {experiment.split.name}",
                "dataset_id": version.dataset_id,
                "n_recordings": len(keys),
                "n_signals": sum(len(key[0]) for key in keys),
                "classes": dict(sorted(Counter(key[1] for key in keys).items())),
            }
        )
    return described


def _describe_splits(comparison: Comparison) -> list[dict[str, Any]]:
    by_id: dict[int, Experiment] = {each.experiment.split_id: each.experiment for each in comparison.judged}
    return [
        {
            "split_id": split_id,
            "name": experiment.split.name,
            "dataset": experiment.dataset_version.dataset.name,
            "dataset_id": experiment.dataset_version.dataset_id,
            "colour": experiment.split.colour,
            "findings": experiment.split.findings,
            "accepted_reason": experiment.split.accepted_reason,
        }
        for split_id, experiment in sorted(by_id.items())
    ]


def _describe_histories(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "letter": contestant.letter,
            "label": contestant.label,
            "experiment_id": each.experiment.id,
            "seed": each.experiment.seed,
            "family": NETWORKS[each.experiment.network].family
            if each.experiment.network in NETWORKS
            else "network",
            "best_epoch": each.experiment.best_epoch,
            "epochs": each.history,
        }
        for contestant in comparison.contestants
        for each in contestant.members
    ]


def _find_facts(comparison: Comparison, training: dict[int, str]) -> dict[str, Any]:
    """Return what warnings depend on beside the numbers themselves."""
    differs = any(
        len(
            {
                training[each.experiment.id]
                for each in comparison.judged
                if each.recordings.keys() == set(keys)
            }
        )
        > 1
        for keys in comparison.test_sets
    )
    found = Counter(key for keys in comparison.test_sets for key in keys)
    return {
        "training_differs": differs,
        "n_shared_test_recordings": sum(n > 1 for n in found.values()),
        "left_out": [
            {"experiment_id": old.experiment.id, "seed": old.experiment.seed, "kept_id": kept.experiment.id}
            for old, kept in comparison.left_out
        ],
        "most_test_evaluations": max(each.experiment.test_evaluations for each in comparison.judged),
    }
