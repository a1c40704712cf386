from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from services.reports.document import build_document
from services.reports.views import build_views, join_faults
from services.reports.writing import write_html, write_report
from tests.factories.diagnoses import (
    FEEDBACK,
    ORDERS,
    SHAFT_HZ,
    build_both_answer,
    build_diagnosis,
    build_rolling_answer,
)
from tests.factories.vibrations import RATE_HZ, simulate_rolling
from utils.exceptions import InvalidInputError


def build(answer: dict[str, Any] | None = None, *, seed: int = 3, **changes: Any) -> dict[str, Any]:
    diagnosis = build_diagnosis(answer, **changes)
    samples = simulate_rolling(ORDERS["bpfi"], seed=seed, shaft_hz=SHAFT_HZ, seconds=1.0)
    views = build_views(samples, RATE_HZ, "g", join_faults(diagnosis["answer"]), SHAFT_HZ, 300)
    return build_document(diagnosis, views, views_missing=None, attribution=None, signal=None)


def get_section(document: dict[str, Any], key: str) -> dict[str, Any]:
    return next(section for section in document["sections"] if section["key"] == key)


def test_every_line_stands_in_the_report_with_its_height_found_or_missing() -> None:
    answer = build_rolling_answer()
    rows = get_section(build(answer), "lines")["tables"][0]["rows"]
    assert [row[0] for row in rows] == [line["line"] for line in answer["evidence"]]
    assert rows[0][2:7] == ["found", "162.19", "161.54", "21.4", "9.0"]
    assert {row[2] for row in rows} == {"found", "missing"}


def test_a_line_that_could_not_be_read_is_not_called_missing() -> None:
    answer = build_rolling_answer()
    answer["evidence"][0] |= {"snr_db": None, "found_hz": None, "is_found": False}
    row = get_section(build(answer), "lines")["tables"][0]["rows"][0]
    assert row[2:6] == ["not readable", "162.19", "–", "–"]


def test_a_line_that_may_be_another_one_is_neither_found_nor_missing() -> None:
    answer = build_rolling_answer()
    answer["evidence"][1] |= {"is_found": False, "remark": "also 3X"}
    rows = get_section(build(answer), "lines")["tables"][0]["rows"]
    assert [row[2] for row in rows[:3]] == ["found", "not counted", "found"]


def test_a_line_that_several_faults_share_stands_there_once() -> None:
    answer = build_rolling_answer()
    shared = {**answer["evidence"][0], "fault_class": "ball"}
    answer["evidence"] += [shared, {**shared, "fault_class": "cage"}]
    section = get_section(build(answer), "lines")
    assert section["tables"][0]["rows"][0][:2] == ["BPFI 1", "3 faults"]
    assert len(section["tables"][0]["rows"]) == 8
    assert section["sentences"] == ["4 of 8 lines that were looked for stand out of the noise."]


def test_contradictions_are_shown_and_their_absence_is_said() -> None:
    contradiction = build_both_answer()["contradictions"][0]
    assert get_section(build(build_both_answer()), "contradictions")["warnings"] == [
        ["warning", contradiction]
    ]
    alone = get_section(build(), "contradictions")
    assert alone["warnings"] == []
    assert "did not both have a say" in alone["sentences"][0]


def test_without_a_classifier_the_report_says_so() -> None:
    assert "None was asked" in get_section(build(), "classifier")["sentences"][0]
    refused = build_rolling_answer(opinion={"refused": "Its sample rate is too low."})
    words = get_section(build(refused), "classifier")["warnings"][0][1]
    assert "Its sample rate is too low." in words


def test_hashes_settings_and_versions_are_in_the_report() -> None:
    document = build(build_both_answer())
    text = json.dumps(document["sections"])
    for wanted in ("ab" * 32, "cd" * 32, "rolling-1", "Given bearing", "6205-2RS", "Given shaft speed (rpm)"):
        assert wanted in text
    facts = dict(get_section(document, "settings")["facts"])
    assert facts["Product, version"] == "0.1.0-dev+0123456789ab"
    assert (facts["numpy, version"], facts["scipy, version"]) == ("2.3.4", "1.16.2")


def test_the_same_inputs_give_the_same_report_to_the_byte() -> None:
    first, second = build(build_both_answer()), build(build_both_answer())
    assert first == second
    assert write_html(first) == write_html(second)
    assert write_report(first, "pdf")["content"] == write_report(second, "pdf")["content"]


def test_what_comes_later_leaves_the_hash_of_the_content_alone() -> None:
    plain = build()
    answer = build_rolling_answer(similar_cases=[])
    later = build(answer, diagnosis_id=8, created_at="2027-01-01T00:00:00+00:00", feedback=[FEEDBACK])
    assert later != plain
    assert later["content_sha256"] == plain["content_sha256"]


@pytest.mark.parametrize("part", ["samples", "number", "setting", "limit"])
def test_another_input_gives_another_hash(part: str) -> None:
    answer = copy.deepcopy(build_rolling_answer())
    facts = {"bearing": "6205-2RS", "shaft_speed_rpm": 1797.0}
    seed = 3
    if part == "samples":
        seed = 4
    elif part == "number":
        answer["evidence"][0]["snr_db"] = 21.6
    elif part == "setting":
        facts["shaft_speed_rpm"] = 1750.0
    else:
        answer["limits"] = ["Another limit."]
    assert build(answer, facts=facts, seed=seed)["content_sha256"] != build()["content_sha256"]


def test_foreign_text_stays_text() -> None:
    answer = build_rolling_answer()
    answer["recording"]["name"] = "<script>alert(1)</script>"
    answer["evidence"][0]["line"] = "<b>BPFI</b> 1"
    html = write_html(build(answer))
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_the_html_refers_to_nothing_outside() -> None:
    html = write_html(build(build_both_answer()))
    assert re.findall(r"(?:src|href)=", html) == []
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no format 'docx'"):
        write_report(build(), "docx")
