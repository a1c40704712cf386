from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import evaluation, evaluation_common, evaluation_jobs, evaluation_trust, experiment_curves
from database.connection import get_db_session
from layouts.components.evaluation_trust import COVERAGES as COVERAGE_CHOICES
from layouts.figures.evaluation import MACRO
from layouts.ids.evaluation import EvaluationId
from models.evaluation import Evaluation
from services.evaluation_service import EvaluationService
from services.evaluations.kinds import COVERAGES
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from tests.factories.evaluations import add_faint_dataset, train_forest
from tests.unit.layouts.tree import find_text, list_components
from utils.exceptions import InvalidInputError

MODULES = (evaluation, evaluation_common, evaluation_jobs, evaluation_trust, experiment_curves)


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES:
        monkeypatch.setattr(module, "current_actor", lambda: SYSTEM)
        for name, stand_in in (("may_write", lambda: True), ("watch_jobs", lambda: None)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in)


@pytest.fixture
def judged(database: object) -> str:
    """Train a forest that errs; return its id as the page holds it."""
    _small, split_id = add_faint_dataset()
    return str(train_forest(split_id))


def test_the_offered_coverages_are_those_that_are_stored() -> None:
    assert tuple(float(value) for value, _label in COVERAGE_CHOICES) == COVERAGES


def test_nothing_finished_leads_to_the_wizard(database: object) -> None:
    nothing, hidden, *_rest = evaluation.offer_experiments({"experiment": "", "ids": ""})
    assert hidden is True
    assert "No finished experiment yet" in find_text(nothing)


def test_every_tab_is_filled_from_what_the_experiment_said(judged: str) -> None:
    test = ("test", evaluation_jobs.offer_windows(judged, "test", None, None, None)[-1])
    _area, hidden, options, chosen, picks, ids = evaluation.offer_experiments(
        {"experiment": "<b>", "ids": f"{judged},99,x"}
    )
    assert (hidden, chosen, ids) == (False, judged, [int(judged)])
    assert len(options) == len(picks) == 1
    assert "judged once" in find_text(evaluation.show_stamp(judged, None))

    _notes, hidden, roc, pr, areas, basis, bands, band = evaluation.show_curves(
        "roc", judged, *test, "recording_level", "nonsense", "dark"
    )
    assert (hidden, band) == (False, MACRO)
    assert {trace.name for trace in roc.data} >= {"healthy", "inner race", "outer race"}
    assert len(pr.data) >= 4
    assert "mean of the classes" in find_text(areas)
    assert basis.startswith("Recording-level, test part, ")
    assert [each["value"] for each in bands] == [MACRO, "healthy", "inner_race", "outer_race"]

    _matrix, listed = evaluation.show_errors("errors", judged, *test, "recording_level", "")
    assert "The hardest first" in find_text(listed)
    matrix, _listed = evaluation.show_errors("errors", judged, *test, "window_level", "")
    ids = [getattr(each, "id", None) for each in list_components(matrix)]
    cells = [each["index"] for each in ids if isinstance(each, dict)]
    assert {cell[0] == cell[-1] for cell in cells} == {True, False}
    for cell in cells:
        listed = evaluation.show_errors("errors", judged, *test, "window_level", cell)[1]
        assert "of the label's" in find_text(listed)
    assert "By load" in find_text(evaluation.show_slices("slices", judged, *test))

    calibration, hidden, reliability = evaluation_trust.show_calibration(
        "calibration", judged, *test, "recording_level", "light"
    )
    assert hidden is False
    assert "ECE before" in find_text(calibration)
    assert len(reliability.data) >= 2
    sets, hidden, coverage, *_more = evaluation_trust.show_conformal(
        "conformal", judged, *test, "recording_level", "0.8", "light"
    )
    assert hidden is False
    assert "Binomial band" in find_text(sets)
    assert coverage.data[-1].name == "measured"
    for level in ("0.8123", "nan", "half", None):
        with pytest.raises(InvalidInputError, match="offered coverages"):
            evaluation_trust.show_conformal.__wrapped__(
                "conformal", judged, *test, "recording_level", level, "light"
            )

    seen, place = {"status": "done"}, {"experiment_id": judged}
    _none, hidden, roc, *_others, areas, _calibration = experiment_curves.show_judgement(
        "results", seen, "test", "recording_level", "light", place
    )
    assert hidden is False
    assert len(roc.data) >= 4
    assert "Mean of the classes: AUC 0." in find_text(areas)


@pytest.mark.parametrize("level", ["recording_level", "window_level"])
def test_a_cell_on_the_diagonal_lists_what_is_right(judged: str, level: str) -> None:
    test = ("test", evaluation_jobs.offer_windows(judged, "test", None, None, None)[-1])
    listed = evaluation.show_errors("errors", judged, *test, level, "0-0")[1]
    rows = ExperimentService.list_predictions(int(judged), "test", "healthy")
    names = {
        row["recording"]
        for row in rows
        if (row["correct"] if level == "recording_level" else row["n_windows_correct"])
    }
    links = {each.children for each in list_components(listed) if type(each).__name__ == "Link"} - {
        "Diagnose",
        "Explain",
    }
    assert names
    assert links == names
    n = len(names) if level == "recording_level" else sum(row["n_windows_correct"] for row in rows)
    assert f"Label healthy, answer healthy: {n} " in find_text(listed)


def test_a_closed_tab_works_nothing_out_nor_one_whose_predictions_are_not_found_yet(judged: str) -> None:
    *_offer, now = evaluation_jobs.offer_windows(judged, "test", None, None, None)
    assert now == {"experiment_id": int(judged), "part": "test", "missing": False}
    for asked in (
        ("roc", judged, "test", now),
        ("slices", judged, "test", None),
        ("slices", judged, "validation", now),
    ):
        with pytest.raises(PreventUpdate):
            evaluation.show_slices(*asked)


def test_a_sweep_is_asked_for_run_and_shown(judged: str) -> None:
    asked = evaluation_jobs.run_sweep(1, judged, "test", ["white", "gain"], "20 0", "12", "6")
    assert asked["job_id"]
    running = evaluation_jobs.show_sweep_jobs("robustness", judged, None, None, asked)
    assert "Robustness" in find_text(running) or "sweep" in find_text(running).lower()
    nothing, hidden, *_rest = evaluation_jobs.show_sweep(
        "robustness", judged, "recording_level", "newest", "accuracy", "light", None
    )
    assert hidden is True
    assert "No sweep yet" in find_text(nothing)
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "done"
    _notes, hidden, noise, gain, table = evaluation_jobs.show_sweep(
        "robustness", judged, "recording_level", "newest", "macro_f1", "light", None
    )
    assert hidden is False
    assert [len(trace.x) for trace in noise.data] == [2]
    assert list(gain.data[0].x) == [12.0]
    assert "clean" in find_text(table)
    options, value, *_allowed = evaluation_jobs.offer_sweeps(judged, None, "99")
    assert (len(options), value) == (2, "newest")
    assert "6 recordings" in options[1]["label"]


def test_levels_that_are_no_numbers_are_refused(judged: str) -> None:
    with pytest.raises(InvalidInputError, match="numbers with commas"):
        evaluation_jobs.run_sweep(1, judged, "test", ["white"], "20, loud", "12", None)


def test_experiments_are_put_side_by_side_and_their_latency_measured(judged: str) -> None:
    other = train_forest(_find_split(judged), n_trees=5)
    few = evaluation_jobs.show_architectures("architectures", [int(judged)], "n_bytes", "light", None)
    assert "two or more" in find_text(few[0])
    ids = [int(judged), other]
    _none, hidden, plot, table, disabled, _reason = evaluation_jobs.show_architectures(
        "architectures", ids, "n_bytes", "light", None
    )
    assert (hidden, disabled) == (False, False)
    assert sum(len(trace.x) for trace in plot.data) == 2
    assert find_text(table).count("not measured") == 2
    assert evaluation_jobs.measure_latencies(1, ids)["measured"] == ids
    assert "Latency" in find_text(evaluation_jobs.show_latency_jobs("architectures", ids, None, None, None))


def _find_split(experiment_id: str) -> int:
    found = ExperimentService.get_experiment(int(experiment_id))
    assert found is not None
    return int(found["split_id"])


def show_open_set(judged: str) -> tuple[Any, ...]:
    shown: tuple[Any, ...] = evaluation_trust.show_open_set(
        "open_set", judged, "recording_level", "light", None, None
    )
    return shown


def press(monkeypatch: pytest.MonkeyPatch, button: str, judged: str, shown: str | None) -> Any:
    """Click one of the two buttons; the other one was never clicked."""
    clicks = (1, None) if button == EvaluationId.APPLY else (None, 1)
    monkeypatch.setattr(evaluation_trust.dash, "ctx", SimpleNamespace(triggered_id=button))
    return evaluation_trust.apply_open_set(*clicks, judged, shown)


def add_newer_open_set(evaluation_id: int) -> int:
    """Store the same results once more, as a job would that ends after the page was drawn."""
    with get_db_session() as session:
        row = session.get_one(Evaluation, evaluation_id)
        kept = {
            name: getattr(row, name) for name in ("experiment_id", "kind", "classifier_sha256", "results")
        }
        newer = Evaluation(config={"false_alarms": 0.3}, config_sha256="newer", **kept)
        session.add(newer)
        session.commit()
        return newer.id


def forget(evaluation_id: int) -> None:
    with get_db_session() as session:
        session.delete(session.get_one(Evaluation, evaluation_id))
        session.commit()


def test_the_open_set_is_tried_applied_and_withdrawn(judged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_trust, "show_toast", lambda *_, **__: None)
    nothing, hidden, *_rest = evaluation_trust.show_open_set(
        "open_set", judged, "recording_level", "light", None, None
    )
    assert hidden is True
    assert "Not tried yet" in find_text(nothing)
    with pytest.raises(InvalidInputError, match="in percent"):
        evaluation_trust.try_open_set(1, judged, "")
    assert evaluation_trust.try_open_set(1, judged, "20")["job_id"]
    assert "Open-set" in find_text(evaluation_trust.show_open_set_jobs("open_set", judged, None, None, None))
    assert (
        EvaluationService.run_evaluation_job(evaluation_trust.try_open_set(2, judged, "20")["job_id"], "w")
        == "done"
    )
    found, hidden, figure, folds, applied, *states = evaluation_trust.show_open_set(
        "open_set", judged, "recording_level", "light", None, None
    )
    assert hidden is False
    assert len(figure.data) >= 1
    assert "outer race" in find_text(folds)
    assert "always name one" in find_text(applied)
    assert states[4:6] == [True, "It is not in use."]
    assert "False alarms wanted 20 %" in find_text(found)

    assert states[2:4] == [False, None]
    shown = states[-1]
    newer = add_newer_open_set(int(shown))
    assert press(monkeypatch, EvaluationId.APPLY, judged, shown)["applied"] is True
    in_use = EvaluationService.get_applied_open_set(int(judged))
    assert in_use is not None
    assert in_use["evaluation_id"] == int(shown) != newer
    forget(newer)
    applied, _start, _why, *states, _shown = show_open_set(judged)[4:]
    assert "Applied since" in find_text(applied)
    assert states == [True, "It is in use already.", False, None]
    assert press(monkeypatch, EvaluationId.WITHDRAW, judged, shown)["applied"] is False
    assert EvaluationService.get_applied_open_set(int(judged)) is None
    applied, _start, _why, *states, _shown = show_open_set(judged)[4:]
    assert "always name one" in find_text(applied)
    assert states == [False, None, True, "It is not in use."]
