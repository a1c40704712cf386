from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate
from sqlalchemy import update

from callbacks import new_experiment
from database.connection import get_db_session
from models.recording import Recording
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.unit.layouts.tree import find_text, list_components

FOREST = {"n_trees": "20", "window_s": "0.1"}
PLACE_KEYS = ("dataset", "split", "network", "clone", "parent")


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_experiment, "current_actor", lambda: SYSTEM)


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def make_form(split_id: int | None, **changes: Any) -> list[Any]:
    form = {
        "network": "random_forest", "channel": "", "parent": "new", "baseline": True, "seeds": "0",
        "name": "", "notes": "",
    }  # fmt: skip
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
    assert (chosen[1], chosen[3]) == (str(small.dataset_id), "lstm")
    assert chosen[5] == "0, 1, 2"
    _options, split_id, missing = new_experiment.list_splits(chosen[1], chosen[4])
    assert (split_id, missing) == (small.split_id, None)


def test_nonsense_in_the_address_changes_nothing(small: SmallDataset) -> None:
    assert load_choices(split="<b>", dataset="-1")[1] == str(small.dataset_id)


def test_without_a_dataset_the_wizard_says_what_to_do_first(database: object) -> None:
    assert "Import recordings" in find_text(load_choices()[2])


def test_a_clone_brings_everything_but_the_result(small: SmallDataset) -> None:
    experiment_id = train(small)
    chosen = load_choices(clone=str(experiment_id))
    prefill = chosen[4]
    assert (prefill["split_id"], prefill["options"]["n_trees"]) == (small.split_id, 20)
    fields = list_components(new_experiment.show_options("random_forest", "new", prefill))
    values = {
        each.id["index"]: each.value
        for each in fields
        if hasattr(each, "value") and isinstance(each.id, dict)
    }
    assert values["n_trees"] == "20"
    assert values["window_s"] == "0.1"


def review(*form: Any, accepted: bool = True) -> tuple[str, bool, Any, str]:
    body, disabled, reason, *_chosen, start = new_experiment.review(accepted, *form)
    return find_text(body), disabled, reason, start


def test_the_review_shows_what_will_be_trained(small: SmallDataset) -> None:
    form = make_form(small.split_id, seeds="0, 1 2")
    text, disabled, reason, start = review(*form)
    assert (disabled, reason, start) == (False, None, "3 trainings")
    assert "3 × Random forest (seeds 0, 1, 2)" in text
    assert "Number of trees 20 200" in text
    assert "Windows, estimated" in text
    assert "amber" in text
    assert len(new_experiment.review(True, *form)) == 6


def test_an_amber_split_starts_nothing_before_its_tick(small: SmallDataset) -> None:
    findings, area_hidden, ticked = new_experiment.show_split(small.split_id)
    assert (area_hidden, ticked) == (False, False)
    assert "known" in find_text(findings)
    _text, disabled, reason, _start = review(*make_form(small.split_id), accepted=False)
    assert disabled is True
    assert "tick" in reason


def test_a_network_brings_its_baseline_unless_that_is_switched_off(small: SmallDataset) -> None:
    options = {"epochs": "1", "window_s": "0.1"}
    text, _disabled, _reason, start = review(*make_form(small.split_id, network="lstm", options=options))
    assert "1 × Random forest as baseline" in text
    assert start == "1 training and a baseline"
    form = make_form(small.split_id, network="lstm", options=options, baseline=False)
    assert "baseline" not in review(*form)[0]


def test_an_option_that_cannot_be_is_marked_beside_its_field(database: object) -> None:
    options = {"n_trees": "many", "window_s": "0.1", "max_depth": ""}
    ids = [{"type": "new-experiment-option", "index": name} for name in options]
    invalid, problems = new_experiment.mark_options(list(options.values()), "random_forest", ids)
    assert invalid == [True, False, False]
    assert "whole number" in problems[0]
    assert problems[1:] == ["", ""]


def test_finished_trainings_of_a_network_can_be_a_start(small: SmallDataset) -> None:
    tiny = {"epochs": "1", "window_s": "0.1", "hidden_size": "8"}
    form = make_form(small.split_id, network="lstm", options=tiny, baseline=False)
    created = ExperimentService.create_experiment(new_experiment.build_config(*form))
    assert [each["value"] for each in new_experiment.list_parents("lstm", None)[0]] == ["new"]
    ExperimentService.run_training_job(created["job_ids"][0], "w")
    options, chosen, hidden = new_experiment.list_parents("lstm", None)
    assert ([each["value"] for each in options], chosen, hidden) == (["new", "1"], "new", False)
    assert new_experiment.list_parents("random_forest", None)[1:] == ("new", True)
    prefill = load_choices(parent="1")[4]
    assert new_experiment.list_parents("lstm", prefill)[1] == "1"
    fields = list_components(new_experiment.show_options("lstm", "1", None))
    values = {each.id["index"]: each.value for each in fields if getattr(each, "value", None)}
    assert values["hidden_size"] == "8"


def test_networks_that_lack_something_cannot_be_chosen(small: SmallDataset) -> None:
    with get_db_session() as session:
        session.execute(update(Recording).values(shaft_speed_rpm=None))
        session.commit()
    options = new_experiment.list_networks(small.split_id, None, str(small.dataset_id))
    (order_net,) = [each for each in options if each["value"] == "order_net"]
    assert order_net["disabled"] is True
    assert "The shaft speed is not known for 8 of 8 signals" in find_text(order_net["label"])
    assert "Not measured here yet" in find_text(order_net["label"])
    assert not any(each["disabled"] for each in options if each["value"] in {"lstm", "random_forest"})


def test_the_first_step_says_what_was_chosen(small: SmallDataset) -> None:
    options = load_choices()[0]
    words = new_experiment.say_chosen(small.split_id, str(small.dataset_id), options)
    assert words == "Small rig, by load"


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
    text, disabled, reason, start = review(*make_form(small.split_id, **changes))
    assert (disabled, start) == (True, "can't start yet")
    assert word in str(reason)
    assert word in text


def test_without_a_split_nothing_can_start(small: SmallDataset) -> None:
    _text, disabled, reason, _start = review(*make_form(None))
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
    monkeypatch.setattr(new_experiment, "show_toast", lambda title, **_more: seen.append(title))
    with pytest.raises(PreventUpdate):
        new_experiment.start(None, *make_form(small.split_id))
    new_experiment.start(1, *make_form(small.split_id, seeds="0, 1"))
    assert seen == ["watch", "2 trainings queued", "/experiment/1"]
    assert ExperimentService.list_experiments()["total"] == 2
