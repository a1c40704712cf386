"""The shaft frequency of a machine on journal bearings, from its own lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.evidence.journal_lines import LineReading, LineSpectrum, compute_needed_db

SUBSYNCHRONOUS: Final = (0.40, 0.49)
SEARCH_SHARE: Final = 0.10
# Two-pole machines on a 50 or 60 Hz grid, where no speed is given.
USUAL_SHAFT_HZ: Final = (48.0, 72.0)
MAINS_HZ: Final = (49.5, 60.5)
# Grids keep within 0.2 Hz; a tenth of a bin of 1 s is added.
MAINS_REACH_HZ: Final = 0.3
# The band whose power the lines are compared with.
BAND_ORDERS: Final = (0.2, 10.0)
HALF_ORDERS: Final = (0.5, 1.5, 2.5)
PLACE_SHARE: Final = 0.003

_PLACE_BINS = 1.0
_DOMINANT = 0.75


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
    lines = [read_at(spectrum, order * found_hz) for order in (1, 2, 3)]
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
        halves = [read_at(spectrum, order * found_hz) for order in HALF_ORDERS]
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


def read_at(spectrum: LineSpectrum, at_hz: float, share: float = PLACE_SHARE) -> LineReading | None:
    """Return the line at a place, within a share of its frequency and at least a bin."""
    reach_hz = max(share * at_hz, _PLACE_BINS * spectrum.resolution_hz)
    return spectrum.read(at_hz - reach_hz, at_hz + reach_hz)
