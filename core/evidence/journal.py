"""Evidence of a machine on journal bearings: which lines stand, and which of eleven classes they fit.

No training: every threshold follows from the statistics of noise or from the physics of the rotor, see
docs/evidence_journal.md. The wording says what the lines allow and no more.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from core.evidence.findings import Decision, Evidence, FaultFinding, LineFinding, Strength
from core.evidence.journal_events import BURST_BAND_HZ
from core.evidence.journal_lines import LineReading
from core.evidence.journal_readings import (
    FEWEST_TURNS,
    SHORTEST_S,
    SLOW_HZ,
    JournalReadings,
    read_recording,
)
from core.evidence.journal_rules import (
    BURSTS,
    FIRST,
    LEAST_DEPTH,
    RULES,
    SECOND,
    SLOW,
    STRONG_COMPANY,
    SUB,
    SWAY,
    THIRD,
    Cue,
    compute_probabilities,
    list_faults,
    weigh_cues,
)
from core.evidence.journal_shaft import SUBSYNCHRONOUS, is_on_mains
from core.signal.checks import check_sample_rate, check_usable
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS
from utils.exceptions import InvalidInputError

VERSION: Final = "journal-1"
MACHINE_KIND: Final = "journal"

# A decision needs four times the weight of all other answers together.
LEAST_PROBABILITY: Final = 0.8
# The shaft's lines must hold as much as all else between 0.2X and 10X before they alone are called a fault.
_LEAST_SHARE = 0.5
_SYNCHRONOUS = {"misalignment", "imbalance", "misalignment_imbalance"}
# One slow line is the same at any sample rate; the other patterns fall apart at half or twice the true one.
_NEEDS_TIME_BASE = {"lubrication"}
_STRANGER_SHARE, _STRANGER_ALONE = 0.25, 0.75
_STRONG_DB = 10.0
_STRONG_PROBABILITY = 0.9
_ORDERS: Final = {FIRST: 1, SECOND: 2, THIRD: 3}
_ALWAYS = (
    "A sound machine shows lines at 1X and 2X too: without a reference recording of this machine their "
    "height over the rest of the vibration is all that can be judged, not their change.",
    "The rules know ten faults; what none of them describes is not looked for.",
)


def gather_journal_evidence(
    samples: ArrayLike, sample_rate_hz: float, nominal_shaft_hz: float | None = None
) -> Evidence:
    """Gather the evidence of one recording by itself.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, any unit; the middle 20 s are read for lines, the middle minute for bursts.
    sample_rate_hz
        Samples per second.
    nominal_shaft_hz
        Nominal shaft frequency; the shaft is looked for within 10 % of it. Without it, between 48 and 72 Hz.

    Returns
    -------
    Evidence
        ``faults`` holds all ten, the likeliest first. A gain or an offset changes nothing.

    Raises
    ------
    SignalError
        The samples or the sample rate can't be used.
    InvalidInputError
        The nominal frequency is not positive.
    """
    rate_hz, values = check_sample_rate(sample_rate_hz), check_usable(samples)
    if nominal_shaft_hz is not None and not (nominal_shaft_hz > 0.0 and math.isfinite(nominal_shaft_hz)):
        raise InvalidInputError("The nominal shaft frequency is a positive number of hertz.")
    refusal = _find_refusal(values, rate_hz, nominal_shaft_hz)
    if refusal:
        return _refuse(refusal, nominal_shaft_hz)
    readings = read_recording(values, rate_hz, nominal_shaft_hz)
    cues = weigh_cues(readings)
    probabilities, none = compute_probabilities(cues)
    faults = [_describe_fault(name, probabilities[name], readings, cues) for name in list_faults()]
    faults.sort(key=lambda fault: -fault.probability)
    decision, fault_class, reason = _decide(readings, probabilities, faults[0], none)
    faults = [each if each.fault_class == fault_class else _word_unnamed(each, cues) for each in faults]
    healthy = probabilities[HEALTHY_CLASS]
    return Evidence(
        MACHINE_KIND,
        decision,
        fault_class,
        healthy if decision is Decision.HEALTHY else faults[0].probability,
        healthy,
        reason,
        tuple(faults),
        readings.shaft.frequency_hz,
        readings.shaft.source,
        _list_limits(readings),
        VERSION,
        readings.shaft.is_confirmed,
        _doubt_rate(readings),
    )


def _find_refusal(values: np.ndarray, rate_hz: float, nominal_hz: float | None) -> str | None:
    duration_s = values.size / rate_hz
    if duration_s < SHORTEST_S:
        return f"{duration_s:.2g} s are too short: lines of a shaft need at least {SHORTEST_S:g} s."
    if nominal_hz is not None and duration_s * nominal_hz < FEWEST_TURNS:
        return (
            f"{duration_s * nominal_hz:.0f} turns are too few: at least {FEWEST_TURNS:g} are needed to tell "
            "the line of a whirl from half the shaft's speed."
        )
    if nominal_hz is not None and 3.3 * nominal_hz > 0.45 * rate_hz:
        return "The sample rate is too low for the third harmonic of the shaft."
    if float(values.max()) == float(values.min()):
        return "All samples have the same value."
    return None


def _refuse(reason: str, nominal_hz: float | None) -> Evidence:
    even = 1.0 / len(FAULT_CLASSES)
    faults = tuple(
        FaultFinding(name, even, Strength.NONE, (), None, None, None, "Nothing could be read.")
        for name in list_faults()
    )
    return Evidence(
        MACHINE_KIND,
        Decision.REFUSED,
        None,
        even,
        even,
        reason,
        faults,
        nominal_hz,
        "as given" if nominal_hz else "not given",
        (),
        VERSION,
    )


def _decide(
    readings: JournalReadings, probabilities: dict[str, float], best: FaultFinding, none: float
) -> tuple[Decision, str | None, str]:
    if probabilities[HEALTHY_CLASS] >= LEAST_PROBABILITY:
        doubt = _doubt_health(readings)
        if doubt:
            return Decision.UNDECIDED, None, doubt
        return Decision.HEALTHY, None, _word_health(readings)
    if best.probability >= LEAST_PROBABILITY:
        doubt = _doubt_fault(readings, best)
        if doubt:
            return Decision.UNDECIDED, None, doubt
        return Decision.FAULT, best.fault_class, best.sentence
    if readings.half_orders:
        return Decision.UNDECIDED, None, _word_half_orders(readings)
    if none >= LEAST_PROBABILITY / 2.0:
        return Decision.UNDECIDED, None, "The lines that were found form no pattern of a known fault."
    second = "a sound machine" if probabilities[HEALTHY_CLASS] > 0.1 else "another fault"
    return (
        Decision.UNDECIDED,
        None,
        f"The lines fit {_name(best.fault_class)} best ({best.probability:.0%}), but {second} can't be ruled "
        "out.",
    )


def _word_health(readings: JournalReadings) -> str:
    first = readings.get_level(1)
    said = "None of the lines and bursts that the known faults show stands clear of the noise"
    if first > 0.0:
        share = first / readings.band_power
        said = (
            f"A line at 1X holds {share:.0%} of the vibration between 0.2X and 10X, as in a sound machine; "
            "no other line or burst of the known faults stands clear of the noise"
        )
    unread = _list_unread(readings)
    return f"{said}; {_join(unread)} could not be read." if unread else f"{said}."


def _list_unread(readings: JournalReadings) -> list[str]:
    missing = {
        "lines between 2 and 5 Hz": readings.slow,
        "bursts": readings.bursts,
        "slow modulation": readings.swelling,
    }
    return [words for words, reading in missing.items() if reading is None]


def _doubt_health(readings: JournalReadings) -> str | None:
    if readings.half_orders:
        return _word_half_orders(readings)
    if sum(line.level for line in readings.strangers) >= _STRANGER_ALONE * readings.band_power:
        return _word_stranger(readings.strangers[0])
    if not readings.has_turning_line:
        return "There is no sign of a fault, but none of a running machine either: no line of a shaft stands."
    return None


def _doubt_rate(readings: JournalReadings) -> str:
    """Half orders as strong as the orders themselves: rather another speed or rate than a loose part."""
    others = [*readings.orders.values(), readings.subsynchronous]
    strongest = max((line.level for line in others if line is not None), default=0.0)
    halves = max((line.level for line in readings.half_orders), default=0.0)
    return _word_half_orders(readings) if halves > STRONG_COMPANY * strongest else ""


def _doubt_fault(readings: JournalReadings, best: FaultFinding) -> str | None:
    """Return why a fault whose pattern fits is not named all the same."""
    if readings.half_orders:
        return _word_half_orders(readings)
    name = best.fault_class
    if name in _NEEDS_TIME_BASE and not readings.has_time_base:
        return (
            f"The findings fit {_name(name)}, but no line at the shaft's or the mains' frequency confirms "
            "the sample rate and the speed."
        )
    if name in _SYNCHRONOUS and _is_hum(readings, name):
        return (
            f"The lines fit {_name(name)}, but all stand on the mains' frequency and its multiples, where "
            "hum stands too; nothing else of the recording shows a shaft."
        )
    own = _get_own_level(readings, name)
    stranger = next(iter(readings.strangers), None)
    if stranger is not None:
        limit = _STRANGER_SHARE * own if own else _STRANGER_ALONE * readings.band_power
        if stranger.level >= limit:
            return _word_stranger(stranger)
    if name in _SYNCHRONOUS and own < _LEAST_SHARE * readings.band_power:
        return (
            f"The lines fit {_name(name)}, but hold only {own / readings.band_power:.0%} of the vibration "
            "between 0.2X and 10X: a sound machine may show as much."
        )
    return None


def _is_hum(readings: JournalReadings, name: str) -> bool:
    orders = [order for cue, order in _ORDERS.items() if cue in RULES[name].shows]
    lines = [line for order in orders if (line := readings.orders.get(order)) is not None and line.is_found]
    return all(is_on_mains(line.found_hz) for line in lines)


def _get_own_level(readings: JournalReadings, name: str) -> float:
    own = readings.get_level(*(order for cue, order in _ORDERS.items() if cue in RULES[name].shows))
    if SUB in RULES[name].shows and readings.subsynchronous is not None:
        own += readings.subsynchronous.level
    return own


def _word_half_orders(readings: JournalReadings) -> str:
    places = ", ".join(f"{line.found_hz:.1f} Hz" for line in readings.half_orders)
    return (
        f"Lines stand at half orders of the shaft ({places}): the sample rate or the speed may be wrong by a "
        "factor of two, or something is loose; none of the known faults shows them."
    )


def _word_stranger(line: LineReading) -> str:
    return (
        f"A strong line at {line.found_hz:.1f} Hz belongs to none of the known faults; the speed or the "
        "sample rate may be wrong."
    )


def _name(fault_class: str) -> str:
    return fault_class.replace("_", " ")


def _describe_fault(
    name: str, probability: float, readings: JournalReadings, cues: dict[Cue, float]
) -> FaultFinding:
    rule = RULES[name]
    lines = [line for cue in (*rule.shows, *rule.lacks) for line in _list_cue_lines(cue, readings)]
    margins = [_measure_margin(cue, readings) for cue in rule.shows]
    margin_db = min((margin for margin in margins if margin is not None), default=0.0)
    strength = _grade(probability, margin_db)
    depth = readings.modulation.depth if SWAY in rule.shows and readings.modulation else None
    band_hz = BURST_BAND_HZ if BURSTS in rule.shows else None
    sentence = _word_fault(name, strength, cues)
    return FaultFinding(name, probability, strength, tuple(lines), band_hz, None, depth, sentence)


def _grade(probability: float, margin_db: float) -> Strength:
    if probability < 0.2:
        return Strength.NONE
    if probability >= _STRONG_PROBABILITY and margin_db >= _STRONG_DB:
        return Strength.STRONG
    return Strength.MODERATE if probability >= LEAST_PROBABILITY else Strength.WEAK


def _measure_margin(cue: Cue, readings: JournalReadings) -> float | None:
    """By how many dB a cue exceeds what counts; None where that means nothing."""
    if cue == BURSTS:
        return readings.bursts.second_db - readings.bursts.needed_db if readings.bursts else None
    if cue == SWAY:
        return None
    line = _get_line(cue, readings)
    return line.snr_db - line.needed_db if line else None


def _get_line(cue: Cue, readings: JournalReadings) -> LineReading | None:
    if cue == SUB:
        return readings.subsynchronous
    return readings.slow if cue == SLOW else readings.orders.get(_ORDERS[cue])


def _word_unnamed(fault: FaultFinding, cues: dict[Cue, float]) -> FaultFinding:
    """Say of a fault that was not decided no more than that it would fit."""
    return replace(fault, sentence=_word_fault(fault.fault_class, fault.strength, cues, is_named=False))


def _word_fault(name: str, strength: Strength, cues: dict[Cue, float], *, is_named: bool = True) -> str:
    rule = RULES[name]
    shown = [_CUE_WORDS[cue] for cue in rule.shows if cues[cue] >= 0.5]
    missed = [_CUE_WORDS[cue] for cue in rule.shows if cues[cue] < 0.5]
    against = [_CUE_WORDS[cue] for cue in rule.lacks if cues[cue] > 0.5]
    if strength in (Strength.NONE, Strength.WEAK):
        parts = [f"missing: {', '.join(missed)}"] if missed else []
        parts += [f"against it: {', '.join(against)}"] if against else []
        said = "; ".join(parts) or "what was found is too weak, or fits others as well"
        return f"Little speaks for {_name(name)}: {said}."
    if not is_named:
        return f"{_capitalise(_join(shown))}: {_name(name)} would fit, but is not what was decided."
    return f"{_capitalise(_join(shown))}: consistent with {_name(name)}."


_CUE_WORDS: Final = {
    SUB: "a line between 0.40X and 0.49X",
    FIRST: "a line at 1X",
    SECOND: "a line at 2X",
    THIRD: "a line at 3X",
    SLOW: "a line between 2 and 5 Hz",
    BURSTS: "bursts between 1.4 and 2.6 kHz",
    SWAY: "a slow rise and fall of lines or noise",
}


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list_cue_lines(cue: Cue, readings: JournalReadings) -> list[LineFinding]:
    """Return what was read for a cue, as rows of a table."""
    if cue == BURSTS:
        return [_describe_bursts(readings)]
    if cue == SWAY:
        return _describe_sway(readings)
    shaft_hz = readings.shaft.middle_hz
    expected_hz = {
        SUB: 0.5 * sum(SUBSYNCHRONOUS) * shaft_hz,
        SLOW: math.sqrt(SLOW_HZ[0] * SLOW_HZ[1]),
    }.get(cue) or _ORDERS[cue] * shaft_hz
    line = _get_line(cue, readings)
    if line is None:
        why = "the recording is too short" if cue == SLOW else "no shaft frequency to count in"
        return [LineFinding(cue, expected_hz, None, None, 0.0, False, why)]
    return [
        LineFinding(
            cue,
            expected_hz,
            line.found_hz,
            line.snr_db,
            line.needed_db,
            line.is_found,
            _remark(cue, readings),
        )
    ]


def _remark(cue: Cue, readings: JournalReadings) -> str:
    line = _get_line(cue, readings)
    if line is None or not line.is_found:
        return ""
    if cue in _ORDERS and is_on_mains(line.found_hz):
        return "also the mains' frequency"
    if cue == SUB and not readings.shaft.is_confirmed and not readings.subsynchronous_sides:
        return "does not count: no line of the shaft confirms its order"
    return ""


def _describe_bursts(readings: JournalReadings) -> LineFinding:
    middle_hz = 0.5 * sum(BURST_BAND_HZ)
    label, bursts = "bursts 1.4-2.6 kHz", readings.bursts
    if bursts is None:
        return LineFinding(label, middle_hz, None, None, 0.0, False, "the sample rate is too low")
    remark = f"{bursts.n_events} bursts; the height is that of the second highest"
    found_hz = middle_hz if bursts.is_found else None
    return LineFinding(
        label, middle_hz, found_hz, bursts.second_db, bursts.needed_db, bursts.is_found, remark
    )


def _describe_sway(readings: JournalReadings) -> list[LineFinding]:
    found = []
    if readings.modulation is not None:
        sway = readings.modulation
        is_found = sway.margin_db >= 0.0 and sway.depth >= LEAST_DEPTH
        remark = f"depth {sway.depth:.0%} of the line; {LEAST_DEPTH:.0%} count"
        label = "1X ± slow modulation"
        found.append(LineFinding(label, 1.0, sway.offset_hz, sway.margin_db, 0.0, is_found, remark))
    if readings.swelling is not None:
        swelling = readings.swelling
        is_found = swelling.snr_db >= swelling.needed_db and swelling.depth >= 2.0 * LEAST_DEPTH
        remark = f"the noise's amplitude swings by {swelling.depth / 2.0:.0%}; {LEAST_DEPTH:.0%} count"
        found.append(
            LineFinding(
                "swelling noise",
                1.0,
                swelling.found_hz,
                swelling.snr_db,
                swelling.needed_db,
                is_found,
                remark,
            )
        )
    return found or [LineFinding("slow modulation", 1.0, None, None, 0.0, False, "can't be read")]


def _list_limits(readings: JournalReadings) -> tuple[str, ...]:
    limits = list(_ALWAYS)
    if not readings.shaft.is_confirmed:
        limits.append("No lines of the recording confirm the shaft frequency; orders rest on the one given.")
    if readings.bursts is None:
        limits.append("Bursts between 1.4 and 2.6 kHz can't be read at this sample rate or length.")
    if readings.slow is None:
        limits.append("The recording is too short for lines between 2 and 5 Hz.")
    if readings.swelling is None:
        limits.append("The recording is too short to see noise swell slowly.")
    return tuple(limits)
