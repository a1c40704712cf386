"""Spectra of a recording's envelopes on an axis of shaft orders, each cell against the noise around it.

A whole recording is read at once, so that every line is as sharp as its own slip allows. Everything is
relative: a sensor's gain changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Band = tuple[float, float]
FloatArray = NDArray[np.floating[Any]]

# The order axis is logarithmic: a line's harmonics, and its slip, are then the same distance everywhere.
LOWEST_ORDER, HIGHEST_ORDER = 0.25, 45.0
ORDER_STEP = 0.0025
# Half the width over which a line's power is taken: the scatter of real lines, or the resolution.
HALF_WIDTH = 0.002

_WHITENING_HZ, _WHITENING_ORDERS = 200.0, 4.0
_LINE_RATIO = 6.0
_QUIET_SHARE = 1e-3
_LEAST_WIDTH_HZ, _LEAST_WIDTH_ORDERS, _WIDTH_SHARE = 1000.0, 24.0, 0.25
_LOWEST_BAND_ORDERS, _HIGHEST_BAND_HZ, _HIGHEST_BAND_SHARE = 10.0, 20_000.0, 0.42
_MOST_WIDTH_SHARE = 0.125
_WIDER = 2.5
_FLOOR_ORDERS = 1.0
# A multiple of the shaft is as wide as two bins, and wider by how much the speed wavers.
_MASK_BINS, _MASK_SHARE, _MOST_MASK = 2.0, 0.003, 0.2
_LEAST_FLOOR_BINS = 31
# The true speed may be 10 % above the nominal one.
_SPEED_MARGIN = 1.12
_MOST_MEDIAN_VALUES = 400
_LN2 = math.log(2.0)
_TINY = 1e-20


@dataclass(frozen=True, slots=True)
class EnvelopeOrders:
    """What the envelopes of one recording hold, by order.

    The channels are the squared envelope of every band, then the log envelope of every band.

    Attributes
    ----------
    bands_hz
        The bands, ``n_bands`` of them.
    orders
        Of the cells, ``(n_cells,)``, evenly spaced in their logarithm.
    ratios
        Power over the local noise floor, ``(2 * n_bands, n_cells)``; 0 beyond a band's reach.
    n_independent
        How many independent values the mean of a cell holds, ``(n_cells,)``.
    scores
        ln(1 + L) with L the log likelihood ratio of a cell's power against noise, ``(2 * n_bands, n_cells)``.
    line_powers
        Power above the floor within a cell, over the square of the squared envelope's mean: a line of
        relative amplitude a gives a²/2, however long the recording is; ``(n_bands, n_cells)``.
    n_turns
        Turns of the shaft in the recording.
    """

    bands_hz: tuple[Band, ...]
    orders: FloatArray
    ratios: FloatArray
    n_independent: FloatArray
    scores: FloatArray
    line_powers: FloatArray
    n_turns: float

    def find_cell(self, order: Any) -> Any:
        """Cell of an order, or of many; outside the axis the first or the last one."""
        places = np.rint(np.log(np.maximum(order, 1e-6) / LOWEST_ORDER) / ORDER_STEP)
        return np.clip(places, 0, self.orders.size - 1).astype(np.int64)

    def is_on_shaft(self, cells: Any) -> Any:
        """Whether a multiple of the shaft lies too close to a cell to be told from it."""
        orders = self.orders[cells]
        reach = _MASK_BINS / self.n_turns + _MASK_SHARE * orders
        return np.abs(orders - np.rint(orders)) <= np.minimum(reach, _MOST_MASK)


def choose_bands(sample_rate_hz: float, shaft_hz: float) -> tuple[Band, ...]:
    """Lay bands over the spectrum, overlapping by half, narrow ones and wide ones, and one over all.

    A band must be wide enough to hold some harmonics of a fault on either side of a carrier, and a resonance
    is the wider the higher it lies.

    >>> len(choose_bands(12_000.0, 30.0))
    13
    """
    low = _LOWEST_BAND_ORDERS * shaft_hz
    high = min(_HIGHEST_BAND_HZ, _HIGHEST_BAND_SHARE * sample_rate_hz)
    least = min(max(_LEAST_WIDTH_HZ, _LEAST_WIDTH_ORDERS * shaft_hz), _MOST_WIDTH_SHARE * sample_rate_hz)
    low = min(low, high - least)
    found: list[Band] = []
    for factor in (1.0, _WIDER):
        start = low
        while True:
            width = factor * max(least, _WIDTH_SHARE * start)
            if start + width > high:
                break
            found.append((start, start + width))
            start += 0.5 * width
        if found and found[-1][1] < high:
            width = min(found[-1][1] - found[-1][0], high - low)
            found.append((high - width, high))
    whole = (low, high)
    return tuple(dict.fromkeys([*found, whole]))


@dataclass(frozen=True, slots=True)
class BandPowers:
    """Spectra of the envelopes of one recording in many bands, before a shaft frequency is settled.

    Attributes
    ----------
    bands_hz
        The bands.
    powers, floors
        Of the squared envelopes, then of the log envelopes, and the noise around each bin,
        ``(2 * n_bands, n_bins)``.
    means
        Of the squared envelopes, ``(n_bands,)``.
    reach_hz
        How far each spectrum reaches, ``(2 * n_bands,)``.
    duration_s
        The bins lie one over this apart.
    """

    bands_hz: tuple[Band, ...]
    powers: FloatArray
    floors: FloatArray
    means: FloatArray
    reach_hz: FloatArray
    duration_s: float


def compute_band_powers(
    samples: NDArray[np.floating[Any]], sample_rate_hz: float, nominal_hz: float
) -> BandPowers:
    """Whiten a recording, demodulate it in many bands and compute the envelopes' spectra.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, any unit.
    sample_rate_hz
        Sample rate.
    nominal_hz
        Shaft frequency, roughly.
    """
    # A few samples less, so that their number has small factors and the transform is quick.
    n_samples = scipy.fft.prev_fast_len(samples.size, real=True)
    duration_s = n_samples / sample_rate_hz
    centred = samples[:n_samples] - samples[:n_samples].mean()
    centred = (centred / (centred.std() + np.finfo(np.float64).tiny)).astype(np.float32)
    bands = choose_bands(sample_rate_hz, nominal_hz)
    n_used = round(max(band[1] for band in bands) * duration_s) + 1
    whitened = whiten(scipy.fft.rfft(centred)[:n_used], duration_s, nominal_hz)
    n_bins = int(HIGHEST_ORDER * _SPEED_MARGIN * nominal_hz * duration_s) + 3
    powers = np.zeros((2 * len(bands), n_bins), np.float32)
    means = np.zeros(len(bands), np.float32)
    reach = np.zeros(2 * len(bands), np.float32)
    for number, band in enumerate(bands):
        squared = demodulate(whitened, band, duration_s, n_bins)
        means[number] = squared.mean()
        logarithm = np.log(squared + 1e-6 * means[number] + _TINY)
        for row, envelope in ((number, squared), (number + len(bands), logarithm)):
            found = _compute_hann_power(envelope, n_bins)
            powers[row, : found.size] = found
            reach[row] = min(0.8 * (band[1] - band[0]), (found.size - 2) / duration_s)
    n_around = max(_LEAST_FLOOR_BINS, round(2.0 * _FLOOR_ORDERS * nominal_hz * duration_s) | 1)
    floors = run_median(powers, n_around) / _LN2
    return BandPowers(bands, powers, floors, means, reach, duration_s)


def whiten(spectrum: NDArray[np.complexfloating[Any, Any]], duration_s: float, shaft_hz: float) -> Any:
    """Divide a spectrum by the running median of its magnitude; lines are held at six times the median."""
    magnitude = np.abs(spectrum)
    width = max(9, round(max(_WHITENING_HZ, _WHITENING_ORDERS * shaft_hz) * duration_s))
    floor = run_median(magnitude[None, :], width)[0]
    divisor = np.maximum(floor + _QUIET_SHARE * floor.mean() + _TINY, magnitude / _LINE_RATIO)
    return spectrum / divisor


def demodulate(whitened: Any, band: Band, duration_s: float, n_bins: int) -> FloatArray:
    """Squared envelope of one band at the lowest rate at which ``n_bins`` frequencies are its own."""
    first = round(band[0] * duration_s)
    width = max(8, round((band[1] - band[0]) * duration_s))
    cut = whitened[first : first + width]
    n_short = width + min(width, n_bins)
    analytic = scipy.fft.ifft(cut, int(scipy.fft.next_fast_len(n_short, real=True)))
    squared: FloatArray = np.square(analytic.real) + np.square(analytic.imag)
    return squared


def run_median(values: FloatArray, width: int) -> FloatArray:
    """Median over ``width`` values around each along the last axis, worked out twice per width.

    Of very many values an even selection is taken: the median is known to a few percent then.
    """
    n_values = values.shape[-1]
    width = min(width, n_values)
    n_places = max(2, math.ceil(2 * (n_values - width) / width) + 1)
    starts = np.rint(np.linspace(0, n_values - width, n_places)).astype(np.int64)
    step = max(1, width // _MOST_MEDIAN_VALUES)
    blocks = np.stack([np.median(values[..., start : start + width : step], axis=-1) for start in starts], -1)
    place = np.interp(np.arange(n_values), starts + width / 2, np.arange(n_places)).astype(np.float32)
    lower = np.minimum(place.astype(np.int64), n_places - 2)
    share = place - lower
    found: FloatArray = blocks[..., lower] * (1.0 - share) + blocks[..., lower + 1] * share
    return found


def _compute_hann_power(envelope: FloatArray, n_bins: int) -> FloatArray:
    """First bins of the one-sided Hann power spectrum; all of them would add up to the variance.

    The window is laid on in the spectrum, where it is the difference of three neighbours.
    """
    n_samples = envelope.size
    spectrum = scipy.fft.rfft(envelope)[: n_bins + 1]
    spectrum[0] = 0.0
    windowed = 0.5 * spectrum[:-1]
    windowed -= 0.25 * spectrum[1:]
    windowed[1:] -= 0.25 * spectrum[:-2]
    windowed[0] -= 0.25 * spectrum[1].conjugate()
    scale = np.float32(2.0 / 0.375 / n_samples**2)
    power: FloatArray = scale * (np.square(windowed.real) + np.square(windowed.imag))
    return power


def lay_on_orders(found: BandPowers, shaft_hz: float) -> EnvelopeOrders:
    """Read spectra on an axis of multiples of a shaft frequency."""
    n_turns = shaft_hz * found.duration_s
    n_cells = int(math.log(HIGHEST_ORDER / LOWEST_ORDER) / ORDER_STEP) + 1
    orders = LOWEST_ORDER * np.exp(ORDER_STEP * np.arange(n_cells))
    half = np.maximum(HALF_WIDTH * orders, 1.0 / n_turns)
    n_bins = 2.0 * half * n_turns
    # Neighbouring bins of a Hann spectrum are correlated by 4/9, next ones by 1/36.
    n_independent = np.maximum(1.0, n_bins / 1.94 + 0.35)
    at = np.rint(orders * n_turns).astype(np.int64).clip(0, found.powers.shape[1] - 1)
    summed = _add_between(found.powers, (orders - half) * n_turns, (orders + half) * n_turns)
    floors = found.floors[:, at]
    ratios = summed / n_bins / (floors + _TINY)
    beyond = (orders + half)[None, :] * shaft_hz > found.reach_hz[:, None]
    ratios[beyond] = 0.0
    above = np.maximum(ratios, 1.0)
    scores = np.log1p(n_independent * (above - 1.0 - np.log(above)))
    n_bands = len(found.bands_hz)
    excess = summed[:n_bands] - floors[:n_bands] * n_bins
    line_powers = np.where(beyond[:n_bands], 0.0, excess) / (found.means[:, None] ** 2 + _TINY)
    return EnvelopeOrders(
        found.bands_hz,
        orders.astype(np.float32),
        ratios.astype(np.float32),
        n_independent.astype(np.float32),
        scores.astype(np.float32),
        np.maximum(line_powers, 0.0).astype(np.float32),
        n_turns,
    )


def _add_between(powers: FloatArray, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> Any:
    """Sum of the bins between two places each, parts of bins counted as parts; a bin reaches ±1/2."""
    summed = np.zeros((powers.shape[0], powers.shape[1] + 1))
    np.cumsum(powers, axis=1, out=summed[:, 1:])

    def read(places: NDArray[np.float64]) -> Any:
        position = np.clip(places + 0.5, 0.0, powers.shape[1] - 1e-6)
        lower = position.astype(np.int64)
        share = position - lower
        return summed[:, lower] * (1.0 - share) + summed[:, lower + 1] * share

    return read(ends) - read(starts)
