"""What is read from a recording of a machine on journal bearings, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.evidence.journal_events import SWELLING_HZ, Bursts, EventFrames, Swelling
from core.evidence.journal_lines import LineReading, LineSpectrum, compute_needed_db
from core.evidence.journal_shaft import (
    BAND_ORDERS,
    HALF_ORDERS,
    MAINS_HZ,
    PLACE_SHARE,
    SUBSYNCHRONOUS,
    Shaft,
    find_shaft,
    is_on_mains,
    read_at,
)

SLOW_HZ: Final = (2.0, 5.0)
SHORTEST_S, FEWEST_TURNS = 1.0, 40.0

_N_ORDERS = 4
_GIVEN_SHARE = 0.01
_SHORTEST_SLOW_S = 3.0
_MASK_HZ, _MASK_SHARE = 2.6, 0.01
_MAINS_MASK_HZ = 0.5
_LOWEST_STRANGER = 0.1


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


def _read_order(spectrum: LineSpectrum, shaft: Shaft, order: int) -> LineReading | None:
    if shaft.frequency_hz is None:
        return spectrum.read(order * shaft.range_hz[0], order * shaft.range_hz[1])
    share = PLACE_SHARE if shaft.is_confirmed else _GIVEN_SHARE
    return read_at(spectrum, order * shaft.frequency_hz, share)


def _read_subsynchronous(spectrum: LineSpectrum, shaft: Shaft) -> LineReading | None:
    if shaft.is_confirmed and shaft.frequency_hz is not None:
        low_hz = high_hz = shaft.frequency_hz
    else:
        low_hz, high_hz = shaft.range_hz
    return spectrum.read(SUBSYNCHRONOUS[0] * low_hz, SUBSYNCHRONOUS[1] * high_hz)


def _has_sides(spectrum: LineSpectrum, sub: LineReading | None) -> bool:
    if sub is None or not sub.is_found:
        return False
    sides = [read_at(spectrum, factor * sub.found_hz) for factor in (0.5, 1.5)]
    return all(side is not None and side.is_found for side in sides)


def _read_half_orders(
    spectrum: LineSpectrum, shaft: Shaft, others: Sequence[LineReading | None]
) -> tuple[LineReading, ...]:
    """Lines at half orders, no more than 26 dB below the strongest of the others."""
    if not shaft.is_confirmed or shaft.frequency_hz is None:
        return ()
    strongest = max((line.level for line in others if line is not None), default=0.0)
    found = [read_at(spectrum, order * shaft.frequency_hz) for order in HALF_ORDERS]
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
    half = read_at(spectrum, 0.5 * line.found_hz)
    return half is None or not half.is_found
