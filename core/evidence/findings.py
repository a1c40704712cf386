"""The findings of a recording: lines, what each fault would show of them, and the decision that follows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What the lines allow to say; a fault decision names its class beside it."""

    HEALTHY = "healthy"
    FAULT = "fault"
    UNDECIDED = "undecided"
    REFUSED = "refused"


class Strength(StrEnum):
    """How much of what a fault would show was found, weakest first."""

    NONE = "none"
    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class LineFinding:
    """One line that was looked for.

    Attributes
    ----------
    label
        As an analyst writes it: ``"BPFO 2"``, ``"BPFI 1 - 1X"``, ``"0.40-0.50X"``.
    expected_hz
        Where it was expected, from geometry and the shaft frequency that was found.
    found_hz
        Where the highest place within the slip allowance stood; None where nothing could be read.
    snr_db
        Its height over the local noise floor, dB; None where it could not be read.
    needed_db
        The height that counts as found.
    is_found
        Whether it counts.
    remark
        Why it could not be read, or what it may also be ("also 3X"); else empty.
    """

    label: str
    expected_hz: float
    found_hz: float | None
    snr_db: float | None
    needed_db: float
    is_found: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class FaultFinding:
    """What speaks for one fault class.

    Attributes
    ----------
    fault_class
        One of the classes of the machine's kind.
    probability
        Calibrated as far as the docs say; all faults of a recording and "healthy" sum to 1.
    strength
        In words.
    lines
        All lines that this fault would show, harmonics first.
    band_hz
        The band whose envelope was read; None for lines of the spectrum itself.
    slip
        Relative shift of the lines found, such as -0.012; None where none was searched.
    modulation_depth
        Relative amplitude of the envelope at the lines; None where it means nothing.
    sentence
        What the lines allow to say, never more.
    """

    fault_class: str
    probability: float
    strength: Strength
    lines: tuple[LineFinding, ...]
    band_hz: tuple[float, float] | None
    slip: float | None
    modulation_depth: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All findings of a recording.

    Attributes
    ----------
    machine_kind
        ``"rolling"`` or ``"journal"``.
    decision, fault_class
        The class is None unless the decision is a fault.
    probability
        Of the decision; the others stand in ``faults`` and ``healthy_probability``.
    healthy_probability
        That the recording shows no fault this evidence knows.
    reason
        One sentence: what decided, or why nothing could be decided.
    faults
        The likeliest first.
    shaft_frequency_hz, shaft_source
        As used for the orders; the source says how it was found, in words.
    limits
        Sentences on what this recording could not show.
    version
        Of the rules; it changes with every threshold.
    shaft_is_found
        Whether lines of the recording itself bear the shaft frequency out.
    doubt
        Why sample rate or speed can hardly be right, so that nobody may name a fault; else empty.
    """

    machine_kind: str
    decision: Decision
    fault_class: str | None
    probability: float
    healthy_probability: float
    reason: str
    faults: tuple[FaultFinding, ...]
    shaft_frequency_hz: float | None
    shaft_source: str
    limits: tuple[str, ...]
    version: str
    shaft_is_found: bool = False
    doubt: str = ""
