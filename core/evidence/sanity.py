"""Is this a recording of a machine at all, and at the sample rate that was stated?

A sine from a generator, a dead sensor and the noise of an open input have lines or none like any recording,
and every classifier names one of its classes for them. They are recognised here by what no machine does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.evidence.findings import Decision, Evidence
from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, SignalError

_FEWEST_SAMPLES = 1024
_FEWEST_VALUES = 8
_MOST_SAMPLES = 2**19
_N_TONES = 3
# Hann's main lobe reaches 2 bins; beyond 8 less than a millionth of a tone is left.
_TONE_REACH = 8
_REST_OF_TONES = 1e-3
# Two-sided Kolmogorov statistic that white noise exceeds once in ten thousand recordings.
_WHITE_STATISTIC = 2.23
_MAJORITY = 0.5


class CheckName(StrEnum):
    """What was seen."""

    DAMAGED = "damaged"
    TOO_SHORT = "too_short"
    SILENCE = "silence"
    PURE_TONES = "pure_tones"
    WHITE_NOISE = "white_noise"
    RATE_DOUBTFUL = "rate_doubtful"


@dataclass(frozen=True, slots=True)
class RecordingCheck:
    """Whether anything speaks against naming a fault from a recording.

    Attributes
    ----------
    decision
        ``refused`` or ``undecided`` where no fault may be named, whoever names it; None where nothing was
        seen.
    name
        What was seen, or None.
    reason
        One sentence for people; empty where nothing was seen.
    """

    decision: Decision | None = None
    name: CheckName | None = None
    reason: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether a fault may be named."""
        return self.decision is None


PASSED: Final = RecordingCheck()


def check_recording(samples: ArrayLike, sample_rate_hz: float) -> RecordingCheck:
    """Look for what no recording of a running machine is: silence, pure tones, white noise.

    Silence is fewer than 8 different values. Pure tones: the three strongest lines hold all but a thousandth
    of the power (30 dB); sensor and machine of the quietest rotor leave more. White noise: the cumulative
    periodogram keeps to a straight line (Bartlett, 1955) within Kolmogorov's bound of 1 in 10,000.

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
    if np.unique(stretch).size < _FEWEST_VALUES:
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.SILENCE,
            f"The recording is silent: {np.unique(stretch).size} different values in {stretch.size} samples. "
            "Check the sensor and its cable.",
        )
    return _check_spectrum(stretch, rate_hz)


def _take_middle(values: NDArray[np.floating]) -> NDArray[np.float64]:
    first = max(0, (values.size - _MOST_SAMPLES) // 2)
    stretch = values[first : first + _MOST_SAMPLES].astype(np.float64)
    centred: NDArray[np.float64] = stretch - stretch.mean()
    return centred


def _check_spectrum(centred: NDArray[np.float64], rate_hz: float) -> RecordingCheck:
    power = np.abs(scipy.fft.rfft(centred * np.hanning(centred.size))) ** 2
    rest, places = _take_off_tones(power)
    if rest < _REST_OF_TONES:
        resolution_hz = rate_hz / centred.size
        named = ", ".join(f"{place * resolution_hz:.4g}" for place in sorted(places))
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.PURE_TONES,
            f"The recording holds pure tones ({named} Hz) and next to nothing else: a test signal, "
            "or a filter that left nothing of the machine.",
        )
    if compute_whiteness(centred) < _WHITE_STATISTIC:
        return RecordingCheck(
            Decision.REFUSED,
            CheckName.WHITE_NOISE,
            "The recording can't be told from white noise: no line, no resonance and no rhythm of a machine. "
            "Check the sensor, its cable and the measuring range.",
        )
    return PASSED


def _take_off_tones(power: NDArray[np.float64]) -> tuple[float, list[int]]:
    """Return the share of the power that the strongest lines leave, and where those stand."""
    left, total, places = power.copy(), float(power.sum()), []
    for _ in range(_N_TONES):
        place = int(left.argmax())
        if left[place] < _REST_OF_TONES * power.max():
            break
        places.append(place)
        left[max(0, place - _TONE_REACH) : place + _TONE_REACH + 1] = 0.0
    return float(left.sum()) / total if total > 0.0 else 0.0, places


def compute_whiteness(centred: NDArray[np.float64]) -> float:
    """Compute how far the cumulative periodogram leaves the straight line of white noise.

    Returns
    -------
    float
        √m times the largest distance, m the number of frequencies: under white noise distributed as
        Kolmogorov's statistic, whatever the noise's distribution and level; grows with √m otherwise.
    """
    power = np.abs(scipy.fft.rfft(centred)[1 : (centred.size + 1) // 2]) ** 2
    total = float(power.sum())
    if total <= 0.0:
        return float("inf")
    away = np.abs(np.cumsum(power) / total - np.arange(1, power.size + 1) / power.size)
    return float(np.sqrt(power.size) * away.max())


def check_stated_rate(
    stated: Evidence, gather: Callable[[float], Evidence], sample_rate_hz: float
) -> RecordingCheck:
    """Ask whether half or twice the stated sample rate explains a recording better.

    It does where a fault is named there and none, or with less probability, at the stated rate: a comb of
    lines is most complete at the true rate; at half of it every second line belongs to nothing, at twice it
    every second one is missing. It does too where the same fault is likely there and only there the lines
    bear out the shaft frequency. Worth its two more readings of the recording only where somebody is about to
    name a fault.

    Parameters
    ----------
    stated
        What the recording shows at the stated rate.
    gather
        Gathers the same evidence at another rate, in Hz.
    sample_rate_hz
        As stated.
    """
    if stated.doubt:
        return RecordingCheck(Decision.UNDECIDED, CheckName.RATE_DOUBTFUL, stated.doubt)
    for factor, word in ((0.5, "half"), (2.0, "twice")):
        other = gather(factor * sample_rate_hz)
        if _explains_more(other, stated):
            return RecordingCheck(
                Decision.UNDECIDED,
                CheckName.RATE_DOUBTFUL,
                f"Read at {word} the stated sample rate ({factor * sample_rate_hz:g} Hz) the lines fit the "
                "shaft or a fault better than as stated. Check the sample rate and the shaft speed.",
            )
    return PASSED


def _explains_more(other: Evidence, stated: Evidence) -> bool:
    if stated.decision is not Decision.FAULT:
        return other.decision is Decision.FAULT
    if not other.faults:  # too short to be read at that rate
        return False
    best = other.faults[0]
    if other.shaft_is_found and not stated.shaft_is_found and best.fault_class == stated.fault_class:
        return best.probability > _MAJORITY
    return other.decision is Decision.FAULT and other.probability > stated.probability
