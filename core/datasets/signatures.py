"""Signatures by which two copies of one vibration are found, whatever was done to the copy.

A signature holds, for a grid of absolute frequencies, the phase between two neighbouring lines of the
spectrum of a stretch of fixed duration. A gain or an offset leaves it as it is; a delay turns all of it by
one common angle; resampling keeps the frequencies below the new Nyquist frequency; noise only lowers the
agreement. Lines that stand still (shaft, mains) and the shape of the envelope give every recording of a
machine the same part: it is taken off as the local mean over frequency, so that two recordings of one machine
at one speed agree no better than strangers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.ndimage import uniform_filter1d

from core.datasets.readers.base import Float32Array

Signature: TypeAlias = npt.NDArray[np.int8]

SIGNATURE_VERSION = 1
# One stretch of the longest duration that fits, in the middle; one a level shorter; two of half the duration.
STRETCHES = ((0, 0.5), (1, 0.5), (2, 0.25), (2, 0.75))
N_LINES = 4096
# The longest stretch; every level is shorter than the one before by the square root of two.
LONGEST_STRETCH_S = 25.6
_MAX_LEVEL = 24
_MOST_SAMPLES = 1 << 22
_LEAST_SAMPLES = 512
# Between the two lines that are compared, in lines: beyond the main lobe of the Hann window.
_STEP = 5
_SPACING = 2
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 10_000.0
# Above this share of the sample rate anti-alias filters of resamplers have their slope.
_USABLE = 0.42
_MEAN_OVER_LINES = 65
_SCALE = 63.0


def find_level(n_samples: int, sample_rate_hz: float) -> int:
    """Return the level of the longest stretch that a signal fills: 0 for 25.6 s, 2 for 12.8 s, …

    >>> find_level(102_400, 20_480.0)
    5
    """
    usable_s = min(n_samples, _MOST_SAMPLES) / sample_rate_hz
    ratio = max(LONGEST_STRETCH_S / usable_s, 1.0) if usable_s > 0 else np.inf
    return int(np.ceil(2 * np.log2(ratio) - 1e-9)) if np.isfinite(ratio) else _MAX_LEVEL


def stretch_s(level: int) -> float:
    """Return the duration of the stretch of a level in seconds."""
    return float(LONGEST_STRETCH_S * 2 ** (-level / 2))


def compute_signature(values: Float32Array, sample_rate_hz: float) -> Signature:
    """Return the signature of a signal: four stretches (`STRETCHES`) at its level and the two below.

    Parameters
    ----------
    values
        Samples, float32, shape ``(n_samples,)``; of a long signal only the stretches are read.
    sample_rate_hz
        Its declared rate.

    Returns
    -------
    numpy.ndarray
        int8, shape ``(4, 2, 4096)``: stretches, real and imaginary part, lines; zero where a stretch has no
        such line, and all zero for a signal that is too short or constant.
    """
    signature = np.zeros((len(STRETCHES), 2, N_LINES), np.int8)
    top = find_level(len(values), sample_rate_hz)
    for index, (below, place) in enumerate(STRETCHES):
        n_samples = int(stretch_s(top + below) * sample_rate_hz + 1e-6)
        if n_samples < _LEAST_SAMPLES or top + below > _MAX_LEVEL:
            break
        start = min(max(int(place * len(values) - n_samples / 2), 0), len(values) - n_samples)
        lines = _compare_lines(values[start : start + n_samples], sample_rate_hz, top + below)
        signature[index, 0, : len(lines)] = np.rint(lines.real * _SCALE)
        signature[index, 1, : len(lines)] = np.rint(lines.imag * _SCALE)
    return signature


@lru_cache(maxsize=_MAX_LEVEL + 1)
def _grid(level: int) -> npt.NDArray[np.int64]:
    """Return the lines of a level, in multiples of one over its duration."""
    frequencies = np.concatenate(
        [
            np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, N_LINES // 2),
            np.linspace(100.0, _HIGHEST_HZ / 2, N_LINES // 2),
        ]
    )
    lines = _SPACING * np.rint(frequencies * stretch_s(level) / _SPACING).astype(np.int64)
    return np.unique(lines[lines > _STEP])


@lru_cache(maxsize=8)
def _hann(n_samples: int) -> Float32Array:
    return np.hanning(n_samples).astype(np.float32)


def _compare_lines(stretch: Float32Array, sample_rate_hz: float, level: int) -> npt.NDArray[np.complex64]:
    """Return the phase between each line of the grid and the one five further, without its local mean."""
    centred = stretch - stretch.mean(dtype=np.float64).astype(np.float32)
    n_fft = scipy.fft.next_fast_len(len(centred), real=True)
    spectrum = scipy.fft.rfft(centred * _hann(len(centred)), n_fft)
    duration = stretch_s(level)
    lines = _grid(level)
    lines = lines[(lines + _STEP) / duration <= _USABLE * sample_rate_hz]
    per_line = n_fft / (sample_rate_hz * duration)
    near = spectrum[np.rint(lines * per_line).astype(np.int64)]
    far = spectrum[np.rint((lines + _STEP) * per_line).astype(np.int64)]
    turned = near * far.conj()
    size = np.abs(turned)
    turned = np.divide(turned, size, out=np.zeros_like(turned), where=size > 0)
    width = min(_MEAN_OVER_LINES, len(turned) | 1)
    local = uniform_filter1d(turned.real, width) + 1j * uniform_filter1d(turned.imag, width)
    return np.asarray(turned - local, np.complex64)
