"""The experiments' list: rows, filters, columns, selection, trash."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from callbacks import experiments
from layouts.components import experiment_actions as actions
from layouts.components import experiment_rows
from layouts.components.tables import build_column
from layouts.ids.experiments import ExperimentsId
from layouts.pages import experiments as page
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import create, train
from tests.unit.layouts.tree import find_text

REQUEST = {"startRow": 0, "endRow": 50, "sortModel": [{"colId": "test_recording_accuracy", "sort": "desc"}]}
NO_FILTERS = ("", "all", "all", "all", "active")


@pytest.fixture(autouse=True)
def toasts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(experiments, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(experiments, "may_write", lambda: True)
    monkeypatch.setattr(experiments, "navigate", seen.append)
    monkeypatch.setattr(experiments, "show_toast", lambda title, *_words, **_more: seen.append(title))
    return seen


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def filters(**changes: str) -> tuple[str, ...]:
    names = ("search", "status", "network", "dataset", "shelf")
    return tuple({**dict(zip(names, NO_FILTERS, strict=True)), **changes}.values())


def list_rows(*values: Any, rows: str = "groups", expanded: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    response, _words = experiments.list_experiments(REQUEST, rows, list(expanded), *(values or NO_FILTERS))
    assert response["rowCount"] >= len(response["rowData"])
    found: list[dict[str, Any]] = response["rowData"]
    return found


def press(monkeypatch: pytest.MonkeyPatch, button: ExperimentsId) -> None:
    context = SimpleNamespace(triggered_id=button, triggered=[{"value": 1}])
    monkeypatch.setattr(experiments.dash, "ctx", context)


def test_the_table_filters_in_the_service(small: SmallDataset) -> None:
    train(small)
    (row,) = list_rows(*filters(search="forest", status="done"))
    assert row["href"] == "/experiment/1?tab=results"
    assert list_rows(*filters(status="failed")) == []
    assert list_rows(*filters(dataset=str(small.dataset_id), network="random_forest")) == [row]
    assert list_rows(*filters(dataset="<b>")) == [row]
    with pytest.raises(PreventUpdate):
        experiments.list_experiments(None, "groups", [], *NO_FILTERS)


def test_a_group_says_what_its_mean_stands_on(small: SmallDataset) -> None:
    created = create(small, seeds=[0, 1, 2])
    for job_id in created["job_ids"][:2]:
        ExperimentService.run_training_job(job_id, "w")
    (row,) = list_rows()
    assert (row["tag"], row["test_recording_accuracy_note"]) == ("3 seeds", "too few seeds (2)")
    assert (row["href"], row["states"]) == (None, {"done": 2, "queued": 1})
    ExperimentService.run_training_job(created["job_ids"][2], "w")
    (row,) = list_rows()
    assert row["test_recording_accuracy_note"] == "all 3 seeds alike"
    assert row["test_window_accuracy_note"] == "3 seeds"  # their windows may differ all the same
    assert row["test_recording_accuracy_interval"] is None
    unfolded = list_rows(expanded=(row["group_key"],))
    assert [each["tag"] for each in unfolded] == ["3 seeds", "seed 0", "seed 1", "seed 2"]
    assert unfolded[1]["test_recording_accuracy_n"] == 2
    _rows, words = experiments.list_experiments(REQUEST, "groups", [], *NO_FILTERS)
    assert words == "1 group, 3 trainings"
    assert len(list_rows(rows="single")) == 3


def test_a_baseline_is_marked_below_its_network(small: SmallDataset) -> None:
    create(small, "cnn_lstm", baseline=True)
    (row,) = list_rows()
    assert row["n_children"] == 1
    _network, beside = list_rows(expanded=(row["group_key"],))
    assert (beside["tag"], beside["level"]) == ("baseline", 1)
    assert {each["tag"] for each in list_rows(rows="single")} == {"baseline", None}


def test_an_empty_list_hides_the_table_and_says_why(small: SmallDataset) -> None:
    def ask(*values: str) -> tuple[str, bool]:
        nothing, hidden = experiments.say_empty(None, None, None, *values)
        return find_text(nothing) if nothing else "", hidden

    assert "No experiments yet" in ask(*NO_FILTERS)[0]
    train(small)
    assert ask(*NO_FILTERS) == ("", False)
    assert "matches" in ask(*filters(search="nowhere"))[0]
    assert "trash is empty" in ask(*filters(shelf="trash"))[0]


def test_options_become_columns_where_they_differ(small: SmallDataset) -> None:
    create(small, options={"n_trees": 20})
    create(small, options={"n_trees": 30, "window_s": 0.2})
    columns, names = experiments.choose_columns("differ", None, [], *NO_FILTERS)
    assert names == ["window_s", "n_trees"]
    fields = [column["field"] for column in columns]
    assert {"options.n_trees", "options.window_s"} <= set(fields)
    assert "Window (s)" in [column["headerName"] for column in columns]
    assert experiments.choose_columns("differ", None, names, *NO_FILTERS) == (no_update, no_update)
    rows = list_rows()
    assert experiments.choose_columns("differ", [rows[0]], [], *NO_FILTERS)[1] == names
    one = list_rows(*filters(search="forest"))[:1] * 2
    assert experiments.choose_columns("differ", one, names, *NO_FILTERS)[1] == []
    assert "epochs" in experiments.choose_columns("all", None, [], *NO_FILTERS)[1]
    columns, names = experiments.choose_columns("none", None, names, *NO_FILTERS)
    assert (names, columns) == ([], [build_column(each) for each in experiment_rows.COLUMNS])


def test_the_download_asks_for_what_is_shown(small: SmallDataset) -> None:
    assert experiments.link_download(*NO_FILTERS) == "/api/v1/experiments.csv?shelf=active"
    asked = experiments.link_download(*filters(search=" mill ", status="done", dataset="2"))
    assert asked == "/api/v1/experiments.csv?status=done&dataset_id=2&shelf=active&q=mill"


def test_what_is_in_use_can_be_chosen_and_what_was_chosen_stays(small: SmallDataset) -> None:
    train(small)
    networks, datasets, shelves = experiments.list_choices(None, None, None, "lstm", "all")
    assert [each["label"] for each in networks] == ["All", "Random forest", "lstm"]
    assert [each["label"] for each in datasets] == ["All", "Small rig"]
    assert [each["label"] for each in shelves] == ["Active (1)", "Trash (0)"]


def test_two_finished_trainings_can_be_compared(small: SmallDataset, toasts: list[str]) -> None:
    created = create(small, seeds=[0, 1])
    rows = list_rows()
    hidden, words, disabled, reason, *_classes = experiments.show_selection(rows, "active")
    assert (hidden, words, disabled) == (False, "1 row selected: 2 trainings", True)
    assert "two finished" in reason
    for job_id in created["job_ids"]:
        ExperimentService.run_training_job(job_id, "w")
    assert experiments.show_selection(list_rows(), "active")[2] is False
    experiments.compare(1, list_rows())
    assert toasts == ["/compare?ids=1,2"]
    assert experiments.show_selection([], "active")[0] is True


def test_two_finished_trainings_can_vote_as_one(
    small: SmallDataset, toasts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "watch_jobs", lambda: toasts.append("watching"))
    members = [train(small), train(small, seeds=[1])]
    rows = list_rows()
    assert experiments.offer_combining(rows[:1], "active") == (True, actions.CHOOSE_VOTERS)
    assert experiments.offer_combining(rows, "trash") == (True, actions.CHOOSE_VOTERS)
    assert experiments.offer_combining(rows, "active") == (False, "Let 2 classifiers vote as one")
    experiments.combine(1, rows)
    made = ExperimentService.get_experiment(max(members) + 1)
    assert made is not None and sorted(made["members"]) == members
    assert toasts == ["watching", "Ensemble queued", f"/experiment/{made['experiment_id']}"]
    with pytest.raises(PreventUpdate):
        experiments.combine(None, rows)


def test_selected_rows_go_to_the_trash_and_back(
    small: SmallDataset, toasts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(small)
    rows = list_rows()
    press(monkeypatch, ExperimentsId.TRASH)
    experiments.throw_away(1, None, rows)
    assert list_rows() == []
    (thrown,) = list_rows(*filters(shelf="trash"))
    assert thrown["tag"].startswith("until 20")
    press(monkeypatch, ExperimentsId.RESTORE)
    experiments.throw_away(1, 1, [thrown])
    assert list_rows() == rows
    assert toasts == ["1 training in the trash", "1 training restored"]


def test_a_baseline_goes_to_the_trash_with_its_network(
    small: SmallDataset, toasts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    created = create(small, "lstm", options={"window_s": 0.1}, baseline=True)
    beside = created["baseline"]
    for number in (*created["experiment_ids"], *beside["experiment_ids"]):  # type: ignore[call-overload]
        ExperimentService.cancel(number)
    press(monkeypatch, ExperimentsId.TRASH)
    experiments.throw_away(1, None, list_rows())
    assert toasts == ["2 trainings in the trash"]
    assert list_rows() == []
    assert len(list_rows(*filters(shelf="trash"))) == 1


def test_deleting_for_good_names_what_goes(
    small: SmallDataset, toasts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(small)
    rows = list_rows()
    press(monkeypatch, ExperimentsId.PURGE)
    is_open, words = experiments.toggle_dialog(1, None, None, rows)
    assert is_open is True
    assert "“Random forest on Small rig”: 1 training" in find_text(words)
    press(monkeypatch, ExperimentsId.DIALOG_BACK)
    assert experiments.toggle_dialog(1, 1, None, rows) == (False, no_update)
    with pytest.raises(PreventUpdate):
        experiments.purge(None, rows)
    experiments.purge(1, rows)
    assert toasts == ["1 training deleted"]
    assert ExperimentService.list_experiments()["total"] == 0


def test_the_address_chooses_every_filter() -> None:
    layout = page.build_layout(q="mill", status="failed", network="lstm", rows="single", options="<b>")
    values = {
        each.id: each.value
        for each in layout._traverse()
        if getattr(each, "id", None) and hasattr(each, "value")
    }
    assert values[ExperimentsId.SEARCH] == "mill"
    assert values[ExperimentsId.STATUS] == "failed"
    assert values[ExperimentsId.NETWORK] == "lstm"
    assert (values[ExperimentsId.ROWS], values[ExperimentsId.OPTIONS]) == ("single", "none")
