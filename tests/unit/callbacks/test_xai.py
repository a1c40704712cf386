from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from callbacks import experiment_explain, xai, xai_answer, xai_atlas, xai_common, xai_what_if
from layouts.ids.xai import XaiId
from services.experiment_service import ExperimentService
from services.shared.actors import SYSTEM
from services.xai_service import XAIService
from tests.factories.datasets import add_small_dataset
from tests.factories.evaluations import train_forest
from tests.unit.layouts.tree import find_text, list_components
from utils.exceptions import InvalidInputError

MODULES = (xai, xai_answer, xai_atlas, xai_common, xai_what_if)
QUICK = {"trust": "false", "segment_ms": "50"}


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in MODULES:
        for name, stand_in in (
            ("current_actor", lambda: SYSTEM),
            ("may_write", lambda: True),
            ("watch_jobs", lambda: None),
            ("show_toast", lambda *_texts, **_more: None),
        ):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in)
    trigger(monkeypatch, None)


def trigger(monkeypatch: pytest.MonkeyPatch, component_id: str | None) -> None:
    """Let callbacks see who called them."""
    for module in (xai_answer, xai_what_if):
        monkeypatch.setattr(module, "ctx", SimpleNamespace(triggered_id=component_id))


@pytest.fixture
def forest(database: object) -> tuple[str, str]:
    """Train a forest; return its id and a signal's, as the page holds them."""
    small = add_small_dataset()
    return str(train_forest(small.split_id)), str(small.signal_ids["inner_race", 3])


def run_newest(experiment: str) -> int:
    """Run the job of the newest explanation in this process; return the explanation's id."""
    header = XAIService.list_explanations(int(experiment))["items"][0]
    assert XAIService.run_explanation_job(header["job_id"], "w") == "done", header
    return int(header["explanation_id"])


def ask_by_page(forest: tuple[str, str], method: str, target: str = "predicted") -> dict[str, Any]:
    ids = [{"index": name} for name in QUICK]
    return xai.ask(1, *forest, method, target, list(QUICK.values()), ids)


def test_nothing_trained_leads_to_the_wizard(database: object) -> None:
    nothing, hidden, options, _value = xai.offer_experiments({"experiment": "7"})
    assert (hidden, options) == (True, [])
    assert "No finished experiment yet" in find_text(nothing)


def test_the_form_offers_what_applies_and_what_the_address_names(forest: tuple[str, str]) -> None:
    experiment, signal = forest
    place = {"experiment": experiment, "signal": signal, "method": "occlusion", "explanation": ""}
    assert xai.offer_experiments(place)[3] == experiment
    methods, method, classes, target, offered, _atlas = xai.offer_methods(experiment, None, place)
    assert method == "occlusion"
    assert {each["value"] for each in methods if each["disabled"]} == {
        "integrated_gradients", "gradient_shap", "gradcam",
    }  # fmt: skip
    assert [each["value"] for each in classes] == ["predicted", "healthy", "inner_race"]
    assert target == "predicted"
    assert len(offered) == len([each for each in methods if not each["disabled"]])
    options, value, _note = xai.list_signals(experiment, None, None, place)
    assert value == signal
    assert len(options) == 8
    assert xai.list_signals(experiment, "nothing like it", None, place)[:2] == ([], None)
    fields = xai.show_options("occlusion", experiment)
    names = {
        each.id["index"] for each in list_components(fields) if isinstance(getattr(each, "id", None), dict)
    }
    assert {"trust", "n_windows", "baseline"} <= names
    assert xai.allow_start(experiment, signal, "occlusion") == (False, None, False, None)
    assert xai.allow_start(experiment, None, "occlusion")[1] == "Choose a recording first."


def test_an_explanation_is_asked_for_followed_and_drawn(
    forest: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, signal = forest
    nobody = {"explanation": ""}
    assert xai_answer.choose_answer(experiment, signal, "occlusion", None, nobody) is None
    asked = ask_by_page(forest, "occlusion")
    trigger(monkeypatch, XaiId.ASKED)
    current = xai_answer.choose_answer(experiment, signal, "occlusion", asked, nobody)
    assert current == asked["explanation_id"]
    assert "Being worked out" in find_text(xai_answer.show_answer("recording", current, None, None)[0])
    assert "Occlusion" in find_text(xai_answer.show_job("recording", current, None, None))
    assert run_newest(experiment) == current

    gist, details, drawn, hidden, windows, window = xai_answer.show_answer("recording", current, None, None)
    assert "Why" in find_text(gist)
    assert "What this rests on" in find_text(details)
    assert (hidden, window, drawn["explanation_id"]) == (False, "0", current)
    again = xai_answer.show_answer("recording", current, None, drawn)
    assert again[2] is no_update, "a look at what is drawn already draws nothing anew"
    assert xai_answer.show_job("recording", current, None, None) is None
    n_views = len(xai_answer._VIEWS)
    drawings = xai_answer.draw(drawn, windows[0]["value"], "orders", "dark")
    shown = dict(zip(xai_answer._VIEWS, drawings[:n_views], strict=True))
    assert shown["WAVEFORM"] is False
    assert shown["FEATURES"] is True
    assert len(drawings[n_views].data) == 3
    trigger(monkeypatch, XaiId.SIGNAL)
    assert xai_answer.choose_answer(experiment, signal, "occlusion", asked, nobody) == current
    assert ask_by_page(forest, "occlusion")["explanation_id"] == current, "what is kept comes at once"


def test_the_explanation_of_the_address_is_shown_where_the_form_says_the_same(
    forest: tuple[str, str],
) -> None:
    experiment, signal = forest
    named = ask_by_page(forest, "occlusion", "healthy")["explanation_id"]
    run_newest(experiment)
    newer = ask_by_page(forest, "occlusion", "inner_race")["explanation_id"]
    run_newest(experiment)
    assert (
        xai_answer.choose_answer(experiment, signal, "occlusion", None, {"explanation": str(named)}) == named
    )
    assert xai_answer.choose_answer(experiment, signal, "occlusion", None, {"explanation": "x"}) == newer
    assert xai_answer.choose_answer(experiment, signal, "lime", None, {"explanation": str(named)}) is None


def test_what_fails_says_why(forest: tuple[str, str]) -> None:
    experiment, _signal = forest
    ids = [{"index": name} for name in ("trust", "start_s")]
    with pytest.raises(Exception, match="start_s"):
        xai.ask(1, *forest, "occlusion", "predicted", ["false", "soon"], ids)
    assert XAIService.list_explanations(int(experiment))["total"] == 0
    assert "no such explanation" in find_text(xai_answer.show_answer("recording", 999, None, None)[0])


def test_a_band_of_ones_own_is_tried(forest: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, signal = forest
    with pytest.raises(InvalidInputError, match="in Hz as numbers"):
        xai_what_if.ask(1, *forest, "predicted", "own", "low", "700", "-20, 0")
    with pytest.raises(InvalidInputError, match="levels in dB"):
        xai_what_if.ask(1, *forest, "predicted", "machine", None, None, "loud")
    asked = xai_what_if.ask(1, *forest, "predicted", "own", "500", "700", "-40, 0, 6")
    trigger(monkeypatch, XaiId.WHAT_ASKED)
    current = xai_what_if.choose_answer(experiment, signal, asked, {"explanation": ""})
    assert xai_what_if.show_answer("recording", current, None, None)[2] is True
    run_newest(experiment)
    words, drawn, hidden, curves, value, table = xai_what_if.show_answer("recording", current, None, None)
    assert hidden is False
    assert [each["value"] for each in curves] == [value]
    assert "500 – 700" in find_text(table)
    assert "probability" in find_text(words)
    figure = xai_what_if.draw(drawn, value, "light")
    assert {trace.name for trace in figure.data} == {"healthy", "inner race"}
    assert list(figure.data[0].x) == [-40.0, 0.0, 6.0]


def test_the_atlas_of_a_part_is_asked_for_and_drawn(forest: tuple[str, str]) -> None:
    experiment, _signal = forest
    view = ("classes", experiment, "test", "occlusion")
    assert "No atlas yet" in find_text(xai_atlas.show_atlas(*view, None, "light", None)[0])
    asked = xai_atlas.ask(1, experiment, "test", "occlusion", 2)
    assert "Being worked out" in find_text(xai_atlas.show_atlas(*view, asked, "light", None)[0])
    run_newest(experiment)
    words, hidden, figure, tables = xai_atlas.show_atlas(*view, asked, "light", None)
    assert hidden is False
    assert "recordings of the test part explained" in find_text(words)
    assert len(figure.data) >= 2
    assert "The recordings" in find_text(tables)
    with pytest.raises(PreventUpdate):
        xai_atlas.show_atlas("recording", *view[1:], asked, "light", None)


def test_what_is_kept_is_listed_and_can_be_forgotten(
    forest: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, _signal = forest
    ask_by_page(forest, "occlusion")
    kept = run_newest(experiment)
    listed, size = xai_atlas.show_kept("kept", experiment, "experiment", None, None)
    assert "Occlusion" in find_text(listed)
    assert size.startswith("1 explanation, ")
    tab = experiment_explain.show_explain("explain", None, None, {"experiment_id": experiment})
    assert "Explained already" in find_text(tab)
    assert "inner race" in find_text(tab)
    monkeypatch.setattr(xai_atlas, "triggered_index", lambda: kept)
    assert xai_atlas.forget([1]) == kept
    listed, _size = xai_atlas.show_kept("kept", experiment, "all", kept, None)
    assert "Nothing is kept yet" in find_text(listed)


def test_an_experiment_in_the_trash_is_not_asked(forest: tuple[str, str]) -> None:
    experiment, signal = forest
    assert ExperimentService.trash_experiments([int(experiment)])["success"]
    assert "trash" in str(xai.allow_start(experiment, signal, "occlusion")[1])
    assert "trash" in str(xai_atlas.allow_atlas(experiment, "occlusion")[1])
