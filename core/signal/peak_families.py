"""Which peaks of a spectrum belong together: harmonics, sidebands at one distance, mains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binom

from core.signal.fault_lines import MAINS_HZ
from core.signal.peaks import SpectrumPeak

MIN_MEMBERS = 3
_MAX_HARMONIC = 20
# A family starts from a peak or from a half or third of one whose first harmonics are hidden.
_DIVISORS = (1, 2, 3)
_MAINS_TOLERANCE_HZ = 0.2
_N_MAINS_HARMONICS = 20
_TOLERANCE_BINS = 0.75
# How probable it may be that peaks strewn at random form a family somewhere.
_MAX_CHANCE = 0.05
# Below this share of the carrier's amplitude a peak is no sideband worth naming.
_LEAST_SIDEBAND = 0.003


@dataclass(frozen=True, slots=True)
class HarmonicFamily:
    """Peaks at whole multiples of one frequency.

    Attributes
    ----------
    fundamental_hz
        Read from all members together.
    harmonics, members
        Which multiple each member is, and its index among the peaks; rising harmonics.
    """

    fundamental_hz: float
    harmonics: tuple[int, ...]
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SidebandFamily:
    """Peaks at equal distances on both sides of a carrier.

    Attributes
    ----------
    carrier
        Index of the carrier among the peaks.
    spacing_hz
        Mean distance between neighbours.
    members
        Indexes of the sidebands, in order of frequency.
    """

    carrier: int
    spacing_hz: float
    members: tuple[int, ...]


def find_harmonic_families(
    peaks: Sequence[SpectrumPeak], resolution_hz: float, *, n: int = 3
) -> list[HarmonicFamily]:
    """Group peaks into families of harmonics.

    The family that gathers the most amplitude in at least three members, and clearly more members than
    chance would, is taken first; its members are then no longer free.

    Parameters
    ----------
    peaks
        From `core.signal.peaks.find_peaks`, in any order.
    resolution_hz
        Of their spectrum: a member may lie 0.75 of a bin beside its place.
    n
        At most so many families.

    Returns
    -------
    list of HarmonicFamily
        The one with the most amplitude first.
    """
    free = set(range(len(peaks)))
    families: list[HarmonicFamily] = []
    while len(families) < n:
        found = max(
            _list_families(peaks, free, resolution_hz),
            key=lambda family: sum(peaks[i].amplitude for i in family.members),
            default=None,
        )
        if found is None:
            break
        families.append(found)
        free -= set(found.members)
    return families


def _list_families(
    peaks: Sequence[SpectrumPeak], free: set[int], resolution_hz: float
) -> list[HarmonicFamily]:
    found = []
    top_hz = max((peaks[i].frequency_hz for i in free), default=0.0)
    for start in sorted(free):
        for divisor in _DIVISORS:
            fundamental_hz = peaks[start].frequency_hz / divisor
            if fundamental_hz < 4.0 * resolution_hz:
                continue
            family = _collect(peaks, free, fundamental_hz, resolution_hz)
            if _stands_out(family, len(free), top_hz, resolution_hz):
                found.append(family)
    return found


def _collect(
    peaks: Sequence[SpectrumPeak], free: set[int], fundamental_hz: float, resolution_hz: float
) -> HarmonicFamily:
    """Gather the members from low to high; each one sharpens the fundamental for the next."""
    chosen: dict[int, int] = {}
    estimate, weighted, total = fundamental_hz, 0.0, 0.0
    for harmonic in range(1, _MAX_HARMONIC + 1):
        place = harmonic * estimate
        nearest = min(free, key=lambda i: abs(peaks[i].frequency_hz - place))
        if abs(peaks[nearest].frequency_hz - place) <= _TOLERANCE_BINS * resolution_hz:
            chosen[harmonic] = nearest
            weighted += harmonic * peaks[nearest].frequency_hz
            total += harmonic * harmonic
            estimate = weighted / total
    return HarmonicFamily(estimate, tuple(chosen), tuple(chosen.values()))


def _stands_out(family: HarmonicFamily, n_peaks: int, top_hz: float, resolution_hz: float) -> bool:
    n_members = len(set(family.members))
    if n_members < MIN_MEMBERS or len(family.members) != n_members:
        return False
    low = sum(harmonic in family.harmonics for harmonic in (1, 2, 3))
    if low < 2 or n_members < 0.5 * family.harmonics[-1]:
        return False
    # That as many of the places up to the last member are hit by chance, over all the starts that are tried.
    hit = -math.expm1(-n_peaks * 2.0 * _TOLERANCE_BINS * resolution_hz / max(top_hz, resolution_hz))
    by_chance = float(binom.sf(n_members - 2, family.harmonics[-1] - 1, hit))
    return len(_DIVISORS) * n_peaks * by_chance <= _MAX_CHANCE


def find_sidebands(
    peaks: Sequence[SpectrumPeak],
    resolution_hz: float,
    known_spacings_hz: Sequence[float] = (),
    *,
    families: Sequence[HarmonicFamily] = (),
    n: int = 3,
) -> list[SidebandFamily]:
    """Find carriers with sidebands at equal distances on both sides.

    Parameters
    ----------
    peaks
        From `core.signal.peaks.find_peaks`.
    resolution_hz
        Of their spectrum.
    known_spacings_hz
        Distances to try first, such as the shaft's and the cage's frequency; else the distances between a
        carrier and its neighbours are tried.
    families
        From `find_harmonic_families`: their members are each other's harmonics, not sidebands.
    n
        At most so many.

    Returns
    -------
    list of SidebandFamily
        The one with the highest carrier first. Harmonics of the distance itself are no carriers: there every
        neighbour lies at that distance.
    """
    tolerance_hz = 2.0 * _TOLERANCE_BINS * resolution_hz
    found: list[SidebandFamily] = []
    taken: set[int] = set()
    for carrier in sorted(range(len(peaks)), key=lambda i: -peaks[i].amplitude):
        if carrier in taken or len(found) == n:
            continue
        own_hz = [family.fundamental_hz for family in families if carrier in family.members]
        best = _find_best_sidebands(peaks, carrier, known_spacings_hz, tolerance_hz, own_hz)
        if best is not None:
            found.append(best)
            taken |= {carrier, *best.members}
    return found


def _find_best_sidebands(
    peaks: Sequence[SpectrumPeak],
    carrier: int,
    known_hz: Sequence[float],
    tolerance_hz: float,
    own_hz: Sequence[float],
) -> SidebandFamily | None:
    """`own_hz` are fundamentals of which the carrier is a harmonic."""
    centre_hz = peaks[carrier].frequency_hz
    others = sorted({abs(peak.frequency_hz - centre_hz) for peak in peaks} - {0.0})
    best: SidebandFamily | None = None
    for spacing_hz in (*known_hz, *others):
        if spacing_hz < 3.0 * tolerance_hz or spacing_hz > 0.5 * centre_hz:
            continue
        multiple = round(centre_hz / spacing_hz)
        if abs(centre_hz - spacing_hz * multiple) <= tolerance_hz and multiple <= _MAX_HARMONIC:
            continue  # harmonics of the spacing, not sidebands of a carrier
        if any(abs(spacing_hz - own * round(spacing_hz / own)) <= tolerance_hz for own in own_hz):
            continue
        family = _collect_sidebands(peaks, carrier, spacing_hz, tolerance_hz)
        if family is not None and (best is None or len(family.members) > len(best.members)):
            best = family
    return best


def _collect_sidebands(
    peaks: Sequence[SpectrumPeak], carrier: int, spacing_hz: float, tolerance_hz: float
) -> SidebandFamily | None:
    centre_hz = peaks[carrier].frequency_hz
    sides: dict[int, int] = {}
    for side in (1, -1):
        for k in range(1, _MAX_HARMONIC + 1):
            place = centre_hz + side * k * spacing_hz
            nearest = min(range(len(peaks)), key=lambda i: abs(peaks[i].frequency_hz - place))
            share = peaks[nearest].amplitude / peaks[carrier].amplitude
            lower = _LEAST_SIDEBAND <= share < 1.0
            if not lower or abs(peaks[nearest].frequency_hz - place) > tolerance_hz:
                break
            sides[side * k] = nearest
    if not (1 in sides and -1 in sides):
        return None
    orders = sorted(sides)
    spacing = sum(k * (peaks[sides[k]].frequency_hz - centre_hz) for k in orders) / sum(k * k for k in orders)
    return SidebandFamily(carrier, spacing, tuple(sides[k] for k in orders))


def is_mains(
    frequency_hz: float, resolution_hz: float, line_frequencies_hz: Sequence[float] = MAINS_HZ
) -> float | None:
    """Return the mains frequency that a line is a harmonic of, within 0.2 Hz or a bin; else None.

    >>> is_mains(149.95, 0.1), is_mains(147.0, 0.1)
    (50.0, None)
    """
    tolerance_hz = max(_MAINS_TOLERANCE_HZ, resolution_hz)
    for mains_hz in line_frequencies_hz:
        harmonic = round(frequency_hz / mains_hz)
        near = abs(frequency_hz - harmonic * mains_hz) <= tolerance_hz
        if near and 1 <= harmonic <= _N_MAINS_HARMONICS:
            return mains_hz
    return None
