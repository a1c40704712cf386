from __future__ import annotations

from typing import Any

import pytest

from callbacks import signal_viewer_lines as lines
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from services.signal_service import SignalService
from tests.unit.callbacks.viewer_spies import replace
from tests.unit.layouts.tree import find_text
from utils.exceptions import InvalidInputError

KINDS = ["shaft", "outer_race", "inner_race", "ball", "cage"]
LINE = {
    "label": "BPFI", "family": "rolling", "kind": "inner_race", "harmonic": 1, "order": 5.4,
    "frequency_hz": 162.0, "low_hz": 158.8, "high_hz": 165.2,
}  # fmt: skip
FOUND = {
    "lines": [LINE], "shaft_frequency_hz": 30.0, "speed_origin": "recording", "bearing": "6205-2RS",
    "orders": {"bpfo": 3.6}, "orders_origin": "catalogue", "missing": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "current_actor", lambda: SYSTEM)


def ask_lines(**given: Any) -> tuple:
    asked = {
        "signal": "7", "shown": True, "kinds": KINDS, "harmonics": 3, "slip": 2.0, "speed": None,
        "estimate": False, "bearing": "recorded", "kinematics": None, "unit": "hz", "_machine_stamp": None,
        "_bearing_stamp": None, "stretch": None, **given,
    }  # fmt: skip
    return lines.show_lines(**asked)


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
    assert stored == {"lines": [], "shaft_frequency_hz": None, "shaft_speed_rpm": None}
    assert [unit["value"] for unit in units if unit.get("disabled")] == ["orders"]


def test_a_given_speed_and_bearing_reach_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = replace(monkeypatch, SignalService, "get_fault_lines", failure(InvalidInputError("No.")))
    ask_lines(speed=1772.0, bearing="6205-2RS", kinematics="bpfo=3")
    ask_lines(bearing="other", kinematics="BPFO=3.5,bpfi=5.4,bsf=2.3,ftf=0.4")
    ask_lines(bearing="other", kinematics=" n=9,d=7.94,D=39.04 ", harmonics=None)
    first, second, third = (kwargs for _args, kwargs in spy.calls)
    assert first == {
        "shaft_speed_rpm": 1772.0,
        "bearing": "6205-2RS",
        "n_harmonics": 3,
        "slip": 0.02,
    }
    assert (second["bearing"], second["orders"]) == (None, "BPFO=3.5,bpfi=5.4,bsf=2.3,ftf=0.4")
    assert (third["geometry"], third["n_harmonics"]) == ("n=9,d=7.94,D=39.04", 1)


def test_orders_that_cannot_be_take_the_old_lines_away_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    replace(monkeypatch, SignalService, "get_fault_lines", failure(InvalidInputError("Write bpfo=3.58.")))
    area, stored, hidden, _units = ask_lines(bearing="other", kinematics="bpfo=x")
    assert "Write bpfo=3.58." in find_text(area)
    assert stored["lines"] == []
    assert hidden is False


def test_all_bands_of_a_journal_bearing_are_shown_and_hidden_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whirl = {**LINE, "label": "whirl", "family": "journal", "kind": "whirl", "order": None}
    replace(monkeypatch, SignalService, "get_fault_lines", ok(**{**FOUND, "lines": [LINE, whirl]}))
    assert [line["label"] for line in ask_lines(kinds=["journal"])[1]["lines"]] == ["whirl"]
    assert [line["label"] for line in ask_lines(kinds=["inner_race"])[1]["lines"]] == ["BPFI"]


def test_an_estimated_speed_moves_the_lines_and_says_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = {"shaft_speed_rpm": 1772.4, "confidence": 0.93, "method": "steady", "note": None}
    asked = replace(monkeypatch, SignalService, "get_shaft_speed", ok(**speed))
    told = replace(monkeypatch, SignalService, "get_fault_lines", ok(**FOUND))
    area, stored, *_rest = ask_lines(estimate=True, speed=1800.0, stretch=[0.0, 2.0])
    assert asked.calls == [((7, [0.0, 2.0]), {"nominal_rpm": 1800.0})]
    assert told.calls[0][1]["shaft_speed_rpm"] == stored["shaft_speed_rpm"] == 1772.4
    assert "1772.4 rpm, found in the vibration, confidence 93 %" in find_text(area)
    assert "(estimated)" in find_text(area)


def test_where_no_speed_stands_out_there_are_no_lines_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = {"shaft_speed_rpm": None, "confidence": 0.0, "method": None, "note": "Nothing stands out."}
    replace(monkeypatch, SignalService, "get_shaft_speed", ok(**speed))
    area, stored, _hidden, units = ask_lines(estimate=True)
    assert "Nothing stands out." in find_text(area)
    assert stored["lines"] == []
    assert units[-1]["disabled"]
