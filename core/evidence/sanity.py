"""Is this a recording of a machine at all?

A sine from a generator, a dead sensor and the noise of an open input have lines or none like any recording,
and every classifier names one of its classes for them. They are recognised here by what no machine does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_dilation

from core.evidence.findings import Decision
from core.evidence.recording_check import PASSED, CheckName, RecordingCheck
from core.signal.checks import check_sample_rate, check_usable
from core.signal.prewhitening import compute_running_median
from utils.exceptions import ErrorCode, SignalError

_FEWEST_SAMPLES = 1024
_FEWEST_VALUES = 8
# Rounding to so many steps leaves lines 30 dB below a sine (6 dB a bit and 1.8); to fewer, higher ones.
_COARSE_VALUES = 32
_MOST_SAMPLES = 2**19
# Hann's main lobe reaches 2 bins; beyond 8 less than a millionth of a tone is left.
_TONE_REACH = 8
_REST_OF_TONES, _WHITE_REST_OF_TONES = 1e-3, 0.02
# A line of noise counts once in ten thousand recordings; its floor is the median of so many bins.
_FALSE_TONE, _FLOOR_BINS = 1e-4, 201
_N_TONES = 3
# What stands 60 dB below the strongest is a skirt or a rounding.
_LEAST_TONE = 1e-6
_FAMILY_BINS, _LOWEST_TONE_BINS, _N_NAMED = 3.0, 20, 4
_FEWEST_LEFT = 100
# Hann makes neighbouring bins alike: what is summed varies like 1/1.94 as many independent ones.
_HANN_WIDTH = 1.94
# The two best levels leave 25 % of evenly spread values, 19 % of a sine, 36 % of noise; half of a sine's.
_REST_OF_LEVELS = 0.1
_LEAST_OF_LEVEL, _FEWEST_JUMPS, _N_LEVEL_ROUNDS = 0.01, 4, 5
# Two-sided Kolmogorov statistic that a periodogram of white noise exceeds once in ten thousand recordings.
_WHITE_STATISTIC = 2.23


def check_recording(samples: ArrayLike, sample_rate_hz: float) -> RecordingCheck:
    """Look for what no recording of a running machine is: silence, pulses, pure tones, white noise.

    Silence is fewer than 8 different values, coarse fewer than 32. Pulses: two levels explain all but a tenth
    of the variance. Pure tones: up to three clear lines, or any number of multiples of one, hold all but a
    thousandth of the power (30 dB), or those multiples all but a fiftieth (17 dB) and the rest is white;
    sensor and machine of the quietest rotor leave more, and other lines. White noise: the cumulative
    periodogram of the samples, and of their squares, keeps to a straight line (Bartlett, 1955) within
    Kolmogorov's bound of 1 in 10,000. Noise that comes and goes with a rhythm is white, its squares are not.

    Parameters
    ----------
    samples
        Shape ``(n_samples,)``, any unit.
    sample_rate_hz
        As stated.

    Returns
    -------
    RecordingCheck
        Damaged samples are refused with the sentence that counts them.

    Raises
    ------
    SignalError
        The sample rate is not possible, or there is not one row of real numbers.
    """
    rate_hz = check_sample_rate(sample_rate_hz)
    try:
        values = check_usable(samples)
    except SignalError as error:
        if error.code is ErrorCode.INVALID_INPUT:
            raise
        return RecordingCheck(Decision.REFUSED, CheckName.DAMAGED, error.sentence)
    if values.size < _FEWEST_SAMPLES:
        return RecordingCheck(
            Decision.UNDECIDED,
            CheckName.TOO_SHORT,
            f"{values.size} samples ({values.size / rate_hz:.3g} s) are too few to tell a machine by; "
            f"at least {_FEWEST_SAMPLES} are needed, best several seconds.",
        )
    stretch = _take_middle(values)
    for look in (_check_values, _check_levels):
        found = look(stretch)
        if not found.is_passed:
            return found
    return _check_spectrum(stretch, rate_hz)


def _check_values(stretch: NDArray[np.float64]) -> RecordingCheck:
    n_values = np.unique(stretch).size
    if n_values < _FEWEST_VALUES:
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.SILENCE,
            f"The recording is silent: {n_values} different values in {stretch.size} samples. "
            "Check the sensor and its cable.",
        )
    if n_values < _COARSE_VALUES:
        return RecordingCheck(
            Decision.UNDECIDED,
            CheckName.COARSE,
            f"The recording holds only {n_values} different values: rounding to so few steps makes lines of "
            "its own. Check the measuring range.",
        )
    return PASSED


def _check_levels(centred: NDArray[np.float64]) -> RecordingCheck:
    """Look for a tacho: values that jump between two levels and stay there."""
    limit = 0.5 * float(centred.max() + centred.min())
    is_high = centred > limit
    for _ in range(_N_LEVEL_ROUNDS):
        limit = 0.5 * float(centred[is_high].mean() + centred[~is_high].mean())
        is_high = centred > limit
    share = float(is_high.mean())
    n_jumps = np.count_nonzero(is_high[1:] != is_high[:-1])
    apart = float(centred[is_high].mean() - centred[~is_high].mean())
    rest = 1.0 - share * (1.0 - share) * apart**2 / max(float(centred.var()), 1e-300)
    if rest > _REST_OF_LEVELS or min(share, 1.0 - share) < _LEAST_OF_LEVEL or n_jumps < _FEWEST_JUMPS:
        return PASSED
    return RecordingCheck(
        Decision.REFUSED,
        CheckName.TWO_LEVELS,
        "The recording jumps between two levels, as a tacho or another switch does: it is no vibration. "
        "Check the channel.",
    )


def _take_middle(values: NDArray[np.floating]) -> NDArray[np.float64]:
    first = max(0, (values.size - _MOST_SAMPLES) // 2)
    stretch = values[first : first + _MOST_SAMPLES].astype(np.float64)
    centred: NDArray[np.float64] = stretch - stretch.mean()
    return centred


def _check_spectrum(centred: NDArray[np.float64], rate_hz: float) -> RecordingCheck:
    tones = _find_tones(centred)
    most = _WHITE_REST_OF_TONES if tones.is_family and tones.rest_is_white else _REST_OF_TONES
    if tones.rest < most and (tones.is_family or 0 < len(tones.places) <= _N_TONES):
        resolution_hz = rate_hz / centred.size
        named = ", ".join(f"{place * resolution_hz:.4g}" for place in tones.places[:_N_NAMED])
        more = ", …" if len(tones.places) > _N_NAMED else ""
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.PURE_TONES,
            f"The recording holds pure tones ({named} Hz{more}) and next to nothing else: a test signal, "
            "hum, or a filter that left nothing of the machine.",
        )
    squared = centred * centred
    if max(compute_whiteness(centred), compute_whiteness(squared - squared.mean())) < _WHITE_STATISTIC:
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.WHITE_NOISE,
            "The recording can't be told from white noise: no line, no resonance and no rhythm of a machine. "
            "Check the sensor, its cable and the measuring range.",
        )
    return PASSED


@dataclass(frozen=True, slots=True)
class _Tones:
    """Bins of the clear lines, which share of the power all else holds, and whether that is white.

    They are a family where all are multiples of the lowest, and that one is the strongest.
    """

    places: tuple[int, ...]
    is_family: bool
    rest: float
    rest_is_white: bool


def _find_tones(centred: NDArray[np.float64]) -> _Tones:
    power = np.abs(scipy.fft.rfft(centred * np.hanning(centred.size))) ** 2
    floor = compute_running_median(power, _FLOOR_BINS) / math.log(2.0)
    power[: _TONE_REACH + 1] = 0.0
    clear = power > math.log(power.size / _FALSE_TONE) * np.maximum(floor, 1e-300)
    near = binary_dilation(clear, iterations=_TONE_REACH)
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False))
    tops = [
        int(first + power[first:last].argmax()) for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    places = tuple(top for top in tops if power[top] >= _LEAST_TONE * power.max())
    is_family = _are_multiples(places) and places[0] == int(power.argmax())
    near[: _TONE_REACH + 1] = True
    left, total = power[~near], float(power.sum())
    if left.size < _FEWEST_LEFT or total <= 0.0:
        return _Tones(places, is_family, float(left.sum()) / max(total, 1e-300), False)
    rest = min(float(left.mean()) * power.size / total, 1.0)
    return _Tones(places, is_family, rest, _leave_line(left) / math.sqrt(_HANN_WIDTH) < _WHITE_STATISTIC)


def _are_multiples(places: tuple[int, ...]) -> bool:
    """Whether all lines are multiples of the lowest."""
    step = float(places[0]) if places else 0.0
    if step < _LOWEST_TONE_BINS:
        return False
    for place in places:
        multiple = round(place / step)
        if abs(place - multiple * step) > _FAMILY_BINS:
            return False
        step = place / multiple
    return True


def compute_whiteness(centred: NDArray[np.float64]) -> float:
    """Compute how far the cumulative periodogram leaves the straight line of white noise.

    Returns
    -------
    float
        √m times the largest distance, m the number of frequencies: under white noise distributed as
        Kolmogorov's statistic, whatever the noise's distribution and level; grows with √m otherwise.
    """
    power = np.abs(scipy.fft.rfft(centred)[1 : (centred.size + 1) // 2]) ** 2
    return _leave_line(power) if power.any() else float("inf")


def _leave_line(power: NDArray[np.float64]) -> float:
    away = np.abs(np.cumsum(power) / power.sum() - np.arange(1, power.size + 1) / power.size)
    return float(np.sqrt(power.size) * away.max())
