from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import signal_viewer as viewer
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.layouts.tree import find_text
from utils.exceptions import DataDamagedError, InvalidInputError

KINDS = ["shaft", "outer_race", "inner_race", "ball", "cage"]
LINE = {"label": "BPFI", "kind": "inner_race", "harmonic": 1, "order": 5.4, "frequency_hz": 162.0}
STRETCH = {
    "unit": "g", "start_s": 1.0, "stop_s": 2.0, "duration_s": 10.0, "sample_rate_hz": 1000.0,
    "note": None, "n_samples": 1000,
}  # fmt: skip
SPECTRUM = {
    **STRETCH, "frequencies_hz": [0.0, 162.0, 500.0], "amplitudes": [0.0, 0.2, 0.0], "resolution_hz": 1.0,
    "window": "hann", "scaling": "peak", "peaks": [{"frequency_hz": 162.0, "amplitude": 0.2}],
}  # fmt: skip
LINES = {"lines": [LINE], "shaft_frequency_hz": 30.0}


class Spy:
    """Stands for a service method: keeps what it was called with, gives what it was made with."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.calls = answer, []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("actor")
        self.calls.append((args, kwargs))
        return self.answer


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(viewer, "may_write", lambda: True)


def replace(monkeypatch: pytest.MonkeyPatch, service: type, method: str, answer: Any) -> Spy:
    spy = Spy(answer)
    monkeypatch.setattr(service, method, spy)
    return spy


def ask_lines(**given: Any) -> tuple:
    asked = {
        "signal": "7", "shown": True, "kinds": KINDS, "harmonics": 3, "speed": None, "bearing": "recorded",
        "kinematics": None, "unit": "hz", **given,
    }  # fmt: skip
    return viewer.show_lines(**asked)


def test_only_the_open_view_is_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    spies = [
        replace(monkeypatch, SignalService, name, ok(**SPECTRUM)) for name in ("get_spectrum", "get_psd")
    ]
    with pytest.raises(PreventUpdate):
        viewer.show_spectrum("envelope", "7", None, None, LINES, "hz", "auto", "light")
    with pytest.raises(PreventUpdate):
        viewer.show_psd("spectrum", "7", None, None, LINES, "hz", "auto", "light")
    assert [spy.calls for spy in spies] == [[], []]


def test_a_spectral_view_follows_the_waveform_and_asks_for_little_more_than_its_zoom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = replace(monkeypatch, SignalService, "get_spectrum", ok(**SPECTRUM))
    state, figure, note, _peaks = viewer.show_spectrum(
        "spectrum", "7", [1.0, 2.0], [100.0, 200.0], LINES, "hz", "auto", "dark"
    )
    ((args, limits),) = spy.calls
    assert args == (7, [1.0, 2.0])
    assert (limits["min_hz"], limits["max_hz"]) == pytest.approx((99.0, 201.0))
    assert state is None
    assert figure.layout.xaxis.range == (100.0, 200.0)
    assert note.startswith("Δf = 1 Hz")


def test_without_a_zoom_a_spectrum_reaches_half_the_sample_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "get_spectrum", ok(**SPECTRUM))
    figure = viewer.show_spectrum("spectrum", "7", None, None, None, "hz", "auto", None)[1]
    assert spy.calls[0][1] == {}
    assert figure.layout.xaxis.range == (0.0, 500.0)


def test_the_envelope_is_of_the_given_band_and_shows_the_suggested_one_in_its_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = ok(**SPECTRUM, band_hz=[150.0, 400.0], band_origin="suggested")
    spy = replace(monkeypatch, SignalService, "get_envelope_spectrum", answer)
    outputs = viewer.show_envelope("envelope", "7", None, 400.0, None, None, LINES, "hz", "auto", "light")
    assert spy.calls[0][0] == (7, None, None, 400.0)
    assert outputs[-2:] == ("150", "400")
    assert outputs[1].layout.xaxis.range[1] == pytest.approx(1.08 * 162.0)


@pytest.mark.parametrize(("scale", "kind"), [("auto", "log"), ("linear", None), ("log", "log")])
def test_a_psd_is_logarithmic_unless_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, scale: str, kind: str | None
) -> None:
    psd = {**SPECTRUM, "density": [0.0, 1.0, 0.1], "density_unit": "(g)²/Hz", "n_segments": 9}
    replace(monkeypatch, SignalService, "get_psd", ok(**psd))
    _state, figure, note = viewer.show_psd("psd", "7", None, None, LINES, "hz", scale, "light")
    assert figure.layout.yaxis.type == kind
    assert "mean of 9 segments" in note


def test_the_waveform_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    view = ok(**STRETCH, time_s=[1.0, 2.0], values=[0.0, 1.0], decimated=True)
    replace(monkeypatch, SignalService, "get_view", view)
    state, figure, note = viewer.show_waveform("7", [1.0, 2.0], "light")
    assert (state, figure.layout.meta["shown"]) == (None, [1.0, 2.0])
    assert note.startswith("1 s of 10 s · 1\u202f000 samples, smallest and largest")


def test_a_view_that_fails_says_why_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "get_view", failure(DataDamagedError("The stored file is damaged.")))
    state, *rest = in_callback(viewer.show_waveform, 3, "7", None, "light")
    assert "The stored file is damaged." in find_text(state)
    assert len(rest) == 2


def in_callback(callback: Any, n_outputs: int, *args: Any) -> tuple:
    from dash._callback_context import context_value
    from dash._utils import AttributeDict

    token = context_value.set(AttributeDict(outputs_list=[{}] * n_outputs))
    try:
        return callback(*args)
    finally:
        context_value.reset(token)


def test_hidden_kinds_are_neither_drawn_nor_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ok(
        lines=[LINE, {**LINE, "label": "FTF", "kind": "cage"}], shaft_frequency_hz=30.0,
        speed_origin="recording", bearing="6205-2RS",
        orders={"bpfo": 3.6}, orders_origin="catalogue", missing=[],
    )  # fmt: skip
    replace(monkeypatch, SignalService, "get_fault_lines", found)
    area, stored, _hidden, units = ask_lines(kinds=["inner_race"])
    assert [line["label"] for line in stored["lines"]] == ["BPFI"]
    assert "FTF" not in find_text(area)
    assert not any(unit.get("disabled") for unit in units)
    assert ask_lines(shown=False)[1]["lines"] == []


def test_without_a_speed_there_are_no_lines_and_no_orders_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ok(
        lines=[], shaft_frequency_hz=None, speed_origin=None, bearing=None, orders=None, orders_origin=None,
        missing=["The shaft speed of this recording is not known. Give it in rpm to see the lines."],
    )  # fmt: skip
    replace(monkeypatch, SignalService, "get_fault_lines", found)
    area, stored, _hidden, units = ask_lines(unit="orders")
    assert "Give it in rpm" in find_text(area)
    assert stored == {"lines": [], "shaft_frequency_hz": None}
    assert [unit["value"] for unit in units if unit.get("disabled")] == ["orders"]


def test_a_given_speed_and_bearing_reach_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "get_fault_lines", failure(InvalidInputError("No.")))
    ask_lines(speed=1772.0, bearing="6205-2RS", kinematics="bpfo=3")
    ask_lines(bearing="other", kinematics="BPFO=3.5,bpfi=5.4,bsf=2.3,ftf=0.4")
    ask_lines(bearing="other", kinematics=" n=9,d=7.94,D=39.04 ", harmonics=None)
    first, second, third = (kwargs for _args, kwargs in spy.calls)
    assert first == {"shaft_speed_rpm": 1772.0, "bearing": "6205-2RS", "n_harmonics": 3}
    assert (second["bearing"], second["orders"]) == (None, "BPFO=3.5,bpfi=5.4,bsf=2.3,ftf=0.4")
    assert (third["geometry"], third["n_harmonics"]) == ("n=9,d=7.94,D=39.04", 1)


def test_orders_that_cannot_be_take_the_old_lines_away_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "get_fault_lines", failure(InvalidInputError("Write bpfo=3.58.")))
    area, stored, hidden, _units = ask_lines(bearing="other", kinematics="bpfo=x")
    assert "Write bpfo=3.58." in find_text(area)
    assert stored["lines"] == []
    assert hidden is False


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
    _notice, hidden, title, sentence, channels, channel, bearings = viewer.show_recording(place)
    assert (hidden, title, channel) == (False, "IR007_0", chosen)
    assert sentence == "inner race · 1\u202f797 rpm · load 0 · 2 channels"
    assert [each["label"] for each in channels] == ["DE", "FE"]
    assert {"value": "6205-2RS", "label": "6205-2RS"} in bearings


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
    _facts, _quality, neighbours, speed, link, disabled, _reason = viewer.show_facts("7")
    assert neighbours == {
        "previous": None,
        "next": {"path": "/signals/1/2", "signal": 9, "recording": "IR007_0"},
    }
    assert (speed, link, disabled) == ("unknown", "/diagnose?signal=7", False)


def test_a_viewer_is_told_why_they_cannot_diagnose(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, DatasetService, "get_signal", make_signal(shaft_speed_rpm=1797.0))
    monkeypatch.setattr(viewer, "may_write", lambda: False)
    *_head, speed, link, disabled, reason = viewer.show_facts("7")
    assert (speed, link, disabled) == ("1797", None, True)
    assert "engineer" in reason
