"""What distinguishes the settings of contestants: only what differs, and what is alike beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.experiment import Experiment
from services.comparisons.matching import Comparison

# What a contestant without an option is said to have for it; None is a value of an option.
NOT_AN_OPTION = "no such option"
_NO_PARENT = "nothing"
_OPTION = "options."


def compare_settings(comparison: Comparison) -> dict[str, list[dict[str, Any]]]:
    """Return ``different`` and ``alike`` settings, each with its ``values`` in the contestants' order."""
    settings = [_list_settings(each.first) for each in comparison.contestants]
    names = list(dict.fromkeys(name for each in settings for name in each))
    rows = [{"field": name, "values": [each.get(name, NOT_AN_OPTION) for each in settings]} for name in names]
    return {
        "different": [row for row in rows if any(value != row["values"][0] for value in row["values"])],
        "alike": [row for row in rows if all(value == row["values"][0] for value in row["values"])],
    }


def _list_settings(experiment: Experiment) -> dict[str, Any]:
    version = experiment.dataset_version
    return {
        "network": experiment.network,
        "dataset": version.dataset.name,
        "dataset_version": version.number,
        "split": experiment.split.name,
        "channel": experiment.channel or "every labelled channel",
        "fine_tuned_from": _NO_PARENT if experiment.parent_id is None else experiment.parent_id,
        **{f"{_OPTION}{name}": value for name, value in experiment.options.items()},
    }


def write_key_differences(comparison_data: Mapping[str, Any]) -> list[str]:
    """Return one sentence per setting that differs, the network first."""
    letters = [each["letter"] for each in comparison_data["contestants"]]
    return [_write_difference(row, letters) for row in comparison_data["settings"]["different"]]


def _write_difference(row: Mapping[str, Any], letters: Sequence[str]) -> str:
    by_value: dict[str, list[str]] = {}
    for letter, value in zip(letters, row["values"], strict=True):
        by_value.setdefault(write_value(value), []).append(letter)
    parts = [f"{value} ({', '.join(owners)})" for value, owners in by_value.items()]
    return f"{row['field'].removeprefix(_OPTION).replace('_', ' ')}: {' against '.join(parts)}"


def write_value(value: Any) -> str:
    """Return a setting's value as text.

    >>> write_value(None), write_value(True), write_value(0.25)
    ('worked out', 'yes', '0.25')
    """
    if value is None:
        return "worked out"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
