"""The table of lines and its sentences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma

from core.evidence.findings import Decision, Evidence, FaultFinding, LineFinding, Strength
from core.evidence.rolling import gather_rolling_evidence
from core.evidence.rolling_decision import Verdict, require_lines
from core.evidence.rolling_wording import word_findings
from core.signal.bearings import FaultOrders

RATE_HZ, SHAFT_HZ = 12_000.0, 25.0
ORDERS = FaultOrders(bpfo=3.0, bpfi=5.0, bsf=2.2, ftf=0.375)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Of noise, with a bearing whose races' lines fall on the shaft's."""
    noise = np.random.default_rng(3).standard_normal(int(2.0 * RATE_HZ))
    return gather_rolling_evidence(noise, RATE_HZ, ORDERS, SHAFT_HZ)


def test_a_line_on_a_multiple_of_the_shaft_is_not_counted_and_says_what_it_may_be(evidence: Evidence) -> None:
    outer = next(fault for fault in evidence.faults if fault.fault_class == "outer_race")
    first = next(line for line in outer.lines if line.label == "BPFO 1")
    assert first.expected_hz == pytest.approx(3.0 * SHAFT_HZ, rel=1e-6)
    assert first.found_hz is not None
    if abs(first.found_hz / SHAFT_HZ - 3.0) < 0.04:
        assert first.remark == "also 3X"
        assert not first.is_found


def test_every_line_says_where_it_was_expected_and_how_high_it_must_be(evidence: Evidence) -> None:
    expected = {"BPFI 2": 10.0, "BPFI 1 - 1X": 4.0, "2xBSF 1": 4.4, "2xBSF 1 + FTF": 4.775, "1X - FTF": 0.625}
    lines = {line.label: line for fault in evidence.faults for line in fault.lines}
    for label, order in expected.items():
        assert lines[label].expected_hz == pytest.approx(order * evidence.shaft_frequency_hz, rel=1e-3)
        assert 3.0 < lines[label].needed_db < 9.0


def test_the_needed_height_is_what_noise_passes_once_in_a_thousand(evidence: Evidence) -> None:
    line = next(line for fault in evidence.faults for line in fault.lines if line.label == "BPFI 1")
    # 50 turns: a cell is 2 bins wide, 1.4 independent values.
    limit = 10.0 * np.log10(gamma.isf(1e-3, 1.4) / 1.4)
    assert line.needed_db == pytest.approx(limit, abs=0.3)


def test_noise_is_never_called_consistent_with_damage_more_than_weakly(evidence: Evidence) -> None:
    for fault in evidence.faults:
        assert fault.strength in (Strength.NONE, Strength.WEAK)
        assert "consistent" not in fault.sentence


def test_a_recording_without_shaft_lines_says_that_its_speed_was_taken_as_given(evidence: Evidence) -> None:
    assert evidence.shaft_source.startswith("as given")
    assert any("speed given" in limit for limit in evidence.limits)


def test_a_short_recording_says_what_it_cannot_tell_apart() -> None:
    noise = np.random.default_rng(0).standard_normal(int(0.4 * RATE_HZ))
    short = gather_rolling_evidence(noise, RATE_HZ, ORDERS, SHAFT_HZ)
    assert any("10 turns" in limit for limit in short.limits)


def make_finding(fault_class: str, n_found: int, strength: Strength) -> FaultFinding:
    lines = tuple(LineFinding(f"line {place}", 75.0, 75.0, 12.0, 7.0, place < n_found) for place in range(8))
    return FaultFinding(fault_class, 0.97, strength, lines, (2000.0, 3000.0), 0.0, 0.2, "")


def test_only_the_fault_that_was_decided_is_called_consistent_with_damage() -> None:
    findings = (
        make_finding("inner_race", 5, Strength.STRONG), make_finding("ball", 3, Strength.MODERATE),
    )  # fmt: skip
    named = word_findings(findings, "inner_race")
    assert named[0].sentence.endswith("consistent with damage of the inner race.")
    for finding in (named[1], *word_findings(findings, None)):
        assert "consistent with" not in finding.sentence
        assert "would fit, but is not what was decided" in finding.sentence


@pytest.mark.parametrize(
    ("n_found", "strength", "decision"),
    [(1, Strength.WEAK, Decision.UNDECIDED), (2, Strength.MODERATE, Decision.FAULT)],
)
def test_a_fault_of_which_hardly_a_line_stands_by_itself_is_not_named(
    n_found: int, strength: Strength, decision: Decision
) -> None:
    shares = {"inner_race": 0.97, "ball": 0.01}
    verdict = Verdict(Decision.FAULT, "inner_race", 0.97, 0.02, shares, "The lines stand out.")
    settled = require_lines(verdict, [make_finding("inner_race", n_found, strength)])
    assert settled.decision is decision
    assert (settled.fault_class is None) == (decision is Decision.UNDECIDED)
    assert ("1 of 8 stand out by themselves" in settled.reason) == (decision is Decision.UNDECIDED)
