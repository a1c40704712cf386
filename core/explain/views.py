"""A window as the sum of its lines: attributions over frequency and over envelope lines.

A window is a linear function of its discrete Fourier coefficients, and of the Fourier coefficients of its
envelope while the carrier and the rest are held. Putting that linear function before a classifier changes
nothing of what it computes and makes the coefficients its inputs: every method then says what each line
contributes (Vielhaben, Lapuschkin, Montavon & Samek 2024, "Explainable AI for time series via virtual
inspection layers", Pattern Recognition 150; the envelope is our own step along the same way).

Coefficients are kept as ``n_samples`` real numbers, those of a bin side by side: mean, then
√2·Re and √2·Im of bins 1, 2, …, and the Nyquist bin's one number where the length is even. The transform is
orthonormal, so that its inverse is its adjoint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.signal.band_pass import Band, check_band

_ROOT2 = math.sqrt(2.0)
# A carrier is not defined where the envelope is smaller than this share of its root mean square.
_NO_ENVELOPE = 1e-9

Array = NDArray[np.float64]


def read_coefficients(windows: NDArray[np.floating[Any]]) -> Array:
    """Return the Fourier coefficients of windows as real numbers, same shape ``(..., n_samples)``.

    >>> read_coefficients(np.ones((1, 4))).round(6).tolist()
    [[2.0, 0.0, 0.0, 0.0]]
    """
    values = np.asarray(windows, dtype=np.float64)
    n_samples = values.shape[-1]
    transform = scipy.fft.rfft(values, axis=-1, norm="ortho")
    n_pairs = (n_samples - 1) // 2
    coefficients = np.empty_like(values)
    coefficients[..., 0] = transform[..., 0].real
    coefficients[..., 1 : 2 * n_pairs + 1 : 2] = _ROOT2 * transform[..., 1 : n_pairs + 1].real
    coefficients[..., 2 : 2 * n_pairs + 1 : 2] = _ROOT2 * transform[..., 1 : n_pairs + 1].imag
    if n_samples % 2 == 0:
        coefficients[..., -1] = transform[..., -1].real
    return coefficients


def build_windows(coefficients: NDArray[np.floating[Any]]) -> Array:
    """Return the windows that have these coefficients: the inverse of `read_coefficients`."""
    values = np.asarray(coefficients, dtype=np.float64)
    n_samples = values.shape[-1]
    n_pairs = (n_samples - 1) // 2
    transform = np.zeros((*values.shape[:-1], n_samples // 2 + 1), dtype=np.complex128)
    transform[..., 0] = values[..., 0]
    transform[..., 1 : n_pairs + 1] = (
        values[..., 1 : 2 * n_pairs + 1 : 2] + 1j * values[..., 2 : 2 * n_pairs + 1 : 2]
    ) / _ROOT2
    if n_samples % 2 == 0:
        transform[..., -1] = values[..., -1]
    windows: Array = scipy.fft.irfft(transform, n_samples, axis=-1, norm="ortho")
    return windows


def find_bins(n_samples: int) -> NDArray[np.int64]:
    """Return the bin that each coefficient belongs to: 0, 1, 1, 2, 2, …"""
    return (np.arange(n_samples) + 1) // 2


def sum_by_bin(coefficient_values: NDArray[np.floating[Any]]) -> Array:
    """Add up what belongs to one bin: ``(..., n_samples)`` to ``(..., n_samples // 2 + 1)``."""
    values = np.asarray(coefficient_values, dtype=np.float64)
    n_samples = values.shape[-1]
    n_pairs = (n_samples - 1) // 2
    summed = np.empty((*values.shape[:-1], n_samples // 2 + 1))
    summed[..., 0] = values[..., 0]
    summed[..., 1 : n_pairs + 1] = values[..., 1 : 2 * n_pairs + 1 : 2] + values[..., 2 : 2 * n_pairs + 1 : 2]
    if n_samples % 2 == 0:
        summed[..., -1] = values[..., -1]
    return summed


def list_frequencies(n_samples: int, sample_rate_hz: float) -> Array:
    """Return the frequency of each bin, ``(n_samples // 2 + 1,)``."""
    frequencies_hz: Array = scipy.fft.rfftfreq(n_samples, 1.0 / sample_rate_hz)
    return frequencies_hz


def spread_over_frequency(slopes: NDArray[np.floating[Any]], differences: NDArray[np.floating[Any]]) -> Array:
    """Spread an attribution of the form slope × difference over the bins of the Fourier transform.

    With differences d, slopes g and their transforms D and G, Parseval's theorem turns the sum of d·g over
    the samples into the sum of Re(D·conj G) over the bins. That is what the same method gives for the Fourier
    coefficients as inputs: exact for Integrated Gradients, whose straight path is straight there too.

    Parameters
    ----------
    slopes
        Mean gradient on the way from baseline to window, ``(n_windows, n_samples)``.
    differences
        Window minus baseline, same shape.

    Returns
    -------
    ndarray
        ``(n_windows, n_samples // 2 + 1)``; each row adds up to the sum of slope × difference.
    """
    return sum_by_bin(read_coefficients(differences) * read_coefficients(slopes))


@dataclass(frozen=True, slots=True)
class EnvelopeView:
    """One window as ``rest + carrier × envelope``: linear in the envelope.

    Attributes
    ----------
    envelope
        Magnitude of the analytic signal of the band, ``(n_samples,)``.
    carrier
        Cosine of its phase; 0 where there is no envelope.
    rest
        What lies outside the band.
    band_hz
        The band.
    """

    envelope: Array
    carrier: Array
    rest: Array
    band_hz: Band

    @property
    def coefficients(self) -> Array:
        """Of the envelope, ``(n_samples,)``."""
        return read_coefficients(self.envelope)

    def build(self, coefficients: NDArray[np.floating[Any]]) -> Array:
        """Return the windows whose envelopes have these coefficients, ``(..., n_samples)``."""
        return self.rest + self.carrier * build_windows(coefficients)


def view_envelope(window: NDArray[np.floating[Any]], sample_rate_hz: float, band_hz: Band) -> EnvelopeView:
    """Split a window ``(n_samples,)`` into envelope, carrier and rest; the band's edges are whole bins.

    Raises
    ------
    InvalidInputError
        The band does not lie between 0 and the Nyquist frequency.
    """
    band_hz = check_band(band_hz, sample_rate_hz)
    values = np.asarray(window, dtype=np.float64)
    analytic = _cut_analytic(values, sample_rate_hz, band_hz)
    envelope = np.abs(analytic)
    lowest = _NO_ENVELOPE * math.sqrt(float(np.mean(envelope**2)))
    carrier = np.divide(analytic.real, envelope, out=np.zeros_like(values), where=envelope > lowest)
    return EnvelopeView(envelope, carrier, values - analytic.real, band_hz)


def spread_over_envelope(
    slopes: NDArray[np.floating[Any]],
    differences: NDArray[np.floating[Any]],
    sample_rate_hz: float,
    band_hz: Band,
) -> Array:
    """Spread the part of an attribution that lies in a band over the lines of the band's envelope.

    With the band of the difference written as envelope e × carrier c, the slope with respect to e is c·g;
    Parseval's theorem as in `spread_over_frequency`. Each row adds up to what the band contributes.

    Parameters
    ----------
    slopes, differences
        As for `spread_over_frequency`.
    sample_rate_hz, band_hz
        Of the windows; the band that is demodulated.

    Returns
    -------
    ndarray
        ``(n_windows, n_samples // 2 + 1)``; bin 0 is the mean level of the band, bin k its modulation at k
        times the resolution.
    """
    rows = []
    for difference, slope in zip(differences, np.asarray(slopes, np.float64), strict=True):
        view = view_envelope(difference, sample_rate_hz, band_hz)
        rows.append(sum_by_bin(view.coefficients * read_coefficients(view.carrier * slope)))
    return np.stack(rows)


def _cut_analytic(values: Array, sample_rate_hz: float, band_hz: Band) -> NDArray[np.complex128]:
    n_samples = values.shape[-1]
    frequencies_hz = scipy.fft.fftfreq(n_samples, 1.0 / sample_rate_hz)
    inside = (np.abs(frequencies_hz) >= band_hz[0]) & (np.abs(frequencies_hz) <= band_hz[1])
    weights = np.where(frequencies_hz > 0.0, 2.0, 0.0)
    # The mean and the Nyquist bin have no negative twin.
    weights[0] = 1.0
    if n_samples % 2 == 0:
        weights[n_samples // 2] = 1.0
    analytic: NDArray[np.complex128] = scipy.fft.ifft(scipy.fft.fft(values) * weights * inside)
    return analytic
