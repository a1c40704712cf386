from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import report, reports, signal_viewer_diagnosis
from services.experiment_service import ExperimentService
from services.reports.document import build_document
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from tests.factories.diagnoses import build_both_answer, build_diagnosis
from tests.unit.callbacks.viewer_spies import replace
from tests.unit.layouts.tree import find_text
from utils.exceptions import ConflictError

ITEM = {
    "diagnosis_id": 7, "experiment_id": None, "source_name": "x.mat", "state": "done", "opinion": None,
    "machine_kind": "rolling", "created_at": "2026-02-03T04:05:06+00:00",
    "verdict": {"status": "diagnosed", "fault_class": "ball", "confidence": 0.6789},
}  # fmt: skip
PAGE = {"items": [ITEM], "total": 1, "page": 1, "per_page": 50}
REQUEST = {"startRow": 0, "endRow": 50, "sortModel": [], "filterModel": {}}


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (report, reports, signal_viewer_diagnosis):
        monkeypatch.setattr(module, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(signal_viewer_diagnosis, "may_write", lambda: True)


def test_the_report_page_shows_the_document_and_the_ways_to_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = build_document(build_diagnosis(), [], views_missing="Gone.", attribution=None, signal=None)
    spy = replace(monkeypatch, ExperimentService, "get_diagnosis_report", ok(**document))
    body, title, sentence, ways = report.show_report({"diagnosis_id": "7"})
    assert spy.calls == [((7,), {})]
    assert title == "Diagnosis of IR007_0 (DE)"
    assert sentence.startswith("Diagnosis 7, asked 2026-02-03 04:05 UTC.")
    assert "Inner race, confidence 93.0 %" in find_text(body)
    assert len(ways) == 3


def test_a_report_that_does_not_exist_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, ExperimentService, "get_diagnosis_report", failure(ConflictError("Not finished.")))
    body, title, _sentence, ways = report.show_report({"diagnosis_id": "x"})
    assert "Not finished." in find_text(body)
    assert (title, ways) == ("Report", [])


def test_filters_reach_the_service_and_all_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, ExperimentService, "list_diagnoses", PAGE)
    response, count, *_nothing = reports.list_diagnoses(REQUEST, " x ", "all", "ball", "none")
    filters = {"query": "x", "fault_class": "ball", "opinion": "none"}
    assert spy.calls == [((1, 50), {"filters": filters})]
    (row,) = response["rowData"]
    assert (row["href"], row["confidence"], row["asked_of"]) == ("/reports/7", 67.9, "the lines alone")
    assert row["no_class"] == "none"
    assert count == "1 diagnosis"
    with pytest.raises(PreventUpdate):
        reports.list_diagnoses(None, None, None, None, None)


def test_before_the_first_diagnosis_the_list_offers_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, ExperimentService, "list_diagnoses", {**PAGE, "items": [], "total": 0})
    _rows, count, nothing, is_hidden = reports.list_diagnoses(REQUEST, "", "all", "all", "all")
    assert (count, is_hidden) == ("", True)
    assert "Diagnose a recording" in find_text(nothing)
    filtered = reports.list_diagnoses(REQUEST, "", "refused", "all", "all")
    assert filtered[1:] == ("0 diagnoses", None, False)


def test_a_diagnosis_without_an_answer_leads_to_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = {**ITEM, "verdict": None, "state": "queued", "experiment_id": 4}
    replace(monkeypatch, ExperimentService, "list_diagnoses", {**PAGE, "items": [waiting]})
    row = reports.list_diagnoses(REQUEST, None, "all", "all", "all")[0]["rowData"][0]
    assert (row["href"], row["confidence"], row["asked_of"]) == (
        "/diagnose?diagnosis=7",
        None,
        "experiment 4",
    )


def show_latest(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None) -> tuple[str, bool, Any]:
    replace(monkeypatch, ExperimentService, "list_diagnoses", PAGE if found else {**PAGE, "items": []})
    replace(monkeypatch, ExperimentService, "get_diagnosis", found)
    shown, is_disabled, reason = signal_viewer_diagnosis.show_latest("12", None, None)
    return find_text(shown), is_disabled, reason


def test_the_viewer_shows_both_sides_of_the_latest_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    text, is_disabled, reason = show_latest(monkeypatch, build_diagnosis(build_both_answer()))
    assert (is_disabled, reason) == (False, None)
    for words in ("The lines say", "consistent with inner race", "The classifier says", "outer race"):
        assert words in text
    assert "Contradictions" in text


@pytest.mark.parametrize(
    ("found", "words", "disabled"),
    [
        (None, "has not been diagnosed yet", False),
        (build_diagnosis(state="running"), "stands here when it is there", True),
        ({**build_diagnosis(state="failed", error="Too short."), "answer": None}, "Too short.", False),
    ],
)
def test_before_there_is_an_answer_the_viewer_says_why(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None, words: str, disabled: bool
) -> None:
    text, is_disabled, _reason = show_latest(monkeypatch, found)
    assert words in text
    assert is_disabled is disabled


def test_the_viewer_asks_the_chosen_classifier_or_the_lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_viewer_diagnosis, "watch_jobs", lambda: None)
    spy = replace(monkeypatch, ExperimentService, "request_diagnosis", ok(diagnosis_id=7, job_id=70))
    signal_viewer_diagnosis.start(1, "12", "5")
    signal_viewer_diagnosis.start(1, "12", "none")
    asked = [{"experiment_id": number, "signal_id": 12} for number in (5, None)]
    assert [kwargs for _args, kwargs in spy.calls] == asked
    with pytest.raises(PreventUpdate):
        signal_viewer_diagnosis.start(None, "12", "5")
