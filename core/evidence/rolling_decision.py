"""What the patterns and their probabilities allow to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from core.evidence.findings import Decision, FaultFinding, Strength
from core.evidence.rolling_lines import Patterns, PatternScore
from core.evidence.rolling_probabilities import CAUSES

# A fault is named, or a bearing called healthy, from these probabilities on. With them, and what a fault must
# show besides, one of fifty sound bearings and one of twenty wrong geometries raise an alarm (simulation).
NEEDED_FAULT, NEEDED_NOTHING = 0.60, 0.50
NEEDED_HEIGHT, NEEDED_DEPTH, NEEDED_FIRST, MOST_HALVES = 3.0, 0.15, 0.5, 0.5
# Two of a hundred simulated sound bearings stand beside something else that is higher.
MOST_RIVAL = 10.0
# Of what the cage's lines show without the ball's own, so much is put down to the cage itself.
CAGE_PART = 0.1

NAMES = {
    "outer_race": "the outer race",
    "inner_race": "the inner race",
    "ball": "a rolling element",
    "cage": "the cage",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision with its probabilities; ``by_class`` holds the faults."""

    decision: Decision
    fault_class: str | None
    probability: float
    healthy_probability: float
    by_class: dict[str, float]
    reason: str


def decide(patterns: Patterns, probabilities: NDArray[Any]) -> Verdict:
    """Decide, or say why nothing can be decided."""
    by_cause = dict(zip(CAUSES, (float(share) for share in probabilities), strict=True))
    by_class = {
        "outer_race": by_cause["outer"],
        "inner_race": by_cause["inner"],
        "ball": by_cause["spin"] + (1.0 - CAGE_PART) * by_cause["cage"],
        "cage": CAGE_PART * by_cause["cage"],
    }
    healthy = by_cause["other"] + by_cause["nothing"]
    fault_class = max(by_class, key=lambda name: by_class[name])
    best = by_class[fault_class]
    pattern = _find_pattern(patterns, fault_class)
    is_clear = (
        pattern.height >= NEEDED_HEIGHT
        and pattern.depth >= NEEDED_DEPTH
        and (pattern.first >= NEEDED_FIRST or pattern is patterns.cage)
        and pattern.halves <= MOST_HALVES
        and pattern.height >= patterns.rival_height
    )
    if best >= NEEDED_FAULT and is_clear:
        reason = (
            f"The lines that {NAMES[fault_class]} would show stand out of the envelope and no others as much."
        )
        return Verdict(Decision.FAULT, fault_class, best, healthy, by_class, reason)
    if by_cause["nothing"] >= NEEDED_NOTHING and patterns.rival_height <= MOST_RIVAL:
        reason = "No fault's lines stand out of the envelope more than places that belong to no part of it."
        return Verdict(Decision.HEALTHY, None, healthy, healthy, by_class, reason)
    reason = _explain(patterns, by_cause, fault_class, best, is_clear)
    return Verdict(Decision.UNDECIDED, None, max(best, healthy), healthy, by_class, reason)


def require_lines(verdict: Verdict, findings: Sequence[FaultFinding]) -> Verdict:
    """Take back a fault of which fewer lines stand out, each by itself, than more than chance explains."""
    named = next((each for each in findings if each.fault_class == verdict.fault_class), None)
    if named is None or named.strength in (Strength.MODERATE, Strength.STRONG):
        return verdict
    n_found = sum(line.is_found for line in named.lines)
    reason = (
        f"Together the lines fit {NAMES[named.fault_class]}, but {n_found} of {len(named.lines)} stand out "
        "by themselves: too few to name it."
    )
    return replace(verdict, decision=Decision.UNDECIDED, fault_class=None, reason=reason)


def require_shaft(verdict: Verdict, shaft_is_found: bool) -> Verdict:
    """Call no bearing healthy where nothing shows that the shaft turns."""
    if verdict.decision is not Decision.HEALTHY or shaft_is_found:
        return verdict
    reason = (
        "There is no sign of a fault, but none of a running machine either: the recording does not show the "
        "shaft's speed."
    )
    return replace(verdict, decision=Decision.UNDECIDED, reason=reason)


def _find_pattern(patterns: Patterns, fault_class: str) -> PatternScore:
    if fault_class == "ball":
        return max(patterns.spin, patterns.cage, key=lambda pattern: pattern.height)
    return {"outer_race": patterns.outer, "inner_race": patterns.inner, "cage": patterns.cage}[fault_class]


def _explain(
    patterns: Patterns, by_cause: dict[str, float], fault_class: str, best: float, is_clear: bool
) -> str:
    healthy = by_cause["other"] + by_cause["nothing"]
    pattern = _find_pattern(patterns, fault_class)
    is_rivalled = patterns.rival_height > max(pattern.height, NEEDED_HEIGHT)
    if is_rivalled and max(best, healthy) >= NEEDED_NOTHING:
        return (
            f"The envelope holds a row of lines at multiples of {patterns.rival_order:.2f} times the shaft, "
            "which no part of this bearing explains; is it the right bearing, and the right speed?"
        )
    if best > by_cause["nothing"] and (pattern.halves > MOST_HALVES or pattern.first < NEEDED_FIRST):
        return (
            f"The lines fit {NAMES[fault_class]} only in part: the row is twice as dense or half as dense. "
            "Are sample rate and speed right?"
        )
    if best > by_cause["nothing"] and not is_clear:
        return f"What there is of lines of {NAMES[fault_class]} is no more than a sound bearing may show."
    if best > by_cause["nothing"]:
        return f"The lines are nearest to those of {NAMES[fault_class]}, but not by enough to name it."
    return "Some lines of a fault may be there, but not by enough to name it or to rule it out."
