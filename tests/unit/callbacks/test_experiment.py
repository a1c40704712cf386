from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import (
    experiment,
    experiment_common,
    experiment_family,
    experiment_monitor,
    experiment_settings,
)
from database.connection import get_db_session
from layouts.ids.experiment import ExperimentId
from models.experiment import TrainingMessage
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import create, train
from tests.unit.layouts.tree import find_text, list_components
from utils.exceptions import LstmPfdError

LOOK = ("light", "epoch", "linear", "0")


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (experiment, experiment_common, experiment_family, experiment_monitor, experiment_settings):
        monkeypatch.setattr(module, "current_actor", lambda: SYSTEM)
        if hasattr(module, "may_write"):
            monkeypatch.setattr(module, "may_write", lambda: True)


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def test_the_monitor_polls_only_while_the_training_is_not_over(small: SmallDataset) -> None:
    created = create(small)
    place = {"experiment_id": str(created["experiment_ids"][0])}
    status, hidden, stops_polling, seen, *controls = experiment_monitor.show_state(place, 0, None, None, None)
    assert (hidden, stops_polling) == (False, False)
    assert seen == {"status": "queued", "last_epoch": 0, "last_message": 0}
    assert "dispatcher is not running" in find_text(status)
    assert controls[0] is False
    ExperimentService.run_training_job(created["job_ids"][0], "w")
    _status, hidden, stops_polling, seen, *_controls = experiment_monitor.show_state(
        place, 1, None, None, seen
    )
    assert (hidden, stops_polling) == (True, True)
    assert seen["status"] == "done"


def test_a_training_has_the_curves_that_it_can_have(small: SmallDataset) -> None:
    place = {"experiment_id": str(train(small))}
    hidden, nothing, loss, *_figures, epochs, _classes, no_rate, no_norm = experiment_monitor.show_curves(
        {}, *LOOK, place
    )
    assert (hidden, nothing, no_rate, no_norm) == (False, None, True, True)
    assert len(loss.data[0].y) == 1
    assert "Chunk of trees" in find_text(epochs)
    network = {"experiment_id": str(train(small, "cnn_lstm"))}
    _hidden, _nothing, loss, *_others, no_rate, no_norm = experiment_monitor.show_curves(
        {}, "dark", "time", "log", "0.6", network
    )
    assert (no_rate, no_norm) == (False, False)
    assert loss.layout.yaxis.type == "log"
    assert any(trace.name == "training, smoothed" for trace in loss.data)


def test_a_line_of_the_log_makes_the_page_look_again(small: SmallDataset) -> None:
    experiment_id = train(small)
    place = {"experiment_id": str(experiment_id)}
    seen = experiment_monitor.show_state(place, 0, None, None, None)[3]
    with get_db_session() as session:
        session.add(TrainingMessage(experiment_id=experiment_id, level="warning", text="The loss is odd"))
        session.commit()
    now = experiment_monitor.show_state(place, 1, None, None, seen)[3]
    assert now["last_message"] > seen["last_message"]
    assert "The loss is odd" in find_text(experiment_monitor.show_log(now, "warning", place))


def test_results_show_both_levels_the_stamp_and_the_recordings(small: SmallDataset) -> None:
    place = {"experiment_id": str(train(small))}
    verdict, confusion, per_class, hides_tables = experiment.show_results(
        None, "test", "recording_level", "", place
    )
    text = find_text(verdict)
    assert hides_tables is False
    assert "2 of 2 recordings right" in text
    assert "38 of 38 windows right" in text
    assert "known" in text
    assert "inner race" in find_text(confusion)
    assert "inner race" in find_text(per_class)


def test_a_cell_lists_its_recordings_only(small: SmallDataset) -> None:
    place = {"experiment_id": str(train(small))}
    everything = find_text(experiment.show_recordings(None, "test", "", place))
    assert "healthy_3" in everything
    assert "inner_race_3" in everything
    one = find_text(experiment.show_recordings(None, "test", "1-1", place))
    assert "healthy_3" not in one
    assert "inner_race_3" in one
    assert "0 signals" in find_text(experiment.show_recordings(None, "test", "0-1", place))


@pytest.mark.parametrize("cell", ["", None, "9-9", "1", "a-b", "²-0", "-1-0"])
def test_a_cell_that_does_not_exist_lists_everything(small: SmallDataset, cell: str | None) -> None:
    place = {"experiment_id": str(train(small))}
    assert "2 signals" in find_text(experiment.show_recordings(None, "test", cell, place))


@pytest.mark.parametrize("number", ["99", "x", None])
def test_an_experiment_that_does_not_exist_is_said_to_be_missing(
    database: object, number: str | None
) -> None:
    place = {"experiment_id": number}
    assert experiment.show_header(place, None, None, None)[0] == "Experiment not found"
    status, hidden, stops_polling, seen, *_rest = experiment_monitor.show_state(place, 0, None, None, None)
    assert "There is no such experiment" in find_text(status)
    assert (hidden, stops_polling) == (True, True)
    assert "Nothing logged" in find_text(experiment_monitor.show_log(seen, "all", place))


def test_the_settings_say_what_was_changed_and_how_to_repeat_it(small: SmallDataset) -> None:
    place = {"experiment_id": str(train(small))}
    card, options, command, family = map(find_text, experiment_settings.show_settings(None, None, place))
    assert "Small rig, version 1" in card
    assert "2 options of" in options
    assert "--option window_s=0.1 --option n_trees=20 --seeds 0" in command
    assert "Nothing else" in family


def test_a_name_and_notes_are_kept(small: SmallDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment_settings, "show_toast", lambda *_, **__: None)
    place = {"experiment_id": str(train(small))}
    assert experiment_settings.save(1, "Second try", "with fewer trees", place) == 1
    name, notes, disabled, reason = experiment_settings.fill_form(place)
    assert (name, notes, disabled, reason) == ("Second try", "with fewer trees", False, None)
    assert experiment.show_header(place, None, 1, None)[0] == "Second try"
    with pytest.raises(LstmPfdError, match="needs a name"):
        experiment_settings.save(2, " ", "", place)
    with pytest.raises(PreventUpdate):
        experiment_settings.save(None, "x", "", place)


def list_links(component: Any) -> list[str]:
    return [each.href for each in list_components(component) if type(each).__name__ == "Link"]


def test_the_other_seeds_and_the_baseline_are_linked(small: SmallDataset) -> None:
    created = create(small, "lstm", options={"window_s": 0.1}, seeds=[0, 1], baseline=True)
    first, second = created["experiment_ids"]
    (baseline,) = created["baseline"]["experiment_ids"]  # type: ignore[call-overload]
    for own, others in ((first, (second, baseline)), (baseline, (first, second))):
        family = experiment_settings.show_settings(None, None, {"experiment_id": str(own)})[-1]
        assert list_links(family) == [f"/experiment/{each}?tab=monitor" for each in others]
        assert f"#{own}" in find_text(family)
        assert "Classical baseline" in find_text(family)


def test_an_experiment_goes_to_the_trash_with_the_baseline_beside_it_alone(
    small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    toasts: list[str] = []
    monkeypatch.setattr(experiment_family, "show_toast", lambda title, *_, **__: toasts.append(title))
    created = create(small, "lstm", options={"window_s": 0.1}, baseline=True)
    (number,) = created["experiment_ids"]
    (baseline,) = created["baseline"]["experiment_ids"]  # type: ignore[call-overload]
    place = {"experiment_id": str(number)}
    assert "still training" in experiment_family.show_shelf(None, None, place)[2]
    for each in (number, baseline):
        ExperimentService.cancel(each)
    words, *states = experiment_family.show_shelf(None, None, place)
    assert "1 baseline beside it goes with it" in words
    assert states == [False, None, True, "It is not in the trash."]

    press(monkeypatch, ExperimentId.TRASH)
    assert experiment_family.throw_away(1, None, place)["ids"] == [number, baseline]
    words, *states = experiment_family.show_shelf(None, None, place)
    assert "deleted for good on 20" in words
    assert states == [True, "It is in the trash already.", False, None]
    assert "In the trash until" in experiment.show_header(place, None, None, None)[1]
    assert ExperimentService.list_experiments()["total"] == 0

    press(monkeypatch, ExperimentId.RESTORE)
    assert experiment_family.throw_away(1, 1, place)["ids"] == [number, baseline]
    assert ExperimentService.list_experiments()["total"] == 2
    assert toasts == ["2 trainings in the trash", "2 trainings restored"]


def press(monkeypatch: pytest.MonkeyPatch, button: str) -> None:
    monkeypatch.setattr(experiment_family.dash, "ctx", SimpleNamespace(triggered_id=button))


def test_an_ensemble_links_its_members_and_has_no_curves(small: SmallDataset) -> None:
    members = [train(small), train(small, seeds=[1])]
    made = ExperimentService.create_ensemble(members)
    assert ExperimentService.run_training_job(made["job_id"], "w") == "done"
    place = {"experiment_id": str(made["experiment_id"])}
    status, *_rest = experiment_monitor.show_state(place, 0, None, None, None)
    assert "2 classifiers vote as one" in find_text(status)
    assert "Chunk of trees" not in find_text(status)
    hidden, nothing, *_figures = experiment_monitor.show_curves({}, *LOOK, place)
    assert hidden is True
    assert "Nothing was trained here" in find_text(nothing)
    card, _options, command, _family = experiment_settings.show_settings(None, None, place)
    links = [f"/experiment/{each}?tab=results" for each in members]
    assert [link for link in list_links(card) if link.startswith("/experiment/")] == links
    assert list_links(nothing) == links
    assert "Combine" in find_text(command)
    assert "Train again" not in find_text(experiment.show_header(place, None, None, None)[2])
