"""Fast kurtogram: how impulsive each frequency band is, over bands of many widths; the band to demodulate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.band_pass import (
    EDGE_SHARE,
    Band,
    compute_band_gain,
    count_margin,
    mirror_ends,
)
from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

MAX_LEVEL = 9
MIN_KURTOGRAM_SAMPLES = 256

_DEFAULT_MAX_LEVEL = 6
# A cell holds at least 2**this envelope samples, else its kurtosis is mostly chance.
_LEAST_SAMPLES_LOG2 = 7
# Twice the width of a cell with its edges: its power then has no frequency above half of that rate.
_OVERSAMPLING = 2.0 * (1.0 + EDGE_SHARE)
# SciPy transforms four rows together in little more than the time of one.
_BANDS_AT_ONCE = 4
# At either end of the signal at most this part is left out.
_MOST_CUT = 8
# A cell that holds less than this share of the signal's power holds rounding.
_EMPTY_SHARE = 1e-12
# The kurtosis of Gaussian noise scatters by 2/sqrt(independent samples), further up than down; the highest of
# some two hundred cells of noise passes this many of it about one time in twenty.
_NOISE_SPREADS = 5.0


@dataclass(frozen=True, slots=True)
class KurtogramLevel:
    """One row of a kurtogram: bands of the same width side by side, from 0 to the Nyquist frequency.

    Attributes
    ----------
    level
        log2 of the number of bands: 0, 1, 1.58, 2, 2.58, 3, …
    bandwidth_hz
        Width of each band.
    kurtosis
        Shape ``(n_bands,)``.
    """

    level: float
    bandwidth_hz: float
    kurtosis: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KurtogramCell:
    """One band: its limits, its kurtosis, and what noise alone seldom passes in a band of that width."""

    level: float
    band_hz: Band
    kurtosis: float
    noise_limit: float


@dataclass(frozen=True, slots=True)
class Kurtogram:
    """Kurtosis per band, and the most impulsive band (of equals the widest)."""

    levels: list[KurtogramLevel]
    best: KurtogramCell


def compute_kurtogram(signal: ArrayLike, sample_rate_hz: float, *, max_level: int | None = None) -> Kurtogram:
    """Compute the kurtogram over bands of the binary and ternary tree: halves, thirds, quarters, sixths, …

    Grid and measure are those of Antoni (2007), Fast computation of the kurtogram for the detection of
    transient faults, Mechanical Systems and Signal Processing 21(1): of the complex envelope c of each band
    the kurtosis ⟨|c|⁴⟩ / ⟨|c|²⟩² − 2, which is 0 for stationary Gaussian noise, −1 for a pure tone and high
    where few impacts ring. In place of his short filters, each band is cut out of one transform of the
    whole signal with the raised-cosine edges of `core.signal.band_pass`, so that a cell tells of the very
    band that `core.signal.envelope.compute_envelope` demodulates, and hardly any of its neighbours. Where a
    strong line breaks off at either end of the signal, every band would see a shock: two periods of the
    width of the band's edges are left out there, but at most an eighth of the signal.

    A single electric spike makes every wide band impulsive: look at the waveform too.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 256.
    sample_rate_hz
        Samples per second.
    max_level
        The narrowest bands are ``sample_rate_hz / 2 / 2**max_level`` wide; 1 to 9. It is lowered until a
        band holds 128 envelope samples. Default: 6.

    Returns
    -------
    Kurtogram
        Levels with 1, 2, 3, 4, 6, 8, 12, … bands.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 256 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        `max_level` is not between 1 and 9.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal)
    if samples.size < MIN_KURTOGRAM_SAMPLES:
        sentence = f"{samples.size} samples are too few; at least {MIN_KURTOGRAM_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    counts = _list_band_counts(samples.size, max_level)
    spectrum = _Transform.of(samples, rate, rate / 2.0 / counts[-1])
    levels = [
        KurtogramLevel(
            math.log2(n_bands), rate / 2.0 / n_bands, np.array(list(spectrum.list_kurtosis(n_bands)))
        )
        for n_bands in counts
    ]
    return Kurtogram(levels, _find_best(levels, samples.size / rate))


def _list_band_counts(n_samples: int, max_level: int | None) -> list[int]:
    wanted = _DEFAULT_MAX_LEVEL if max_level is None else max_level
    if not 1 <= wanted <= MAX_LEVEL:
        raise InvalidInputError(f"The finest level of a kurtogram lies between 1 and {MAX_LEVEL}.")
    possible = int(math.log2(n_samples)) - _LEAST_SAMPLES_LOG2
    finest = min(wanted, possible)
    halves, thirds = [2**k for k in range(finest + 1)], [3 * 2 ** (k - 1) for k in range(1, finest)]
    return sorted(halves + thirds)


@dataclass(frozen=True, slots=True)
class _Transform:
    """The positive frequencies of a signal with mirrored ends, to cut bands from."""

    positive: NDArray[np.complexfloating[Any, Any]]
    frequencies_hz: NDArray[np.float64]
    rate: float
    n_transform: int
    n_margin: int
    n_samples: int
    floor: float

    @classmethod
    def of(cls, samples: NDArray[np.floating[Any]], rate: float, least_width_hz: float) -> _Transform:
        n_margin = count_margin(samples.size, rate, least_width_hz)
        mirrored = mirror_ends(samples, n_margin).astype(samples.dtype, copy=False)
        n_transform = scipy.fft.next_fast_len(mirrored.size, real=True)
        positive = scipy.fft.rfft(mirrored, n_transform)
        frequencies_hz = scipy.fft.rfftfreq(n_transform, 1.0 / rate)
        floor = _EMPTY_SHARE * float(np.mean(mirrored.astype(np.float64) ** 2))
        return cls(positive, frequencies_hz, rate, n_transform, n_margin, samples.size, floor)

    def list_kurtosis(self, n_bands: int) -> Iterator[float]:
        """Yield the kurtosis of each of the equally wide bands, from the lowest."""
        width_hz = self.rate / 2.0 / n_bands
        n_least = math.ceil(_OVERSAMPLING * width_hz * self.n_transform / self.rate)
        n_envelope = scipy.fft.next_fast_len(n_least)
        per_sample = n_envelope / self.n_transform
        n_cut = min(count_margin(self.n_samples, self.rate, width_hz), self.n_samples // _MOST_CUT)
        first, last = self.n_margin + n_cut, self.n_margin + self.n_samples - n_cut
        inside = slice(math.ceil(first * per_sample), math.ceil(last * per_sample))
        # the transform back is shorter than the transform forth, and one-sided: amplitudes differ by this
        floor = self.floor / (2.0 * per_sample) ** 2
        cuts = np.empty((min(_BANDS_AT_ONCE, n_bands), n_envelope), self.positive.dtype)
        for start in range(0, n_bands, _BANDS_AT_ONCE):
            bands = range(start, min(start + _BANDS_AT_ONCE, n_bands))
            for cut, index in zip(cuts, bands, strict=False):
                self._cut_band((index * width_hz, min((index + 1) * width_hz, self.rate / 2.0)), cut)
            for envelope in scipy.fft.ifft(cuts[: len(bands)], axis=1, overwrite_x=True)[:, inside]:
                parts = envelope.view(envelope.real.dtype)
                np.square(parts, out=parts)
                yield _measure_kurtosis(parts[::2] + parts[1::2], floor)

    def _cut_band(self, band_hz: Band, cut: NDArray[np.complexfloating[Any, Any]]) -> None:
        """Fill `cut` with the bins of a band, the lowest first, and zeros: it is moved down to 0 Hz."""
        edge_hz = 0.5 * EDGE_SHARE * (band_hz[1] - band_hz[0])
        first, last = np.searchsorted(self.frequencies_hz, (band_hz[0] - edge_hz, band_hz[1] + edge_hz))
        gain = compute_band_gain(self.frequencies_hz[first:last], band_hz, self.rate)
        np.multiply(self.positive[first:last], gain.astype(self.positive.real.dtype), out=cut[: last - first])
        cut[last - first :] = 0.0


def _measure_kurtosis(power: NDArray[np.floating[Any]], floor: float) -> float:
    mean = float(power.mean(dtype=np.float64))
    if mean <= floor:
        return 0.0
    return float(np.dot(power, power)) / power.size / mean**2 - 2.0


def _find_best(levels: list[KurtogramLevel], duration_s: float) -> KurtogramCell:
    row = max(levels, key=lambda level: float(level.kurtosis.max()))
    index = int(row.kurtosis.argmax())
    band_hz = index * row.bandwidth_hz, (index + 1) * row.bandwidth_hz
    noise_limit = _NOISE_SPREADS * 2.0 / math.sqrt(row.bandwidth_hz * duration_s)
    return KurtogramCell(row.level, band_hz, float(row.kurtosis[index]), noise_limit)
