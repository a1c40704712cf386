"""What a verdict's confidence rests on, and whether anything has calibrated it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from core.evidence.findings import Evidence
from core.evidence.fusion import list_probabilities
from core.evidence.verdict import DecidedBy, Opinion, Standing, Verdict
from core.training.calibration import Calibration

_OWN: Final = "The confidence is the classifier's own; it has not been calibrated."
_POOLED: Final = (
    "The confidence is pooled from the physical evidence and the classifier; the pool is not calibrated, "
    "whatever its parts are."
)
_EVIDENCE: Final = MappingProxyType(
    {
        "rolling": (
            "The probabilities of the physical evidence were calibrated on simulated recordings; how often "
            "they hold on this machine is not known."
        ),
        "journal": (
            "The probabilities of the physical evidence follow from Bayes' rule with assumed spreads of the "
            "lines; nothing has calibrated them, and how often they hold on this machine is not known."
        ),
    }
)


class ConfidenceSource(StrEnum):
    """Whose probabilities a verdict carries."""

    EVIDENCE = "evidence"
    CLASSIFIER = "classifier"
    POOLED = "pooled"


@dataclass(frozen=True, slots=True)
class Confidence:
    """Where a confidence comes from.

    Attributes:
        source: None where there is none.
        is_calibrated: Whether it is that of a classifier on recordings like those of its calibration.
        sentence: The same in words; empty where there is no confidence.
    """

    source: ConfidenceSource | None
    is_calibrated: bool
    sentence: str


def judge_confidence(
    verdict: Verdict,
    evidence: Evidence | None,
    opinion: Opinion | None,
    calibration: Calibration | None,
    *,
    is_machine_known: bool,
) -> Confidence:
    """Tell whose a verdict's confidence is; it is called calibrated only where the classifier is at home."""
    if verdict.confidence is None:
        return Confidence(None, is_calibrated=False, sentence="")
    if evidence is not None and verdict.probabilities == list_probabilities(evidence):
        sentence = _EVIDENCE[evidence.machine_kind]
        return Confidence(ConfidenceSource.EVIDENCE, is_calibrated=False, sentence=sentence)
    is_home = is_machine_known and opinion is not None and opinion.standing is Standing.HOME
    if opinion is None or verdict.probabilities != dict(opinion.probabilities):
        return _judge_pool(calibration, is_home=is_home)
    is_home = is_home and verdict.decided_by is DecidedBy.CLASSIFIER
    described = describe_calibration(calibration)
    if described["calibrated"] and not is_home:
        sentence = (
            "The confidence is the classifier's own; it was calibrated on other recordings, and nothing "
            "shows that it holds for this one."
        )
        return Confidence(ConfidenceSource.CLASSIFIER, is_calibrated=False, sentence=sentence)
    return Confidence(ConfidenceSource.CLASSIFIER, described["calibrated"], described["sentence"])


def _judge_pool(calibration: Calibration | None, *, is_home: bool) -> Confidence:
    """Tell whether evidence and classifier together were calibrated."""
    level = calibration.pooled if calibration else None
    if level is None or level.temperature is None:
        sentence = f"{_POOLED} {level.sentence}" if level else _POOLED
        return Confidence(ConfidenceSource.POOLED, is_calibrated=False, sentence=sentence)
    sentence = (
        "The confidence is pooled from the physical evidence and the classifier, and calibrated on "
        f"{level.n} validation recordings (temperature {level.temperature:.3g}); "
    )
    sentence += "it holds for recordings like those." if is_home else "nothing shows that it holds here."
    return Confidence(ConfidenceSource.POOLED, is_calibrated=is_home, sentence=sentence)


def describe_calibration(calibration: Calibration | None) -> dict[str, Any]:
    """Return whether a classifier's own confidence is calibrated, and the sentence on it."""
    if calibration is None:
        return {"calibrated": False, "sentence": _OWN}
    level = calibration.recording
    if level.temperature is None:
        return {"calibrated": False, "sentence": level.sentence}
    sentence = (
        f"The confidence was calibrated on {level.n} validation recordings (temperature "
        f"{level.temperature:.3g}); it holds for recordings like those."
    )
    return {"calibrated": True, "sentence": sentence}
