from __future__ import annotations

import base64

from dash import html

from layouts.components.report import build_actions, build_no_report, build_report
from services.reports.document import build_document
from tests.factories.diagnoses import build_both_answer, build_diagnosis
from tests.unit.layouts.tree import find_text, list_components

VIEW = {
    "key": "waveform",
    "title": "Waveform",
    "x": {"name": "Time", "unit": "s", "values": [0.0, 1.0]},
    "y": {"name": "Amplitude", "unit": "g", "values": [0.0, 1.0]},
    "floor": None,
    "lines": [],
    "bands": [],
    "resolution_hz": None,
    "duration_s": None,
    "fault_class": None,
}


def test_the_page_shows_every_section_of_the_document_with_its_words_and_drawings() -> None:
    diagnosis = build_diagnosis(build_both_answer())
    document = build_document(diagnosis, [VIEW], views_missing=None, attribution=None, signal=None)
    page = html.Div(build_report(document))
    text = find_text(page)
    for section in document["sections"]:
        assert section["title"] in text
        for _level, sentence in section["warnings"]:
            assert sentence in text
        for name, value in section["facts"]:
            assert f"{name} {value}" in text
        for table in section["tables"]:
            assert all(cell in text for row in table["rows"] for cell in row)
    assert document["content_sha256"] in text
    (image,) = [each for each in list_components(page) if isinstance(each, html.Img)]
    kind, drawing = image.src.split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(drawing).decode() == document["sections"][4]["figures"][0]["svg"]
    assert image.alt == "Waveform"


def test_the_files_of_the_report_can_be_taken_away() -> None:
    links = [getattr(each, "href", None) for each in build_actions(7)]
    assert links == [
        "/api/v1/diagnoses/7/report?format=pdf",
        "/api/v1/diagnoses/7/report?format=html",
        "/diagnose?diagnosis=7",
    ]


def test_where_there_is_no_report_it_says_why() -> None:
    assert "not finished yet" in find_text(build_no_report("This diagnosis is not finished yet."))
