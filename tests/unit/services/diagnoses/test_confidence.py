"""Whose a verdict's confidence is, and when it may be called calibrated."""

from __future__ import annotations

import pytest

from core.evidence.findings import Decision, Evidence, FaultFinding, Strength
from core.evidence.fusion import fuse
from core.evidence.recording_check import CheckName, RecordingCheck
from core.evidence.verdict import Opinion, Standing
from core.training.calibration import Calibration, LevelCalibration
from services.diagnoses.confidence import judge_confidence

FITTED = LevelCalibration(1.5, [1.2, 1.9], 40, 6, "Fitted.")
CALIBRATED = Calibration(FITTED, FITTED)


def make_evidence(decision: Decision, share: float, kind: str = "rolling") -> Evidence:
    fault = FaultFinding("ball", share, Strength.STRONG, (), None, None, None, "Lines of the ball.")
    named = "ball" if decision is Decision.FAULT else None
    return Evidence(
        kind, decision, named, share, 1.0 - share, "The lines are weak.", (fault,), 25.0, "as given", (), "1"
    )


def make_opinion(
    share: float = 0.9, standing: Standing = Standing.HOME, *, rejected: bool = False
) -> Opinion:
    return Opinion({"healthy": 1.0 - share, "ball": share}, standing, rejected)


FAULT, OPEN = make_evidence(Decision.FAULT, 0.9), make_evidence(Decision.UNDECIDED, 0.6)
ELSEWHERE = make_opinion(standing=Standing.ELSEWHERE)


@pytest.mark.parametrize(
    ("evidence", "opinion", "is_machine_known", "source", "is_calibrated"),
    [
        (None, make_opinion(), True, "classifier", True),
        (None, make_opinion(), False, "classifier", False),
        (None, make_opinion(rejected=True), True, "classifier", False),
        (None, make_opinion(0.5), True, "classifier", False),
        (None, ELSEWHERE, True, "classifier", False),
        (OPEN, make_opinion(), True, "pooled", False),
        (FAULT, make_opinion(0.8), True, "pooled", False),
        (FAULT, make_opinion(0.2), True, "pooled", False),
        (FAULT, ELSEWHERE, True, "evidence", False),
        (FAULT, None, True, "evidence", False),
        (OPEN, None, False, "evidence", False),
    ],
)
def test_only_a_classifiers_own_confidence_at_home_is_called_calibrated(
    evidence: Evidence | None,
    opinion: Opinion | None,
    is_machine_known: bool,
    source: str,
    is_calibrated: bool,
) -> None:
    verdict = fuse(evidence, opinion, missing="No speed is known.")
    found = judge_confidence(verdict, evidence, opinion, CALIBRATED, is_machine_known=is_machine_known)
    assert (found.source, found.is_calibrated) == (source, is_calibrated)
    assert ("was calibrated on 40 validation recordings" in found.sentence) == is_calibrated
    assert ("pooled" in found.sentence) == (source == "pooled")


def test_a_pool_that_validation_calibrated_says_so_at_home_only() -> None:
    calibration = Calibration(FITTED, FITTED, LevelCalibration(0.7, [0.5, 0.9], 30, 2, "Fitted."))
    opinion = make_opinion(0.8)
    for known, calibrated in ((True, True), (False, False)):
        found = judge_confidence(fuse(FAULT, opinion), FAULT, opinion, calibration, is_machine_known=known)
        assert (found.source, found.is_calibrated) == ("pooled", calibrated)
        assert "calibrated on 30 validation recordings" in found.sentence
        assert ("nothing shows" in found.sentence) is not calibrated
    few = Calibration(FITTED, FITTED, LevelCalibration(None, None, 4, 0, "4 are too few."))
    found = judge_confidence(fuse(FAULT, opinion), FAULT, opinion, few, is_machine_known=True)
    assert not found.is_calibrated
    assert "not calibrated" in found.sentence and "4 are too few." in found.sentence


def test_a_classifier_that_nothing_calibrated_is_never_called_calibrated() -> None:
    verdict = fuse(None, make_opinion(), missing="No speed is known.")
    found = judge_confidence(verdict, None, make_opinion(), None, is_machine_known=True)
    assert not found.is_calibrated
    assert "has not been calibrated" in found.sentence


def test_where_there_is_no_confidence_nothing_is_said_of_it() -> None:
    tone = RecordingCheck(Decision.REFUSED, CheckName.PURE_TONES, "The signal is a single tone.")
    verdict = fuse(None, make_opinion(), check=tone)
    found = judge_confidence(verdict, None, make_opinion(), CALIBRATED, is_machine_known=True)
    assert (found.source, found.is_calibrated, found.sentence) == (None, False, "")


def test_the_lines_of_each_kind_of_bearing_say_what_their_probabilities_rest_on() -> None:
    said = {}
    for kind in ("rolling", "journal"):
        evidence = make_evidence(Decision.FAULT, 0.9, kind)
        said[kind] = judge_confidence(
            fuse(evidence, None), evidence, None, None, is_machine_known=True
        ).sentence
    assert "calibrated on simulated recordings" in said["rolling"]
    assert "nothing has calibrated them" in said["journal"]
