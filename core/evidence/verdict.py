"""What a diagnosis says in the end, and what a classifier brings to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

# Of the rules by which evidence and classifier become one verdict; it changes with every one of them.
FUSION_VERSION: Final = "4"


class Status(StrEnum):
    """How far a verdict goes."""

    DIAGNOSED = "diagnosed"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class Standing(StrEnum):
    """What a classifier may decide of a recording, by where it was trained."""

    HOME = "home"
    UNKNOWN_ORIGIN = "unknown_origin"
    ELSEWHERE_READS_ORDERS = "elsewhere_reads_orders"
    ELSEWHERE = "elsewhere"


FROM_ELSEWHERE: Final = (Standing.ELSEWHERE, Standing.ELSEWHERE_READS_ORDERS)


class DecidedBy(StrEnum):
    """What a verdict rests on."""

    EVIDENCE = "evidence"
    CLASSIFIER = "classifier"
    BOTH = "both"
    CHECKS = "checks"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a classifier says of a recording.

    Attributes
    ----------
    probabilities
        By class, calibrated where the classifier is; they sum to 1.
    standing
        Whether it was trained on this machine or bearing, nothing tells where the recording comes from, it
        was trained elsewhere on what carries over (lines by order), or elsewhere.
    is_rejected
        Whether the recording looks unlike everything that it has learned; `follows_rejection` says whether
        that counts.
    rejection
        The sentence on that: which rule measured what.
    rejects_by_evidence
        Whether the physical evidence is a part of that rule; then it tells nothing beside evidence that names
        another class by itself.
    pooled_temperature
        Log-probabilities pooled with the evidence are divided by it; None where nothing has calibrated them.
    """

    probabilities: Mapping[str, float]
    standing: Standing
    is_rejected: bool = False
    rejection: str = ""
    rejects_by_evidence: bool = False
    pooled_temperature: float | None = None

    @property
    def follows_rejection(self) -> bool:
        """Whether a rejection counts: to a classifier from elsewhere all of another machine looks strange."""
        return self.is_rejected and self.standing not in FROM_ELSEWHERE

    @property
    def fault_class(self) -> str:
        """The likeliest class."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    @property
    def confidence(self) -> float:
        """The probability of the likeliest class."""
        return self.probabilities[self.fault_class]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "what does this recording show?".

    Attributes
    ----------
    status
        How far the answer goes.
    fault_class
        The class that is named; None unless the status is diagnosed.
    nearest_class
        What it leans to where nothing is named; the class itself where one is; None where refused.
    confidence
        Probability of that class; None where refused.
    probabilities
        Of all classes, evidence and classifier together; those of the classifier where the recording looks
        unlike all that it has learned; empty where refused.
    decided_by
        What it rests on; None where nothing decided.
    sentence
        The answer, never more than the lines show.
    rule
        How it came about.
    contradictions
        What speaks against it, or against one another.
    """

    status: Status
    fault_class: str | None
    nearest_class: str | None
    confidence: float | None
    probabilities: Mapping[str, float]
    decided_by: DecidedBy | None
    sentence: str
    rule: str
    contradictions: tuple[str, ...] = field(default=())


# Classes that are two faults at once: a finding of one of them agrees with both in part.
COMPONENTS: Final = MappingProxyType(
    {
        "misalignment_imbalance": frozenset({"misalignment", "imbalance"}),
        "wear_lubrication": frozenset({"wear", "lubrication"}),
        "cavitation_clearance": frozenset({"cavitation", "clearance"}),
    }
)


def agree(first: str, second: str) -> bool:
    """Tell whether two classes are the same, or one is a part of the other.

    >>> agree("imbalance", "misalignment_imbalance"), agree("imbalance", "misalignment")
    (True, False)
    """
    return (
        first == second
        or first in COMPONENTS.get(second, frozenset())
        or second in COMPONENTS.get(first, frozenset())
    )
