from __future__ import annotations

from typing import Any

from dash import dcc, html

from layouts.components.diagnosis_evidence import (
    build_contradictions,
    build_faults,
    build_sides,
    build_similar,
)
from layouts.components.diagnosis_feedback import build_pending, build_said, list_classes
from tests.factories.diagnoses import FEEDBACK, build_both_answer, build_rolling_answer
from tests.unit.layouts.tree import find_text, list_components


def find_classes(root: Any, name: str) -> list[Any]:
    return [each for each in list_components(root) if getattr(each, "className", "") == name]


def test_lines_and_classifier_stand_side_by_side() -> None:
    first, second = build_sides(build_both_answer()).children
    assert "consistent with inner race" in find_text(first)
    assert "29.95 Hz" in find_text(first)
    assert "outer race" in find_text(second)
    assert "70.0 %" in find_text(second)
    assert "1 of 2 agree" in find_text(second)


def test_without_a_classifier_its_side_says_so() -> None:
    assert "No classifier was asked" in find_text(build_sides(build_rolling_answer()))
    refused = build_rolling_answer(opinion={"refused": "Its sample rate is too low."})
    assert "Its sample rate is too low." in find_text(build_sides(refused))


def test_without_evidence_its_side_says_why() -> None:
    answer = build_both_answer(decision=None, evidence=[], faults=[], evidence_missing="No speed is known.")
    assert "No speed is known." in find_text(build_sides(answer))
    assert build_faults(answer) is None


def test_undecided_lines_name_no_class() -> None:
    answer = build_rolling_answer()
    answer["decision"] |= {"decision": "undecided", "fault_class": None}
    assert "undecided" in find_text(build_sides(answer))
    assert "consistent with" not in find_text(build_sides(answer))


def test_every_line_is_listed_below_its_fault_found_missing_or_not_readable() -> None:
    answer = build_rolling_answer()
    answer["evidence"][5] |= {"snr_db": None, "found_hz": None}
    card = build_faults(answer)
    inner, outer = find_classes(card, "fault-group")
    assert (inner.open, outer.open) == (True, False)
    assert find_text(inner).count(" found ") >= 4
    assert "4 of 4 lines found" in find_text(inner)
    assert "slip -0.40 %" in find_text(inner)
    assert find_text(outer).count("missing") == 3
    assert "not readable" in find_text(outer)
    rows = [each for each in list_components(outer) if isinstance(each, html.Tr)][1:]
    assert [row.children[0].children[0].children for row in rows] == ["BPFO 1", "BPFO 2", "BPFO 3", "BPFO 4"]


def test_a_bar_is_as_long_as_its_line_is_high() -> None:
    card = build_faults(build_rolling_answer())
    fills = [each.style["width"] for each in find_classes(card, "snr-fill found")]
    assert fills == ["53.5%"] * 4  # 21.4 of 40 dB
    assert {each.style["left"] for each in find_classes(card, "snr-needed")} == {"22.5%"}


def test_contradictions_are_shown_only_where_there_are_some() -> None:
    assert build_contradictions([]) is None
    assert "Lines say one thing." in find_text(build_contradictions(["Lines say one thing."]))


def test_past_cases_say_what_analysts_confirmed() -> None:
    card = build_similar(build_rolling_answer()["similar_cases"])
    assert "confirmed   inner race" in find_text(card)
    assert "0.12" in find_text(card)
    assert "/diagnose?diagnosis=3" in {getattr(each, "href", None) for each in list_components(card)}
    assert "No similar past case" in find_text(build_similar([]))


def test_feedback_says_who_when_and_which_version_took_it_up() -> None:
    text = find_text(build_said([FEEDBACK]))
    for words in (
        "relabelled",
        "outer race",
        "seen when the housing",
        "ann@example.org",
        "dataset version 2",
    ):
        assert words in text
    assert "Nobody" in find_text(build_said([]))


def test_pending_changes_name_the_label_before_and_after() -> None:
    item = {"diagnosis_id": 7, "recording": "r1", "label_now": "healthy", "label_new": "ball"}
    same = {"diagnosis_id": 8, "recording": "r2", "label_now": "ball", "label_new": "ball"}
    preview = {"version": 3, "items": [item, same], "n_changes": 1}
    text = find_text(build_pending(preview, "CWRU"))
    assert "changes 1 label; version 3 stays" in text
    assert "r1:  healthy  →  ball" in text
    assert "r2" not in text
    unchanged = build_pending({**preview, "items": [same]}, "CWRU")
    assert "bears out 1 label as it is" in find_text(unchanged)
    for pending, way in ((build_pending(preview, "CWRU"), "/reports/7"), (unchanged, "/reports/8")):
        assert [link.href for link in list_components(pending) if isinstance(link, dcc.Link)] == [way]
    assert "gives no label" in find_text(build_pending({**preview, "items": []}, "CWRU"))


def test_a_relabelling_may_name_the_classes_of_the_kind_of_bearing() -> None:
    names = [each["value"] for each in list_classes(build_rolling_answer())]
    assert {"healthy", "inner_race", "outer_race", "ball", "cage"} <= set(names)
    assert "oil_whirl" not in names
    unknown = build_rolling_answer()
    unknown["recording"]["machine_kind"] = None
    assert "oil_whirl" in [each["value"] for each in list_classes(unknown)]


def test_a_rejection_counts_on_the_page_only_where_the_verdict_follows_it() -> None:
    def word_side(*, rejected: bool, followed: bool) -> str:
        answer = build_both_answer(open_set={"rejected": True, "followed": followed})
        answer["opinion"] |= {"rejected": rejected}
        return find_text(build_sides(answer).children[1])

    home, elsewhere = word_side(rejected=True, followed=True), word_side(rejected=False, followed=False)
    assert "looks unlike what it has learned" in home
    assert "not followed" not in home
    assert "measured, but not followed, as it was trained elsewhere" in elsewhere
