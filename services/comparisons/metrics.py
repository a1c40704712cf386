"""How well each contestant did: accuracies with intervals, per class, confusion, which is best at what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.registry import NETWORKS
from services.comparisons.loading import Judged, RecordingKey
from services.comparisons.matching import Comparison, Contestant, Design
from utils.statistical_tests import compute_mean_share_interval, compute_share_interval, has_too_few_repeats

_LEVELS = ("recording_level", "window_level")
# What is compared, and whether more of it is better.
_RANKED = {
    ("recording_level", "accuracy"): True,
    ("recording_level", "macro_f1"): True,
    ("recording_level", "ece"): False,
    ("window_level", "accuracy"): True,
    (None, "validation_accuracy"): True,
    (None, "train_cpu_s"): False,
}


def describe_contestant(comparison: Comparison, contestant: Contestant) -> dict[str, Any]:
    """Return a contestant as plain data, means over its seeds."""
    first, members = contestant.first, contestant.members
    version = first.dataset_version
    cpu_s = [each.experiment.train_cpu_s for each in members]
    validation = [_read(each, "validation", "recording_level", "accuracy") for each in members]
    return {
        "letter": contestant.letter,
        "label": contestant.label,
        "network": first.network,
        "network_title": NETWORKS[first.network].title if first.network in NETWORKS else first.network,
        "dataset": version.dataset.name,
        "dataset_id": version.dataset_id,
        "dataset_version": version.number,
        "experiment_ids": [each.experiment.id for each in members],
        "seeds": sorted({each.experiment.seed for each in members}),
        "classifiers": [
            {
                "experiment_id": each.experiment.id,
                "seed": each.experiment.seed,
                "sha256": each.experiment.classifier_sha256,
            }
            for each in members
        ],
        "group_keys": sorted({each.experiment.group_key for each in members}),
        "n_seeds": _count_seeds(comparison, contestant),
        "recording_level": _describe_recordings(comparison, contestant),
        "window_level": _describe_windows(members),
        "validation_accuracy": _mean(validation),
        "train_cpu_s": _mean(cpu_s),
        "class_names": first.class_names,
        "per_class": _describe_classes(comparison, contestant),
        "confusion": _sum_confusions(contestant).astype(np.int64).tolist(),
        "by_test_set": [
            {"test_set": index, "accuracy": _find_accuracy(comparison, contestant, index)}
            for index in range(len(comparison.test_sets))
        ],
    }


def _count_seeds(comparison: Comparison, contestant: Contestant) -> int:
    """Return the fewest repeats on any test set."""
    n_sets = range(len(comparison.test_sets))
    return min(len(comparison.list_members(contestant, index)) for index in n_sets)


def _find_accuracy(comparison: Comparison, contestant: Contestant, test_set: int) -> float:
    return float(comparison.count_right(contestant, test_set).mean())


def _describe_recordings(comparison: Comparison, contestant: Contestant) -> dict[str, Any]:
    shares = list(comparison.average_right(contestant).values())  # a recording counts once
    n, accuracy = len(shares), fmean(shares)
    return {
        "n": n,
        "n_right": sum(shares),
        "accuracy": accuracy,
        "interval": compute_share_interval(accuracy, n),
        "seeds_interval": _find_seeds_interval(comparison, contestant),
        "per_seed": _list_per_seed(comparison, contestant),
        "macro_f1": _mean(_read(each, "test", "recording_level", "macro_f1") for each in contestant.members),
        "ece": _mean(_read(each, "test", "recording_level", "ece") for each in contestant.members),
    }


def _list_per_seed(comparison: Comparison, contestant: Contestant) -> list[dict[str, Any]]:
    return [
        {
            "experiment_id": each.experiment.id,
            "seed": each.experiment.seed,
            "test_set": next(
                index
                for index in range(len(comparison.test_sets))
                if each in comparison.list_members(contestant, index)
            ),
            "accuracy": fmean(each.answers[key] == key[1] for key in each.answers),
        }
        for each in contestant.members
    ]


def _find_seeds_interval(comparison: Comparison, contestant: Contestant) -> list[float] | None:
    """Return the interval over seeds; with several test sets a seed's accuracy is not one number."""
    if comparison.design is Design.FOLDS or has_too_few_repeats(len(contestant.members)):
        return None
    return compute_mean_share_interval([each["accuracy"] for each in _list_per_seed(comparison, contestant)])


def _describe_windows(members: Sequence[Judged]) -> dict[str, Any]:
    found = [(each.experiment.results or {})["test"]["window_level"] for each in members]
    return {
        "n": sum(level["n"] for level in found) // len(found),
        **{name: _mean(level[name] for level in found) for name in ("accuracy", "macro_f1", "ece")},
    }


def _read(judged: Judged, part: str, level: str, name: str) -> float | None:
    metrics = (judged.experiment.results or {}).get(part)
    return metrics[level][name] if metrics else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _sum_confusions(
    contestant: Contestant, weights: Mapping[RecordingKey, float] | None = None
) -> NDArray[np.float64]:
    """Return label against answer over all seeds and test sets: answers counted, or weighed by recording."""
    names = contestant.first.class_names
    place = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for each in contestant.members:
        for key, answer in each.answers.items():
            if key[1] in place and answer in place:  # folds may know other classes
                counts[place[key[1]], place[answer]] += weights[key] if weights else 1.0
    return counts


def _describe_classes(comparison: Comparison, contestant: Contestant) -> list[dict[str, Any]]:
    """Return recall, precision and F1 of each class over all seeds and test sets.

    A recording counts once, however many seeds judge it; ``support``, from which the interval comes, too.
    """
    recordings = Counter(target for _, target in comparison.average_right(contestant))
    judges = Counter(key for each in contestant.members for key in each.answers)
    counts = _sum_confusions(contestant, {key: 1.0 / n for key, n in judges.items()})
    rows = []
    for index, name in enumerate(contestant.first.class_names):
        hits, judged, called = counts[index, index], counts[index].sum(), counts[:, index].sum()
        recall = float(hits / judged) if judged else None
        rows.append(
            {
                "class_name": name,
                "support": recordings[name],
                "recall": recall,
                "recall_interval": compute_share_interval(recall, recordings[name])
                if recall is not None
                else None,
                "precision": float(hits / called) if called else None,
                "f1": float(2 * hits / (judged + called)) if judged + called else None,
            }
        )
    return rows


def find_best(contestants: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the letters of the best for each measure; several where they are equal, none where all are."""
    best = {}
    for (level, name), more_is_better in _RANKED.items():
        found = {each["letter"]: (each[level] if level else each)[name] for each in contestants}
        best[f"{level}.{name}" if level else name] = _choose_best(found, more_is_better=more_is_better)
    return best


def _choose_best(values: dict[str, float | None], *, more_is_better: bool) -> list[str]:
    known = [round(value, 12) for value in values.values() if value is not None]
    if len(known) < 2 or min(known) == max(known):
        return []
    wanted = max(known) if more_is_better else min(known)
    return [letter for letter, value in values.items() if value is not None and round(value, 12) == wanted]
