"""``evaluate`` as a person types it, with nothing else running."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from dashboard.cli import cli
from dashboard_config import Settings
from services.experiment_service import ExperimentService
from tests.factories.datasets import add_small_dataset
from tests.factories.evaluations import add_faint_dataset, train_forest

pytestmark = pytest.mark.usefixtures("jobs_run_here")


def run(*words: object, ok: bool = True) -> str:
    done = CliRunner().invoke(cli, ["evaluate", *map(str, words)])
    assert (done.exit_code == 0) is ok, done.output
    return done.stdout if ok else done.output


def test_an_experiment_is_evaluated_by_command(database: Settings) -> None:
    experiment_id = train_forest(add_faint_dataset(n_loads=9)[1])
    document: dict[str, Any] = json.loads(run(experiment_id, "--json"))
    results = ExperimentService.get_results(experiment_id)
    assert results is not None
    assert document["test"] == results["test"]
    assert document["conformal_evaluation"]["recording_level"]["n"] == results["test"]["recording_level"]["n"]
    text = run(experiment_id)
    for words in (
        "test, recording-level",
        "window-level macro AUC",
        "calibration",
        "conformal",
        "met 1 times",
    ):
        assert words in text

    options = (
        "--option",
        "noise_types=white,gain",
        "--option",
        "noise_levels=5",
        "--option",
        "gain_levels=6",
    )
    swept = json.loads(run(experiment_id, "--kind", "robustness", *options, "--json"))
    assert [row["noise_type"] for row in swept["results"]["rows"]] == ["white", "gain"]
    assert swept["n_test_evaluations"] == 3

    add_small_dataset("Other rig", first_seed=900)
    judged = run(experiment_id, "--recordings", "Other rig")
    assert "Other rig, recording-level" in judged
    refused = run(experiment_id, "--kind", "weather", ok=False)
    assert "There is no evaluation 'weather'" in refused
