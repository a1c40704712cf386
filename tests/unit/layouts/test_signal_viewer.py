from __future__ import annotations

from typing import Any

import pytest

from layouts.components import signal_facts as facts
from layouts.components import signal_notes as notes
from layouts.components.signal_controls import QUERY_DEFAULTS
from layouts.components.signal_options import OPTIONS
from layouts.components.signal_peaks import name_nearest
from layouts.figures.signal_axes import choose_axis
from layouts.ids.signal_viewer import ViewerId
from layouts.pages import signal_viewer
from tests.unit.layouts.tree import find_text, list_components

LINES = [
    {
        "label": "BPFI", "family": "rolling", "kind": "inner_race", "harmonic": 1, "order": 5.4,
        "frequency_hz": 162.0, "low_hz": 158.8, "high_hz": 165.2,
    }
]  # fmt: skip


def read_props(**query: str) -> dict[str, dict[str, Any]]:
    page = signal_viewer.build_layout("1", "2", **query)
    found = [each for each in list_components(page) if isinstance(getattr(each, "id", None), str)]
    return {each.id: each.to_plotly_json()["props"] for each in found}


def test_the_address_brings_back_zoom_tab_band_and_lines() -> None:
    props = read_props(
        x="0.5,1.25", tab="envelope", hz="10,200", low="2000", high="4000.5", unit="orders", lines="false",
        kinds="outer_race,cage", harmonics="5", speed="1772", bearing="6205-2RS",
    )  # fmt: skip
    assert props[ViewerId.STRETCH]["data"] == [0.5, 1.25]
    assert props[ViewerId.ZOOM]["data"] == [10.0, 200.0]
    assert props[ViewerId.TABS]["data"] == "envelope"
    assert (props[ViewerId.BAND_LOW]["value"], props[ViewerId.BAND_HIGH]["value"]) == (2000.0, 4000.5)
    assert props[ViewerId.UNIT]["value"] == "orders"
    assert props[ViewerId.SHOW_LINES]["value"] is False
    assert props[ViewerId.KINDS]["value"] == ["outer_race", "cage"]
    assert (props[ViewerId.HARMONICS]["value"], props[ViewerId.SPEED]["value"]) == (5, 1772.0)
    assert props[ViewerId.BEARING]["value"] == "6205-2RS"


@pytest.mark.parametrize("text", ["", "1", "2,1", "a,b", "-1,2", "nan,1", "0,inf", "1,2,3"])
def test_a_range_that_is_none_shows_the_whole_signal(text: str) -> None:
    assert read_props(x=text)[ViewerId.STRETCH]["data"] is None


def test_the_address_brings_back_what_was_chosen_for_each_view() -> None:
    props = read_props(
        tab="orbit", quantity="velocity", window="flattop", kurtogram="true", white="true", map_by="speed",
        turns="4", ratio="2.5", orbit_filter="1", other="9", align="true", slip="1.5", tracked="false",
        full_hz="-50,120", order="0,12.5", cursors="hz:162.1:5:29.9:3,s:0.53", **{"with": "coherence"},
    )  # fmt: skip
    wanted = {
        "QUANTITY": "velocity", "WINDOW": "flattop", "SHOW_KURTOGRAM": True, "WHITEN": True,
        "MAP_AXIS": "speed", "TURNS": 4, "RATIO": 2.5, "ORBIT_FILTER": "1", "OTHER": "9",
        "OTHER_VIEW": "coherence", "ALIGN": True, "SLIP": 1.5, "TRACKED": False,
    }  # fmt: skip
    assert {name: props[ViewerId[name]]["value"] for name in wanted} == wanted
    assert props[ViewerId.FULL_ZOOM]["data"] == [-50.0, 120.0]
    assert props[ViewerId.ORDER_ZOOM]["data"] == [0.0, 12.5]
    assert props[ViewerId.CURSORS]["data"] == "hz:162.1:5:29.9:3,s:0.53"


@pytest.mark.parametrize("text", ["<b>", "hz", "hz:1:2:3:4:5", "hz:1,;", "HZ:1"])
def test_cursors_that_are_none_are_left_out(text: str) -> None:
    assert read_props(cursors=text)[ViewerId.CURSORS]["data"] == ""


@pytest.mark.parametrize(("name", "text"), [("slip", "50"), ("turns", "0"), ("ratio", "nan"), ("turns", "x")])
def test_a_number_beyond_its_limits_is_the_usual_one(name: str, text: str) -> None:
    option = OPTIONS[name]
    assert option.read(text) == option.read("")


def test_a_senseless_address_shows_the_usual_view() -> None:
    props = read_props(tab="crystal", unit="furlongs", low="inf", kinds="ghosts", harmonics="x", scale="?")
    assert props[ViewerId.TABS]["data"] == "spectrum"
    assert props[ViewerId.UNIT]["value"] == "hz"
    assert props[ViewerId.BAND_LOW]["value"] is None
    assert len(props[ViewerId.KINDS]["value"]) == 10
    assert props[ViewerId.HARMONICS]["value"] == 3


def test_kinds_that_were_all_unticked_stay_unticked() -> None:
    assert read_props(kinds="none")[ViewerId.KINDS]["value"] == []


def test_the_page_without_a_query_shows_what_its_address_leaves_out() -> None:
    bare, told = read_props(), read_props(**QUERY_DEFAULTS)
    for control in (each for each in ViewerId if each in bare and each != ViewerId.URL):
        assert bare[control].get("value") == told[control].get("value"), control
        assert bare[control].get("data") == told[control].get("data"), control
    assert set(bare[ViewerId.URL]["data"]["defaults"]) <= set(bare[ViewerId.URL]["data"]["names"])


def test_every_plot_can_be_reached_by_keyboard_and_says_which_keys() -> None:
    stages = [each for each in list_components(signal_viewer.build_layout()) if hasattr(each, "data-viewer")]
    assert len(stages) == 2
    assert all(stage.tabIndex == 0 and "arrow keys" in getattr(stage, "aria-label") for stage in stages)


def test_facts_that_nobody_knows_are_said_to_be_unknown() -> None:
    names = ("severity", "unit", "shaft_speed_rpm", "load", "machine", "measurement_point", "bearing")
    known = {
        "channel": "DE",
        "sample_rate_hz": 12000.0,
        "n_samples": 24000,
        "duration_s": 2.0,
        "sha256": "ab" * 32,
    }
    blank = dict.fromkeys((*names, "fault_class", "acquired_at", "source_file", "bearing_orders"))
    text = find_text(facts.build_facts({**blank, **known}))
    assert text.count("unknown") == len(names) + 3
    assert "unlabelled" in text
    assert "12\u202f000 Hz" in text


def test_a_peak_within_a_slip_band_names_its_line_and_one_beyond_does_not() -> None:
    assert name_nearest(160.4, LINES) == "BPFI −1.0 %"
    assert name_nearest(150.0, LINES) == "–"


def test_a_line_that_does_not_slip_is_named_only_close_by() -> None:
    mains = [{"label": "mains 50 Hz", "frequency_hz": 50.0, "low_hz": 50.0, "high_hz": 50.0}]
    assert name_nearest(50.1, mains) == "mains 50 Hz +0.2 %"
    assert name_nearest(50.5, mains) == "–"


def test_every_spectral_view_states_its_resolution_and_where_its_band_comes_from() -> None:
    view = {"resolution_hz": 0.7324, "window": "hann", "note": "First 5 s.", "band_hz": [2000, 4800]}
    text = notes.describe_view({**view, "band_origin": "suggested"}, choose_axis("hz", None))
    assert text.startswith("Δf = 0.7324 Hz · Hann window")
    assert "2\u202f000 – 4\u202f800 Hz (suggested from the sample rate)" in text
    assert text.endswith("First 5 s.")
    assert "(chosen)" in notes.describe_view({**view, "band_origin": "given"}, choose_axis("hz", None))


def test_an_estimated_speed_says_how_it_was_found_and_how_sure_it_is() -> None:
    steady = {"shaft_speed_rpm": 1772.41, "method": "steady", "confidence": 0.71}
    assert notes.describe_speed(steady) == "1772.41 rpm, found in the vibration, confidence 71 %"
    run_up = {"shaft_speed_rpm": 1320.0, "lowest_rpm": 1201.0, "highest_rpm": 1430.0, "method": "tracked"}
    assert notes.describe_speed(run_up) == "1201 – 1430 rpm, followed in the vibration"
    assert notes.describe_speed({"shaft_speed_rpm": None}) is None


def test_lines_name_their_sidebands_and_say_where_they_fall_on_others() -> None:
    found = {
        "lines": [{**LINES[0], "sideband_of": "1X"}], "shaft_frequency_hz": 30.0, "speed_origin": "given",
        "bearing": "6205", "orders": {"bpfi": 5.4}, "orders_origin": "catalogue", "missing": [],
        "coincidences": ["BPFI lies on 5X."],
    }  # fmt: skip
    text = find_text(facts.build_lines(found, choose_axis("hz", 30.0)))
    assert "BPFI ± 1X" in text
    assert "1 line on another's place" in text
    assert "BPFI lies on 5X." in text


def test_lines_say_what_they_rest_on_and_what_is_missing() -> None:
    found = {
        "lines": LINES, "shaft_frequency_hz": 30.0, "speed_origin": "recording", "bearing": None,
        "orders": None, "orders_origin": None, "missing": ["The bearing of this signal is not known."],
    }  # fmt: skip
    text = find_text(facts.build_lines(found, choose_axis("cpm", 30.0)))
    assert "The bearing of this signal is not known." in text
    assert "Shaft 30 Hz (recording)." in text
    assert "9\u202f720" in text  # 162 Hz in CPM
