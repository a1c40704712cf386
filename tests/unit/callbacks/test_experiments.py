from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import new_experiment
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.unit.layouts.tree import find_text, list_components

FOREST = {"n_trees": "20", "window_s": "0.1"}
PLACE_KEYS = ("dataset", "split", "network", "clone")


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_experiment, "current_actor", lambda: SYSTEM)


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def make_form(split_id: int | None, **changes: Any) -> list[Any]:
    form = {"network": "random_forest", "channel": "", "seeds": "0", "name": "", "notes": ""}
    options = changes.pop("options", FOREST)
    ids = [{"type": "new-experiment-option", "index": name} for name in options]
    return [split_id, *{**form, **changes}.values(), list(options.values()), ids]


def train(small: SmallDataset) -> int:
    created = ExperimentService.create_experiment(new_experiment.build_config(*make_form(small.split_id)))
    assert created["success"], created["error"]
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    return int(created["experiment_ids"][0])


def load_choices(**wished: Any) -> tuple[Any, ...]:
    return new_experiment.load_choices({**dict.fromkeys(PLACE_KEYS), **wished})


def test_the_address_chooses_dataset_and_split(small: SmallDataset) -> None:
    other = add_small_dataset("Another rig")
    assert load_choices()[1] == str(other.dataset_id)
    chosen = load_choices(split=str(small.split_id), network="lstm")
    assert (chosen[1], chosen[4]) == (str(small.dataset_id), "lstm")
    _options, split_id, missing = new_experiment.list_splits(chosen[1], chosen[5])
    assert (split_id, missing) == (small.split_id, None)


def test_nonsense_in_the_address_changes_nothing(small: SmallDataset) -> None:
    assert load_choices(split="<b>", dataset="-1")[1] == str(small.dataset_id)


def test_without_a_dataset_the_wizard_says_what_to_do_first(database: object) -> None:
    assert "Import recordings" in find_text(load_choices()[2])


def test_a_clone_brings_everything_but_the_result(small: SmallDataset) -> None:
    experiment_id = train(small)
    chosen = load_choices(clone=str(experiment_id))
    prefill = chosen[5]
    assert (prefill["split_id"], prefill["options"]["n_trees"]) == (small.split_id, 20)
    fields = list_components(new_experiment.show_options("random_forest", prefill))
    values = {each.id["index"]: each.value for each in fields if isinstance(getattr(each, "id", None), dict)}
    assert values["n_trees"] == "20"
    assert values["window_s"] == "0.1"


def test_the_review_shows_what_will_be_trained(small: SmallDataset) -> None:
    review, disabled, reason = new_experiment.review(*make_form(small.split_id, seeds="0, 1 2"))
    assert (disabled, reason) == (False, None)
    text = find_text(review)
    assert "3 trainings, 2 options changed" in text
    assert "amber" in text


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"seeds": "0, x"}, "whole numbers"),
        ({"options": {**FOREST, "window_s": "50"}}, "shorter than one window"),
        ({"options": {**FOREST, "n_trees": ""}}, "n_trees"),
        ({"options": {**FOREST, "n_trees": "many"}}, "n_trees"),
        ({"network": "resnet999"}, "resnet999"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    small: SmallDataset, changes: dict[str, Any], word: str
) -> None:
    review, disabled, reason = new_experiment.review(*make_form(small.split_id, **changes))
    assert disabled is True
    assert word in str(reason)
    assert word in find_text(review)


def test_without_a_split_nothing_can_start(small: SmallDataset) -> None:
    _review, disabled, reason = new_experiment.review(*make_form(None))
    assert disabled is True
    assert "split" in str(reason)


def test_the_channels_of_the_split_are_offered(small: SmallDataset) -> None:
    options, value = new_experiment.list_channels(small.split_id, None)
    assert value == ""
    assert options[0] == {"value": "", "label": "Every labelled channel"}
    assert len(options) == 2


def test_starting_goes_to_the_first_experiment(small: SmallDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(new_experiment, "navigate", seen.append)
    monkeypatch.setattr(new_experiment, "watch_jobs", lambda: seen.append("watch"))
    monkeypatch.setattr(new_experiment, "show_toast", lambda title, **_: seen.append(title))
    with pytest.raises(PreventUpdate):
        new_experiment.start(None, *make_form(small.split_id))
    new_experiment.start(1, *make_form(small.split_id, seeds="0, 1"))
    assert seen == ["watch", "2 trainings queued", "/experiment/1"]
    assert ExperimentService.list_experiments()["total"] == 2
