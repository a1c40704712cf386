"""The bands of a spectrum, or of an envelope spectrum, in which each fault would show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.signal.band_pass import Band
from core.signal.bearings import FaultOrders
from core.signal.fault_lines import DEFAULT_SLIP, LineFamily, MachineFacts, list_fault_lines
from utils.exceptions import InvalidInputError

# Half the main lobe of a line between two bins of a window that is cut out as it is.
_LEAST_HALF_WIDTH_BINS: Final = 1.5
_N_HARMONICS: Final = 4
# Further up, sidebands 2 % wide would run into one another.
_N_HARMONICS_WITH_SIDEBANDS: Final = 2
# From here on a journal bearing's spectrum holds none of the lines above.
_FLOOR_FROM_ORDER: Final = 10.0


class BandAxis(StrEnum):
    """Where a band lies."""

    FREQUENCY = "frequency"
    ENVELOPE = "envelope"


@dataclass(frozen=True, slots=True)
class FaultBand:
    """A band, in one or several parts.

    Attributes
    ----------
    name, label
        ``"BPFO"``, ``"1X"``, ``"whirl"``, … and how it is written: ``"0.40–0.50X whirl"``.
    axis
        Whether its parts are frequencies of the signal or of its envelope.
    ranges_hz
        Rising, not overlapping.
    fault_classes
        The faults that show here; empty for a band that tells none of them from another.
    """

    name: str
    label: str
    axis: BandAxis
    ranges_hz: tuple[Band, ...]
    fault_classes: tuple[str, ...] = ()

    @property
    def width_hz(self) -> float:
        """Of all parts together."""
        return sum(high - low for low, high in self.ranges_hz)


# What shows each journal fault: the signatures of the generator's classes, see docs/explanations.md.
_JOURNAL_BANDS: Final = MappingProxyType(
    {
        "misalignment": ("2X", "3X"),
        "imbalance": ("1X",),
        "clearance": ("whirl", "1X", "2X"),
        "lubrication": ("friction",),
        "cavitation": ("bursts",),
        "wear": ("floor", "1X", "2X"),
        "oil_whirl": ("whirl",),
        "misalignment_imbalance": ("1X", "2X", "3X"),
        "wear_lubrication": ("floor", "1X", "2X", "friction"),
        "cavitation_clearance": ("bursts", "whirl", "1X"),
    }
)


def list_rolling_bands(
    shaft_frequency_hz: float,
    fault_orders: FaultOrders,
    *,
    resolution_hz: float,
    demodulation_band_hz: Band,
) -> tuple[FaultBand, ...]:
    """List the envelope lines of a rolling bearing, and the resonance whose envelope is read.

    Harmonics 1 to 4 of each; beside the first two of the inner race a sideband at the shaft's speed on either
    side, beside those of a ball (twice its spin) one at the cage's. Each reaches 2 % to either side (slip),
    or 1.5 bins where that is wider. Lines above half of the demodulated band's width mean nothing and are
    left out.

    Parameters
    ----------
    shaft_frequency_hz, fault_orders
        Of the machine.
    resolution_hz
        Distance of two bins: one over the window's length in seconds.
    demodulation_band_hz
        The resonance.

    Raises
    ------
    InvalidInputError
        An impossible shaft frequency or resolution.
    """
    _check(shaft_frequency_hz, resolution_hz)
    shaft_hz, cage_hz = shaft_frequency_hz, fault_orders.ftf * shaft_frequency_hz
    highest_hz = 0.5 * (demodulation_band_hz[1] - demodulation_band_hz[0])
    rows = (
        ("BPFO", "outer_race", fault_orders.bpfo * shaft_hz, 0.0),
        ("BPFI", "inner_race", fault_orders.bpfi * shaft_hz, shaft_hz),
        ("2×BSF", "ball", 2.0 * fault_orders.bsf * shaft_hz, cage_hz),
        ("FTF", "cage", cage_hz, 0.0),
    )
    bands = [
        FaultBand(
            name,
            name,
            BandAxis.ENVELOPE,
            _widen(_list_lines(first_hz, spacing_hz), resolution_hz, highest_hz),
            (fault_class,),
        )
        for name, fault_class, first_hz, spacing_hz in rows
    ]
    low_hz, high_hz = demodulation_band_hz
    label = f"resonance {low_hz:.0f}–{high_hz:.0f} Hz"
    bands.append(FaultBand("resonance", label, BandAxis.FREQUENCY, (demodulation_band_hz,)))
    bands += [
        FaultBand(name, name, BandAxis.FREQUENCY, ranges)
        for name, ranges in _list_shaft(shaft_hz, resolution_hz, high_hz, 3)
    ]
    return tuple(band for band in bands if band.ranges_hz)


def list_journal_bands(
    shaft_frequency_hz: float, *, resolution_hz: float, max_hz: float
) -> tuple[FaultBand, ...]:
    """List the lines and bands of a journal bearing up to `max_hz`.

    1X to 4X, 0.40 to 0.50X (whirl), 2 to 5 Hz (friction), 1.4 to 2.6 kHz (bursts), and the floor: all above
    10X but the bursts. Where lines overlap at a low resolution each counts for itself.

    Raises
    ------
    InvalidInputError
        An impossible shaft frequency or resolution.
    """
    _check(shaft_frequency_hz, resolution_hz)
    facts = MachineFacts(has_journal_bearing=True)
    places: list[tuple[str, str, tuple[Band, ...]]] = [
        (line.name, line.label, ((line.low_hz, line.high_hz),))
        for line in list_fault_lines(facts, shaft_frequency_hz, max_hz)
        if line.family is LineFamily.JOURNAL and line.high_hz <= max_hz
    ]
    floor_hz = _FLOOR_FROM_ORDER * shaft_frequency_hz
    bursts = [ranges[0] for name, _, ranges in places if name == "bursts"] or [(max_hz, max_hz)]
    floor = ((floor_hz, bursts[0][0]), (max(bursts[0][1], floor_hz), max_hz))
    rising = tuple((low, high) for low, high in floor if high > low)
    places.append(("floor", f"floor above {_FLOOR_FROM_ORDER:g}X", rising))
    places += [
        (name, name, ranges) for name, ranges in _list_shaft(shaft_frequency_hz, resolution_hz, max_hz, 4)
    ]
    bands = [
        FaultBand(name, label, BandAxis.FREQUENCY, ranges, _list_classes(name))
        for name, label, ranges in places
        if ranges
    ]
    return tuple(sorted(bands, key=lambda band: band.ranges_hz[0][0]))


def choose_class_bands(bands: Iterable[FaultBand], fault_class: str) -> tuple[FaultBand, ...]:
    """Return the bands in which a fault shows; none for a healthy machine or a class not known here."""
    return tuple(band for band in bands if fault_class in band.fault_classes)


def merge_ranges(ranges_hz: Iterable[Band]) -> tuple[Band, ...]:
    """Return ranges in rising order, those that overlap made one.

    >>> merge_ranges([(5.0, 7.0), (1.0, 2.0), (6.0, 9.0)])
    ((1.0, 2.0), (5.0, 9.0))
    """
    merged: list[Band] = []
    for low_hz, high_hz in sorted(ranges_hz):
        if merged and low_hz <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high_hz))
        else:
            merged.append((low_hz, high_hz))
    return tuple(merged)


def _check(shaft_frequency_hz: float, resolution_hz: float) -> None:
    if not (shaft_frequency_hz > 0.0 and resolution_hz > 0.0):
        raise InvalidInputError("Fault bands need the shaft's speed and the window's length, both above 0.")


def _list_lines(first_hz: float, spacing_hz: float) -> Iterator[float]:
    for harmonic in range(1, _N_HARMONICS + 1):
        yield harmonic * first_hz
        if spacing_hz and harmonic <= _N_HARMONICS_WITH_SIDEBANDS:
            yield harmonic * first_hz - spacing_hz
            yield harmonic * first_hz + spacing_hz


def _widen(lines_hz: Iterable[float], resolution_hz: float, highest_hz: float) -> tuple[Band, ...]:
    ranges = []
    for line_hz in lines_hz:
        half_hz = max(DEFAULT_SLIP * line_hz, _LEAST_HALF_WIDTH_BINS * resolution_hz)
        if line_hz - half_hz > 0.0 and line_hz + half_hz <= highest_hz:
            ranges.append((line_hz - half_hz, line_hz + half_hz))
    return merge_ranges(ranges)


def _list_shaft(
    shaft_hz: float, resolution_hz: float, max_hz: float, n_lines: int
) -> list[tuple[str, tuple[Band, ...]]]:
    return [(f"{k}X", _widen((k * shaft_hz,), resolution_hz, max_hz)) for k in range(1, n_lines + 1)]


def _list_classes(name: str) -> tuple[str, ...]:
    return tuple(fault_class for fault_class, names in _JOURNAL_BANDS.items() if name in names)
