from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dash.exceptions import PreventUpdate
from scipy.io import savemat

from callbacks import diagnose, diagnose_answer, diagnose_removal
from layouts.ids.diagnose import DiagnoseId
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.shared.actors import Actor
from tests.factories.datasets import SAMPLE_RATE_HZ, SmallDataset, add_small_dataset, simulate
from tests.factories.jobs import add_person
from tests.unit.layouts.tree import find_text, list_components
from utils.exceptions import InvalidInputError, LstmPfdError

NOWHERE = {"experiment": None, "signal": None, "diagnosis": None}


@pytest.fixture
def ann(database: object, monkeypatch: pytest.MonkeyPatch) -> Actor:
    person = add_person()
    for module in (diagnose, diagnose_answer):
        monkeypatch.setattr(module, "current_actor", lambda: person)
        monkeypatch.setattr(module, "may_write", lambda: True)
        monkeypatch.setattr(module, "watch_jobs", lambda: None)
    return person


@pytest.fixture
def small(ann: Actor) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def trained(small: SmallDataset) -> int:
    config = {
        "network": "random_forest",
        "split_id": small.split_id,
        "options": {"n_trees": 20, "window_s": 0.1},
    }
    created = ExperimentService.create_experiment(config)
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    return int(created["experiment_ids"][0])


def ask(experiment_id: int, source: str = "stored", **given: Any) -> int:
    fields = dict.fromkeys(
        (
            *("signal", "upload", "variable", "sample_rate", "is_rate_known", "speed"),
            *("kind", "machine", "bearing", "geometry", "orders"),
        )
    )
    fields["kind"] = "recorded"
    return diagnose.start(1, str(experiment_id), source, *{**fields, **given}.values())


def stage(actor: Actor, path: Path, **variables: Any) -> dict[str, Any]:
    savemat(path, variables)
    with path.open("rb") as stream:
        staged = DatasetService.stage_upload(stream, path.name, actor=actor)
    assert staged["success"], staged["error"]
    return {"uploads": [{"upload_id": staged["upload_id"]}]}


def test_the_address_chooses_classifier_and_recording(trained: int, small: SmallDataset) -> None:
    signal_id = small.signal_ids["inner_race", 2]
    wished = {**NOWHERE, "experiment": str(trained), "signal": str(signal_id)}
    options, classifier, _datasets, dataset, _bearings = diagnose.load_choices(wished)
    assert (classifier, dataset) == (str(trained), str(small.dataset_id))
    assert [option["value"] for option in options] == ["none", str(trained)]
    assert "100.0 % of 2 test recordings" in options[1]["label"]
    _signals, value, note = diagnose.list_signals(dataset, "", None, wished)
    assert (value, note) == (str(signal_id), None)


def test_without_a_classifier_the_lines_are_asked_alone(small: SmallDataset) -> None:
    options, chosen, *_rest = diagnose.load_choices(NOWHERE)
    assert [option["value"] for option in options] == [chosen] == ["none"]
    assert "No classifier is trained yet" in find_text(diagnose.show_classifier("none"))


def test_a_search_narrows_the_recordings_and_says_when_nothing_is_left(small: SmallDataset) -> None:
    dataset = str(small.dataset_id)
    found, value, _note = diagnose.list_signals(dataset, "healthy", None, NOWHERE)
    assert len(found) == 4
    assert value == found[0]["value"]
    none_left, value, note = diagnose.list_signals(dataset, "nowhere", None, NOWHERE)
    assert (none_left, value) == ([], None)
    assert "Nothing matches" in find_text(note)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("stored", None, None, None, None), "recording"),
        (("file", "5", None, "12000", None), "file"),
        (("file", "5", "gs", " ", False), "sample rate"),
    ],
)
def test_the_button_says_what_is_missing(ann: Actor, given: tuple[Any, ...], word: str) -> None:
    disabled, reason = diagnose.allow_start(*given)
    assert disabled is True
    assert word in str(reason)


def test_the_button_works_once_everything_is_chosen(ann: Actor) -> None:
    assert diagnose.allow_start("stored", "5", None, None, None) == (False, None)
    assert diagnose.allow_start("file", None, "gs", None, True) == (False, None)
    assert diagnose.allow_start("file", None, "gs", "12000", False) == (False, None)


def test_a_stored_recording_is_diagnosed_with_its_limits(trained: int, small: SmallDataset) -> None:
    number = ask(trained, signal=str(small.signal_ids["inner_race", 3]))
    waiting, hides_plots, stops_polling, *_rest = diagnose.show_result(number, 0, None, None)
    assert (hides_plots, stops_polling) == (True, False)
    assert "dispatcher is not running" in find_text(waiting)
    found = ExperimentService.get_diagnosis(number)
    assert found is not None
    ExperimentService.run_diagnosis_job(found["job_id"], "w")
    answer, hides_parts, stops_polling, done, ways = diagnose.show_result(number, 1, None, None)
    assert (hides_parts, stops_polling, done) == (False, True, number)
    text = find_text(answer)
    assert "inner race" in text
    assert "labelled" in text
    assert "The lines say" in text
    assert "Limits of this answer" in text
    assert f"/reports/{number}" in {way.href for way in ways}
    with pytest.raises(PreventUpdate):  # another job changed its state
        diagnose.show_result(number, 2, None, number)
    assert "inner_race_3" in find_text(diagnose.show_history({}, number, None))


def test_below_the_answer_stand_curves_windows_and_the_way_to_the_recording(
    trained: int, small: SmallDataset
) -> None:
    number = finish(ask(trained, signal=str(small.signal_ids["inner_race", 3])))
    similar, shares, facts = diagnose_answer.show_parts(number)
    assert "No similar past case" in find_text(similar)
    assert "inner race" in find_text(shares)
    links = {getattr(each, "href", None) for each in list_components(facts)}
    assert any(str(link).startswith(f"/signals/{small.dataset_id}/") for link in links)
    timeline, is_hidden = diagnose_answer.show_timeline(number, "dark")
    assert (len(timeline.data[0].x), is_hidden) == (19, False)
    missing, hides_views, options, first = diagnose_answer.list_views(number)
    assert (missing, hides_views) == (None, False)
    assert {"waveform", "spectrum"} <= {option["value"] for option in options}
    figure, note = diagnose_answer.show_view(number, "spectrum", "light")
    assert first in [option["value"] for option in options]
    assert figure.data[-1].x[-1] <= SAMPLE_RATE_HZ / 2
    assert "Δf = 1 Hz" in note


def test_the_lines_alone_are_asked_without_a_classifier(small: SmallDataset) -> None:
    number = ask("none", signal=str(small.signal_ids["inner_race", 3]))  # type: ignore[arg-type]
    found = ExperimentService.get_diagnosis(finish(number))
    assert found is not None
    assert found["experiment_id"] is None
    text = find_text(diagnose.show_result(number, 0, None, None)[0])
    assert "No classifier was asked" in text
    assert diagnose_answer.show_timeline(number, None)[1] is True


def test_an_opinion_has_to_be_complete_before_it_can_be_saved(ann: Actor) -> None:
    assert diagnose_answer.choose_opinion(None, None)[:2] == (True, True)
    assert diagnose_answer.choose_opinion("confirmed", None) == (True, False, None)
    hides_class, is_disabled, reason = diagnose_answer.choose_opinion("relabelled", None)
    assert (hides_class, is_disabled) == (False, True)
    assert "class" in str(reason)
    assert diagnose_answer.choose_opinion("relabelled", "ball") == (False, False, None)


def test_feedback_is_kept_and_made_the_next_version_of_the_dataset(
    trained: int, small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    toasts: list[str] = []
    monkeypatch.setattr(diagnose_answer, "show_toast", lambda title, **_more: toasts.append(title))
    number = finish(ask(trained, signal=str(small.signal_ids["inner_race", 3])))
    said, _pending, hides_apply, classes, is_disabled, _reason = diagnose_answer.show_feedback(number, None)
    assert "Nobody" in find_text(said)
    assert (hides_apply, is_disabled) == (True, True)
    assert {"value": "outer_race", "label": "outer race"} in classes

    press(monkeypatch, "SAVE_FEEDBACK")
    diagnose_answer.give_feedback(1, None, number, "relabelled", "outer_race", " seen ", None)
    said, pending, hides_apply, _classes, is_disabled, _reason = diagnose_answer.show_feedback(number, 1.0)
    assert "seen" in find_text(said)
    assert "inner race  →  outer race" in find_text(pending)
    assert (hides_apply, is_disabled) == (False, False)

    press(monkeypatch, "APPLY_FEEDBACK")
    diagnose_answer.give_feedback(1, 1, number, None, None, None, "opened on Monday")
    assert toasts == ["Feedback saved", "Dataset version 2 made"]
    row = DatasetService.get_signal(small.signal_ids["inner_race", 3])
    assert row is not None
    assert (row["fault_class"], row["version"]) == ("outer_race", 2)
    assert "dataset version 2" in find_text(diagnose_answer.show_feedback(number, 2.0)[0])


def test_a_confirmed_label_can_be_taken_up_though_it_changes_nothing(
    small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    toasts: list[str] = []
    monkeypatch.setattr(diagnose_answer, "show_toast", lambda title, **_more: toasts.append(title))
    number = finish(ask("none", signal=str(small.signal_ids["inner_race", 3])))  # type: ignore[arg-type]
    press(monkeypatch, "SAVE_FEEDBACK")
    diagnose_answer.give_feedback(1, None, number, "confirmed", None, None, None)
    _said, pending, hides_apply, _classes, is_disabled, _reason = diagnose_answer.show_feedback(number, 1.0)
    assert "bears out 1 label" in find_text(pending)
    assert (hides_apply, is_disabled) == (False, False)
    press(monkeypatch, "APPLY_FEEDBACK")
    diagnose_answer.give_feedback(1, 1, number, None, None, None, None)
    assert toasts[-1] == "Noted: version 1 has these labels already"
    assert "dataset version 1" in find_text(diagnose_answer.show_feedback(number, 2.0)[0])


def finish(diagnosis_id: int) -> int:
    found = ExperimentService.get_diagnosis(diagnosis_id)
    assert found is not None
    assert ExperimentService.run_diagnosis_job(found["job_id"], "w") == "done"
    return diagnosis_id


def press(monkeypatch: pytest.MonkeyPatch, button: str) -> None:
    monkeypatch.setattr(diagnose_answer, "ctx", SimpleNamespace(triggered_id=DiagnoseId[button]))


def test_a_file_without_a_sample_rate_asks_for_it(trained: int, ann: Actor, tmp_path: Path) -> None:
    upload = stage(ann, tmp_path / "x.mat", gs=simulate("inner_race", 99))
    note, variables, first, is_known, _placeholder = diagnose.preview_file(upload)
    assert (first, is_known) == ("gs", False)
    assert len(variables) == 1
    assert "does not say the sample rate" in find_text(note)
    number = ask(
        trained, "file", upload=upload, variable="gs", sample_rate=str(SAMPLE_RATE_HZ), machine="Elsewhere"
    )
    found = ExperimentService.get_diagnosis(number)
    assert found is not None
    ExperimentService.run_diagnosis_job(found["job_id"], "w")
    answer = find_text(diagnose.show_result(number, 0, None, None)[0])
    assert "Elsewhere" in answer
    assert "labelled" not in answer


def test_a_file_that_says_its_sample_rate_is_not_asked_for_it(ann: Actor, tmp_path: Path) -> None:
    bearing = {"sr": 2000.0, "gs": simulate("healthy", 98)}
    upload = stage(ann, tmp_path / "y.mat", bearing=bearing)
    note, _variables, first, is_known, placeholder = diagnose.preview_file(upload)
    assert (first, is_known, placeholder) == ("bearing.gs", True, "read from the file")
    assert "read from the file" in find_text(note)


def test_a_file_without_a_signal_says_so(ann: Actor, tmp_path: Path) -> None:
    note, variables, first, *_rest = diagnose.preview_file(stage(ann, tmp_path / "z.mat", text="hello"))
    assert (variables, first) == ([], None)
    assert getattr(note, "className", "") == "note note-danger"


def test_before_an_upload_nothing_is_shown(ann: Actor) -> None:
    assert diagnose.preview_file({"uploads": []})[:3] == (None, [], None)


@pytest.mark.parametrize("text", ["fast", "12,000"])
def test_a_speed_that_is_no_number_is_refused_in_plain_words(trained: int, text: str) -> None:
    with pytest.raises(InvalidInputError, match="shaft speed"):
        ask(trained, signal="1", speed=text)


def test_a_recording_that_does_not_exist_is_refused(trained: int) -> None:
    with pytest.raises(LstmPfdError, match="no such signal"):
        ask(trained, signal="999")


def test_nothing_is_asked_without_a_click(ann: Actor) -> None:
    with pytest.raises(PreventUpdate):
        diagnose.start(None, "1", "stored", "1", None, None, None, None, None, "recorded", *[None] * 4)


def test_a_diagnosis_that_does_not_exist_is_said_to_be_missing(ann: Actor) -> None:
    assert "no such diagnosis" in find_text(diagnose.show_result(77, 0, None, None)[0])
    assert "No question asked yet" in find_text(diagnose.show_result(None, 0, None, None)[0])


def test_a_diagnosis_is_deleted_after_the_question_what_goes_with_it(
    trained: int, small: SmallDataset, ann: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[str] = []
    monkeypatch.setattr(diagnose_removal, "current_actor", lambda: ann)
    monkeypatch.setattr(diagnose_removal, "show_toast", lambda title, **_more: gone.append(title))
    monkeypatch.setattr(diagnose_removal, "navigate", gone.append)
    monkeypatch.setattr(diagnose_removal, "ctx", SimpleNamespace(triggered_id=DiagnoseId.REMOVE))
    assert diagnose_removal.offer_removal(None, None, None)[0] is True
    number = ask(trained, signal=str(small.signal_ids["inner_race", 3]))
    hidden, disabled, reason = diagnose_removal.offer_removal(number, None, None)
    assert (hidden, disabled) == (False, True)
    assert "cancel its job" in str(reason)
    finish(number)
    assert diagnose_removal.offer_removal(number, number, None) == (False, False, None)

    assert ExperimentService.give_feedback(number, "confirmed")["success"]
    is_open, words = diagnose_removal.ask_removal(1, None, number)
    assert is_open
    for word in ("its report", "nobody can bring it back", "1 opinion", "The stored recording stays"):
        assert word in find_text(words)
    assert ExperimentService.get_diagnosis(number) is not None
    diagnose_removal.remove(1, number)
    assert gone == [f"Diagnosis {number} deleted", "/reports"]
    assert ExperimentService.get_diagnosis(number) is None


def test_deleting_needs_a_click_and_a_diagnosis(ann: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose_removal, "current_actor", lambda: ann)
    for clicks, current in ((None, 1), (1, None)):
        with pytest.raises(PreventUpdate):
            diagnose_removal.remove(clicks, current)
    with pytest.raises(LstmPfdError, match="no such diagnosis"):
        diagnose_removal.remove(1, 999)
    monkeypatch.setattr(diagnose_removal, "ctx", SimpleNamespace(triggered_id=DiagnoseId.REMOVAL_BACK))
    assert diagnose_removal.ask_removal(1, 1, 1)[0] is False
