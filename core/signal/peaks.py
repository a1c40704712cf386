"""Reading the lines of a spectrum: frequency and amplitude between the bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.signal.spectra import Spectrum
from core.signal.spectral_windows import WINDOW_NAMES, compute_main_lobe, get_main_lobe_half_width
from utils.exceptions import InvalidInputError

_N_OFFSETS = 513


@dataclass(frozen=True, slots=True)
class SpectrumPeak:
    """A line of a spectrum: frequency in Hz, amplitude in the spectrum's unit and scaling."""

    frequency_hz: float
    amplitude: float


def find_peaks(
    spectrum: Spectrum, n: int = 10, *, min_hz: float = 0.0, max_hz: float | None = None
) -> list[SpectrumPeak]:
    """Find the highest lines of a spectrum and read them between the bins.

    Two neighbouring bins of a pure line stand in a ratio that fixes how far the line lies from either,
    because the window's main lobe is known (interpolated DFT; Rife & Boorstyn 1970 for the rectangular
    window, Rife & Vincent for cosine sums). The amplitude is then right to 1 % in every window for a line
    that stands clear of others by a main lobe; the frequency to a few hundredths of a bin (a few tenths in
    the flat-top window, whose top tells little).

    Parameters
    ----------
    spectrum
        From `core.signal.spectra.compute_spectrum` or the envelope spectrum.
    n
        At most so many.
    min_hz, max_hz
        Look only between these frequencies, both included.

    Returns
    -------
    list of SpectrumPeak
        The highest first; fewer than `n` where there are no more. Lines closer than the window's main lobe
        to a higher one are taken as part of that.

    Raises
    ------
    InvalidInputError
        `n` is below 1.
    """
    if n < 1:
        raise InvalidInputError("Ask for at least one peak.")
    bins = _list_local_maxima(spectrum.amplitudes)
    frequencies_hz = spectrum.frequencies_hz[bins]
    bins = bins[(frequencies_hz >= min_hz) & (frequencies_hz <= (np.inf if max_hz is None else max_hz))]
    by_height = bins[np.argsort(-spectrum.amplitudes[bins], kind="stable")]
    half_width = get_main_lobe_half_width(spectrum.window)
    taken: list[int] = []
    for candidate in by_height.tolist():
        if all(abs(candidate - other) > half_width for other in taken):
            taken.append(candidate)
        if len(taken) == n:
            break
    peaks = [_read_between_bins(spectrum, peak_bin) for peak_bin in taken]
    return sorted(peaks, key=lambda peak: -peak.amplitude)


def _list_local_maxima(amplitudes: NDArray[np.float64]) -> NDArray[np.int64]:
    middle = amplitudes[1:-1]
    return np.flatnonzero((middle > amplitudes[:-2]) & (middle >= amplitudes[2:])) + 1


def _read_between_bins(spectrum: Spectrum, peak_bin: int) -> SpectrumPeak:
    left, top, right = spectrum.amplitudes[peak_bin - 1 : peak_bin + 2]
    side = 1.0 if right >= left else -1.0
    offsets, ratios, shares = _get_lobe_table(spectrum.window)
    offset = float(np.interp(max(left, right) / top, ratios, offsets))
    amplitude = float(top / np.interp(offset, offsets, shares))
    frequency_hz = float(spectrum.frequencies_hz[peak_bin]) + side * offset * spectrum.resolution_hz
    return SpectrumPeak(frequency_hz, amplitude)


@lru_cache(maxsize=len(WINDOW_NAMES))
def _get_lobe_table(window: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Offset from the highest bin, and there: neighbour ÷ highest bin, share the highest bin reads."""
    offsets = np.linspace(0.0, 0.5, _N_OFFSETS)
    shares = compute_main_lobe(window, offsets)
    return offsets, compute_main_lobe(window, 1.0 - offsets) / shares, shares
