"""What is read from a recording of a machine on journal bearings, before anything is concluded from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.evidence.journal_events import SWELLING_HZ, Bursts, EventFrames, Swelling
from core.evidence.journal_lines import LineReading, LineSpectrum, compute_needed_db

SUBSYNCHRONOUS: Final = (0.40, 0.49)
SLOW_HZ: Final = (2.0, 5.0)
SEARCH_SHARE: Final = 0.10
# Two-pole machines on a 50 or 60 Hz grid, where no speed is given.
USUAL_SHAFT_HZ: Final = (48.0, 72.0)
MAINS_HZ: Final = (49.5, 60.5)
# Grids keep within 0.2 Hz; a tenth of a bin of 1 s is added.
MAINS_REACH_HZ: Final = 0.3
SHORTEST_S, FEWEST_TURNS = 1.0, 40.0
# The band whose power the lines are compared with.
BAND_ORDERS: Final = (0.2, 10.0)

_N_ORDERS = 4
_PLACE_SHARE, _PLACE_BINS = 0.003, 1.0
_GIVEN_SHARE = 0.01
_DOMINANT = 0.75
_SHORTEST_SLOW_S = 3.0
_MASK_HZ, _MASK_SHARE = 2.6, 0.01
_MAINS_MASK_HZ = 0.5
_LOWEST_STRANGER = 0.1
_HALF_ORDERS = (0.5, 1.5, 2.5)


@dataclass(frozen=True, slots=True)
class Shaft:
    """The shaft frequency that orders are counted in.

    Attributes
    ----------
    frequency_hz
        Found, given, or None.
    is_confirmed
        Whether lines of the recording bear it out.
    source
        In words.
    range_hz
        Where it may lie.
    """

    frequency_hz: float | None
    is_confirmed: bool
    source: str
    range_hz: tuple[float, float]

    @property
    def middle_hz(self) -> float:
        """The frequency, or the middle of its range."""
        return self.frequency_hz or math.sqrt(self.range_hz[0] * self.range_hz[1])


@dataclass(frozen=True, slots=True)
class Modulation:
    """Lines on both sides of 1X, at the same distance.

    Attributes
    ----------
    offset_hz
        Distance from 1X.
    depth
        Of the amplitude, from the lower of the two.
    margin_db
        By how much the lower of the two exceeds what counts.
    """

    offset_hz: float
    depth: float
    margin_db: float


@dataclass(frozen=True, slots=True)
class JournalReadings:
    """All readings of one recording; a line that can't be read is None.

    Attributes
    ----------
    shaft
        Shaft frequency.
    orders
        1X to 4X.
    subsynchronous, subsynchronous_sides
        Highest line of 0.40-0.49X, and whether lines stand at half and three halves of it.
    half_orders
        Those of 0.5X, 1.5X and 2.5X that count, where the shaft frequency is confirmed.
    slow
        Highest line of 2-5 Hz.
    modulation, swelling, bursts
        What comes and goes.
    strangers
        Lines between 0.1X and 10X that belong to none of these, the strongest first.
    band_power
        Share of the variance between 0.2X and 10X, the floor included.
    has_time_base
        Whether a line stands at 1X or at the mains' frequency: the sample rate can hardly be wrong then.
    has_turning_line
        Whether one stands at about the shaft's speed or that of a two-pole motor, and is not the mains'.
    """

    shaft: Shaft
    orders: dict[int, LineReading | None]
    subsynchronous: LineReading | None
    subsynchronous_sides: bool
    half_orders: tuple[LineReading, ...]
    slow: LineReading | None
    modulation: Modulation | None
    swelling: Swelling | None
    bursts: Bursts | None
    strangers: tuple[LineReading, ...]
    band_power: float
    has_time_base: bool
    has_turning_line: bool

    def get_level(self, *orders: int) -> float:
        """Return the summed levels of the orders that count."""
        found = (self.orders.get(order) for order in orders)
        return sum(line.level for line in found if line is not None and line.is_found)


def read_recording(
    samples: NDArray[np.floating], sample_rate_hz: float, nominal_hz: float | None
) -> JournalReadings:
    """Read everything that the rules ask for.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, finite, at least a second and 40 turns of them.
    sample_rate_hz
        Samples per second.
    nominal_hz
        Nominal shaft frequency; within 10 % of it the shaft is looked for.
    """
    spectrum = LineSpectrum(samples, sample_rate_hz)
    shaft = find_shaft(spectrum, nominal_hz)
    orders = {order: _read_order(spectrum, shaft, order) for order in range(1, _N_ORDERS + 1)}
    sub = _read_subsynchronous(spectrum, shaft)
    sides = _has_sides(spectrum, sub)
    known_sub = sub if shaft.is_confirmed or sides else None
    events = EventFrames(samples, sample_rate_hz)
    band_hz = (BAND_ORDERS[0] * shaft.middle_hz, min(BAND_ORDERS[1] * shaft.middle_hz, spectrum.highest_hz))
    is_long = spectrum.duration_s >= _SHORTEST_SLOW_S
    return JournalReadings(
        shaft=shaft,
        orders=orders,
        subsynchronous=sub,
        subsynchronous_sides=sides,
        half_orders=_read_half_orders(spectrum, shaft, [*orders.values(), sub]),
        slow=spectrum.read(*SLOW_HZ) if is_long else None,
        modulation=_read_modulation(spectrum, orders[1]),
        swelling=events.find_swelling(),
        bursts=events.find_bursts() if events.reaches_bursts else None,
        strangers=_list_strangers(
            spectrum, shaft, known_sub, (_LOWEST_STRANGER * shaft.middle_hz, band_hz[1])
        ),
        band_power=spectrum.measure_power(*band_hz),
        has_time_base=_has_time_base(spectrum, shaft, nominal_hz),
        has_turning_line=_has_time_base(spectrum, shaft, nominal_hz, may_be_mains=False),
    )


def find_shaft(spectrum: LineSpectrum, nominal_hz: float | None) -> Shaft:
    """Find the shaft frequency within 10 % of the nominal one, or within the usual range.

    It counts as confirmed where two of its first three harmonics stand, or its own line with one of
    0.40-0.49X, or where its line alone holds three quarters of the band's power; lines that all stand on the
    mains' frequency or its multiples confirm nothing without one at a half order. Else the nominal one is
    used as it was given.
    """
    range_hz = USUAL_SHAFT_HZ
    if nominal_hz is not None:
        range_hz = (nominal_hz * (1.0 - SEARCH_SHARE), nominal_hz * (1.0 + SEARCH_SHARE))
    found_hz = spectrum.find_comb(*range_hz)
    lines = [_read_at(spectrum, order * found_hz) for order in (1, 2, 3)]
    n_bins = round((range_hz[1] - range_hz[0]) / spectrum.resolution_hz)
    counted = [line for line in lines if line is not None and line.is_found]
    clear = [line for line in counted if line.snr_db >= compute_needed_db(n_bins)]
    if clear and _bears_out(spectrum, found_hz, lines[0], counted):
        refined_hz = _refine(lines, found_hz)
        near = f" ({refined_hz / nominal_hz - 1.0:+.1%} of the speed given)" if nominal_hz else ""
        return Shaft(refined_hz, True, f"found from the lines of the recording{near}", range_hz)
    if nominal_hz is not None:
        return Shaft(nominal_hz, False, "as given; no lines of the recording confirm it", range_hz)
    return Shaft(None, False, "not given, and not to be found in the recording", range_hz)


def _bears_out(
    spectrum: LineSpectrum, found_hz: float, first: LineReading | None, counted: Sequence[LineReading]
) -> bool:
    if first is not None and first.is_found:
        sub = spectrum.read(SUBSYNCHRONOUS[0] * found_hz, SUBSYNCHRONOUS[1] * found_hz)
        if sub is not None and sub.is_found and sub.found_hz <= SUBSYNCHRONOUS[1] * found_hz:
            return True
    if all(is_on_mains(line.found_hz) for line in counted):
        halves = [_read_at(spectrum, order * found_hz) for order in _HALF_ORDERS]
        return any(line is not None and line.is_found for line in halves)
    if len(counted) > 1 or first is None or not first.is_found:
        return len(counted) > 1
    power = spectrum.measure_power(BAND_ORDERS[0] * found_hz, BAND_ORDERS[1] * found_hz)
    return first.level >= _DOMINANT * power


def is_on_mains(frequency_hz: float) -> bool:
    """Whether a line may be the mains' frequency or a multiple of it."""
    return any(
        abs(frequency_hz / multiple - mains_hz) <= MAINS_REACH_HZ
        for mains_hz in (50.0, 60.0)
        for multiple in (max(round(frequency_hz / mains_hz), 1),)
    )


def _refine(lines: list[LineReading | None], found_hz: float) -> float:
    """Mean of the harmonics' frequencies over their orders; the higher tell more."""
    pairs = [
        (order, line.found_hz) for order, line in enumerate(lines, 1) if line is not None and line.is_found
    ]
    total = sum(order * order for order, _ in pairs)
    return sum(order * at_hz for order, at_hz in pairs) / total if total else found_hz


def _read_at(spectrum: LineSpectrum, at_hz: float, share: float = _PLACE_SHARE) -> LineReading | None:
    reach_hz = max(share * at_hz, _PLACE_BINS * spectrum.resolution_hz)
    return spectrum.read(at_hz - reach_hz, at_hz + reach_hz)


def _read_order(spectrum: LineSpectrum, shaft: Shaft, order: int) -> LineReading | None:
    if shaft.frequency_hz is None:
        return spectrum.read(order * shaft.range_hz[0], order * shaft.range_hz[1])
    share = _PLACE_SHARE if shaft.is_confirmed else _GIVEN_SHARE
    return _read_at(spectrum, order * shaft.frequency_hz, share)


def _read_subsynchronous(spectrum: LineSpectrum, shaft: Shaft) -> LineReading | None:
    if shaft.is_confirmed and shaft.frequency_hz is not None:
        low_hz = high_hz = shaft.frequency_hz
    else:
        low_hz, high_hz = shaft.range_hz
    return spectrum.read(SUBSYNCHRONOUS[0] * low_hz, SUBSYNCHRONOUS[1] * high_hz)


def _has_sides(spectrum: LineSpectrum, sub: LineReading | None) -> bool:
    if sub is None or not sub.is_found:
        return False
    sides = [_read_at(spectrum, factor * sub.found_hz) for factor in (0.5, 1.5)]
    return all(side is not None and side.is_found for side in sides)


def _read_half_orders(
    spectrum: LineSpectrum, shaft: Shaft, others: Sequence[LineReading | None]
) -> tuple[LineReading, ...]:
    """Lines at half orders, no more than 26 dB below the strongest of the others."""
    if not shaft.is_confirmed or shaft.frequency_hz is None:
        return ()
    strongest = max((line.level for line in others if line is not None), default=0.0)
    found = [_read_at(spectrum, order * shaft.frequency_hz) for order in _HALF_ORDERS]
    return tuple(
        line
        for line in found
        if line is not None and line.is_found and line.level >= strongest * 10.0 ** (-26.0 / 10.0)
    )


def _read_modulation(spectrum: LineSpectrum, first: LineReading | None) -> Modulation | None:
    """Find the pair of side lines of 1X whose lower one is the highest."""
    if first is None or not first.is_found or first.level <= 0.0:
        return None
    step_hz = spectrum.resolution_hz
    # Hann's main lobe reaches two bins, its side lobes 2.7 % of the amplitude.
    offsets_hz = np.arange(max(SWELLING_HZ[0], 2.5 * step_hz), SWELLING_HZ[1] + step_hz, 0.5 * step_hz)
    needed_db = compute_needed_db(len(offsets_hz))
    read = [(float(offset_hz), *spectrum.read_sides(first.found_hz, offset_hz)) for offset_hz in offsets_hz]
    offset_hz, snr_db, ratio = max(read, key=lambda side: side[2])
    return Modulation(offset_hz, 2.0 * ratio, snr_db - needed_db)


def _list_strangers(
    spectrum: LineSpectrum, shaft: Shaft, sub: LineReading | None, band_hz: tuple[float, float]
) -> tuple[LineReading, ...]:
    """List lines that are no order of the shaft, no mains and nothing of the sub-synchronous family."""
    family_hz = [sub.found_hz * factor for factor in (0.5, 1.0, 1.5, 2.0)] if sub and sub.is_found else []
    own_hz = shaft.frequency_hz

    def is_known(line: LineReading) -> bool:
        at_hz = line.found_hz
        order = round(at_hz / own_hz) if own_hz else 0
        if own_hz and order and abs(at_hz - order * own_hz) <= max(_MASK_HZ, _MASK_SHARE * at_hz):
            return True
        if any(abs(at_hz - round(at_hz / mains) * mains) <= _MAINS_MASK_HZ for mains in (50.0, 60.0)):
            return True
        return any(abs(at_hz - place) <= max(0.02 * place, 2 * spectrum.resolution_hz) for place in family_hz)

    return tuple(line for line in spectrum.list_lines(*band_hz) if not is_known(line))


def _has_time_base(
    spectrum: LineSpectrum, shaft: Shaft, nominal_hz: float | None, *, may_be_mains: bool = True
) -> bool:
    if shaft.is_confirmed:
        return True
    places = [MAINS_HZ, shaft.range_hz] if nominal_hz is not None else [shaft.range_hz]
    lines = [spectrum.read(*place) for place in places]
    return any(
        _stands_whole(spectrum, line) and (may_be_mains or not is_on_mains(line.found_hz))
        for line in lines
        if line is not None
    )


def _stands_whole(spectrum: LineSpectrum, line: LineReading | None) -> bool:
    """Whether a line counts and none stands at half its frequency: else it may be a second harmonic."""
    if line is None or not line.is_found:
        return False
    half = _read_at(spectrum, 0.5 * line.found_hz)
    return half is None or not half.is_found
