"""What may speak against naming a fault from a recording."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.evidence.findings import Decision


class CheckName(StrEnum):
    """What was seen."""

    DAMAGED = "damaged"
    TOO_SHORT = "too_short"
    SILENCE = "silence"
    COARSE = "coarse"
    TWO_LEVELS = "two_levels"
    PURE_TONES = "pure_tones"
    WHITE_NOISE = "white_noise"
    RATE_DOUBTFUL = "rate_doubtful"


@dataclass(frozen=True, slots=True)
class RecordingCheck:
    """Whether anything speaks against naming a fault from a recording.

    Attributes
    ----------
    decision
        ``refused`` or ``undecided`` where no fault may be named, whoever names it; None where nothing was
        seen.
    name
        What was seen, or None.
    reason
        One sentence for people; empty where nothing was seen.
    """

    decision: Decision | None = None
    name: CheckName | None = None
    reason: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether a fault may be named."""
        return self.decision is None


PASSED: Final = RecordingCheck()
