"""The lines to look for in a spectrum: shaft, rolling and journal bearings, gears, blades, motor, mains."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from core.signal.bearings import FaultOrders
from utils.exceptions import InvalidInputError

DEFAULT_SLIP: Final = 0.02
MAX_SLIP: Final = 0.1
MAINS_HZ: Final = (50.0, 60.0)
_N_SHAFT_LINES = 3
_N_SHAFT_COMPARED = 10
_N_MAINS_LINES = 3
# Lines without slip of their own are the same within this share.
_SAME_SHARE = 0.005
# An induction motor never slips more under any load it is made for.
_MAX_MOTOR_SLIP = 0.10
# Journal bearings: whirl below half of the speed, friction at a few hertz, bursts where the film collapses.
_WHIRL_ORDERS: Final = (0.40, 0.50)
_FRICTION_HZ: Final = (2.0, 5.0)
_BURSTS_HZ: Final = (1400.0, 2600.0)


class LineFamily(StrEnum):
    """Where a line comes from."""

    SHAFT = "shaft"
    ROLLING = "rolling"
    JOURNAL = "journal"
    GEAR = "gear"
    BLADE = "blade"
    MOTOR = "motor"
    MAINS = "mains"


class LineKind(StrEnum):
    """What a line points to; a rolling bearing's parts have the names of their fault classes."""

    SHAFT = "shaft"
    OUTER_RACE = "outer_race"
    INNER_RACE = "inner_race"
    BALL = "ball"
    CAGE = "cage"
    WHIRL = "whirl"
    FRICTION = "friction"
    BURSTS = "bursts"
    GEAR = "gear"
    BLADE = "blade"
    MOTOR = "motor"
    MAINS = "mains"


@dataclass(frozen=True, slots=True)
class GearPair:
    """A gear on the measured shaft, with its mate where that is known."""

    n_teeth: int
    n_mate_teeth: int | None = None


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What the lines of a machine follow from; None or empty where it has no such part or it is not known.

    Attributes
    ----------
    orders
        Of the rolling bearing.
    has_journal_bearing
        Whether to look for whirl, friction and bursts.
    gears, n_blades
        On the measured shaft.
    line_frequency_hz, n_poles, n_rotor_bars
        Of an induction motor on the measured shaft.
    """

    orders: FaultOrders | None = None
    has_journal_bearing: bool = False
    gears: tuple[GearPair, ...] = ()
    n_blades: int | None = None
    line_frequency_hz: float | None = None
    n_poles: int | None = None
    n_rotor_bars: int | None = None


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A line, or a band, to look for.

    Attributes
    ----------
    name
        The same for all harmonics: ``BPFO``.
    label
        As it is written at the line: ``1X``, ``BPFO``, ``2×BPFO``, ``2×BSF``, ``FTF``, ``GMF 23T``.
    family, kind
        Where it comes from and what it points to.
    harmonic
        1 for the lowest line of its name (2×BSF is the first of a ball defect).
    order
        Of the shaft; None where it does not follow the shaft.
    frequency_hz
        Where it lies without slip; the middle of a band.
    low_hz, high_hz
        Between these a real one is expected.
    sideband_hz
        Distance of the sidebands that belong to it, or None.
    sideband_of
        What those sidebands say: ``1X``, ``FTF``, ``pole pass``.
    falls_on
        Labels of other lines inside its band: there it proves nothing by itself.
    """

    name: str
    label: str
    family: LineFamily
    kind: LineKind
    harmonic: int
    order: float | None
    frequency_hz: float
    low_hz: float
    high_hz: float
    sideband_hz: float | None = None
    sideband_of: str | None = None
    falls_on: tuple[str, ...] = field(default=())


def list_fault_lines(
    facts: MachineFacts,
    shaft_frequency_hz: float | None,
    max_hz: float,
    *,
    n_harmonics: int = 3,
    slip: float = DEFAULT_SLIP,
) -> list[FaultLine]:
    """List the lines to look for in a spectrum or an envelope spectrum.

    Gear mesh: teeth × shaft, with sidebands at the shaft's speed. Blade pass: blades × shaft.
    Motor: 2 × line frequency and 1X with sidebands at pole pass (poles × slip frequency), rotor bars × shaft
    with sidebands at 2 × line frequency. Mains lines are always there: of the declared line frequency, else
    of 50 and 60 Hz.

    Parameters
    ----------
    facts
        Of the machine and its bearing.
    shaft_frequency_hz
        Turns per second; None leaves only what does not follow the shaft.
    max_hz
        Lines above are left out.
    n_harmonics
        Per name; of the shaft there are always 1X to 3X, of the mains at most three.
    slip
        Half the width of a rolling bearing's line, as a share: real ones slip by 1 to 2 %.

    Returns
    -------
    list of FaultLine
        In order of frequency.

    Raises
    ------
    InvalidInputError
        An impossible shaft frequency or slip.
    """
    if shaft_frequency_hz is not None and not 0.0 < shaft_frequency_hz < math.inf:
        raise InvalidInputError("Fault lines need the shaft's speed: a number above 0.")
    if not 0.0 <= slip <= MAX_SLIP:
        raise InvalidInputError(f"The slip must lie between 0 and {MAX_SLIP:g}.")
    lines = list(_list_mains(facts.line_frequency_hz, n_harmonics))
    if facts.has_journal_bearing:
        lines += _list_journal(shaft_frequency_hz)
    if shaft_frequency_hz is not None:
        lines += _list_shaft(shaft_frequency_hz, _find_pole_pass(facts, shaft_frequency_hz))
        lines += _list_rolling(facts.orders, shaft_frequency_hz, n_harmonics, slip)
        lines += _list_gears(facts.gears, shaft_frequency_hz, n_harmonics)
        lines += _list_blades(facts.n_blades, shaft_frequency_hz, n_harmonics)
        lines += _list_motor(facts, shaft_frequency_hz)
    wanted = [line for line in lines if line.low_hz <= max_hz]
    return sorted(_note_coincidences(wanted, shaft_frequency_hz), key=lambda line: line.frequency_hz)


def find_motor_slip(
    shaft_frequency_hz: float, line_frequency_hz: float, n_poles: int
) -> tuple[float, float] | None:
    """Return slip frequency and pole-pass frequency in Hz of an induction motor.

    >>> find_motor_slip(29.5, 60.0, 4)
    (0.5, 2.0)

    Returns
    -------
    tuple or None
        None where the speed does not fit such a motor: faster than synchronous or more than 10 % slower.
    """
    synchronous_hz = 2.0 * line_frequency_hz / n_poles
    slip_hz = synchronous_hz - shaft_frequency_hz
    if not 0.0 <= slip_hz <= _MAX_MOTOR_SLIP * synchronous_hz:
        return None
    return slip_hz, n_poles * slip_hz


def list_coincidences(lines: Sequence[FaultLine]) -> list[str]:
    """Return a sentence for each first harmonic that falls on other lines, e.g. BPFO of a 6203 on 3X."""
    return [
        f"{line.label} ({line.low_hz:.4g} to {line.high_hz:.4g} Hz) falls on {', '.join(line.falls_on)}: "
        "a line there may be either."
        for line in lines
        if line.falls_on and line.harmonic == 1
    ]


def _times(harmonic: int, name: str) -> str:
    return name if harmonic == 1 else f"{harmonic}×{name}"


def _list_shaft(shaft_hz: float, pole_pass_hz: float | None) -> Iterator[FaultLine]:
    """Sidebands at pole pass around 1X tell of broken rotor bars."""
    sides = (pole_pass_hz, "pole pass") if pole_pass_hz else (None, None)
    for k in range(1, _N_SHAFT_LINES + 1):
        at = k * shaft_hz
        yield FaultLine("1X", f"{k}X", LineFamily.SHAFT, LineKind.SHAFT, k, float(k), at, at, at, *sides)


def _find_pole_pass(facts: MachineFacts, shaft_hz: float) -> float | None:
    if not (facts.line_frequency_hz and facts.n_poles):
        return None
    slip = find_motor_slip(shaft_hz, facts.line_frequency_hz, facts.n_poles)
    return slip[1] or None if slip else None


def _list_rolling(
    orders: FaultOrders | None, shaft_hz: float, n_harmonics: int, slip: float
) -> Iterator[FaultLine]:
    if orders is None:
        return
    rows: tuple[tuple[str, LineKind, float, float | None, str | None], ...] = (
        ("BPFO", LineKind.OUTER_RACE, orders.bpfo, None, None),
        ("BPFI", LineKind.INNER_RACE, orders.bpfi, shaft_hz, "1X"),
        ("2×BSF", LineKind.BALL, 2.0 * orders.bsf, orders.ftf * shaft_hz, "FTF"),
        ("FTF", LineKind.CAGE, orders.ftf, None, None),
    )
    for name, kind, first, sideband_hz, sideband_of in rows:
        for k in range(1, n_harmonics + 1):
            label = f"{2 * k}×BSF" if kind is LineKind.BALL else _times(k, name)
            at = k * first * shaft_hz
            band = (at * (1.0 - slip), at * (1.0 + slip))
            yield FaultLine(
                name, label, LineFamily.ROLLING, kind, k, k * first, at, *band, sideband_hz, sideband_of
            )


def _list_journal(shaft_hz: float | None) -> Iterator[FaultLine]:
    if shaft_hz is not None:
        low, high = (order * shaft_hz for order in _WHIRL_ORDERS)
        middle = 0.5 * sum(_WHIRL_ORDERS)
        label = f"{_WHIRL_ORDERS[0]:.2f}–{_WHIRL_ORDERS[1]:.2f}X whirl"
        yield FaultLine(
            "whirl", label, LineFamily.JOURNAL, LineKind.WHIRL, 1, middle, middle * shaft_hz, low, high
        )
    low, high = _FRICTION_HZ
    yield FaultLine(
        "friction", "2–5 Hz friction", LineFamily.JOURNAL, LineKind.FRICTION, 1, None, 0.5 * (low + high),
        low, high,
    )  # fmt: skip
    low, high = _BURSTS_HZ
    yield FaultLine(
        "bursts", "1.4–2.6 kHz bursts", LineFamily.JOURNAL, LineKind.BURSTS, 1, None, 0.5 * (low + high),
        low, high,
    )  # fmt: skip


def _list_gears(gears: Sequence[GearPair], shaft_hz: float, n_harmonics: int) -> Iterator[FaultLine]:
    for gear in gears:
        name = f"GMF {gear.n_teeth}T"
        for k in range(1, n_harmonics + 1):
            order = float(k * gear.n_teeth)
            at = order * shaft_hz
            label = _times(k, name)
            yield FaultLine(name, label, LineFamily.GEAR, LineKind.GEAR, k, order, at, at, at, shaft_hz, "1X")
        if gear.n_mate_teeth:
            ratio = gear.n_teeth / gear.n_mate_teeth
            at = ratio * shaft_hz
            label = f"1X of {gear.n_mate_teeth}T"
            yield FaultLine(label, label, LineFamily.GEAR, LineKind.GEAR, 1, ratio, at, at, at)


def _list_blades(n_blades: int | None, shaft_hz: float, n_harmonics: int) -> Iterator[FaultLine]:
    for k in range(1, n_harmonics + 1) if n_blades else ():
        order = float(k * (n_blades or 0))
        at = order * shaft_hz
        label = _times(k, "BPF")
        yield FaultLine("BPF", label, LineFamily.BLADE, LineKind.BLADE, k, order, at, at, at, shaft_hz, "1X")


def _list_motor(facts: MachineFacts, shaft_hz: float) -> Iterator[FaultLine]:
    line_hz = facts.line_frequency_hz
    if not line_hz:
        return
    twice = 2.0 * line_hz
    pole_pass_hz = _find_pole_pass(facts, shaft_hz)
    family, kind = LineFamily.MOTOR, LineKind.MOTOR
    said = "pole pass" if pole_pass_hz else None
    yield FaultLine("2×line", "2×line", family, kind, 1, None, twice, twice, twice, pole_pass_hz, said)
    if pole_pass_hz:
        yield FaultLine("PPF", "PPF", family, kind, 1, None, pole_pass_hz, pole_pass_hz, pole_pass_hz)
    if facts.n_rotor_bars:
        order = float(facts.n_rotor_bars)
        at = order * shaft_hz
        yield FaultLine("RBPF", "RBPF", family, kind, 1, order, at, at, at, twice, "2×line")


def _list_mains(line_frequency_hz: float | None, n_harmonics: int) -> Iterator[FaultLine]:
    for mains_hz in (line_frequency_hz,) if line_frequency_hz else MAINS_HZ:
        name = f"mains {mains_hz:g} Hz"
        for k in range(1, min(n_harmonics, _N_MAINS_LINES) + 1):
            at = k * mains_hz
            yield FaultLine(name, _times(k, name), LineFamily.MAINS, LineKind.MAINS, k, None, at, at, at)


def _note_coincidences(lines: Sequence[FaultLine], shaft_hz: float | None) -> list[FaultLine]:
    places: list[tuple[LineFamily, str, float]] = [
        (line.family, line.label, line.frequency_hz)
        for line in lines
        if line.family not in (LineFamily.SHAFT, LineFamily.JOURNAL)
    ]
    if shaft_hz is not None:
        places += [(LineFamily.SHAFT, f"{k}X", k * shaft_hz) for k in range(1, _N_SHAFT_COMPARED + 1)]
    return [
        replace(line, falls_on=tuple(_list_within(line, places))) if _may_coincide(line) else line
        for line in lines
    ]


def _may_coincide(line: FaultLine) -> bool:
    """Gears and blades are shaft orders by nature, mains and motor each other's; bands are no lines."""
    return line.family is LineFamily.ROLLING or (line.family is LineFamily.SHAFT and line.harmonic == 1)


def _list_within(line: FaultLine, places: Sequence[tuple[LineFamily, str, float]]) -> Iterator[str]:
    low = min(line.low_hz, line.frequency_hz * (1.0 - _SAME_SHARE))
    high = max(line.high_hz, line.frequency_hz * (1.0 + _SAME_SHARE))
    seen = set()
    for family, label, frequency_hz in places:
        if family is not line.family and label not in seen and low <= frequency_hz <= high:
            seen.add(label)
            yield label
