"""Transforms of a batch that several domains share."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.features.arrays import FloatArray

# The upper half of the usable band, where housings ring and shaft harmonics have died away.
BAND_OF_SAMPLE_RATE = (0.125, 0.45)
_POWER_FLOOR = 1e-12
# Windows that are transformed back at once: a multiple of the transforms' vector length, small enough for the
# cache.
_BLOCK_WINDOWS = 8


def compute_envelope(
    spectrum: NDArray[np.complexfloating], n_samples: int, band_of_sample_rate: tuple[float, float]
) -> FloatArray:
    """Magnitude of the analytic signal after an ideal band-pass in the frequency domain.

    Parameters
    ----------
    spectrum
        One-sided transform of real windows, shape ``(n_windows, n_samples // 2 + 1)``.
    n_samples
        Length of the windows.
    band_of_sample_rate
        Band edges as parts of the sample rate (above 0, below 0.5); both edges belong to the band.

    Returns
    -------
    ndarray
        Shape ``(n_windows, n_samples)``, in the signal's unit.
    """
    low, high = band_of_sample_rate
    parts = np.arange(spectrum.shape[1]) / n_samples
    first, last = np.searchsorted(parts, low, "left"), np.searchsorted(parts, high, "right")
    envelope = np.empty((len(spectrum), n_samples), dtype=spectrum.real.dtype)
    for start in range(0, len(spectrum), _BLOCK_WINDOWS):
        block = spectrum[start : start + _BLOCK_WINDOWS, first:last]
        analytic = np.zeros((len(block), n_samples), dtype=spectrum.dtype)
        np.multiply(block, 2.0, out=analytic[:, first:last])
        moved = scipy.fft.ifft(analytic, axis=1, overwrite_x=True)
        np.abs(moved, out=envelope[start : start + _BLOCK_WINDOWS])
    return envelope


def compute_hann_power(spectrum: NDArray[np.complexfloating], n_samples: int) -> FloatArray:
    """Power spectrum under a Hann window, from the transform without one.

    Multiplying by the periodic Hann window is a convolution of the transform with ``(-1/4, 1/2, -1/4)``,
    so one transform serves both. Normalised by the window's mean square: the bins add up to the mean square
    of the windowed signal, which estimates the variance.

    Parameters
    ----------
    spectrum
        One-sided transform of real windows, shape ``(n_windows, n_samples // 2 + 1)``.
    n_samples
        Length of the windows.

    Returns
    -------
    ndarray
        Shape ``(n_windows, n_samples // 2 + 1)``, in unit².
    """
    parts = np.ascontiguousarray(spectrum).view(spectrum.real.dtype)
    windowed = np.empty_like(parts)
    inner = windowed[:, 2:-2]
    np.add(parts[:, :-4], parts[:, 4:], out=inner)
    inner *= -0.25
    inner += 0.5 * parts[:, 2:-2]
    windowed[:, 0] = 0.5 * (parts[:, 0] - parts[:, 2])
    windowed[:, 1] = 0.0
    even = n_samples % 2 == 0
    if even:
        windowed[:, -2] = 0.5 * (parts[:, -2] - parts[:, -4])
        windowed[:, -1] = 0.0
    else:
        windowed[:, -2] = 0.25 * (parts[:, -2] - parts[:, -4])
        windowed[:, -1] = 0.5 * parts[:, -1] - 0.25 * (parts[:, -3] - parts[:, -1])
    np.square(windowed, out=windowed)
    # Twice each bin, over n times the sum of the squared window, which is 3 n / 8.
    power: FloatArray = windowed[:, 0::2] + windowed[:, 1::2]
    power *= 2.0 / (n_samples * 0.375 * n_samples)
    power[:, 0] *= 0.5
    if even:
        power[:, -1] *= 0.5
    return power


def log_shares(share: FloatArray) -> FloatArray:
    """Natural logarithm of shares, held at 120 dB under the mean of the bins above zero hertz."""
    mean = (1.0 - share[:, 0]) / max(share.shape[1] - 1, 1)
    lowest = np.maximum(mean * _POWER_FLOOR, np.finfo(share.dtype).tiny)
    held = np.maximum(share, lowest[:, None])
    found: FloatArray = np.log(held, out=held)
    return found
