from __future__ import annotations

from typing import Any

import pytest

from callbacks import signal_viewer as viewer
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.callbacks.viewer_spies import in_callback, replace
from tests.unit.layouts.tree import find_text
from utils.exceptions import DataDamagedError

STRETCH = {
    "unit": "g", "start_s": 1.0, "stop_s": 2.0, "duration_s": 10.0, "sample_rate_hz": 1000.0,
    "note": None, "n_samples": 1000,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(viewer, "may_write", lambda: True)


def test_the_waveform_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    view = ok(**STRETCH, time_s=[1.0, 2.0], values=[0.0, 1.0], decimated=True)
    spy = replace(monkeypatch, SignalService, "get_view", view)
    state, figure, note = viewer.show_waveform("7", [1.0, 2.0], "measured", "light")
    assert spy.calls == [((7, [1.0, 2.0]), {})]
    assert (state, figure.layout.meta["shown"]) == (None, [1.0, 2.0])
    assert note.startswith("1 s of 10 s · 1\u202f000 samples, smallest and largest")


def test_another_quantity_is_asked_for_and_how_it_came_about_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {**STRETCH, "unit": "mm/s", "note": "Integrated from acceleration, 10 Hz high-pass."}
    view = ok(**told, time_s=[1.0, 2.0], values=[0.0, 1.0], decimated=True)
    spy = replace(monkeypatch, SignalService, "get_view", view)
    _state, figure, note = viewer.show_waveform("7", None, "velocity", "light")
    assert spy.calls == [((7, None), {"quantity": "velocity"})]
    assert figure.layout.yaxis.title.text == "Velocity (mm/s)"
    assert note.endswith("10 Hz high-pass.")


def test_a_view_that_fails_says_why_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "get_view", failure(DataDamagedError("The stored file is damaged.")))
    state, *rest = in_callback(viewer.show_waveform, 3, "7", None, "measured", "light")
    assert "The stored file is damaged." in find_text(state)
    assert len(rest) == 2


def make_recording() -> dict[str, Any]:
    signals = [{"signal_id": 7, "channel": "DE"}, {"signal_id": 8, "channel": "FE"}]
    return {
        "recording_id": 2, "recording": "IR007_0", "dataset_id": 1, "fault_classes": ["inner_race"],
        "shaft_speed_rpm": 1797.0, "load": "0", "machine": None, "signals": signals,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "named", "chosen"),
    [("8", "", "8"), ("8", "DE", "8"), ("", "FE", "8"), ("", "", "7"), ("99", "XE", "7")],
)
def test_the_channel_of_the_address_is_shown_else_the_first(
    monkeypatch: pytest.MonkeyPatch, asked: str, named: str, chosen: str
) -> None:
    replace(monkeypatch, DatasetService, "get_recording", make_recording())
    place = {"dataset_id": "1", "recording_id": "2", "signal": asked, "channel": named}
    _notice, hidden, title, sentence, channels, channel = viewer.show_recording(place)
    assert (hidden, title, channel) == (False, "IR007_0", chosen)
    assert sentence == "inner race · 1\u202f797 rpm · load 0 · 2 channels"
    assert [each["label"] for each in channels] == ["DE", "FE"]


def test_every_bearing_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "list_bearings", [{"designation": "6205-2RS"}])
    options = viewer.list_bearings({}, None)
    assert {"value": "6205-2RS", "label": "6205-2RS"} in options
    assert [each["value"] for each in options][0::2] == ["recorded", "other"]


@pytest.mark.parametrize(
    ("dataset_id", "recording_id", "found"), [("1", "x", None), ("1", "3", None), ("9", "2", "there")]
)
def test_a_recording_that_is_not_there_says_so(
    monkeypatch: pytest.MonkeyPatch, dataset_id: str, recording_id: str, found: str | None
) -> None:
    replace(monkeypatch, DatasetService, "get_recording", make_recording() if found else None)
    place = {"dataset_id": dataset_id, "recording_id": recording_id, "signal": "", "channel": ""}
    notice, hidden, *_rest = viewer.show_recording(place)
    assert hidden is True
    assert "There is no such recording" in find_text(notice)


def make_signal(**more: Any) -> dict[str, Any]:
    names = (
        "severity", "unit", "shaft_speed_rpm", "load", "machine", "measurement_point", "bearing",
        "fault_class", "acquired_at", "source_file", "bearing_orders", "previous_signal_id", "next_signal_id",
    )  # fmt: skip
    known = {
        "recording": "IR007_0", "dataset_id": 1, "recording_id": 2, "channel": "DE",
        "sample_rate_hz": 12000.0, "n_samples": 24000, "duration_s": 2.0, "sha256": "ab" * 32, "quality": [],
    }  # fmt: skip
    return {**dict.fromkeys(names), **known, **more}


def test_neighbours_lead_to_the_same_channel_of_the_recordings_before_and_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace(monkeypatch, DatasetService, "get_signal", make_signal(next_signal_id=9))
    _facts, _quality, neighbours, speed, link, disabled, _reason, _quantities = viewer.show_facts("7")
    assert neighbours == {
        "previous": None,
        "next": {"path": "/signals/1/2", "signal": 9, "recording": "IR007_0"},
    }
    assert (speed, link, disabled) == ("unknown", "/diagnose?signal=7", False)


def test_a_viewer_is_told_why_they_cannot_diagnose(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, DatasetService, "get_signal", make_signal(shaft_speed_rpm=1797.0))
    monkeypatch.setattr(viewer, "may_write", lambda: False)
    *_head, speed, link, disabled, reason, _quantities = viewer.show_facts("7")
    assert (speed, link, disabled) == ("1797", None, True)
    assert "engineer" in reason


@pytest.mark.parametrize(
    ("unit", "closed"), [("g", 0), ("mm/s", 0), (None, 3), ("V", 3)], ids=["g", "mm/s", "unknown", "volt"]
)
def test_quantities_are_offered_where_the_unit_tells_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, unit: str | None, closed: int
) -> None:
    replace(monkeypatch, DatasetService, "get_signal", make_signal(unit=unit))
    quantities = viewer.show_facts("7")[-1]
    assert quantities[0] == {"value": "measured", "label": "As measured"}
    reasons = [each["label"] for each in quantities if each.get("disabled")]
    assert len(reasons) == closed
    assert all("unknown" in each or "V is none of them" in each for each in reasons)


def test_levels_are_of_the_visible_stretch_in_the_chosen_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = {
        "rms": 0.5, "peak_value": 2.0, "peak_to_peak": 3.9, "crest_factor": 4.0, "kurtosis": 5.25,
        "mean": 0.01,
    }  # fmt: skip
    told = {**STRETCH, "unit": "mm/s", "limited": True, "note": "Its first 10 s."}
    spy = replace(monkeypatch, SignalService, "get_levels", ok(**told, **levels))
    words = find_text(viewer.show_levels("7", [1.0, 2.0], "velocity"))
    assert spy.calls == [((7, [1.0, 2.0]), {"quantity": "velocity"})]
    assert "RMS 0.5  mm/s Peak 2" in words
    assert "Kurtosis (Pearson) 5.25" in words
    assert words.endswith("Its first 10 s.")
