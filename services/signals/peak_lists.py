"""The peaks of a view with their families of harmonics, sidebands and mains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.signal.fault_lines import MAINS_HZ
from core.signal.peak_families import find_harmonic_families, find_sidebands, is_mains
from core.signal.peaks import SpectrumPeak

MAX_PEAKS = 100


def group_peaks(
    peaks: Sequence[SpectrumPeak],
    resolution_hz: float,
    *,
    shaft_hz: float | None,
    fault_lines: Sequence[Mapping[str, Any]],
    line_frequency_hz: float | None,
) -> dict[str, Any]:
    """Return peaks, each with its order, family, mains frequency and nearest fault line; and the families."""
    families = find_harmonic_families(peaks, resolution_hz)
    spacings = sorted({line["sideband_hz"] for line in fault_lines if line["sideband_hz"]})
    sidebands = find_sidebands(peaks, resolution_hz, spacings, families=families)
    mains = (line_frequency_hz,) if line_frequency_hz else MAINS_HZ
    member_of = {
        index: (number, harmonic)
        for number, family in enumerate(families)
        for harmonic, index in zip(family.harmonics, family.members, strict=True)
    }
    rows = []
    for index, peak in enumerate(peaks):
        number, harmonic = member_of.get(index, (None, None))
        rows.append(
            {
                "frequency_hz": peak.frequency_hz,
                "amplitude": peak.amplitude,
                "order": peak.frequency_hz / shaft_hz if shaft_hz else None,
                "family": number,
                "harmonic": harmonic,
                "mains_hz": is_mains(peak.frequency_hz, resolution_hz, mains),
                "fault_line": _find_line(peak.frequency_hz, resolution_hz, fault_lines),
            }
        )
    return {
        "peaks": rows,
        "families": [
            {
                "fundamental_hz": family.fundamental_hz,
                "order": family.fundamental_hz / shaft_hz if shaft_hz else None,
                "harmonics": list(family.harmonics),
                "members": list(family.members),
                "is_mains": is_mains(family.fundamental_hz, resolution_hz, mains) is not None,
            }
            for family in families
        ],
        "sidebands": [
            {
                "carrier": side.carrier,
                "carrier_hz": peaks[side.carrier].frequency_hz,
                "spacing_hz": side.spacing_hz,
                "spacing_order": side.spacing_hz / shaft_hz if shaft_hz else None,
                "members": list(side.members),
            }
            for side in sidebands
        ],
    }


def _find_line(
    frequency_hz: float, resolution_hz: float, fault_lines: Sequence[Mapping[str, Any]]
) -> str | None:
    """Label of the nearest line whose band holds the peak; whole bands (journal) name nothing."""
    near = [
        line
        for line in fault_lines
        if line["family"] != "journal"
        and line["low_hz"] - resolution_hz <= frequency_hz <= line["high_hz"] + resolution_hz
    ]
    nearest = min(near, key=lambda line: abs(line["frequency_hz"] - frequency_hz), default=None)
    return None if nearest is None else str(nearest["label"])
