"""The lines that were looked for as a table, and what they allow to say; never more."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.evidence.findings import FaultFinding, LineFinding, Strength
from core.evidence.rolling_decision import NAMES
from core.evidence.rolling_lines import N_HARMONICS, Patterns, PatternScore
from core.evidence.rolling_shaft import ShaftFinding
from core.evidence.rolling_spectra import EnvelopeOrders
from core.signal.bearings import FaultOrders

Place = tuple[str, int, float]

# Noise alone reaches the height that counts as found at one place in a thousand.
FALSE_LINE_RATE = 1e-3
_NAMED = 0.20
_MODERATE_LINES, _STRONG_LINES, _STRONG_DEPTH = 2, 3, 0.3
_ON_SHAFT, _BEYOND = "also {}X", "beyond what the band's envelope reaches"


def build_findings(
    spectra: EnvelopeOrders,
    patterns: Patterns,
    fault_orders: FaultOrders,
    shaft_hz: float,
    by_class: dict[str, float],
) -> tuple[FaultFinding, ...]:
    """What speaks for each fault, the likeliest first; not worded yet."""
    of_class = {
        "outer_race": (patterns.outer,),
        "inner_race": (patterns.inner,),
        "ball": (patterns.spin, patterns.cage),
        "cage": (patterns.cage,),
    }
    found = [
        _build_finding(spectra, name, own, fault_orders, shaft_hz, by_class[name])
        for name, own in of_class.items()
    ]
    return tuple(sorted(found, key=lambda finding: -finding.probability))


def _build_finding(
    spectra: EnvelopeOrders,
    fault_class: str,
    own: tuple[PatternScore, ...],
    fault_orders: FaultOrders,
    shaft_hz: float,
    probability: float,
) -> FaultFinding:
    leading = max(own, key=lambda pattern: pattern.height)
    lines: list[LineFinding] = []
    for pattern, places in zip(own, _list_places(fault_class, fault_orders), strict=True):
        lines += [_read_line(spectra, pattern, place, shaft_hz) for place in places]
    strength = _judge_strength(lines, leading, probability)
    n_bands = len(spectra.bands_hz)
    band = spectra.bands_hz[leading.channel % n_bands]
    return FaultFinding(
        fault_class, probability, strength, tuple(lines), band, leading.slip, leading.depth, ""
    )


def _list_places(fault_class: str, fault_orders: FaultOrders) -> list[list[Place]]:
    """Labels, which multiple of the pattern's fundamental, and what is added to it; one list per pattern."""
    harmonics = range(1, N_HARMONICS + 1)
    if fault_class == "outer_race":
        return [[(f"BPFO {harmonic}", harmonic, 0.0) for harmonic in harmonics]]
    if fault_class == "inner_race":
        main = [(f"BPFI {harmonic}", harmonic, 0.0) for harmonic in harmonics]
        return [main + _list_sides("BPFI", "1X", 1.0)]
    lattice = [(f"FTF {multiple}", multiple, 0.0) for multiple in (1, 2, 3)]
    lattice += [("1X - FTF", -1, 1.0), ("1X + FTF", 1, 1.0)]
    if fault_class == "cage":
        return [lattice]
    main = [(f"2xBSF {harmonic}", harmonic, 0.0) for harmonic in harmonics]
    return [main + _list_sides("2xBSF", "FTF", fault_orders.ftf), lattice]


def _list_sides(line: str, spacing: str, order: float) -> list[Place]:
    return [
        (f"{line} {harmonic} {sign} {spacing}", harmonic, step)
        for harmonic in (1, 2)
        for sign, step in (("-", -order), ("+", order))
    ]


def _read_line(spectra: EnvelopeOrders, pattern: PatternScore, place: Place, shaft_hz: float) -> LineFinding:
    label, multiple, added = place
    order = multiple * pattern.order + added
    expected_hz = (multiple * pattern.order / (1.0 + pattern.slip) + added) * shaft_hz
    cell = int(spectra.find_cell(order))
    needed_db = _find_needed_db(round(float(spectra.n_independent[cell]), 1))
    near = np.arange(max(cell - 1, 0), min(cell + 2, spectra.orders.size))
    best = int(near[spectra.ratios[pattern.channel, near].argmax()])
    ratio = float(spectra.ratios[pattern.channel, best])
    if ratio <= 0.0:
        return LineFinding(label, expected_hz, None, None, needed_db, False, _BEYOND)
    snr_db = 10.0 * math.log10(ratio)
    on_shaft = spectra.is_on_shaft(cell)
    remark = _ON_SHAFT.format(round(order)) if on_shaft else ""
    found_hz = float(spectra.orders[best]) * shaft_hz
    is_found = snr_db >= needed_db and not on_shaft
    return LineFinding(label, expected_hz, found_hz, snr_db, needed_db, is_found, remark)


@lru_cache(maxsize=256)
def _find_needed_db(n_independent: float) -> float:
    """Height that the mean of so many exponential values passes once in a thousand, over their mean."""
    from scipy.stats import gamma  # slow to load

    return 10.0 * math.log10(float(gamma.isf(FALSE_LINE_RATE, n_independent)) / n_independent)


def _judge_strength(lines: list[LineFinding], pattern: PatternScore, probability: float) -> Strength:
    n_found = sum(line.is_found for line in lines)
    if n_found == 0 or probability < _NAMED:
        return Strength.NONE if n_found == 0 else Strength.WEAK
    if n_found >= _STRONG_LINES and pattern.depth >= _STRONG_DEPTH and probability >= 0.5:
        return Strength.STRONG
    return Strength.MODERATE if n_found >= _MODERATE_LINES else Strength.WEAK


def word_findings(findings: tuple[FaultFinding, ...], decided: str | None) -> tuple[FaultFinding, ...]:
    """Write the sentences once it is decided which fault is named, if any."""
    return tuple(replace(finding, sentence=_word(finding, decided)) for finding in findings)


def _word(finding: FaultFinding, decided: str | None) -> str:
    name, lines = NAMES[finding.fault_class], finding.lines
    low_hz, high_hz = finding.band_hz or (0.0, 0.0)
    where = f"the envelope of {low_hz:.0f} to {high_hz:.0f} Hz"
    found = [line for line in lines if line.is_found]
    if not found:
        return f"None of {len(lines)} lines of {name} stands out of {where}."
    heights = [line.snr_db for line in found if line.snr_db is not None]
    counted = f"{len(found)} of {len(lines)} lines of {name} stand out of {where}"
    highest = f"the highest by {max(heights):.0f} dB"
    if finding.fault_class == decided:
        return f"{counted}, {highest}: consistent with damage of {name}."
    if finding.strength in (Strength.NONE, Strength.WEAK):
        return f"{counted}, {highest}; that alone says little."
    return f"{counted}, {highest}; damage of {name} would fit, but is not what was decided."


def describe_limits(spectra: EnvelopeOrders, shaft: ShaftFinding) -> tuple[str, ...]:
    """What the recording could not show."""
    limits = []
    if not shaft.is_found:
        limits.append(
            "The recording itself does not show the shaft's speed; where the speed given is off by more than "
            "the lines' slip, they are looked for at the wrong places."
        )
    if spectra.n_turns < 30.0:
        limits.append(
            f"The recording holds only {spectra.n_turns:.0f} turns of the shaft: near lines are one."
        )
    return tuple(limits)
