"""The leak report says what was found, with links and numbers, and what was not looked at."""

from __future__ import annotations

import json
from typing import Any

from layouts.components.leak_report import build_comparison, build_report

SIDE = {
    "signal_id": 4,
    "recording_id": 2,
    "recording": "r2",
    "channel": "DE",
    "group": "b",
    "fault_class": "ball",
    "part": "train",
}
PAIR = {
    "colour": "red",
    "kind": "near_duplicate",
    "sentence": "'r2' (train) and 'r3' (test) hold the same vibration.",
    "evidence": {"gain": 0.5, "lag_s": -0.25, "correlation": 0.97, "overlap_s": 4.0},
    "left": SIDE,
    "right": {**SIDE, "signal_id": 5, "recording_id": 3, "recording": "r3", "part": "test"},
}
SPLIT = {
    "by": "load",
    "test_values": ["2"],
    "channel": None,
    "seed": 0,
    "version": 1,
    "carried_from": None,
    "colour": "clear",
    "accepted_reason": None,
    "created_at": "2026-01-01T00:00:00+00:00",
}


def _report(**changes: Any) -> dict[str, Any]:
    return {
        "dataset_id": 1,
        "version": 1,
        "split": SPLIT,
        "state": "done",
        "scan": {
            "n_signals": 6,
            "n_pairs": 1,
            "n_left_out": 0,
            "seconds": 0.2,
            "finished_at": "2026-01-02T00:00:00+00:00",
        },
        "colour": "red",
        "counts": {"near_duplicate": 1},
        "part_counts": {},
        "findings": [PAIR],
        **changes,
    }


def _text(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json())


def test_a_pair_is_shown_with_links_parts_and_numbers() -> None:
    shown = _text(build_report(_report()))
    for expected in (
        "/signals/1/2?signal=4",
        "/signals/1/3?signal=5",
        '"train"',
        '"test"',
        '"-0.25"',
        '"0.97"',
    ):
        assert expected in shown
    assert "refused: the test part would repeat" in shown


def test_a_split_that_was_found_clear_before_says_so() -> None:
    shown = _text(build_report(_report()))
    assert "When it was stored on 2026-01-01" in shown
    assert "the check found it clear" in shown
    assert "When it was stored" not in _text(build_report(_report(split={**SPLIT, "colour": "red"})))


def test_before_a_split_there_are_no_parts() -> None:
    pair = {**PAIR, "left": {**SIDE, "part": None}, "right": {**SIDE, "part": None}}
    shown = _text(build_report(_report(split=None, findings=[pair])))
    assert '"Part"' not in shown
    assert "a split that parts them is refused" in shown


def test_what_was_not_compared_or_looked_at_is_said() -> None:
    scan = {"n_signals": 10_000, "estimate_s": 61.0}
    missing = _report(state="missing", scan=scan)
    assert "copies and overlaps are not in this report" in _text(build_report(missing))
    assert "000 signals of this version have not been compared" in _text(build_comparison(missing))
    some = _report()
    some["scan"]["n_left_out"] = 12
    assert "12 more pairs look alike" in _text(build_comparison(some))
    assert "more pairs" not in _text(build_comparison(_report()))


def test_more_findings_than_are_listed_are_counted() -> None:
    note = {**PAIR, "kind": "shared_bearing", "colour": "amber", "evidence": None}
    shown = _text(build_report(_report(findings=[note] * 3, counts={"shared_bearing": 300}, colour="amber")))
    assert "3 of 300 findings shown" in shown
