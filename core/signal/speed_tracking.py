"""The shaft's speed over time from the vibration itself: a run-up or run-down without a tacho.

First roughly: a comb of harmonics scores every speed in short frames, and the best path through the frames is
found that does not jump (Viterbi). Then finely: over that rough angle the strongest harmonic is nearly a pure
line, and its remaining phase tells how far the angle is off (phase demodulation; Bonnardot et al. 2005,
Mechanical Systems and Signal Processing 19(4)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d

from core.signal.order_tracking import resample_to_angle
from core.signal.shaft_angle import ShaftAngle, build_constant_angle
from core.signal.shaft_speed import (
    ENVELOPE_WEIGHT,
    LEAST_SHARE_ALONE,
    SEARCH_SHARE,
    SpeedEstimate,
    choose_range,
    estimate_from,
    measure_line_share,
)
from core.signal.slow_sources import SlowSources, reduce_rate, reduce_sources

TRACKING_SHARE = 0.25
_N_HARMONICS = 5
_FRAME_TURNS = 16.0
_HOP_SHARE = 0.25
_ZERO_PADDING = 4
_MIN_FLOOR_BINS = 9
_MIN_FRAMES = 6
# Side by side; many turns make the frames longer, so that the work stays bounded.
_MAX_WHOLE_FRAMES = 150
# Natural logarithm of a power ratio at which a line counts in full (20 dB): frames are short.
_CLIP = math.log(100.0)
_STEP_SHARE = 0.004
# How much evidence a change of speed by one step of the grid costs, and how many steps a frame may bring.
_STEP_COST = 0.4
_MAX_STEPS = 6
# The first refinement must catch what the rough angle is off by; after it the phase moves slowly.
_REFINE_BANDS_ORDERS = (0.2, 0.05)
# The line that the refined angle gathers, against the floor beside it.
_MIN_LINE_RATIO = 6.0
_MIN_STRONG_RATIO = 15.0
_MADE_WITH_OTHERS, _MADE_ALONE = 1.5, 4.0
_TRACKING_GAIN = 1.2
_N_STEADY_COMPARED = 3


@dataclass(frozen=True, slots=True)
class SpeedTrack:
    """A shaft's angle found in its vibration.

    Attributes
    ----------
    angle
        None where none was found.
    confidence
        From 0 to 1: how clearly lines stand at whole orders once the signal follows the angle.
    reason
        Why there is no angle, or None.
    """

    angle: ShaftAngle | None
    confidence: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FoundAngle:
    """The better of a steady and a changing speed.

    Attributes
    ----------
    angle
        None where neither was found.
    method
        ``steady`` or ``tracked``.
    confidence
        Of that method, from 0 to 1.
    estimate
        What the search for a steady speed found.
    reason
        Why there is no angle, or None.
    """

    angle: ShaftAngle | None
    method: Literal["steady", "tracked"]
    confidence: float
    estimate: SpeedEstimate
    reason: str | None = None


def find_shaft_angle(signal: ArrayLike, sample_rate_hz: float, nominal_hz: float) -> FoundAngle:
    """Find the shaft's angle through a signal whose speed is steady or changes.

    A steady speed is sought within 10 % of the nominal one, a changing one within 25 %.

    The changing one is taken where the lines over it stand at least a fifth higher than over any steady one
    in question, so that a steady machine keeps its plain answer.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    nominal_hz
        Shaft frequency to search around.

    Raises
    ------
    SignalError, InvalidInputError
        As for `track_shaft_speed`.
    """
    _, high_hz = choose_range(nominal_hz, TRACKING_SHARE)
    sources = reduce_sources(signal, sample_rate_hz, high_hz)
    estimate = estimate_from(sources, nominal_hz, SEARCH_SHARE)
    track = track_from(sources, nominal_hz, TRACKING_SHARE)
    if track.angle is not None and _beats_steady(track.angle, estimate, sources):
        return FoundAngle(track.angle, "tracked", track.confidence, estimate)
    if estimate.shaft_frequency_hz is None:
        return FoundAngle(None, "steady", 0.0, estimate, estimate.reason)
    steady = build_constant_angle(estimate.shaft_frequency_hz, sources.duration_s)
    return FoundAngle(steady, "steady", estimate.confidence, estimate)


def _beats_steady(angle: ShaftAngle, estimate: SpeedEstimate, sources: SlowSources) -> bool:
    """Tell whether lines stand clearly higher over a changing speed than over any steady one in question.

    Where they do not, the speed is steady, and whether it is known is the steady search's to say.
    """
    over_track = _measure_lines(sources.raw, sources.rate_hz, angle)
    steady_hz = [each.shaft_frequency_hz for each in estimate.candidates[:_N_STEADY_COMPARED]]
    if estimate.shaft_frequency_hz is not None:
        steady_hz.append(estimate.shaft_frequency_hz)
    over_steady = np.zeros(_N_HARMONICS)
    for hz in steady_hz:
        steady = build_constant_angle(hz, sources.duration_s)
        over_steady = np.maximum(over_steady, _measure_lines(sources.raw, sources.rate_hz, steady))
    clear = over_track >= _MIN_STRONG_RATIO
    higher = bool(np.any(over_track[clear] > _TRACKING_GAIN * over_steady[clear]))
    return higher and bool(over_track.max() > over_steady.max() / _TRACKING_GAIN)


def track_shaft_speed(
    signal: ArrayLike,
    sample_rate_hz: float,
    nominal_hz: float,
    *,
    search_share: float = TRACKING_SHARE,
) -> SpeedTrack:
    """Track the shaft's angle through a signal whose speed changes.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least some 40 turns of them.
    sample_rate_hz
        Samples per second.
    nominal_hz
        A shaft frequency in the middle of what to expect.
    search_share
        How far the speed may lie from it to either side, as a share.

    Returns
    -------
    SpeedTrack
        Without an angle where no lines gather at whole orders.

    Raises
    ------
    SignalError
        Empty, not finite, or an impossible sample rate.
    InvalidInputError
        An impossible nominal speed or search width.
    """
    _, high_hz = choose_range(nominal_hz, search_share)
    return track_from(reduce_sources(signal, sample_rate_hz, high_hz), nominal_hz, search_share)


def track_from(sources: SlowSources, nominal_hz: float, search_share: float) -> SpeedTrack:
    """Track as `track_shaft_speed` does, from sources that are there already."""
    low_hz, high_hz = choose_range(nominal_hz, search_share)
    frame_s = max(_FRAME_TURNS / nominal_hz, sources.duration_s / _MAX_WHOLE_FRAMES)
    n_frames = int((sources.duration_s - frame_s) / (_HOP_SHARE * frame_s)) + 1
    if n_frames < _MIN_FRAMES or (_N_HARMONICS + 1) * high_hz > 0.45 * sources.rate_hz:
        reason = "The signal is too short, or its sample rate too low, to follow the speed."
        return SpeedTrack(None, 0.0, reason)
    grid = np.exp(np.arange(math.log(low_hz), math.log(high_hz), _STEP_SHARE))
    scores = _score_frames(sources.raw, sources.rate_hz, grid, frame_s, n_frames)
    scores += ENVELOPE_WEIGHT * _score_frames(sources.envelope, sources.rate_hz, grid, frame_s, n_frames)
    path = smooth_path(scores)
    rough = _integrate_path(grid[path], frame_s, sources.duration_s)
    return _refine(sources, rough)


def _score_frames(
    samples: NDArray[np.float64], rate: float, grid: NDArray[np.float64], frame_s: float, n_frames: int
) -> NDArray[np.float64]:
    slow, slow_rate = reduce_rate(samples, rate, 2.4 * (_N_HARMONICS + 1) * grid[-1])
    n_frame = round(frame_s * slow_rate)
    starts = np.linspace(0, slow.size - n_frame, n_frames).astype(np.int64)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_frame) / n_frame)
    n_transform = scipy.fft.next_fast_len(_ZERO_PADDING * n_frame, real=True)
    views = np.lib.stride_tricks.sliding_window_view(slow, n_frame)[starts]
    power = np.abs(scipy.fft.rfft(views * hann, n_transform, axis=1)) ** 2
    resolution_hz = slow_rate / n_transform
    floor = _find_floor(power, max(_MIN_FLOOR_BINS, round(0.6 * grid[0] / resolution_hz))) / math.log(2.0)
    tiny = np.finfo(float).tiny
    ratios = np.clip(np.log(np.maximum(power, tiny) / np.maximum(floor, tiny)), 0.0, _CLIP)
    return _gather(ratios, grid / resolution_hz)


def _find_floor(power: NDArray[np.float64], n_block: int) -> NDArray[np.float64]:
    """Median of each block of bins, straight between the middles of the blocks, in every frame."""
    n_block = min(n_block, power.shape[1])
    n_blocks = power.shape[1] // n_block
    medians = np.median(power[:, : n_blocks * n_block].reshape(-1, n_blocks, n_block), axis=2)
    place = (np.arange(power.shape[1]) - 0.5 * (n_block - 1)) / n_block
    left = np.clip(np.floor(place).astype(np.int64), 0, max(n_blocks - 2, 0))
    share = np.clip(place - left, 0.0, 1.0)
    right = np.minimum(left + 1, n_blocks - 1)
    return np.asarray((1.0 - share) * medians[:, left] + share * medians[:, right])


def _gather(ratios: NDArray[np.float64], bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the evidence at the harmonics of each speed, in every frame."""
    scores = np.zeros((ratios.shape[0], bins.size))
    for harmonic in range(1, _N_HARMONICS + 1):
        at = harmonic * bins
        left = np.minimum(at.astype(np.int64), ratios.shape[1] - 2)
        share = np.clip(at - left, 0.0, 1.0)
        scores += ((1.0 - share) * ratios[:, left] + share * ratios[:, left + 1]) / math.sqrt(harmonic)
    return scores


def smooth_path(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the path with the highest sum of scores less what its steps cost (Viterbi).

    Parameters
    ----------
    scores
        Shape ``(n_frames, n_speeds)``.

    Returns
    -------
    numpy.ndarray
        Index of the speed in each frame, shape ``(n_frames,)``; neighbours differ by at most 6.
    """
    n_frames, n_speeds = scores.shape
    steps = np.arange(-_MAX_STEPS, _MAX_STEPS + 1)
    origins = np.arange(n_speeds)[:, None] + steps
    outside = (origins < 0) | (origins >= n_speeds)
    origins = np.clip(origins, 0, n_speeds - 1)
    total = scores[0]
    came_from = np.zeros((n_frames, n_speeds), dtype=np.int64)
    for frame in range(1, n_frames):
        reached = np.where(outside, -np.inf, total[origins] - _STEP_COST * np.abs(steps))
        best = reached.argmax(axis=1)
        came_from[frame] = origins[np.arange(n_speeds), best]
        total = scores[frame] + reached[np.arange(n_speeds), best]
    path = np.empty(n_frames, dtype=np.int64)
    path[-1] = int(total.argmax())
    for frame in range(n_frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path


def _integrate_path(speeds_hz: NDArray[np.float64], frame_s: float, duration_s: float) -> ShaftAngle:
    """Turns from the speeds in the middle of the frames, carried on straight to both ends."""
    middles_s = np.linspace(0.5 * frame_s, duration_s - 0.5 * frame_s, speeds_hz.size)
    smooth = uniform_filter1d(np.pad(speeds_hz, 3, mode="reflect", reflect_type="odd"), 5)[3:-3]
    times_s = np.linspace(0.0, duration_s, max(64, 8 * speeds_hz.size))
    speeds = np.interp(times_s, middles_s, smooth)
    for side, edge in ((times_s < middles_s[0], (0, 2)), (times_s > middles_s[-1], (-1, -3))):
        slope = (smooth[edge[1]] - smooth[edge[0]]) / (middles_s[edge[1]] - middles_s[edge[0]])
        speeds[side] = smooth[edge[0]] + slope * (times_s[side] - middles_s[edge[0]])
    speeds = np.maximum(speeds, 0.2 * float(smooth.min()))
    turns = np.concatenate([[0.0], np.cumsum(0.5 * (speeds[1:] + speeds[:-1]) * np.diff(times_s))])
    return ShaftAngle(times_s, turns)


def _refine(sources: SlowSources, rough: ShaftAngle) -> SpeedTrack:
    samples, rate, angle = sources.raw, sources.rate_hz, rough
    ratios = _measure_lines(samples, rate, angle)
    for band_orders in _REFINE_BANDS_ORDERS:
        corrected = _correct(samples, rate, angle, int(np.argmax(ratios)) + 1, band_orders)
        if corrected is None:
            break
        better = _measure_lines(samples, rate, corrected)
        if better.max() < 0.5 * ratios.max():
            break
        angle, ratios = corrected, better
    if not _is_convincing(ratios, angle, sources):
        return SpeedTrack(None, 0.0, "No lines gather at whole multiples of any changing speed in the range.")
    return SpeedTrack(angle, float(1.0 - _MIN_LINE_RATIO / ratios.max()))


def _is_convincing(ratios: NDArray[np.float64], angle: ShaftAngle, sources: SlowSources) -> bool:
    """Tell a shaft from noise that the refinement has gathered.

    Following the phase within a narrow band makes a line of whatever noise that band holds: as high as the
    root of the number of independent values in it. At the other harmonics nothing is made; so either another
    one must stand out too, or the strongest one stand far above what can be made and be a good part of the
    whole signal: a lone line may be anything's.
    """
    strongest, *others = sorted(ratios.tolist(), reverse=True)
    made = math.sqrt(max(1.0, 2.0 * _REFINE_BANDS_ORDERS[-1] * (angle.turns[-1] - angle.turns[0])))
    if others[0] >= _MIN_LINE_RATIO and strongest >= max(_MIN_STRONG_RATIO, _MADE_WITH_OTHERS * made):
        return True
    if strongest < max(2.0 * _MIN_STRONG_RATIO, _MADE_ALONE * made):
        return False
    angular = resample_to_angle(sources.raw, sources.rate_hz, angle, max_order=_N_HARMONICS + 1.0)
    order, per_turn = float(np.argmax(ratios) + 1), float(angular.samples_per_turn)
    return measure_line_share(angular.samples, per_turn, order, sources.mean_square) >= LEAST_SHARE_ALONE


def _measure_lines(samples: NDArray[np.float64], rate: float, angle: ShaftAngle) -> NDArray[np.float64]:
    """Amplitude at orders 1 to 5 over the median amplitude within half an order of each."""
    angular = resample_to_angle(samples, rate, angle, max_order=_N_HARMONICS + 1.0)
    n_samples = angular.samples.size
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_samples) / n_samples)
    amplitudes = np.abs(scipy.fft.rfft(angular.samples * hann))
    n_turns = angular.n_turns
    ratios = np.zeros(_N_HARMONICS)
    for harmonic in range(1, _N_HARMONICS + 1):
        centre = harmonic * n_turns
        around = amplitudes[centre - n_turns // 2 : centre + n_turns // 2 + 1]
        floor = float(np.median(around))
        ratios[harmonic - 1] = amplitudes[centre - 1 : centre + 2].max() / max(floor, np.finfo(float).tiny)
    return ratios


def _correct(
    samples: NDArray[np.float64], rate: float, angle: ShaftAngle, harmonic: int, band_orders: float
) -> ShaftAngle | None:
    """Read the remaining phase of a harmonic over the angle and move the angle by it."""
    angular = resample_to_angle(samples, rate, angle, max_order=_N_HARMONICS + 1.0)
    per_turn = angular.samples_per_turn
    n_samples = angular.samples.size
    turns = np.arange(n_samples) / per_turn
    mixed = angular.samples * np.exp(-2j * np.pi * harmonic * turns)
    # The wanted part is slow now: mirrored at the ends it goes on smoothly.
    n_margin = min(n_samples - 1, round(2 * per_turn / band_orders))
    padded = np.pad(mixed, n_margin, mode="reflect")
    transform = scipy.fft.fft(padded)
    transform *= np.abs(scipy.fft.fftfreq(padded.size, 1.0 / per_turn)) <= band_orders
    baseband = scipy.fft.ifft(transform)[n_margin : n_margin + n_samples]
    excess = np.unwrap(np.angle(baseband)) / (2.0 * np.pi * harmonic)
    n_step = round(0.25 / band_orders * per_turn)
    kept = np.round(np.linspace(0, turns.size - 1, max(4, turns.size // n_step))).astype(np.int64)
    at_turns = angular.first_turn + turns[kept]
    corrected = at_turns + excess[kept] - excess[0]
    if not np.all(np.diff(corrected) > 0.0):
        return None
    return ShaftAngle(angle.times_at(at_turns), corrected)
