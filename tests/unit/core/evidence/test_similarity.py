"""Recordings are alike by the heights of their lines and by what was said of them."""

from __future__ import annotations

import json

import pytest

from core.evidence.findings import Decision, Evidence, FaultFinding, LineFinding, Strength
from core.evidence.similarity import Signature, build_signature, measure_distance

LINES = {f"BPFO {number}": 1.0 for number in range(1, 9)}
OUTER = {"healthy": 0.1, "outer_race": 0.9}


def make_line(label: str, snr_db: float | None, needed_db: float = 10.0) -> LineFinding:
    return LineFinding(label, 100.0, 100.0, snr_db, needed_db, is_found=False)


def make_evidence(*lines: LineFinding) -> Evidence:
    fault = FaultFinding("outer_race", 0.9, Strength.STRONG, lines, None, None, None, "")
    return Evidence("rolling", Decision.FAULT, "outer_race", 0.9, 0.1, "", (fault,), 25.0, "given", (), "1")


def test_a_signature_holds_heights_as_shares_of_what_counts_as_found_cut_at_two() -> None:
    lines = (
        make_line("a", 5.0), make_line("b", 40.0), make_line("c", -3.0), make_line("d", None),
        make_line("e", 5.0, needed_db=0.0),
    )  # fmt: skip
    signature = build_signature(make_evidence(*lines), OUTER)
    assert signature.lines == {"a": 0.5, "b": 2.0, "c": 0.0}
    assert signature.probabilities == OUTER
    assert Signature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature


def test_without_lines_a_signature_is_what_was_said() -> None:
    assert build_signature(None, OUTER) == Signature("", {}, OUTER)


def test_the_distance_is_nought_for_the_same_one_for_opposites_and_the_same_both_ways() -> None:
    same = Signature("rolling", LINES, OUTER)
    opposite = Signature("rolling", dict.fromkeys(LINES, 3.0), {"healthy": 0.9, "outer_race": 0.1})
    far = Signature("rolling", dict.fromkeys(LINES, 0.0), {"healthy": 1.0})
    high = Signature("rolling", dict.fromkeys(LINES, 2.0), {"outer_race": 1.0})
    assert measure_distance(same, same) == 0.0
    assert measure_distance(far, high) == pytest.approx(1.0)
    assert measure_distance(same, opposite) == measure_distance(opposite, same)


def test_the_distance_is_the_mean_of_both_terms() -> None:
    other = Signature("rolling", {**LINES, "BPFO 1": 2.0}, {"healthy": 0.3, "outer_race": 0.7})
    heights = (1.0 / 8) ** 0.5 / 2
    assert measure_distance(Signature("rolling", LINES, OUTER), other) == pytest.approx((heights + 0.2) / 2)


@pytest.mark.parametrize(
    "other",
    [
        Signature("journal", LINES, OUTER),
        Signature("", {}, OUTER),
        Signature("rolling", {f"BPFI {number}": 1.0 for number in range(1, 9)}, OUTER),
        Signature("rolling", {"BPFO 1": 1.0, "BPFO 2": 1.0}, OUTER),
    ],
)
def test_what_has_too_little_in_common_is_not_compared(other: Signature) -> None:
    assert measure_distance(Signature("rolling", LINES, OUTER), other) is None


def test_recordings_without_lines_are_compared_by_what_was_said() -> None:
    assert measure_distance(Signature("", {}, OUTER), Signature("", {}, {"worn": 1.0})) == pytest.approx(1.0)
