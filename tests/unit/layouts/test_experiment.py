from __future__ import annotations

import pytest

from layouts.components import experiment_results
from layouts.pages import experiments
from tests.unit.layouts.tree import find_text

LEVEL = {"n": 10, "accuracy": 1.0, "accuracy_interval": [0.72, 1.0], "macro_f1": 1.0, "ece": 0.02}
ROW = {
    "experiment_id": 3, "name": "Forest", "status": "done", "seed": 0, "split": "by-load",
    "split_colour": "amber", "created_at": "2026-03-01T00:00:00+00:00", "network_title": "Random forest",
    "dataset": "CWRU", "dataset_version": 1, "train_cpu_s": 2.5, "stopped_early": False,
    "job": {"progress": 1.0, "command": None},
    "test": {"recording_level": LEVEL, "window_level": {**LEVEL, "n": 782, "accuracy": 0.99}},
}  # fmt: skip


def test_a_row_keeps_the_two_levels_apart_each_with_its_count() -> None:
    row = experiments.build_row(ROW)
    assert (row["test_recording_accuracy"], row["test_recording_accuracy_n"]) == (1.0, 10)
    assert (row["test_window_accuracy"], row["test_window_accuracy_n"]) == (0.99, 782)
    assert row["test_recording_accuracy_interval"] == [0.72, 1.0]


def test_a_judged_row_leads_to_its_results_and_another_to_its_monitor() -> None:
    assert experiments.build_row(ROW)["href"] == "/experiment/3?tab=results"
    running = {**ROW, "test": None, "status": "running", "job": {"progress": 0.25, "command": "stop"}}
    row = experiments.build_row(running)
    assert (row["href"], row["percent"], row["asked"]) == ("/experiment/3", 25, "stop")
    assert row["test_recording_accuracy"] is None


def test_an_empty_list_offers_the_next_step_to_those_who_may_take_it() -> None:
    assert "New experiment" in find_text(experiments.build_nothing(filtered=False, viewer_only=False))
    assert "New experiment" not in find_text(experiments.build_nothing(filtered=False, viewer_only=True))
    assert "No experiment matches" in find_text(experiments.build_nothing(filtered=True, viewer_only=False))


@pytest.mark.parametrize(
    ("status", "part", "word"),
    [
        ("running", None, "Monitor tab"),
        ("cancelled", None, "cancelled"),
        ("done", "validation", "no validation recordings"),
    ],
)
def test_missing_results_say_why(status: str, part: str | None, word: str) -> None:
    assert word in find_text(experiment_results.build_no_results(status, part))


def test_several_seeds_are_summed_up_or_said_to_be_too_few() -> None:
    experiment_row = {
        "split_colour": "clear", "split_findings": [], "split_accepted_reason": None, "test_evaluations": 1,
    }  # fmt: skip
    judged = {"test": {"recording_level": LEVEL, "window_level": LEVEL}}
    group = {
        "n_seeds": 3, "n_finished": 3, "test_recording_accuracy_mean": 0.9,
        "test_recording_accuracy_interval": [0.8, 1.0], "note": None,
    }  # fmt: skip
    text = find_text(experiment_results.build_verdict(experiment_row, judged, "test", group))
    assert "mean recording-level test accuracy 90.0 %, 95 % interval 80.0 % to 100.0 %" in text
    assert "judged once" in text
    few = {**group, "n_finished": 1, "test_recording_accuracy_interval": None, "note": "too few seeds"}
    assert "too few seeds" in find_text(experiment_results.build_verdict(experiment_row, judged, "test", few))
