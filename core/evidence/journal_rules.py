"""From readings to classes: what each fault would show, what it would not, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.evidence.journal_lines import LineReading
from core.evidence.journal_readings import JournalReadings
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS

# A line of 10 dB is read with a scatter of about 2 dB (8.7 / √(2 · 10)); a logistic of this width has it.
_SCATTER_DB = 1.2
# The mean of some five independent powers at the height that counts scatters by 0.4 dB.
_BURST_SCATTER_DB = 0.4
_LEAST, _MOST = 0.01, 0.99
# What can't be read is taken to be absent nine times of ten; the limits of the evidence say so.
_UNREADABLE = 0.1
# Lines 12 dB (a quarter of the amplitude) below their strongest companion are its company, no sign by
# themselves: distortion makes such harmonics, hum and sound rotors such lines.
_COMPANY_DB = -12.0
STRONG_COMPANY: Final = 10.0 ** (_COMPANY_DB / 10.0)
# An order that stands alone may be hum or what is left of the balancing; it counts with three quarters of the
# band, 4.8 dB over the rest.
ALONE_DB: Final = 10.0 * math.log10(3.0)
# Slow steps of the load leave less than a tenth at 0.45 Hz and above.
LEAST_DEPTH: Final = 0.15
# A cue of which a class says nothing is there in half its recordings.
_EITHER = 0.5

Cue = str
SUB, FIRST, SECOND, THIRD, SLOW, BURSTS, SWAY = (
    "0.40-0.49X", "1X", "2X", "3X", "2-5 Hz", "bursts", "slow modulation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What a class shows and what it does not; of the rest nothing is asked."""

    shows: tuple[Cue, ...] = ()
    lacks: tuple[Cue, ...] = ()


RULES: Final[Mapping[str, Rule]] = {
    "healthy": Rule((), (SUB, FIRST, SECOND, THIRD, SLOW, BURSTS, SWAY)),
    "misalignment": Rule((SECOND, THIRD), (FIRST, SUB, SLOW, BURSTS)),
    "imbalance": Rule((FIRST,), (SECOND, THIRD, SUB, SLOW, BURSTS, SWAY)),
    "clearance": Rule((SUB, FIRST, SECOND), (THIRD, SLOW, BURSTS)),
    "lubrication": Rule((SLOW,), (SECOND, THIRD, SUB, BURSTS)),
    "cavitation": Rule((BURSTS,), (SUB, FIRST, SECOND, THIRD, SLOW)),
    "wear": Rule((FIRST, SECOND, SWAY), (THIRD, SUB, SLOW, BURSTS)),
    "oil_whirl": Rule((SUB,), (FIRST, SECOND, THIRD, SLOW, BURSTS)),
    "misalignment_imbalance": Rule((FIRST, SECOND, THIRD), (SUB, SLOW, BURSTS, SWAY)),
    "wear_lubrication": Rule((SLOW, FIRST, SECOND), (THIRD, SUB, BURSTS)),
    "cavitation_clearance": Rule((BURSTS, SUB), (THIRD, SLOW)),
}


def weigh_cues(readings: JournalReadings) -> dict[Cue, float]:
    """Return for each cue how probable it is that it is there, 0.01 to 0.99; 0.1 where it can't be read."""
    return {cue: _limit(chance) for cue, chance in _weigh_all(readings).items()}


def _weigh_all(readings: JournalReadings) -> dict[Cue, float]:
    chances = {order: _weigh_line(readings.orders.get(order)) for order in (1, 2, 3)}
    sub_level = readings.subsynchronous.level if readings.subsynchronous else 0.0
    for order in (1, 2, 3):
        line = readings.orders.get(order)
        strongest = max([readings.get_level(other) for other in (1, 2, 3) if other != order])
        strongest = max(strongest, sub_level if order == 1 else 0.0)
        if line is not None and strongest > 0.0:
            chances[order] *= _logistic(_to_db(line.level / strongest) - _COMPANY_DB)
        chances[order] *= _weigh_alone(readings, order)
    sub = _weigh_line(readings.subsynchronous)
    if not readings.shaft.is_confirmed and not readings.subsynchronous_sides:
        # Half the speed of another shaft, or a wrong sample rate, looks the same.
        sub = 0.0
    return {
        SUB: sub,
        FIRST: chances[1],
        SECOND: chances[2],
        THIRD: chances[3],
        SLOW: _weigh_line(readings.slow),
        BURSTS: _weigh_bursts(readings),
        SWAY: _weigh_sway(readings),
    }


def _weigh_line(line: LineReading | None) -> float:
    return _UNREADABLE if line is None else _logistic(line.snr_db - line.needed_db)


def _weigh_alone(readings: JournalReadings, order: int) -> float:
    """An order with no company counts only where it dominates the band."""
    company = readings.get_level(*(other for other in (1, 2, 3) if other != order))
    if readings.subsynchronous is not None and readings.subsynchronous.is_found:
        company += readings.subsynchronous.level
    own = readings.get_level(order)
    if company > 0.0 or own <= 0.0:
        return 1.0
    rest = max(readings.band_power - own, 1e-12)
    return _logistic(_to_db(own / rest) - ALONE_DB)


def _weigh_bursts(readings: JournalReadings) -> float:
    if readings.bursts is None:
        return _UNREADABLE
    above_db = readings.bursts.second_db - readings.bursts.needed_db
    return _logistic(above_db * _SCATTER_DB / _BURST_SCATTER_DB)


def _weigh_sway(readings: JournalReadings) -> float:
    """Side lines of 1X, or noise that swells: whichever is clearer."""
    chances = []
    if readings.modulation is not None:
        depth_db = 2.0 * _to_db(readings.modulation.depth / LEAST_DEPTH)
        chances.append(_logistic(min(readings.modulation.margin_db, depth_db)))
    if readings.swelling is not None:
        swelling = readings.swelling
        depth_db = 2.0 * _to_db(swelling.depth / 2.0 / LEAST_DEPTH)
        chances.append(_logistic(min(swelling.snr_db - swelling.needed_db, depth_db)))
    return max(chances, default=_UNREADABLE)


def compute_probabilities(cues: Mapping[Cue, float]) -> tuple[dict[str, float], float]:
    """Weigh the classes by Bayes' rule, the cues taken as independent and the classes as equally likely.

    One further answer, as likely as each class, is a pattern of none of them: every cue there or not by the
    toss of a coin. Its share is spread evenly, so that the classes add up to 1.

    Returns
    -------
    probabilities, none_of_these
        By class, and the share that was spread.
    """
    scores = {name: _compute_fit(rule, cues) for name, rule in RULES.items()}
    none = _EITHER ** len(cues)
    total = sum(scores.values()) + none
    spread = none / total / len(FAULT_CLASSES)
    return {name: score / total + spread for name, score in scores.items()}, none / total


def _compute_fit(rule: Rule, cues: Mapping[Cue, float]) -> float:
    n_free = len(cues) - len(rule.shows) - len(rule.lacks)
    shown = math.prod(cues[cue] for cue in rule.shows)
    lacked = math.prod(1.0 - cues[cue] for cue in rule.lacks)
    return shown * lacked * _EITHER**n_free


def list_faults() -> list[str]:
    """Return the classes without the healthy one."""
    return [name for name in FAULT_CLASSES if name != HEALTHY_CLASS]


def _logistic(above_db: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(above_db / _SCATTER_DB, 50.0), -50.0)))


def _to_db(ratio: float) -> float:
    return 10.0 * math.log10(max(ratio, 1e-12))


def _limit(chance: float) -> float:
    return min(max(chance, _LEAST), _MOST)
