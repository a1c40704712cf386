from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from services.reports.drawings import draw_view

SVG = "{http://www.w3.org/2000/svg}"


def build_view(lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    view = {
        "key": "envelope-inner_race",
        "title": "Envelope spectrum",
        "x": {"name": "Frequency", "unit": "Hz", "values": [0.5, 50.0, 100.0]},
        "y": {"name": "Amplitude", "unit": "g", "values": [0.0, 1.0, 0.5]},
        "floor": [0.1, 0.1, 0.1],
        "lines": lines,
        "bands": [],
        "resolution_hz": 0.5,
        "duration_s": None,
        "fault_class": "inner_race",
    }
    return {**view, **changes}


def build_line(hertz: float, *, found: float | None = None, label: str = "BPFI 1") -> dict[str, Any]:
    return {
        "label": label,
        "expected_hz": hertz,
        "found_hz": found if found is not None else hertz + 3,
        "snr_db": 20.0 if found else 1.0,
        "is_found": found is not None,
        "fault_class": "inner_race",
    }


def get_uprights(svg: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)  # noqa: S314 -- our own drawing
    lines = root.findall(f".//{SVG}line")
    return [
        line for line in lines if line.get("x1") == line.get("x2") and float(line.get("stroke-width", 1)) != 1
    ]


def test_a_found_line_stands_where_it_was_found_a_missing_one_where_it_was_expected() -> None:
    found = get_uprights(draw_view(build_view([build_line(25.0, found=50.0)])))
    missing = get_uprights(draw_view(build_view([build_line(25.0)])))
    left, right = 62.0, 680.0 - 14.0
    assert float(found[0].get("x1", 0)) == round(left + 0.5 * (right - left), 1)
    assert float(missing[0].get("x1", 0)) == round(left + 0.25 * (right - left), 1)
    assert found[0].get("stroke-dasharray") is None
    assert missing[0].get("stroke-dasharray") is not None


def test_axes_name_quantity_and_unit_and_an_unknown_unit_is_said_to_be_unknown() -> None:
    svg = draw_view(build_view([]))
    assert "Frequency (Hz)" in svg
    assert "Amplitude (g)" in svg
    nameless = draw_view(build_view([], y={"name": "Amplitude", "unit": None, "values": [0.0, 1.0, 0.5]}))
    assert "Amplitude (unit unknown)" in nameless


def test_labels_that_would_cover_one_another_stand_in_different_rows() -> None:
    lines = [build_line(50.0 + step, label=f"BPFI {step}") for step in range(3)]
    svg = draw_view(build_view(lines))
    heights = re.findall(r'y="([\d.]+)" text-anchor="\w+" fill="#\w+">BPFI \d', svg)
    assert len(set(heights)) == 3


def test_a_constant_recording_can_be_drawn() -> None:
    flat = {"name": "Amplitude", "unit": "g", "values": [0.0, 0.0, 0.0]}
    assert draw_view(build_view([], y=flat, floor=None)).startswith("<svg")
    assert draw_view(build_view([], key="waveform", y=flat, floor=None)).startswith("<svg")
