"""Speed from a tacho channel: one or more pulses per turn, timed between the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.shaft_angle import ShaftAngle
from utils.exceptions import InvalidInputError, SignalError

# Between the low and the high state of the channel: a pulse begins above the first and ends below the second.
_RISE_SHARE = 0.6
_FALL_SHARE = 0.4
_LOW_PERCENTILE, _HIGH_PERCENTILE = 0.5, 99.5
# An interval this far from its neighbours' median is a pulse missed or one too many.
_LONGEST, _SHORTEST = 1.5, 0.6
_NEIGHBOURS = 7
_MIN_PULSES = 3


def find_pulse_times(tacho: ArrayLike, sample_rate_hz: float) -> NDArray[np.float64]:
    """Find when each pulse of a tacho channel rises, to a fraction of a sample.

    A pulse counts when the channel climbs over 60 % of its range after it was below 40 % (hysteresis keeps
    noise from counting twice); its time is where the straight line between two samples crosses the middle.

    Parameters
    ----------
    tacho
        Samples of the channel, shape ``(n_samples,)``; any unit and offset.
    sample_rate_hz
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Rising, in seconds from the first sample, shape ``(n_pulses,)``.

    Raises
    ------
    SignalError
        Empty, not finite, or not a tacho: fewer than three pulses.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(tacho).astype(np.float64, copy=False)
    low, high = _find_states(samples)
    if not high > low:
        raise SignalError("The tacho channel does not move; no pulse can be found in it.")
    state = np.zeros(samples.size, dtype=np.int8)
    state[samples > low + _RISE_SHARE * (high - low)] = 1
    state[samples < low + _FALL_SHARE * (high - low)] = -1
    known = np.flatnonzero(state)
    rises = np.flatnonzero(np.diff(state[known]) > 0)
    if rises.size < _MIN_PULSES:
        raise SignalError(
            f"Only {rises.size} pulses in the tacho channel; at least {_MIN_PULSES} are needed."
        )
    middle = low + 0.5 * (high - low)
    return np.array([_cross(samples, known[i], known[i + 1], middle) for i in rises]) / rate


def _find_states(samples: NDArray[np.float64]) -> tuple[float, float]:
    """Low and high state. Pulses shorter than the percentile's share leave only the extremes to tell."""
    low, high = np.percentile(samples, (_LOW_PERCENTILE, _HIGH_PERCENTILE))
    lowest, highest = float(samples.min()), float(samples.max())
    if high - low < 0.5 * (highest - lowest):
        return lowest, highest
    return float(low), float(high)


def _cross(samples: NDArray[np.float64], below: int, above: int, level: float) -> float:
    """Sample index, with a fraction, at which the channel crosses `level` between two samples."""
    part = samples[below : above + 1]
    last_below = below + int(np.flatnonzero(part[:-1] < level)[-1])
    left, right = samples[last_below], samples[last_below + 1]
    return last_below + float((level - left) / (right - left))


def build_angle_from_pulses(pulse_times_s: ArrayLike, pulses_per_turn: int = 1) -> ShaftAngle:
    """Build the shaft's angle from pulse times.

    Parameters
    ----------
    pulse_times_s
        Rising, in seconds, shape ``(n_pulses,)``.
    pulses_per_turn
        Evenly spaced around the shaft.

    Returns
    -------
    ShaftAngle
        0 turns at the first pulse.

    Raises
    ------
    InvalidInputError
        Fewer than one pulse per turn, or pulses are missing or doubled (the sentence counts them).
    """
    times_s = np.asarray(pulse_times_s, dtype=np.float64)
    if pulses_per_turn < 1:
        raise InvalidInputError("A tacho gives at least one pulse per turn.")
    if times_s.size < _MIN_PULSES:
        raise InvalidInputError(f"At least {_MIN_PULSES} tacho pulses are needed.")
    n_uneven = _count_uneven(np.diff(times_s))
    if n_uneven:
        raise InvalidInputError(
            f"{n_uneven} of {times_s.size - 1} intervals between tacho pulses do not fit their neighbours: "
            "pulses are missing or doubled. Check the channel, or estimate the speed from the vibration."
        )
    return ShaftAngle(times_s, np.arange(times_s.size) / pulses_per_turn)


def _count_uneven(intervals_s: NDArray[np.float64]) -> int:
    half = _NEIGHBOURS // 2
    usual = np.array(
        [np.median(intervals_s[max(0, i - half) : i + half + 1]) for i in range(intervals_s.size)]
    )
    uneven = (intervals_s > _LONGEST * usual) | (intervals_s < _SHORTEST * usual)
    return int(np.count_nonzero(uneven))
