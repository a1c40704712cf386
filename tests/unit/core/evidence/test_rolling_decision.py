"""What patterns allow to decide, and what is said about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evidence.findings import Decision
from core.evidence.rolling_decision import NEEDED_DEPTH, NEEDED_FAULT, NEEDED_HEIGHT, decide
from core.evidence.rolling_lines import Patterns, PatternScore
from core.evidence.rolling_probabilities import (
    CAUSES,
    N_FEATURES,
    compute_probabilities,
    describe_patterns,
    load_weights,
)

QUIET = PatternScore(
    height=0.2, order=3.6, slip=0.0, channel=0, depth=0.03, fullness=0.1, first=1.0, share=0.0
)
LOUD = PatternScore(
    height=12.0, order=3.6, slip=0.002, channel=0, depth=0.9, fullness=1.0, first=1.0, share=0.7
)
SILENCE = Patterns(QUIET, QUIET, QUIET, QUIET, rival_height=1.0, rival_order=4.2)


def weigh(patterns: Patterns) -> dict[str, float]:
    return dict(zip(CAUSES, compute_probabilities(describe_patterns(patterns)), strict=True))


@pytest.mark.parametrize(
    ("part", "fault_class"), [("outer", "outer_race"), ("inner", "inner_race"), ("spin", "ball")]
)
def test_one_loud_pattern_is_named_after_its_part(part: str, fault_class: str) -> None:
    patterns = replace(SILENCE, **{part: LOUD})
    verdict = decide(patterns, compute_probabilities(describe_patterns(patterns)))
    assert (verdict.decision, verdict.fault_class) == (Decision.FAULT, fault_class)
    assert verdict.probability >= NEEDED_FAULT


def test_the_cages_lattice_alone_speaks_for_a_ball_before_the_cage() -> None:
    patterns = replace(SILENCE, cage=replace(LOUD, order=0.4))
    verdict = decide(patterns, compute_probabilities(describe_patterns(patterns)))
    assert verdict.by_class["ball"] > verdict.by_class["cage"] > 0.0


def test_nothing_loud_is_healthy() -> None:
    verdict = decide(SILENCE, compute_probabilities(describe_patterns(SILENCE)))
    assert verdict.decision is Decision.HEALTHY


def test_lines_that_no_part_explains_are_undecided_and_the_reason_says_where_they_are() -> None:
    patterns = replace(
        SILENCE, outer=replace(QUIET, height=1.0, depth=0.5), rival_height=14.0, rival_order=4.2
    )
    verdict = decide(patterns, np.asarray([0.1, 0.0, 0.0, 0.0, 0.8, 0.1]))
    assert verdict.decision is Decision.UNDECIDED
    assert "4.20" in verdict.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height": NEEDED_HEIGHT - 0.1}, "sound bearing"),
        ({"depth": NEEDED_DEPTH - 0.01}, "sound bearing"),
        ({"first": 0.2}, "half as dense"),
        ({"halves": 0.9}, "twice as dense"),
    ],
)
def test_a_probable_fault_is_not_named_when_its_lines_are_too_low_too_flat_or_not_its_own(
    change: dict[str, float], words: str
) -> None:
    patterns = replace(SILENCE, outer=replace(LOUD, **change))
    verdict = decide(patterns, np.asarray([0.95, 0.0, 0.0, 0.0, 0.0, 0.05]))
    assert verdict.decision is Decision.UNDECIDED
    assert words in verdict.reason


@pytest.mark.parametrize("name", ["height", "depth", "fullness"])
def test_more_of_a_faults_lines_never_make_it_less_probable(name: str) -> None:
    middle = replace(LOUD, height=3.0, depth=0.2, fullness=0.4)
    more = replace(middle, **{name: 2.0 * getattr(middle, name)})
    for part, cause in (("outer", "outer"), ("inner", "inner")):
        before, after = (weigh(replace(SILENCE, **{part: pattern}))[cause] for pattern in (middle, more))
        assert after > before


def test_both_races_are_weighed_alike_but_for_a_constant() -> None:
    weights = load_weights()
    assert weights.shape == (len(CAUSES) - 1, N_FEATURES)
    assert np.array_equal(weights[0, :-1], weights[1, :-1])
