"""What a verdict's confidence rests on, and whether anything has calibrated it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

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


def word_evidence_confidence(machine_kind: str) -> str:
    """Return what the probabilities of the lines rest on, for ``rolling`` or ``journal`` bearings."""
    return _EVIDENCE[machine_kind]
