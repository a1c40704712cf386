"""Was a recording made at the sample rate that was stated? Its lines fit best at the true one."""

from __future__ import annotations

from collections.abc import Callable

from core.evidence.findings import Decision, Evidence
from core.evidence.recording_check import PASSED, CheckName, RecordingCheck

_MAJORITY = 0.5
# The shaft is looked for within 10 % of its speed: so every rate from 0.36 to 2.75 times the true one is met.
# At half and twice every second line is another's; at 2 to 3 the lines of one race stand where another's do.
_OCTAVES = (0.5, 2.0)
_RATIOS = {
    0.5: "half", 2.0: "twice", 2.0 / 3.0: "two thirds of", 1.5: "three halves of", 0.8: "four fifths of",
    1.25: "five fourths of", 0.75: "three quarters of", 4.0 / 3.0: "four thirds of", 0.4: "two fifths of",
    2.5: "five halves of",
}  # fmt: skip
# Where the shaft shows at both rates, another fault must be twice as likely to count: two readings of one
# recording scatter by less.
_CLEARLY_MORE = 2.0


def check_stated_rate(
    stated: Evidence, gather: Callable[[float], Evidence], sample_rate_hz: float
) -> RecordingCheck:
    """Ask whether another sample rate explains a recording as well or better.

    It does where a fault is named there and none, or with less probability, at the stated rate: a comb of
    lines is most complete at the true rate; at half of it every second line belongs to nothing, at twice it
    every second one is missing, at two thirds the lines of one race stand near the other's. It does too where
    a fault is likely there and only there the lines bear out the shaft frequency. Except for half and twice
    the rate, the shaft has to be borne out there: where it shows at neither rate, the stated one is believed.

    Ten more readings of the recording: ask where a class is about to be named, be it healthy.

    Parameters
    ----------
    stated
        What the recording shows at the stated rate.
    gather
        Gathers the same evidence at another rate, in Hz.
    sample_rate_hz
        As stated.
    """
    if stated.doubt:
        return RecordingCheck(Decision.UNDECIDED, CheckName.RATE_DOUBTFUL, stated.doubt)
    for factor, word in _RATIOS.items():
        other = gather(factor * sample_rate_hz)
        if (factor in _OCTAVES and _explains_more(other, stated)) or _explains_as_much(other, stated):
            return RecordingCheck(
                Decision.UNDECIDED,
                CheckName.RATE_DOUBTFUL,
                f"Read at {word} the stated sample rate ({factor * sample_rate_hz:.6g} Hz) the lines fit the "
                "shaft or a fault as well as or better than as stated. Check the sample rate and the shaft "
                "speed.",
            )
    return PASSED


def _explains_more(other: Evidence, stated: Evidence) -> bool:
    if stated.decision is not Decision.FAULT:
        return other.decision is Decision.FAULT
    if not other.faults:  # too short to be read at that rate
        return False
    best = other.faults[0]
    if other.shaft_is_found and not stated.shaft_is_found and best.fault_class == stated.fault_class:
        return best.probability > _MAJORITY
    is_same = best.fault_class == stated.fault_class
    may_count = is_same or other.shaft_is_found or not stated.shaft_is_found
    return may_count and other.decision is Decision.FAULT and other.probability > stated.probability


def _explains_as_much(other: Evidence, stated: Evidence) -> bool:
    """Whether another rate, at which the shaft shows no less, has a fault to offer that this one has not."""
    if other.decision is not Decision.FAULT or not other.shaft_is_found:
        return False
    is_alone = stated.decision is not Decision.FAULT or not stated.shaft_is_found
    return is_alone or _compute_odds(other) > _CLEARLY_MORE * _compute_odds(stated)


def _compute_odds(evidence: Evidence) -> float:
    return evidence.probability / max(1.0 - evidence.probability, 1e-12)
