"""The dialog of bearings: what is asked of the service, and what is shown then."""

from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import bearings as dialog
from layouts.components import bearings as parts
from layouts.ids.bearings import BearingId
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.callbacks.viewer_spies import replace
from tests.unit.layouts.tree import find_text
from utils.exceptions import ConflictError

GEOMETRY = {
    "n_rolling_elements": 10,
    "rolling_element_diameter_mm": 10.0,
    "pitch_diameter_mm": 50.0,
    "contact_angle_deg": 15.0,
}
MILL = {
    "bearing_id": 4,
    "designation": "Mill 22/7",
    "aliases": [],
    "manufacturer": "Works",
    "geometry": GEOMETRY,
    "orders": {"bpfo": 4.0, "bpfi": 6.0, "bsf": 2.4, "ftf": 0.4},
    "source": "drawing 4711",
}
KNOWN = {**MILL, "bearing_id": None, "designation": "6205-2RS", "manufacturer": None, "source": "rig"}
FORM = {"designation": " Mill 22/7 ", "manufacturer": "", "source": "drawing 4711", **GEOMETRY}


class Context:
    """What Dash says of the event."""

    def __init__(self, triggered_id: Any) -> None:
        self.triggered_id = triggered_id


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(dialog, "may_write", lambda: True)
    monkeypatch.setattr(dialog, "show_toast", lambda *_words, **_options: None)
    monkeypatch.setattr(dialog, "ctx", Context(BearingId.SAVE))
    replace(monkeypatch, SignalService, "list_bearings", [MILL, KNOWN])


def change(form: dict[str, Any], *, chosen: int | None = None, doomed: int | None = None) -> tuple:
    ids = [{"type": BearingId.FIELD, "index": name} for name in form]
    return dialog.change(1, 1, list(form.values()), ids, chosen, doomed)


def test_the_list_shows_orders_and_sources_and_what_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, hidden = dialog.show_list(True, None)
    words = find_text(shown)
    assert hidden is False
    for expected in ("Mill 22/7", "10 × 10 mm on 50 mm, 15°", "4.0000", "4.8000", "drawing 4711", "Edit"):
        assert expected in words
    monkeypatch.setattr(dialog, "may_write", lambda: False)
    shown, hidden = dialog.show_list(True, None)
    assert hidden is True
    assert "Edit" not in find_text(shown)
    assert "engineer" in find_text(shown)
    with pytest.raises(PreventUpdate):
        dialog.show_list(False, None)


def test_an_entry_comes_into_the_form_and_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog, "triggered_index", lambda: 4)
    number, heading, values = dialog.choose([1], None, None)
    assert (number, heading) == (4, "Change Mill 22/7")
    assert dict(zip(parts.FIELDS, values, strict=True)) == {
        **FORM,
        "designation": "Mill 22/7",
        "manufacturer": "Works",
    }
    monkeypatch.setattr(dialog, "triggered_index", lambda: None)
    monkeypatch.setattr(dialog, "ctx", Context(BearingId.NEW))
    number, heading, values = dialog.choose([1], 1, None)
    assert (number, heading, any(values)) == (None, "Enter a bearing", False)
    monkeypatch.setattr(dialog, "ctx", Context({"type": BearingId.EDIT, "index": 4}))
    with pytest.raises(PreventUpdate):  # the button has only appeared
        dialog.choose([None], None, None)


def test_a_new_bearing_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "create_bearing", ok(bearing=MILL))
    problem, stamp = change(FORM)
    assert problem is None
    assert stamp > 0
    assert spy.calls == [((), {**FORM, "designation": "Mill 22/7", "manufacturer": None})]


def test_a_chosen_bearing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "update_bearing", ok(bearing=MILL))
    change(FORM, chosen=4)
    assert spy.calls == [((4, {**FORM, "designation": "Mill 22/7", "manufacturer": None}), {})]


def test_what_is_missing_or_refused_is_said_in_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "create_bearing", failure(ConflictError("It is taken.")))
    problem, _ = change({**FORM, "pitch_diameter_mm": None})
    assert "Pitch diameter" in find_text(problem)
    assert spy.calls == []
    problem, _ = change(FORM)
    assert "It is taken." in find_text(problem)


def test_an_entry_is_deleted_after_a_question_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog, "triggered_index", lambda: 4)
    is_open, words, doomed = dialog.ask_delete([1], None, None)
    assert (is_open, doomed, "Mill 22/7" in words) == (True, 4, True)
    monkeypatch.setattr(dialog, "ctx", Context(BearingId.DELETE_CONFIRM))
    spy = replace(monkeypatch, SignalService, "delete_bearing", ok(designation="Mill 22/7"))
    change(FORM, doomed=4)
    assert spy.calls == [((4,), {})]
    monkeypatch.setattr(dialog, "triggered_index", lambda: None)
    assert dialog.ask_delete([1], 1, None)[0] is False


def test_only_engineers_may_change_bearings() -> None:
    assert dialog.change.required_role == "engineer"
