from __future__ import annotations

from typing import Any

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from callbacks import signal_viewer_tools as tools
from layouts.components import signal_machine as machine
from layouts.ids.signal_viewer import ViewerId
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.callbacks.viewer_spies import in_callback, replace
from tests.unit.layouts.tree import find_text, list_components
from utils.exceptions import InvalidInputError

CELL = {"low_hz": 2000.0, "high_hz": 4000.0, "kurtosis": 3.2}
WHOLE = {"low_hz": 0.0, "high_hz": 6000.0, "kurtosis": 1.1}
KURTOGRAM = {
    "levels": [
        {"level": 0.0, "bandwidth_hz": 6000.0, "cells": [WHOLE]},
        {"level": 1.6, "bandwidth_hz": 2000.0, "cells": [CELL]},
    ],
    "best": {**CELL, "level": 1.6},
    "note": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(tools, "may_write", lambda: True)


def test_the_kurtogram_is_worked_out_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "get_kurtogram", ok(**KURTOGRAM))
    assert tools.show_kurtogram(False, "envelope", "7", None, "hz", "light")[:2] == (None, True)
    assert tools.show_kurtogram(True, "spectrum", "7", None, "hz", "light")[:2] == (None, False)
    assert spy.calls == []
    _state, hidden, figure, note, bands = tools.show_kurtogram(True, "envelope", "7", None, "hz", "light")
    assert hidden is False
    assert list(figure.data[0].customdata[1]) == [2000.0, 4000.0, 3.2, 1]
    assert note.startswith("highest at 2\u202f000 – 4\u202f000 Hz, kurtosis 3.2")
    takes = [each for each in list_components(bands) if getattr(each, "data-action", "") == "take-band"]
    assert [getattr(each, "data-low") for each in takes] == ["2000", "0"]


def test_the_second_recording_is_another_one_and_stays_chosen_beyond_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = {"recording": "IR007_0", "channel": "DE", "fault_class": "inner_race"}
    page = {"items": [{**row, "signal_id": 7}, {**row, "signal_id": 8}], "total": 90}
    spy = replace(monkeypatch, DatasetService, "list_signals", page)
    replace(monkeypatch, DatasetService, "get_signal", {**row, "signal_id": 30, "recording": "Normal_0"})
    with pytest.raises(PreventUpdate):
        tools.find_others("spectrum", "inner", "7", {"dataset_id": "1"}, "30")
    options = tools.find_others("compare", "inner", "7", {"dataset_id": "1"}, "30")
    assert spy.calls[0][1]["filters"] == {"q": "inner"}
    assert [each["value"] for each in options] == ["", "30", "8", "more"]
    assert options[1]["label"] == "Normal_0 · DE · inner race"
    assert options[-1] == {"value": "more", "label": "88 more: search for them", "disabled": True}


def test_the_sound_is_of_the_stretch_and_band_and_goes_when_another_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sound = ok(wav_base64="UklGRg==", note="Played 2 s.")
    spy = replace(monkeypatch, SignalService, "get_playback", sound)
    ask = (7, "7", [0.0, 2.0], 500.0, None, "0.5")
    player, words = in_callback(tools.prepare_sound, 1, *ask, triggered=ViewerId.SOUND_START)
    assert spy.calls == [((7, [0.0, 2.0]), {"low_hz": 500.0, "high_hz": None, "speed_factor": 0.5})]
    assert player.src == "data:audio/wav;base64,UklGRg=="
    assert "Played 2 s." in find_text(words)
    assert in_callback(tools.prepare_sound, 1, *ask, triggered=ViewerId.CHANNEL) is None


def test_orbits_are_closed_with_the_reason_where_a_probe_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "get_full_spectrum", failure(InvalidInputError("One channel only.")))
    assert tools.offer_pair("7") == (True, "One channel only.", True, "One channel only.")
    replace(monkeypatch, SignalService, "get_full_spectrum", ok())
    assert tools.offer_pair("7") == (False, None, False, None)


def test_the_zone_is_said_with_its_boundaries_or_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    zone: dict[str, Any] = {
        "zone": "C", "velocity_rms_mm_s": 5.0, "reason": None, "edition": "2009 (superseded)",
        "boundaries": {"A/B": 2.3, "B/C": 4.5, "C/D": 7.1},
    }  # fmt: skip
    replace(monkeypatch, SignalService, "get_severity_zone", ok(**zone))
    words = find_text(tools.show_zone("7", None))
    assert all(each in words for each in ("Zone C", "5 mm/s", "B/C 4.5", "superseded"))
    replace(
        monkeypatch, SignalService, "get_severity_zone", ok(**{**zone, "zone": None, "reason": "No unit."})
    )
    assert "No unit." in find_text(tools.show_zone("7", None))


def test_details_need_a_machine_and_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "find_signal_machine", None)
    assert tools.allow_details("7")[0] is True
    assert "names no machine" in tools.allow_details("7")[1]
    replace(monkeypatch, SignalService, "find_signal_machine", {"machine_id": 3, "name": "Pump"})
    assert tools.allow_details("7") == (False, None)
    monkeypatch.setattr(tools, "may_write", lambda: False)
    assert tools.allow_details("7")[0] is True


def test_the_form_shows_what_is_known_and_sends_it_back_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    details = {
        "bearing_type": "journal", "gear_teeth": [[23, 57], 61], "n_blades": 7, "line_frequency_hz": 50.0,
        "n_poles": 4, "rotor_bars": None, "iso_group": 2, "mounting": "rigid", "nominal_speed_rpm": 1480.5,
        "tacho_pulses_per_turn": 1,
    }  # fmt: skip
    known = {"machine_id": 3, "name": "Pump", "details": details}
    replace(monkeypatch, SignalService, "find_signal_machine", known)
    opened, name, values = in_callback(
        tools.open_details, 3, 1, None, None, "7", triggered=ViewerId.MACHINE_OPEN
    )
    assert (opened, name) == (True, "Pump")
    assert values[machine.FIELDS.index("gear_teeth")] == "23/57, 61"
    spy = replace(monkeypatch, SignalService, "update_machine", ok())
    monkeypatch.setattr(tools, "show_toast", lambda *_args, **_kwargs: None)
    tools.save_details(1, values, "7")
    assert spy.calls == [((3, details), {})]


def test_a_field_that_is_no_number_reaches_the_service_which_names_it() -> None:
    values = {**dict.fromkeys(machine.FIELDS, ""), "n_poles": "four", "mounting": "unknown"}
    read = machine.read_fields(values)
    assert (read["n_poles"], read["mounting"], read["n_blades"]) == ("four", None, None)


def test_cancelling_and_saving_close_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = in_callback(tools.open_details, 3, 1, 1, None, "7", triggered=ViewerId.MACHINE_CANCEL)
    assert closed == (False, no_update, [no_update] * len(machine.FIELDS))
    replace(monkeypatch, SignalService, "find_signal_machine", None)
    with pytest.raises(PreventUpdate):
        tools.save_details(None, [], "7")
