"""Finds pairs of signals that are copies of one vibration: candidates by signature, each then confirmed.

Stage one compares the signatures of all pairs by matrix products; the agreement of two strangers has a
known distribution (exponential), so that the threshold follows from the number of pairs. Stage two takes the
samples of a candidate pair and asks for what only a common origin explains: after whitening, one lag at
which the phases of all frequencies agree, found again in stretches whose windows were moved against each
other. Periodic signals of one machine at one speed agree at many lags and only in their few lines; they are
not confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.ndimage import binary_dilation

from core.datasets.readers.base import Float32Array
from core.datasets.signatures import N_LINES, STRETCHES, Signature

# Chance alone brings about so many candidates per check (they fall in stage two).
_CHANCE_CANDIDATES = 20.0
_LEAST_AGREEMENT = 9.0
_BLOCK = 1_024
# So many are kept at most while the pairs are gone through; nobody looks at more of them closely.
_MOST_KEPT = 100_000
_USABLE = 0.42
_LOWEST_HZ = 5.0
_MOST_SAMPLES = 1 << 21
_LEAST_PHASE_PEAK = 10.0
# Strangers that are periodic reach 1.9, copies under noise begin at 4.
_LEAST_DOMINANCE = 2.5
_NEAR_PEAK_S = 0.003
# What stands out of the median of its block of the spectrum is a line; so are its nearest neighbours.
_BLOCK_LINES = 128
_STANDS_OUT = 4.0
_BESIDE_LINES = 4
_MOST_STRETCHES = 4
_LEAST_STRETCH_SAMPLES = 512


class Candidate(NamedTuple):
    """Two rows whose signatures agree, and how strongly: about 1 for strangers, tens and more for copies."""

    left: int
    right: int
    agreement: float


@dataclass(frozen=True, slots=True)
class Copy:
    """How one signal follows from another: ``right(t + lag_s) = gain * left(t)`` plus whatever was added.

    Attributes
    ----------
    lag_s
        Delay of the right signal against the left one.
    gain
        Of the right signal over the left one, by least squares; negative where the polarity was turned.
    correlation
        Of the two, aligned, without offset, in the band that both have; from -1 to 1.
    overlap_s
        How long the stretch is that both hold.
    """

    lag_s: float
    gain: float
    correlation: float
    overlap_s: float


def find_candidates(
    signatures: Sequence[Signature],
    levels: Sequence[int],
    on_progress: Callable[[float], None] = lambda _share: None,
) -> list[Candidate]:
    """Return the pairs of rows whose signatures agree more than those of strangers do.

    Parameters
    ----------
    signatures
        One per row, as from `compute_signature`.
    levels
        The level of each row, as from `find_level`.
    on_progress
        Told the share that is done, from 0 to 1.

    Returns
    -------
    list of Candidate
        The strongest first; ``left < right``.
    """
    n_pairs = len(signatures) * (len(signatures) - 1) / 2
    threshold = max(_LEAST_AGREEMENT, np.log(max(n_pairs, 1.0) / _CHANCE_CANDIDATES))
    found: dict[tuple[int, int], float] = {}
    comparisons = list(_list_comparisons(levels))
    total = sum(len(left) * len(right) for left, _, right, _ in comparisons) or 1
    done = 0
    for left, left_index, right, right_index in comparisons:
        same = left is right
        for start in range(0, len(left), _BLOCK):
            rows = left[start : start + _BLOCK]
            first = _stack(signatures, rows, left_index)
            for other in range(start if same else 0, len(right), _BLOCK):
                columns = right[other : other + _BLOCK]
                agreement = _compare(first, _stack(signatures, columns, right_index))
                _collect(found, agreement, rows, columns, threshold)
            done += len(rows) * len(right)
            on_progress(done / total)
    strongest = sorted(found.items(), key=lambda item: -item[1])
    return [Candidate(left, right, agreement) for (left, right), agreement in strongest]


def _list_comparisons(
    levels: Sequence[int],
) -> Iterator[tuple[npt.NDArray[Any], int, npt.NDArray[Any], int]]:
    """Yield (rows, stretch, rows, stretch) such that every pair meets at the level of its shorter signal."""
    rows = {level: np.flatnonzero(np.asarray(levels) == level) for level in sorted(set(levels))}
    for long, long_rows in rows.items():
        for index, (below, _place) in enumerate(STRETCHES):
            if long + below in rows:
                yield long_rows, index, rows[long + below], 0


def _stack(
    signatures: Sequence[Signature], rows: npt.NDArray[Any], index: int
) -> tuple[npt.NDArray[np.complex64], npt.NDArray[np.int64]]:
    """Return the vectors of some rows, of mean square 1 over the lines they have, and how many these are."""
    raw = np.stack([signatures[row][index] for row in rows]).astype(np.float32)
    vectors = np.empty((len(rows), N_LINES), np.complex64)
    vectors.real, vectors.imag = raw[:, 0], raw[:, 1]
    n_lines = np.count_nonzero(vectors, axis=1)
    norms = np.linalg.norm(vectors, axis=1)
    scale = np.divide(np.sqrt(n_lines), norms, out=np.zeros_like(norms), where=norms > 0)
    vectors *= scale[:, None].astype(np.float32)
    return vectors, n_lines


def _compare(
    left: tuple[npt.NDArray[np.complex64], npt.NDArray[np.int64]],
    right: tuple[npt.NDArray[np.complex64], npt.NDArray[np.int64]],
) -> Float32Array:
    """Return the agreement of every pair: exponentially distributed with mean 1 for strangers."""
    product = left[0].conj() @ right[0].T
    common = np.minimum(left[1][:, None], right[1][None, :])
    power = product.real**2 + product.imag**2
    return np.divide(power, common, out=np.zeros_like(power), where=common > 0)


def _collect(
    found: dict[tuple[int, int], float],
    agreement: Float32Array,
    rows: npt.NDArray[Any],
    columns: npt.NDArray[Any],
    threshold: float,
) -> None:
    above = np.flatnonzero(agreement > threshold)
    if len(above) > _MOST_KEPT:
        above = above[np.argpartition(agreement.ravel()[above], -_MOST_KEPT)[-_MOST_KEPT:]]
    for place in above.tolist():
        one, other = divmod(place, agreement.shape[1])
        left, right = sorted((int(rows[one]), int(columns[other])))
        if left != right:
            value = float(agreement[one, other])
            found[left, right] = max(value, found.get((left, right), 0.0))
    if len(found) > 2 * _MOST_KEPT:
        strongest = sorted(found.items(), key=lambda item: -item[1])[:_MOST_KEPT]
        found.clear()
        found.update(strongest)


def confirm_copy(
    left: Float32Array, left_rate_hz: float, right: Float32Array, right_rate_hz: float
) -> Copy | None:
    """Compare two signals sample by sample; None where they have no common origin.

    Parameters
    ----------
    left, right
        Samples, float32, 1-D; of very long signals the middle 2^21 samples are compared.
    left_rate_hz, right_rate_hz
        Their sample rates.

    Returns
    -------
    Copy or None
        How the right one follows from the left one.
    """
    if min(len(left), len(right)) < 2 * _LEAST_STRETCH_SAMPLES:
        return None
    pair = _Pair.build(left, left_rate_hz, right, right_rate_hz)
    if pair is None:
        return None
    lag, peak, dominance = pair.find_lag()
    if peak < _LEAST_PHASE_PEAK or dominance < _LEAST_DOMINANCE or not pair.holds(lag):
        return None
    return pair.describe(lag)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two signals brought to one rate; ``offset_s`` is how much later the left one's stretch begins."""

    left: npt.NDArray[np.float32]
    right: npt.NDArray[np.float32]
    rate_hz: float
    offset_s: float

    @classmethod
    def build(
        cls, left: Float32Array, left_rate_hz: float, right: Float32Array, right_rate_hz: float
    ) -> _Pair | None:
        left, left_start_s = _take_middle(left, left_rate_hz)
        right, right_start_s = _take_middle(right, right_rate_hz)
        duration_s = max(len(left) / left_rate_hz, len(right) / right_rate_hz)
        rate = min(left_rate_hz, right_rate_hz)
        both = [
            _limit_band(x, r, rate, duration_s) for x, r in ((left, left_rate_hz), (right, right_rate_hz))
        ]
        if min(len(one) for one in both) < 2 * _LEAST_STRETCH_SAMPLES or not all(one.any() for one in both):
            return None
        return cls(both[0], both[1], rate, left_start_s - right_start_s)

    def find_lag(self) -> tuple[int, float, float]:
        """Return the lag in samples and its peak: in standard deviations, and over the next one."""
        agreement = _correlate_phases(self.left, self.right, self.rate_hz)
        height = np.abs(agreement)
        at = int(height.argmax())
        peak = float(height[at])
        near = int(_NEAR_PEAK_S * self.rate_hz) + 2
        others = np.roll(height, -at)[near : len(height) - near]
        spread = float(np.sqrt(np.mean(np.square(others)))) or 1.0
        lag = at if at < len(height) // 2 else at - len(height)
        return lag, peak / spread, peak / (float(others.max()) or 1.0)

    def holds(self, lag: int) -> bool:
        """Whether stretches whose windows are moved against each other show the same lag."""
        start, stop = self._overlap(lag)
        n_stretches = min((stop - start) // _LEAST_STRETCH_SAMPLES, _MOST_STRETCHES)
        if n_stretches < 2:
            return False
        size = (stop - start) // n_stretches
        agreed = [
            self._agrees(start + k * size, start + (k + 1) * size, lag, (-1) ** k * size // 9)
            for k in range(n_stretches)
        ]
        return sum(agreed) >= max(n_stretches - 1, 2)

    def _agrees(self, start: int, stop: int, lag: int, moved: int) -> bool:
        first = max(start + lag + moved, 0)
        right = self.right[first : first + stop - start]
        found = np.abs(_correlate_phases(self.left[start:stop], right, self.rate_hz))
        expected = (start + lag - first) % len(found)
        distance = abs(int(found.argmax()) - expected)
        return min(distance, len(found) - distance) <= 2 + 0.0005 * self.rate_hz

    def _overlap(self, lag: int) -> tuple[int, int]:
        """Return the stretch of the left signal that the right one holds too."""
        return max(0, -lag), min(len(self.left), len(self.right) - lag)

    def describe(self, lag: int) -> Copy:
        """Return delay, gain and correlation of the stretch that both hold."""
        start, stop = self._overlap(lag)
        quarter = (stop - start) // 4
        # A declared rate that is a little off lets the ends drift apart: then the middle tells.
        gain, correlation = max(
            (self._fit(one, other, lag) for one, other in ((start, stop), (start + quarter, stop - quarter))),
            key=lambda fit: abs(fit[1]),
        )
        lag_s, overlap_s = lag / self.rate_hz - self.offset_s, (stop - start) / self.rate_hz
        return Copy(lag_s, gain, correlation, overlap_s)

    def _fit(self, start: int, stop: int, lag: int) -> tuple[float, float]:
        """Return gain and correlation of one stretch."""
        left = self.left[start:stop].astype(np.float64)
        right = self.right[start + lag : stop + lag].astype(np.float64)
        left, right = left - left.mean(), right - right.mean()
        product, power = float(left @ right), float(left @ left)
        scale = float(np.sqrt(power * float(right @ right)))
        return (product / power if power else 0.0), (product / scale if scale else 0.0)


def _take_middle(values: Float32Array, rate_hz: float) -> tuple[Float32Array, float]:
    start = max(len(values) - _MOST_SAMPLES, 0) // 2
    return values[start : start + _MOST_SAMPLES], start / rate_hz


def _limit_band(
    values: Float32Array, from_hz: float, rate_hz: float, duration_s: float
) -> npt.NDArray[np.float32]:
    """Bring a signal to a rate that is not above its own, keeping what lies below 42 % of it."""
    n_from = scipy.fft.next_fast_len(int(np.ceil(1.05 * duration_s * from_hz)) + 64, real=True)
    n_to = round(n_from * rate_hz / from_hz)
    centred = values - values.mean(dtype=np.float64).astype(np.float32)
    spectrum = scipy.fft.rfft(centred, n_from)
    kept = int(_USABLE * rate_hz * n_from / from_hz)
    spectrum[min(kept, len(spectrum)) :] = 0
    spectrum = spectrum[: n_to // 2 + 1]
    limited = scipy.fft.irfft(spectrum, n_to) * np.float32(n_to / n_from)
    return np.asarray(limited[: int(len(values) * rate_hz / from_hz)], np.float32)


def _correlate_phases(left: Float32Array, right: Float32Array, rate_hz: float) -> Float32Array:
    """Return the phase correlation over circular lags, of what lies between the lines of both.

    It is the generalised cross-correlation of Knapp and Carter (1976) with every frequency weighted alike.
    Lines are left out: those of two recordings of one machine at one speed fit together at some lag, too.
    """
    n_fft = scipy.fft.next_fast_len(len(left) + len(right), real=True)
    first, at_lines = _find_lines(left, n_fft)
    second, at_others = _find_lines(right, n_fft)
    cross = second * first.conj()
    size = np.abs(cross)
    cross = np.divide(cross, size, out=np.zeros_like(cross), where=(size > 0) & ~at_lines & ~at_others)
    cross[: int(_LOWEST_HZ / rate_hz * n_fft) + 1] = 0
    cross[int(_USABLE * n_fft) :] = 0
    return np.asarray(scipy.fft.irfft(cross, n_fft), np.float32)


def _find_lines(values: Float32Array, n_fft: int) -> tuple[npt.NDArray[np.complex64], npt.NDArray[np.bool_]]:
    """Return the spectrum under a Blackman window, and which of its values stand out of their neighbours."""
    spectrum = scipy.fft.rfft(values * _blackman(len(values)), n_fft)
    height = np.abs(spectrum)
    n_blocks = len(height) // _BLOCK_LINES
    if n_blocks == 0:
        return spectrum, np.zeros(len(height), np.bool_)
    floor = np.median(height[: n_blocks * _BLOCK_LINES].reshape(n_blocks, _BLOCK_LINES), axis=1)
    floor = np.repeat(np.append(floor, floor[-1]), _BLOCK_LINES)[: len(height)]
    return spectrum, binary_dilation(height > _STANDS_OUT * floor, iterations=_BESIDE_LINES)


@lru_cache(maxsize=8)
def _blackman(n_samples: int) -> Float32Array:
    return np.blackman(n_samples).astype(np.float32)
