"""Errors name their recordings; slices count what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from core.evaluation.errors import analyse_recordings, analyse_windows
from core.evaluation.slices import RecordingCounts, slice_by_level, slice_by_name, slice_by_value
from core.training.metrics import wilson_interval

NAMES = ("healthy", "inner_race", "outer_race")


def test_every_confused_cell_lists_its_recordings() -> None:
    random = np.random.default_rng(0)
    targets, predicted = random.integers(0, 3, 60), random.integers(0, 3, 60)
    probabilities = random.dirichlet(np.ones(3), 60)
    recordings = [{"recording_id": number} for number in range(60)]
    found = analyse_recordings(predicted, probabilities, targets, NAMES, recordings)
    assert found["confusion"] == confusion_matrix(targets, predicted).tolist()
    listed = [row["recording_id"] for cell in found["cells"] for row in cell["recordings"]]
    assert sorted(listed) == np.flatnonzero(targets != predicted).tolist()
    for cell in found["cells"]:
        target, answer = NAMES.index(cell["target"]), NAMES.index(cell["predicted"])
        assert cell["n"] == len(cell["recordings"]) == found["confusion"][target][answer]
        assert cell["share"] == pytest.approx(cell["n"] / (targets == target).sum())
    assert [cell["n"] for cell in found["cells"]] == sorted((c["n"] for c in found["cells"]), reverse=True)
    least = probabilities[np.arange(60), targets].argmin()
    assert found["hardest"][0]["recording_id"] == least


def test_confused_windows_lead_to_their_recordings() -> None:
    owners = np.array([0, 0, 0, 1, 1, 2])
    targets = np.array([0, 0, 0, 0, 0, 1])
    predicted = np.array([1, 0, 0, 1, 1, 1])
    found = analyse_windows(predicted, targets, owners, NAMES, [{"recording_id": n} for n in (7, 8, 9)])
    (cell,) = found["cells"]
    assert (cell["target"], cell["predicted"], cell["n"]) == ("healthy", "inner_race", 3)
    assert [(row["recording_id"], row["n_windows_in_cell"]) for row in cell["recordings"]] == [(8, 2), (7, 1)]


def make_counts(correct: list[bool]) -> RecordingCounts:
    n = len(correct)
    return RecordingCounts(np.array(correct), np.full(n, 10), np.where(correct, 9, 2))


def test_slices_by_name_count_both_levels_with_wilson_intervals() -> None:
    found = slice_by_name(make_counts([True, False, True, True, True]), ["10", "9", "10", None, "9"])
    assert found["n_without"] == 1
    assert [row["label"] for row in found["rows"]] == ["9", "10"]
    nine, ten = found["rows"]
    assert nine["recording_level"] == {
        "n": 2, "n_correct": 1, "accuracy": 0.5, "interval": wilson_interval(1, 2),
    }  # fmt: skip
    assert ten["window_level"]["n_correct"] == 18
    assert ten["window_level"]["interval"] is None  # windows of one recording are not independent
    assert nine["window_level"]["n"] == 20


def test_slices_by_value_hold_every_recording_once() -> None:
    random = np.random.default_rng(1)
    values = [None, *random.normal(1500, 40, 99).tolist()]
    found = slice_by_value(make_counts([True] * 100), values, 1)
    assert found["n_without"] == 1
    assert len(found["rows"]) == 5
    assert sum(row["recording_level"]["n"] for row in found["rows"]) == 99
    assert all(15 <= row["recording_level"]["n"] <= 25 for row in found["rows"])
    assert found["rows"][0]["low"] == round(min(values[1:]), 1)
    assert [row["high"] for row in found["rows"][:-1]] == [row["low"] for row in found["rows"][1:]]


def test_few_different_values_are_judged_one_by_one_and_none_at_all_gives_none() -> None:
    found = slice_by_value(make_counts([True, False, True]), [20.0, 10.0, 20.01], 0)
    assert [(row["label"], row["recording_level"]["n"]) for row in found["rows"]] == [("10", 1), ("20", 2)]
    assert slice_by_value(make_counts([True]), [None], 0) == {"rows": [], "n_without": 1}


def test_many_levels_become_ranges_and_few_stay_as_they_are() -> None:
    few, unit = slice_by_level(make_counts([True] * 4), ["0", "3", None, "3"])
    assert ([row["label"] for row in few["rows"]], few["n_without"], unit) == (["0", "3"], 1, None)
    many, unit = slice_by_level(make_counts([True] * 41), [*(f"{load} %" for load in range(40)), None])
    assert (len(many["rows"]), many["n_without"], unit) == (5, 1, "%")
    assert sum(row["recording_level"]["n"] for row in many["rows"]) == 40
    mixed, unit = slice_by_level(make_counts([True] * 10), [*(f"{load} hp" for load in range(9)), "full"])
    assert (len(mixed["rows"]), unit) == (10, None)
