"""Evidence and opinion become one verdict: who decides, how sure, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from core.evidence.findings import Decision, Evidence, FaultFinding, Strength
from core.evidence.fusion import fuse, list_probabilities, pool, temper
from core.evidence.recording_check import CheckName, RecordingCheck
from core.evidence.verdict import DecidedBy, Opinion, Standing, Status, agree
from utils.constants import ROLLING_FAULT_CLASSES


def make_evidence(
    decision: Decision, fault_class: str | None = None, probability: float = 0.9, **others: float
) -> Evidence:
    """Return evidence whose named class has ``probability`` and the rest is shared equally."""
    named = "healthy" if decision is Decision.HEALTHY else fault_class
    rest = (1.0 - probability) / 4
    shares = dict.fromkeys(ROLLING_FAULT_CLASSES, rest)
    if named:
        shares[named] = probability
    else:
        shares = dict.fromkeys(ROLLING_FAULT_CLASSES, 0.2)
    shares |= others
    faults = tuple(
        FaultFinding(
            name, share, Strength.STRONG if name == fault_class else Strength.NONE, (), None, None, None,
            f"Four harmonics are consistent with {name}."
        )
        for name, share in shares.items()
        if name != "healthy"
    )  # fmt: skip
    return Evidence(
        "rolling", decision, fault_class, probability, shares["healthy"], "The lines are weak.", faults,
        25.0, "as given", (), "1",
    )  # fmt: skip


def make_opinion(
    name: str, confidence: float = 0.9, standing: Standing = Standing.HOME, *, rejected: bool = False,
    classes: tuple[str, ...] = ROLLING_FAULT_CLASSES, by_evidence: bool = False,
) -> Opinion:  # fmt: skip
    rest = (1.0 - confidence) / (len(classes) - 1)
    shares = {each: confidence if each == name else rest for each in classes}
    sentence = "The distance passes 3." if rejected else ""
    return Opinion(shares, standing, rejected, sentence, by_evidence)


OUTER = make_evidence(Decision.FAULT, "outer_race")
HEALTHY = make_evidence(Decision.HEALTHY)
OPEN = make_evidence(Decision.UNDECIDED)
FOR_INNER = make_evidence(
    Decision.UNDECIDED, None, healthy=0.1, inner_race=0.5, ball=0.25, cage=0.0, outer_race=0.15
)
AGAINST_BALL = make_evidence(Decision.UNDECIDED, None, healthy=0.35, ball=0.05)
ELSEWHERE, READS = Standing.ELSEWHERE, Standing.ELSEWHERE_READS_ORDERS
NOWHERE = Standing.UNKNOWN_ORIGIN
BY_LINES = ("diagnosed", "outer_race", "evidence")
BY_HEALTHY_LINES = ("diagnosed", "healthy", "evidence")


@pytest.mark.parametrize(
    ("evidence", "opinion", "status", "fault_class", "decided_by"),
    [
        (OUTER, None, "diagnosed", "outer_race", "evidence"),
        (HEALTHY, None, "diagnosed", "healthy", "evidence"),
        (OPEN, None, "undecided", None, None),
        (OUTER, make_opinion("outer_race"), "diagnosed", "outer_race", "both"),
        (OUTER, make_opinion("inner_race"), "undecided", None, None),
        (OUTER, make_opinion("healthy"), "undecided", None, None),
        (OUTER, make_opinion("inner_race", 0.4), "diagnosed", "outer_race", "evidence"),
        (OUTER, make_opinion("inner_race", standing=ELSEWHERE), "diagnosed", "outer_race", "evidence"),
        (OUTER, make_opinion("inner_race", standing=READS), "undecided", None, None),
        (OUTER, make_opinion("outer_race", standing=READS), "diagnosed", "outer_race", "both"),
        (OUTER, make_opinion("outer_race", standing=ELSEWHERE), "diagnosed", "outer_race", "evidence"),
        (OUTER, make_opinion("ball", rejected=True), "diagnosed", "outer_race", "evidence"),
        (OUTER, make_opinion("ball", classes=("healthy", "ball")), "diagnosed", "outer_race", "evidence"),
        (HEALTHY, make_opinion("healthy"), "diagnosed", "healthy", "both"),
        (HEALTHY, make_opinion("ball"), "undecided", None, None),
        (HEALTHY, make_opinion("ball", standing=ELSEWHERE), "diagnosed", "healthy", "evidence"),
        (HEALTHY, make_opinion("ball", rejected=True), "unknown", None, None),
        (HEALTHY, make_opinion("loose", classes=("healthy", "loose")), "diagnosed", "loose", "classifier"),
        (OUTER, make_opinion("loose", classes=("healthy", "outer_race", "loose")), "undecided", None, None),
        (OPEN, make_opinion("ball"), "diagnosed", "ball", "classifier"),
        (OPEN, make_opinion("ball", 0.3), "undecided", None, None),
        (AGAINST_BALL, make_opinion("ball", 0.99), "undecided", None, None),
        (FOR_INNER, make_opinion("ball", 0.99), "undecided", None, None),
        (FOR_INNER, make_opinion("inner_race", 0.8), "diagnosed", "inner_race", "classifier"),
        (AGAINST_BALL, make_opinion("inner_race", 0.99), "diagnosed", "inner_race", "classifier"),
        (OPEN, make_opinion("ball", standing=ELSEWHERE), "undecided", None, None),
        (OPEN, make_opinion("ball", standing=READS), "undecided", None, None),
        (OPEN, make_opinion("ball", rejected=True), "unknown", None, None),
        (OUTER, make_opinion("outer_race", rejected=True, by_evidence=True), *BY_LINES),
        (OUTER, make_opinion("ball", rejected=True, by_evidence=True), "undecided", None, None),
        (HEALTHY, make_opinion("ball", rejected=True, by_evidence=True), "undecided", None, None),
        (HEALTHY, make_opinion("healthy", rejected=True, by_evidence=True), "unknown", None, None),
        (OPEN, make_opinion("ball", rejected=True, by_evidence=True), "unknown", None, None),
        (HEALTHY, make_opinion("ball", rejected=True, standing=ELSEWHERE), *BY_HEALTHY_LINES),
        (OPEN, make_opinion("ball", rejected=True, standing=READS), "undecided", None, None),
        (None, None, "refused", None, None),
        (None, make_opinion("ball"), "diagnosed", "ball", "classifier"),
        (None, make_opinion("ball", 0.45), "undecided", None, None),
        (None, make_opinion("ball", standing=ELSEWHERE), "undecided", None, None),
        (None, make_opinion("ball", rejected=True), "unknown", None, None),
        (None, make_opinion("ball", rejected=True, standing=ELSEWHERE), "undecided", None, None),
        (None, make_opinion("ball", rejected=True, standing=READS), "undecided", None, None),
        (None, make_opinion("ball", standing=NOWHERE), "undecided", None, None),
        (None, make_opinion("healthy", 0.99, standing=NOWHERE), "undecided", None, None),
        (OPEN, make_opinion("ball", standing=NOWHERE), "diagnosed", "ball", "classifier"),
        (OUTER, make_opinion("outer_race", standing=NOWHERE), "diagnosed", "outer_race", "both"),
        (OUTER, make_opinion("inner_race", standing=NOWHERE), "undecided", None, None),
    ],
)
def test_the_table_of_who_decides_what(
    evidence: Evidence | None,
    opinion: Opinion | None,
    status: str,
    fault_class: str | None,
    decided_by: str | None,
) -> None:
    verdict = fuse(evidence, opinion, missing="the bearing is unknown.")
    assert (verdict.status, verdict.fault_class, verdict.decided_by) == (status, fault_class, decided_by)
    assert (verdict.confidence is None) == (status == "refused")
    if verdict.probabilities:
        assert sum(verdict.probabilities.values()) == pytest.approx(1.0)
        assert verdict.nearest_class in verdict.probabilities


@pytest.mark.parametrize("evidence", [HEALTHY, OPEN, None])
def test_the_nearest_class_of_what_is_unknown_carries_the_classifiers_own_share(
    evidence: Evidence | None,
) -> None:
    strange = make_opinion("loose", 0.62, rejected=True, classes=("healthy", "ball", "loose"))
    verdict = fuse(evidence, strange)
    assert (verdict.status, verdict.nearest_class, verdict.confidence) == (Status.UNKNOWN, "loose", 0.62)
    assert verdict.probabilities == strange.probabilities


@pytest.mark.parametrize("evidence", [HEALTHY, OPEN, None, OUTER])
def test_what_the_open_set_rule_measured_is_said(evidence: Evidence | None) -> None:
    verdict = fuse(evidence, make_opinion("ball", rejected=True))
    said = " ".join(verdict.contradictions) if evidence is OUTER else verdict.rule
    assert "The distance passes 3." in said


def test_a_temperature_changes_how_sure_both_together_are_and_nothing_else() -> None:
    opinion = make_opinion("outer_race", 0.8)
    plain, calm = fuse(OUTER, opinion), fuse(OUTER, replace(opinion, pooled_temperature=2.0))
    by_hand = np.array(list(plain.probabilities.values())) ** 0.5
    assert list(calm.probabilities.values()) == pytest.approx(list(by_hand / by_hand.sum()))
    assert (calm.fault_class, calm.decided_by) == (plain.fault_class, plain.decided_by)
    assert (
        calm.confidence < plain.confidence < fuse(OUTER, replace(opinion, pooled_temperature=0.5)).confidence
    )
    assert fuse(OUTER, None).confidence == 0.9
    assert temper({"a": 1.0, "b": 0.0}, 3.0) == {"a": 1.0, "b": 0.0}


def test_evidence_that_refuses_counts_as_none() -> None:
    refused = make_evidence(Decision.REFUSED)
    assert fuse(refused, None).status is Status.REFUSED
    assert fuse(refused, make_opinion("ball")).decided_by is DecidedBy.CLASSIFIER


@pytest.mark.parametrize("evidence", [OUTER, HEALTHY, OPEN, None])
@pytest.mark.parametrize("opinion", [make_opinion("outer_race", 0.999), None])
@pytest.mark.parametrize("decision", [Decision.REFUSED, Decision.UNDECIDED])
def test_what_is_no_vibration_is_never_named_whatever_else_speaks(
    evidence: Evidence | None, opinion: Opinion | None, decision: Decision
) -> None:
    check = RecordingCheck(decision, CheckName.PURE_TONES, "The signal is a single tone.")
    verdict = fuse(evidence, opinion, check=check)
    assert verdict.status == ("refused" if decision is Decision.REFUSED else "undecided")
    assert (verdict.fault_class, verdict.nearest_class, verdict.decided_by) == (None, None, DecidedBy.CHECKS)
    assert "the signal is a single tone." in verdict.sentence


def test_without_evidence_a_classifier_of_unknown_origin_leans_and_says_why() -> None:
    verdict = fuse(None, make_opinion("ball", 0.97, NOWHERE), missing="The bearing is unknown.")
    assert (verdict.nearest_class, verdict.confidence) == ("ball", 0.97)
    assert "nothing tells whether it was trained on this machine" in verdict.sentence


def test_pooling_is_the_normalised_geometric_mean() -> None:
    random = np.random.default_rng(5)
    first, second = random.dirichlet(np.ones(4), size=2)
    pooled = pool(dict(zip("abcd", first, strict=True)), dict(zip("abcd", second, strict=True)))
    by_logarithms = np.exp(0.5 * (np.log(first) + np.log(second)))
    assert list(pooled.values()) == pytest.approx(list(by_logarithms / by_logarithms.sum()))


def test_pooled_odds_lie_between_the_odds_of_both_sides() -> None:
    random = np.random.default_rng(6)
    for first, second in random.dirichlet(np.full(5, 2.0), size=(100, 2)):
        names = ROLLING_FAULT_CLASSES
        pooled = pool(dict(zip(names, first, strict=True)), dict(zip(names, second, strict=True)))
        shares = np.array(list(pooled.values()))
        low, high = np.sort([first[0] / first, second[0] / second], axis=0)
        assert np.all((low - 1e-9 <= shares[0] / shares) & (shares[0] / shares <= high + 1e-9))


def test_a_class_that_only_one_side_knows_keeps_its_share_where_the_other_is_silent() -> None:
    pooled = pool({"healthy": 0.5, "ball": 0.3, "cage": 0.2}, {"healthy": 0.5, "ball": 0.5})
    assert pooled["cage"] == pytest.approx(0.2)
    assert sum(pooled.values()) == pytest.approx(1.0)
    assert list(pool({"worn": 0.4, "new": 0.6}, {"ball": 1.0})) == ["worn", "new"]


def test_a_nought_of_one_side_does_not_silence_the_other() -> None:
    pooled = pool({"healthy": 0.0, "ball": 1.0}, {"healthy": 0.999, "ball": 0.001})
    assert 0.0 < pooled["healthy"] < 0.5


def test_both_sides_of_a_contradiction_are_shown_with_how_sure_they_are() -> None:
    verdict = fuse(OUTER, make_opinion("inner_race", 0.83))
    assert verdict.contradictions == (
        "The lines are consistent with a fault of the class outer race (90 %), but the classifier says "
        "inner race (83 %).",
    )
    assert "Undecided: the physical evidence is consistent with" in verdict.sentence
    healthy = fuse(HEALTHY, make_opinion("ball", standing=ELSEWHERE))
    assert "no fault of the machine's known ones" in healthy.contradictions[0]
    assert "trained on another machine" in healthy.sentence
    assert fuse(OUTER, make_opinion("outer_race")).contradictions == ()
    leaning = fuse(FOR_INNER, make_opinion("ball", 0.83))
    assert leaning.contradictions == (
        "The lines are undecided, nearest to a fault of the class inner race (50 %), but the classifier says "
        "ball (83 %).",
    )


def test_a_verdict_of_the_lines_uses_their_own_sentence_and_one_of_the_classifier_claims_no_lines() -> None:
    assert fuse(OUTER, None).sentence == "Four harmonics are consistent with outer_race."
    assert fuse(HEALTHY, None).sentence == "The lines are weak."
    alone = fuse(OPEN, make_opinion("ball")).sentence
    assert alone.startswith("Of the classes that it has learned, the classifier names ball.")
    assert "neither confirms nor contradicts" in alone
    assert (
        fuse(None, None, missing="The bearing is unknown").sentence == "No diagnosis: the bearing is unknown."
    )


def test_a_compound_fault_and_a_part_of_it_agree_in_part_and_the_rest_is_shown() -> None:
    shares: Mapping[str, float] = {"healthy": 0.05, "imbalance": 0.55, "misalignment_imbalance": 0.4}
    evidence = make_journal(shares, "imbalance")
    opinion = Opinion({"healthy": 0.02, "imbalance": 0.08, "misalignment_imbalance": 0.9}, Standing.HOME)
    verdict = fuse(evidence, opinion)
    assert verdict.fault_class == "misalignment_imbalance"
    expected = (0.4 * 0.9) ** 0.5 / sum(
        (a * opinion.probabilities[name]) ** 0.5 for name, a in shares.items()
    )
    assert verdict.confidence == pytest.approx(expected)
    assert "imbalance" in verdict.contradictions[0]
    assert not agree("imbalance", "misalignment")


def make_journal(shares: Mapping[str, float], fault_class: str) -> Evidence:
    faults = tuple(
        FaultFinding(name, share, Strength.MODERATE, (), None, None, None, "")
        for name, share in shares.items()
        if name != "healthy"
    )
    return Evidence(
        "journal", Decision.FAULT, fault_class, shares[fault_class], shares["healthy"], "1X stands out.",
        faults, 60.0, "found", (), "1",
    )  # fmt: skip


def test_the_probabilities_of_the_evidence_sum_to_one_with_healthy_first() -> None:
    shares = list_probabilities(OUTER)
    assert next(iter(shares)) == "healthy"
    assert sum(shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("evidence", "opinion"),
    [
        (OPEN, None),
        (None, make_opinion("ball", 0.45)),
        (OPEN, make_opinion("ball", 0.45)),
        (OPEN, make_opinion("ball", standing=ELSEWHERE)),
        (AGAINST_BALL, make_opinion("ball")),
        (HEALTHY, make_opinion("wear", 0.4, classes=("healthy", "ball", "wear"))),
        (OUTER, make_opinion("inner_race")),
    ],
)
def test_the_rule_of_what_stays_undecided_says_of_nobody_that_they_decide(
    evidence: Evidence | None, opinion: Opinion | None
) -> None:
    verdict = fuse(evidence, opinion, missing="The shaft speed is unknown.")
    assert verdict.status is Status.UNDECIDED
    assert "decides by itself" not in verdict.rule
    assert "classifier decides" not in verdict.rule
    assert verdict.rule


@pytest.mark.parametrize("evidence", [None, HEALTHY, OPEN, OUTER])
@pytest.mark.parametrize("standing", [ELSEWHERE, READS])
def test_a_rejection_from_elsewhere_is_said_to_be_measured_and_not_followed(
    evidence: Evidence | None, standing: Standing
) -> None:
    strange = fuse(evidence, make_opinion("ball", rejected=True, standing=standing), missing="no speed.")
    plain = fuse(evidence, make_opinion("ball", standing=standing), missing="no speed.")
    assert strange.rule.startswith(plain.rule)
    assert "measured, but not followed, as it was trained elsewhere" in strange.rule
    assert "not followed" not in plain.rule
    assert replace(strange, rule=plain.rule) == plain
