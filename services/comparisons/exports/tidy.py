"""A comparison as one table of numbers, a row per number, for further work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from utils.csv_text import build_csv

HEADERS = ("table", "training", "against", "class_or_recording", "quantity", "value", "low", "high", "n")
_LEVELS = ("recording_level", "window_level")
_COUNTS = ("both_right", "only_first", "only_second", "both_wrong", "p_value", "p_corrected")
_ESTIMATES = ("risk_difference", "odds_ratio", "cohens_g", "bootstrap", "seeds")

Row = tuple[Any, ...]


def write_csv(found: Mapping[str, Any]) -> str:
    """Return every number of the comparison as CSV; shares are of 1, an end that does not exist is empty."""
    rows = [
        *_list_trainings(found),
        *_list_results(found),
        *_list_classes(found),
        *_list_confusions(found),
        *_list_tests(found),
        *_list_settings(found),
        *_list_answers(found),
    ]
    return build_csv(HEADERS, rows)


def _list_trainings(found: Mapping[str, Any]) -> Iterator[Row]:
    for each in found["contestants"]:
        yield ("training", each["letter"], None, None, "label", each["label"], None, None, None)
        for classifier in each["classifiers"]:
            name = f"seed {classifier['seed']}"
            yield (
                *("training", each["letter"], None, name, "experiment", classifier["experiment_id"]),
                *(None, None, None),
            )


def _list_results(found: Mapping[str, Any]) -> Iterator[Row]:
    for each in found["contestants"]:
        letter, level = each["letter"], each["recording_level"]
        n = level["n"]
        yield (
            "result",
            letter,
            None,
            None,
            "recording_level accuracy",
            level["accuracy"],
            *level["interval"],
            n,
        )
        if level["seeds_interval"]:
            ends = level["seeds_interval"]
            yield ("result", letter, None, None, "mean over seeds", level["accuracy"], *ends, each["n_seeds"])
        for seed in level["per_seed"]:
            name = f"seed {seed['seed']}"
            yield ("result", letter, None, name, "recording_level accuracy", seed["accuracy"], None, None, n)
        for name in ("macro_f1", "ece"):
            yield ("result", letter, None, None, f"recording_level {name}", level[name], None, None, n)
        windows = each["window_level"]
        for name in ("accuracy", "macro_f1", "ece"):
            value = windows[name]
            yield ("result", letter, None, None, f"window_level {name}", value, None, None, windows["n"])
        for name in ("validation_accuracy", "train_cpu_s"):
            yield ("result", letter, None, None, name, each[name], None, None, None)


def _list_classes(found: Mapping[str, Any]) -> Iterator[Row]:
    for each in found["contestants"]:
        for row in each["per_class"]:
            place = ("class", each["letter"], None, row["class_name"])
            ends = row["recall_interval"] or (None, None)
            yield (*place, "recall", row["recall"], *ends, row["support"])
            for name in ("precision", "f1"):
                yield (*place, name, row[name], None, None, row["support"])


def _list_confusions(found: Mapping[str, Any]) -> Iterator[Row]:
    for each in found["contestants"]:
        for label, counts in zip(each["class_names"], each["confusion"], strict=True):
            for answer, count in zip(each["class_names"], counts, strict=True):
                yield (
                    "confusion",
                    each["letter"],
                    None,
                    label,
                    f"answered {answer}",
                    count,
                    None,
                    None,
                    None,
                )


def _list_tests(found: Mapping[str, Any]) -> Iterator[Row]:
    statistics = found["statistics"]
    for pair in statistics.get("pairs", ()):
        place = ("pair", pair["first"], pair["second"], None)
        for name in _COUNTS:
            yield (*place, name, pair[name], None, None, pair["n"])
        for name in _ESTIMATES:
            estimate = pair[name] or dict.fromkeys(("value", "low", "high"))
            yield (*place, name, estimate["value"], estimate["low"], estimate["high"], pair["n"])
    for name in ("omnibus", "friedman", "wilcoxon"):
        test = statistics.get(name)
        for quantity in ("statistic", "dof", "p_value", "method"):
            if test and quantity in test:
                yield (
                    "test",
                    None,
                    None,
                    None,
                    f"{test['test']} {quantity}",
                    test[quantity],
                    None,
                    None,
                    None,
                )
    friedman = statistics.get("friedman")
    for letter, rank in (friedman["mean_ranks"] if friedman else {}).items():
        yield ("rank", letter, None, None, "mean rank", rank, None, None, statistics["n_test_sets"])
    for pair in friedman["pairs"] if friedman else ():
        yield (
            "rank",
            pair["first"],
            pair["second"],
            None,
            "Nemenyi p",
            pair["p_corrected"],
            None,
            None,
            None,
        )


def _list_settings(found: Mapping[str, Any]) -> Iterator[Row]:
    letters = [each["letter"] for each in found["contestants"]]
    for row in (*found["settings"]["different"], *found["settings"]["alike"]):
        for letter, value in zip(letters, row["values"], strict=True):
            yield ("setting", letter, None, None, row["field"], value, None, None, None)


def _list_answers(found: Mapping[str, Any]) -> Iterator[Row]:
    for row in found["disagreements"]["rows"]:
        for answer in row["answers"]:
            place = ("answer", answer["letter"], None, row["recording"])
            yield (*place, f"label {row['target']}", answer["answer"], None, None, answer["n_seeds"])
