"""Cepstrum: families of equally spaced lines in a spectrum, each as one peak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.spectra import compute_psd
from utils.exceptions import InvalidInputError

CepstrumKind = Literal["power", "real"]

# Deeper than this below the highest, a bin holds rounding.
_FLOOR_SHARE = 1e-20
# The bins at 0 Hz that a window smears the missing mean into.
_N_DC_BINS = 3


@dataclass(frozen=True, slots=True)
class Cepstrum:
    """The inverse transform of a logarithmic spectrum.

    Attributes
    ----------
    quefrencies_s, values
        Shape ``(n_segment // 2 + 1,)``; a peak at q seconds stands for lines ``1 / q`` Hz apart.
    kind
        ``"power"`` (values in dB) or ``"real"`` (values in neper).
    n_segments
        How many segments were averaged before the logarithm.
    """

    quefrencies_s: NDArray[np.float64]
    values: NDArray[np.float64]
    kind: CepstrumKind
    n_segments: int


@dataclass(frozen=True, slots=True)
class CepstrumPeak:
    """A peak: quefrency in s, the distance of the lines it stands for in Hz, value as in the cepstrum."""

    quefrency_s: float
    frequency_hz: float
    value: float


def compute_cepstrum(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    kind: CepstrumKind = "power",
    n_segment: int | None = None,
    window: str = "hann",
) -> Cepstrum:
    """Compute the cepstrum of a signal, of its power spectrum averaged over segments.

    Power cepstrum: the inverse transform of ``10·log10(S)`` in dB; real cepstrum: that of ``ln √S`` in neper,
    S being the two-sided averaged power spectrum. Both hold the same; dB = neper × 20 / ln 10. Randall
    (2017), A history of cepstrum analysis and its application to mechanical problems, Mechanical Systems
    and Signal Processing 97. The mean is taken off, and the bins at 0 Hz take their neighbour's value:
    their logarithm would lift or lower the whole cepstrum.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16.
    sample_rate_hz
        Samples per second.
    kind
        ``"power"`` or ``"real"``.
    n_segment
        Samples per segment; half of it is the longest quefrency. Short segments average more, and their
        wider bins let a family of lines stand out; they must still tell the lines apart: at least four
        times the longest period looked for. Default: the whole signal as one segment.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.

    Returns
    -------
    Cepstrum
        From quefrency 0 to half a segment.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        Unknown kind or window, or an impossible segment length.
    """
    if kind not in ("power", "real"):
        raise InvalidInputError(f"Unknown cepstrum '{kind}'. Choose power or real.")
    n_segment = np.size(signal) if n_segment is None else n_segment
    psd = compute_psd(signal, sample_rate_hz, n_segment=n_segment, window=window)
    n_used = round(sample_rate_hz / psd.resolution_hz)
    power = psd.density * psd.resolution_hz
    power[1 : (n_used + 1) // 2] *= 0.5  # back to two sides
    n_dc = min(_N_DC_BINS, power.size - 1)
    power[:n_dc] = power[n_dc]
    highest = float(power.max())
    if highest > 0.0:
        levels_db = 10.0 * np.log10(np.maximum(power, _FLOOR_SHARE * highest))
        values = scipy.fft.irfft(levels_db, n_used)[: n_used // 2 + 1]
    else:
        values = np.zeros(n_used // 2 + 1)
    scale = 1.0 if kind == "power" else math.log(10.0) / 20.0
    quefrencies_s = np.arange(values.size) / sample_rate_hz
    return Cepstrum(quefrencies_s, np.asarray(values * scale), kind, psd.n_segments)


def find_cepstrum_peaks(
    cepstrum: Cepstrum, n: int = 10, *, min_quefrency_s: float = 0.002
) -> list[CepstrumPeak]:
    """Find the highest peaks of a cepstrum, up or down, read between the samples by a parabola.

    Harmonics of a spacing, and sidebands around one of them, give peaks that point up; sidebands around any
    other line give peaks of either sign, as the line lies to the spacing. A family has peaks at the multiples
    of its quefrency too, which hardly fall off where the lines are narrow: look for the shortest.

    Parameters
    ----------
    cepstrum
        From `compute_cepstrum`.
    n
        At most so many; peaks closer than three samples to a higher one are taken as part of it.
    min_quefrency_s
        Shorter quefrencies are the slow shape of the spectrum (resonances), not families of lines.

    Returns
    -------
    list of CepstrumPeak
        The one furthest from 0 first; `value` with its sign.

    Raises
    ------
    InvalidInputError
        `n` is below 1.
    """
    if n < 1:
        raise InvalidInputError("Ask for at least one peak.")
    heights = np.abs(cepstrum.values)
    middle = heights[1:-1]
    found = np.flatnonzero((middle > heights[:-2]) & (middle >= heights[2:])) + 1
    found = found[cepstrum.quefrencies_s[found] >= min_quefrency_s]
    taken: list[int] = []
    for candidate in found[np.argsort(-heights[found], kind="stable")].tolist():
        if all(abs(candidate - other) > 2 for other in taken):
            taken.append(candidate)
        if len(taken) == n:
            break
    peaks = [_read_between(cepstrum, peak) for peak in taken]
    return sorted(peaks, key=lambda peak: -abs(peak.value))


def _read_between(cepstrum: Cepstrum, peak: int) -> CepstrumPeak:
    left, top, right = (float(value) for value in cepstrum.values[peak - 1 : peak + 2])
    curvature = left - 2.0 * top + right
    offset = 0.5 * (left - right) / curvature if curvature * top < 0.0 else 0.0
    step_s = float(cepstrum.quefrencies_s[1])
    quefrency_s = (peak + offset) * step_s
    return CepstrumPeak(quefrency_s, 1.0 / quefrency_s, top - 0.25 * (left - right) * offset)
