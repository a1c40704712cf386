"""Numbers of a whole recording relative to its noise floor: gain-invariant, for journal bearings.

Everything is a ratio of powers in dB. A line of amplitude ``A`` in white noise of standard deviation ``s``
stands ``A² n / (6 s²)`` over the mean of the bins around it: under a Hann window of ``n`` samples its
middle bin holds two thirds of the line's mean square ``A² / 2``, and a bin of noise ``2 s² / n``. The
height grows with the length, the sensor's gain cancels, and so does the level of the noise where two lines
are compared.

Three floors are used: the *white floor* (median of the bins from 0.15 to 0.34 of the sample rate, where a
journal bearing has no lines and the band limit of the classifiers has not begun to fall), the *local floor*
(running median of the spectrum, which follows coloured noise), and for events each frequency's own median
over time (a steady tone in the band then counts as floor).

The shaft frequency is not asked for: it is the candidate whose first three harmonics stand highest over the
local floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.features.arrays import FloatArray, centre_windows, get_hann_window
from core.features.transforms import compute_hann_power
from utils.exceptions import ErrorCode, SignalError

# Two-pole machines on a 50 or 60 Hz grid, ±20 % around the middle.
SHAFT_RANGE_HZ = (48.0, 72.0)
SUBSYNCHRONOUS = (0.40, 0.50)
LINE_ORDERS = (1, 2, 3, 4)
WHITE_BAND_OF_SAMPLE_RATE = (0.15, 0.34)
# What lies between the lines, in Hz: medians over the white floor tell the colour of the noise.
_QUIET_BANDS_HZ = (
    (1.2, 6.5), (6.5, 12.0), (12.0, 19.0), (36.0, 48.0), (75.0, 95.0), (145.0, 190.0),
    (300.0, 600.0), (600.0, 1400.0), (1400.0, 2600.0),
)  # fmt: skip
_SLOW_LINE_HZ = (1.6, 6.0)
_FLAT_HZ = (1.4, 8.0)
_DRIFT_HZ = (0.35, 1.2)
_SIDE_LINES_HZ = (0.45, 2.2)
_BURST_BAND_HZ = (1400.0, 2600.0)
_WIDE_BAND_HZ = (600.0, 6960.0)
_FRAME_S, _SHORT_FRAME_S = 0.0078125, 0.0015625
_BURST_RANKS = (0, 1, 2, 4, 6, 9, 13, 18, 24)
_IMPACT_RANKS = (0, 1, 2, 4, 7, 11)
_LOCAL_HZ = 10.0
_FEWEST_LOCAL_BINS = 15
_HIGHEST_SCORE_DB = 25.0
_SHORTEST_S = 0.5
_LOWEST_RATE_HZ = 10_000.0
_LOWEST = 1e-30
_BLOCK = 16
# The median of an exponential variable, as the power of a bin of noise is, over its mean.
_MEDIAN_OF_MEAN = float(np.log(2.0))


def compute_noise_floor_features(windows: NDArray[np.floating], sample_rate_hz: float) -> NDArray[np.float32]:
    """Describe windows of at least half a second, best whole recordings of several seconds.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit, finite.
    sample_rate_hz
        At least 10 kHz, so that there is room above the bursts for the white floor.

    Returns
    -------
    ndarray
        float32 ``(n_windows, len(list_noise_floor_features()))``; dB, but for two frequencies in Hz and one
        order. A gain or an offset changes nothing but the last digits; silent windows give finite values.

    Raises
    ------
    SignalError
        The windows are shorter than half a second, or sampled at less than 10 kHz.
    """
    values = np.asarray(windows)
    if values.shape[1] < round(_SHORTEST_S * sample_rate_hz):
        raise SignalError(
            f"Numbers over the noise floor need windows of at least {_SHORTEST_S:g} s, best whole recordings "
            "of some seconds. Lengthen window_s.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    if sample_rate_hz < _LOWEST_RATE_HZ:
        raise SignalError(
            "Numbers over the noise floor need a sample rate of at least 10 kHz.",
            code=ErrorCode.SAMPLE_RATE_TOO_LOW,
        )
    parts = [
        np.stack(list(_describe_block(values[at : at + _BLOCK], sample_rate_hz).values()), axis=1)
        for at in range(0, len(values), _BLOCK)
    ]
    return np.concatenate(parts).astype(np.float32)


@lru_cache(maxsize=1)
def list_noise_floor_features() -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(_describe_block(np.zeros((1, 10_240), dtype=np.float32), 20_480.0))


def _describe_block(windows: NDArray[np.floating], sample_rate_hz: float) -> dict[str, FloatArray]:
    centred = centre_windows(windows, np.float32)
    scale = np.maximum(np.abs(centred).max(axis=1), np.finfo(np.float32).tiny)
    centred = (centred / scale[:, None]).astype(np.float32)
    spectrum = Spectrum(centred, sample_rate_hz)
    return spectrum.describe_lines() | spectrum.describe_colour() | _describe_events(centred, sample_rate_hz)


class Spectrum:
    """Powers of a block of windows in dB over the white floor and over the local floor.

    Parameters
    ----------
    centred
        float32 ``(n_windows, n_samples)`` without mean, largest magnitude 1.
    sample_rate_hz
        Sample rate.
    """

    def __init__(self, centred: NDArray[np.floating], sample_rate_hz: float) -> None:
        n_samples = centred.shape[1]
        self.resolution_hz = sample_rate_hz / n_samples
        self._power = compute_hann_power(scipy.fft.rfft(centred, axis=1), n_samples)
        low, high = (round(part * n_samples) for part in WHITE_BAND_OF_SAMPLE_RATE)
        self.white = np.maximum(np.median(self._power[:, low:high], axis=1) / _MEDIAN_OF_MEAN, _LOWEST)
        last = self._bin(LINE_ORDERS[-1] * SHAFT_RANGE_HZ[1] + 2 * _LOCAL_HZ)
        self.level = to_db(self._power[:, :last] / self.white[:, None])
        self.height = self.level - _follow_median(self.level, self.resolution_hz)

    def describe_lines(self) -> dict[str, FloatArray]:
        """Heights at the shaft's orders, under it, of slow lines, and their ratios."""
        shaft_hz, score = self.find_shaft()
        found: dict[str, FloatArray] = {"shaft_score": score}
        for order in LINE_ORDERS:
            found |= self._describe_line(f"{order}x", order * shaft_hz)
        bands: dict[str, tuple[FloatArray | float, FloatArray | float]] = {
            "subsynchronous": (shaft_hz * SUBSYNCHRONOUS[0], shaft_hz * SUBSYNCHRONOUS[1]),
            "whirl": (SUBSYNCHRONOUS[0] * SHAFT_RANGE_HZ[0], SUBSYNCHRONOUS[1] * SHAFT_RANGE_HZ[1]),
            "slow": _SLOW_LINE_HZ,
            "drift": _DRIFT_HZ,
            **{f"band_{k}x": (k * SHAFT_RANGE_HZ[0], k * SHAFT_RANGE_HZ[1]) for k in (1, 2, 3)},
        }
        peaks_hz: dict[str, FloatArray] = {}
        for name, (low_hz, high_hz) in bands.items():
            peaks_hz[name] = self._find_peak(low_hz, high_hz)
            found |= self._describe_line(name, peaks_hz[name], sides=name in {"subsynchronous", "whirl"})
        pair_hz, found["pair_score"] = self.find_pair()
        for order in (1, 2, 3):
            found |= self._describe_line(f"pair_{order}x", order * pair_hz, sides=False)
        found["slow_flat"] = self._flatten_slow()
        found["subsynchronous_order"] = peaks_hz["subsynchronous"] / shaft_hz
        found["slow_hz"] = peaks_hz["slow"]
        found["whirl_hz"] = peaks_hz["whirl"]
        for name, factor in (("half", 0.5), ("three_halves", 1.5)):
            found |= self._describe_line(f"whirl_{name}", factor * peaks_hz["whirl"], sides=False)
        return found | _compare_levels(found)

    def find_shaft(self) -> tuple[FloatArray, FloatArray]:
        """Return the shaft frequency in Hz and the mean height of its first three harmonics.

        Heights over the local floor are clipped, so that one strong line does not decide alone.
        """
        candidates_hz = np.arange(*SHAFT_RANGE_HZ, self.resolution_hz / 3.0)
        clipped = np.clip(self.height, 0.0, _HIGHEST_SCORE_DB)
        wide = np.maximum(clipped[:, 1:-1], np.maximum(clipped[:, :-2], clipped[:, 2:]))
        score = np.zeros((len(clipped), len(candidates_hz)), dtype=np.float32)
        for order in (1, 2, 3):
            # The nearest bin counts twice and its neighbours once: the middle of a line beats its flanks.
            at = np.rint(order * candidates_hz / self.resolution_hz).astype(np.int64)
            score += clipped[:, at] + 0.5 * wide[:, at - 1]
        best = score.argmax(axis=1)
        return candidates_hz[best], score.max(axis=1) / 4.5

    def find_pair(self) -> tuple[FloatArray, FloatArray]:
        """Return the frequency whose line and octave both stand high, and the lower one's height.

        A strong line alone, such as mains hum near the shaft's frequency, does not make a pair.
        """
        candidates_hz = np.arange(*SHAFT_RANGE_HZ, self.resolution_hz / 2.0)
        first, second = (
            np.rint(order * candidates_hz / self.resolution_hz).astype(np.int64) for order in (1, 2)
        )
        score = np.minimum(self.height[:, first], self.height[:, second])
        return candidates_hz[score.argmax(axis=1)], score.max(axis=1)

    def _flatten_slow(self) -> FloatArray:
        """Highest slow line over the median around it, after noise that falls with 1/f² is made level."""
        low, high = self._bin(_SLOW_LINE_HZ[0]), self._bin(_SLOW_LINE_HZ[1]) + 1
        first, last = max(1, self._bin(_FLAT_HZ[0])), self._bin(_FLAT_HZ[1]) + 1
        flat = self.level[:, first:last] + to_db(np.arange(first, last, dtype=np.float64) ** 2)
        peak = flat[:, max(low, first) - first : max(high, first + 1) - first].max(axis=1)
        height: FloatArray = peak - np.median(flat, axis=1)
        return height

    def describe_colour(self) -> dict[str, FloatArray]:
        """Medians of quiet bands over the white floor: how coloured the noise is."""
        found = {}
        for low_hz, high_hz in _QUIET_BANDS_HZ:
            part = self._power[:, self._bin(low_hz) : self._bin(high_hz) + 1]
            found[f"quiet_{low_hz:g}_hz"] = to_db(np.median(part, axis=1) / self.white / _MEDIAN_OF_MEAN)
        return found

    def _bin(self, frequency_hz: float) -> int:
        return int(min(round(frequency_hz / self.resolution_hz), self._power.shape[1] - 1))

    def _take(self, values: FloatArray, at_hz: FloatArray, offsets: NDArray[np.int64]) -> FloatArray:
        """Return the bins at ``offsets`` from each row's frequency."""
        centre = np.rint(at_hz / self.resolution_hz).astype(np.int64)[:, None]
        bins = np.clip(centre + offsets, 0, values.shape[1] - 1)
        taken: FloatArray = np.take_along_axis(values, bins, axis=1)
        return taken

    def _describe_line(self, name: str, at_hz: FloatArray, sides: bool = True) -> dict[str, FloatArray]:
        near = np.arange(-1, 2)
        found = {
            f"{name}_level": self._take(self.level, at_hz, near).max(axis=1),
            f"{name}_local": self._take(self.height, at_hz, near).max(axis=1),
        }
        if sides:
            first = max(3, round(_SIDE_LINES_HZ[0] / self.resolution_hz))
            reach = np.arange(first, max(first + 2, round(_SIDE_LINES_HZ[1] / self.resolution_hz) + 1))
            left, right = (self._take(self.height, at_hz, sign * reach) for sign in (-1, 1))
            found[f"{name}_sides"] = np.minimum(left, right).max(axis=1)
            found[f"{name}_sides_below"] = found[f"{name}_local"] - np.maximum(left, right).max(axis=1)
        return found

    def _find_peak(self, low_hz: FloatArray | float, high_hz: FloatArray | float) -> FloatArray:
        """Return where the highest bin over the local floor lies between two frequencies."""
        n_windows, n_bins = self.height.shape
        low = np.broadcast_to(np.asarray(low_hz), (n_windows,))[:, None]
        high = np.broadcast_to(np.asarray(high_hz), (n_windows,))[:, None]
        bins_hz = np.arange(n_bins) * self.resolution_hz
        inside = (bins_hz >= low) & (bins_hz <= high)
        found: FloatArray = np.where(inside, self.height, -np.inf).argmax(axis=1) * self.resolution_hz
        return found


def to_db(ratio: NDArray[np.floating]) -> FloatArray:
    """Power ratio to decibels, not below −300 dB."""
    decibels: FloatArray = (10.0 * np.log10(np.maximum(ratio, _LOWEST))).astype(np.float32)
    return decibels


def _compare_levels(found: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Differences of line levels: they do not depend on how much noise lies over the lines."""
    names = ("1x", "2x", "3x", "subsynchronous", "slow", "drift")
    return {
        f"{one}_over_{other}": found[f"{one}_level"] - found[f"{other}_level"]
        for index, one in enumerate(names)
        for other in names[index + 1 :]
    }


def _follow_median(level: FloatArray, resolution_hz: float) -> FloatArray:
    """Running median along the bins, from medians of overlapping stretches joined by straight lines.

    Stretches grow with the frequency up to 10 Hz, so that steep noise near zero is followed too; the median
    of the logarithm is moved to the mean of exponential powers.
    """
    n_bins = level.shape[1]
    widest = max(_FEWEST_LOCAL_BINS, round(_LOCAL_HZ / resolution_hz) | 1)
    centres, medians = [], []
    at = 1
    while at < n_bins:
        half = int(min(max(_FEWEST_LOCAL_BINS, at), widest)) // 2
        centres.append(min(at + half, n_bins - 1))
        medians.append(np.median(level[:, at : at + 2 * half + 1], axis=1))
        at += half
    stacked = np.stack(medians, axis=1)
    bins = np.arange(n_bins)
    right = np.clip(np.searchsorted(centres, bins), 1, len(centres) - 1)
    span = np.maximum(np.diff(centres), 1)[right - 1]
    share = np.clip((bins - np.asarray(centres)[right - 1]) / span, 0.0, 1.0).astype(np.float32)
    followed: FloatArray = stacked[:, right - 1] * (1.0 - share) + stacked[:, right] * share
    return followed - np.float32(10.0 * np.log10(_MEDIAN_OF_MEAN))


def _describe_events(centred: FloatArray, sample_rate_hz: float) -> dict[str, FloatArray]:
    """Bursts, impacts and slow swelling of the noise, from short-time powers over their medians in time."""
    frames = _compute_frames(centred, sample_rate_hz, _FRAME_S, (_WIDE_BAND_HZ[0], _WIDE_BAND_HZ[1]))
    first_hz = sample_rate_hz / round(_FRAME_S * sample_rate_hz)
    bins_hz = (np.arange(frames.shape[2]) + np.ceil(_WIDE_BAND_HZ[0] / first_hz)) * first_hz
    in_burst = (bins_hz >= _BURST_BAND_HZ[0]) & (bins_hz <= _BURST_BAND_HZ[1])
    found = _rank("burst", frames[:, :, in_burst].mean(axis=2), _BURST_RANKS)
    found |= _rank("burst_bin", frames[:, :, in_burst].max(axis=2), _BURST_RANKS[:4])
    found |= _rank("hiss", frames[:, :, bins_hz > _BURST_BAND_HZ[1]].mean(axis=2), _BURST_RANKS[:4])
    found |= _describe_swelling(np.minimum(frames.mean(axis=2), 3.0), sample_rate_hz)
    short = _compute_frames(centred, sample_rate_hz, _SHORT_FRAME_S, (2600.0, _WIDE_BAND_HZ[1]))
    return found | _rank("impact", short.mean(axis=2), _IMPACT_RANKS)


def _compute_frames(
    centred: FloatArray, sample_rate_hz: float, frame_s: float, band_hz: Sequence[float]
) -> FloatArray:
    """Short-time powers (Hann, half overlap) of a band, each bin over its own median in time.

    Returns ``(n_windows, n_frames, n_bins)``.
    """
    length = round(frame_s * sample_rate_hz)
    hop = length // 2
    highest_hz = min(band_hz[1], WHITE_BAND_OF_SAMPLE_RATE[1] * sample_rate_hz)
    bins = slice(
        int(np.ceil(band_hz[0] * length / sample_rate_hz)), int(highest_hz * length / sample_rate_hz) + 1
    )
    cut = np.lib.stride_tricks.sliding_window_view(centred, length, axis=1)[:, ::hop]
    transformed = scipy.fft.rfft(cut * get_hann_window(length, centred.dtype), axis=2)[:, :, bins]
    power = transformed.real**2 + transformed.imag**2
    floor = np.median(power, axis=1, keepdims=True) / _MEDIAN_OF_MEAN
    over: FloatArray = power / np.maximum(floor, _LOWEST)
    return over


def _rank(name: str, energies: FloatArray, ranks: Sequence[int]) -> dict[str, FloatArray]:
    """Return the highest frames in dB over the median frame, by their rank from the top."""
    ordered = np.sort(energies, axis=1)[:, ::-1]
    middle = np.maximum(ordered[:, ordered.shape[1] // 2], _LOWEST)
    return {
        f"{name}_rank_{rank}": to_db(ordered[:, min(rank, ordered.shape[1] - 1)] / middle) for rank in ranks
    }


def _describe_swelling(energy: FloatArray, sample_rate_hz: float) -> dict[str, FloatArray]:
    """Line between 0.4 and 2.2 Hz in the noise's power: over the power's own noise, and its depth."""
    rate_hz = sample_rate_hz / (round(_FRAME_S * sample_rate_hz) // 2)
    n_frames = energy.shape[1]
    mean = np.maximum(energy.mean(axis=1, keepdims=True), _LOWEST)
    swing = energy / mean - 1.0
    power = compute_hann_power(scipy.fft.rfft(swing, axis=1), n_frames)
    bins_hz = np.arange(power.shape[1]) * (rate_hz / n_frames)
    peak = power[:, (bins_hz >= _SIDE_LINES_HZ[0] - 0.1) & (bins_hz <= _SIDE_LINES_HZ[1])].max(
        axis=1, initial=0.0
    )
    floor = np.median(power[:, (bins_hz >= 3.0) & (bins_hz <= 25.0)], axis=1) / _MEDIAN_OF_MEAN
    slow = power[:, (bins_hz >= 0.1) & (bins_hz < _SIDE_LINES_HZ[0] - 0.1)].max(axis=1, initial=0.0)
    return {
        "swelling_local": to_db(peak / np.maximum(floor, _LOWEST)),
        "swelling_depth": to_db(np.maximum(peak, 1e-8)),
        "slow_swelling_depth": to_db(np.maximum(slow, 1e-8)),
    }
