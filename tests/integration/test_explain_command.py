"""``explain`` as a person types it, with nothing else running."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dashboard.cli import cli
from dashboard_config import Settings
from tests.factories.datasets import add_small_dataset
from tests.factories.experiments import train
from tests.factories.explanations import FOREST

pytestmark = pytest.mark.usefixtures("jobs_run_here")


def run(*words: object, ok: bool = True) -> str:
    done = CliRunner().invoke(cli, ["explain", *map(str, words)])
    assert (done.exit_code == 0) is ok, done.output
    return done.stdout if ok else done.output


def test_an_answer_is_explained_by_command(database: Settings) -> None:
    small = add_small_dataset()
    experiment_id = train(small, options=FOREST)
    signal = ("--signal", small.signal_ids["inner_race", 3])
    listed = run(experiment_id, "--method", "list")
    assert "gradcam: no." in listed and "feature_shap: Shapley" in listed
    found = json.loads(run(experiment_id, *signal, "--option", "trust=false", "--json"))
    assert (found["method"], found["options"]["trust"]) == ("feature_shap", False)
    text = run(experiment_id, *signal, "--option", "trust=false")
    assert f"Explanation {found['explanation_id']}: feature_shap" in text
    assert "The classifier says inner race" in text
    assert "Name one of --signal and --part" in run(experiment_id, ok=False)
    assert "no gradient" in run(experiment_id, *signal, "--method", "gradcam", ok=False)
    assert "needs a running worker" in run(experiment_id, *signal, "--option", "seed=1", "--detach", ok=False)
