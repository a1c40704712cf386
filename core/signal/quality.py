"""Can a signal be used, and what should its reader know about it before trusting a result?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from core.signal.checks import FloatSignal, check_sample_rate, check_usable
from core.signal.spectra import Psd, compute_psd
from core.signal.stretches import STRETCH_SAMPLES, iterate_stretches
from utils.exceptions import ErrorCode, SignalError

__all__ = ["QualityFlag", "QualitySeverity", "assess_quality", "check_sample_rate", "check_usable"]

_SHORT_S = 0.5
_SHORT_SAMPLES = 1024
_MIN_CLIPPED_SAMPLES = 3
# Noise and impacts rarely reach one extreme twice on both sides; a sine always does, with a crest of 1.4.
_CLIPPED_CREST = 3.0
_CLIPPED_SYMMETRY = 1e-3
_DROPOUT_S = 0.002
_MIN_DROPOUT_SAMPLES = 32
_DC_SHARE = 0.5
_STEP_SHARE = 1.0
_N_STEP_BLOCKS = 20
_MAINS_HZ = (50.0, 60.0)
_N_MAINS_HARMONICS = 3
_MAINS_SHARE = 0.2
_MAINS_HALF_WIDTH_HZ = 1.0
_MAINS_SEGMENT_S = 2.0
_MAINS_SEGMENTS = 24


class QualitySeverity(StrEnum):
    """How much a quality flag matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """One thing worth knowing about a signal: a name for programs, a sentence for people."""

    name: str
    severity: QualitySeverity
    sentence: str


def assess_quality(signal: ArrayLike, sample_rate_hz: float) -> list[QualityFlag]:
    """Look for faults of the measurement itself, as opposed to faults of the machine.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, in any unit.
    sample_rate_hz
        Samples per second.

    Returns
    -------
    list of QualityFlag
        The worst first; empty when nothing was found. Names: ``empty``, ``non_finite``, ``constant``,
        ``too_short``, ``clipping``, ``dropout``, ``dc_offset``, ``level_step``, ``mains``.

    Raises
    ------
    SignalError
        The sample rate is not possible, or `signal` is not one channel of real numbers.
    """
    rate = check_sample_rate(sample_rate_hz)
    try:
        samples = check_usable(signal)
    except SignalError as error:
        if error.code is ErrorCode.INVALID_INPUT:
            raise
        name = "empty" if error.code is ErrorCode.EMPTY_SIGNAL else "non_finite"
        return [QualityFlag(name, QualitySeverity.ERROR, error.sentence)]
    severity_order = list(QualitySeverity)[::-1]
    return sorted(_list_flags(samples, rate), key=lambda flag: severity_order.index(flag.severity))


@dataclass(frozen=True, slots=True)
class _Level:
    """Where the samples of a signal lie."""

    high: float
    low: float
    mean: float
    std: float


def _measure_level(samples: FloatSignal) -> _Level:
    shift, total, squares = float(samples[0]), 0.0, 0.0
    high = low = samples[0]
    for _, stretch in iterate_stretches(samples):
        moved = stretch.astype(np.float64) - shift
        total, squares = total + float(moved.sum()), squares + float(moved @ moved)
        high, low = max(high, stretch.max()), min(low, stretch.min())
    mean = total / samples.size
    variance = max(squares / samples.size - mean**2, 0.0)
    return _Level(float(high), float(low), shift + mean, math.sqrt(variance))


def _list_flags(samples: FloatSignal, rate: float) -> Iterator[QualityFlag]:
    level = _measure_level(samples)
    if level.high == level.low:
        sentence = f"All {samples.size} samples have the same value: the sensor gave no signal."
        yield QualityFlag("constant", QualitySeverity.ERROR, sentence)
        return
    checks = (
        _check_length(samples, rate),
        _check_clipping(samples, level),
        _check_dropout(samples, rate, level),
        _check_dc(level.mean, level.std),
        _check_step(samples),
        _check_mains(samples, rate),
    )
    yield from (flag for flag in checks if flag is not None)


def _check_length(samples: FloatSignal, rate: float) -> QualityFlag | None:
    duration_s = samples.size / rate
    if samples.size < _SHORT_SAMPLES:
        severity = QualitySeverity.WARNING
    elif duration_s < _SHORT_S:
        severity = QualitySeverity.INFO
    else:
        return None
    sentence = (
        f"The signal is {duration_s:.3g} s long ({samples.size} samples): "
        f"lines closer than {2 / duration_s:.3g} Hz can't be told apart."
    )
    return QualityFlag("too_short", severity, sentence)


def _check_clipping(samples: FloatSignal, level: _Level) -> QualityFlag | None:
    """A clipped signal stays on its limit, or meets the same limit again and again on both sides."""
    counts, runs = [0, 0], [False, False]
    for _, stretch in iterate_stretches(samples, overlap=2):
        for side, limit in enumerate((level.high, level.low)):
            at = stretch == limit
            n_at = int(np.count_nonzero(at[:STRETCH_SAMPLES]))
            counts[side] += n_at
            if n_at and not runs[side]:
                runs[side] = bool((at[2:] & at[1:-1] & at[:-2]).any())
    symmetric = abs(level.high + level.low - 2.0 * level.mean) <= _CLIPPED_SYMMETRY * (level.high - level.low)
    if min(counts) >= 2 and symmetric and level.high - level.mean > _CLIPPED_CREST * level.std:
        runs = [True, True]
    n_clipped = sum(count for count, run in zip(counts, runs, strict=True) if run)
    if n_clipped < _MIN_CLIPPED_SAMPLES:
        return None
    sentence = (
        f"{n_clipped} samples sit on the largest or smallest value: the sensor or its input was clipped."
    )
    return QualityFlag("clipping", QualitySeverity.WARNING, sentence)


def _check_dropout(samples: FloatSignal, rate: float, level: _Level) -> QualityFlag | None:
    start, longest = 0, 1
    for first, last in _find_still(samples):
        # Standing on a limit is clipping.
        if last - first + 1 > longest and samples[first] not in (level.high, level.low):
            start, longest = first, last - first + 1
    if longest < max(_MIN_DROPOUT_SAMPLES, int(_DROPOUT_S * rate)):
        return None
    start_s = start / rate
    sentence = (
        f"The signal stands still for {longest / rate:.3g} s from {start_s:.3g} s on: samples were lost."
    )
    return QualityFlag("dropout", QualitySeverity.WARNING, sentence)


def _find_still(samples: FloatSignal) -> Iterator[tuple[int, int]]:
    """Yield (first, last) index of every run of equal samples."""
    open_run: tuple[int, int] | None = None
    for start, stretch in iterate_stretches(samples, overlap=1):
        equal = np.flatnonzero(stretch[1:] == stretch[:-1])
        if not equal.size:
            continue
        cuts = np.flatnonzero(np.diff(equal) > 1)
        firsts = equal[np.append(0, cuts + 1)] + start
        lasts = equal[np.append(cuts, -1)] + start + 1
        runs = list(zip(firsts.tolist(), lasts.tolist(), strict=True))
        if open_run is not None and runs[0][0] == open_run[1]:
            runs[0] = (open_run[0], runs[0][1])
        elif open_run is not None:
            yield open_run
        yield from runs[:-1]
        open_run = runs[-1]
    if open_run is not None:
        yield open_run


def _check_dc(mean: float, std: float) -> QualityFlag | None:
    if abs(mean) <= _DC_SHARE * std:
        return None
    sentence = (
        f"The signal has an offset of {mean:.3g} (its standard deviation is {std:.3g}); it is taken off."
    )
    return QualityFlag("dc_offset", QualitySeverity.INFO, sentence)


def _check_step(samples: FloatSignal) -> QualityFlag | None:
    """Compare the levels before and after each block's end with the scatter inside the blocks."""
    n_block = samples.size // _N_STEP_BLOCKS
    if n_block < 2:
        return None
    starts = range(0, n_block * _N_STEP_BLOCKS, n_block)
    levels = [_measure_level(samples[start : start + n_block]) for start in starts]
    means = np.array([level.mean for level in levels])
    scatter = float(np.median([level.std for level in levels]))
    jumps = [abs(float(means[:k].mean() - means[k:].mean())) for k in range(1, _N_STEP_BLOCKS)]
    if max(jumps) <= _STEP_SHARE * scatter:
        return None
    sentence = (
        f"The level of the signal moves by {max(jumps):.3g} during the recording: a loose cable or a drift."
    )
    return QualityFlag("level_step", QualitySeverity.WARNING, sentence)


def _check_mains(samples: FloatSignal, rate: float) -> QualityFlag | None:
    if samples.size < _MAINS_SEGMENT_S * rate:
        return None
    some = _take_some(samples, rate)
    overlap = 0.75 if some is samples else 0.0
    psd = compute_psd(some, rate, segment_s=_MAINS_SEGMENT_S, overlap=overlap)
    shares = {mains_hz: _compute_mains_share(psd, mains_hz) for mains_hz in _MAINS_HZ}
    mains_hz = max(shares, key=shares.__getitem__)
    if shares[mains_hz] <= _MAINS_SHARE:
        return None
    sentence = (
        f"{shares[mains_hz]:.0%} of the signal's power lies at {mains_hz:.0f} Hz and its harmonics: "
        "electrical hum, unless the shaft turns at such a speed."
    )
    return QualityFlag("mains", QualitySeverity.INFO, sentence)


def _take_some(samples: FloatSignal, rate: float) -> FloatSignal:
    """Hum is in the whole of a long signal: stretches spread over it are enough."""
    n_segment = int(_MAINS_SEGMENT_S * rate)
    if samples.size <= _MAINS_SEGMENTS * n_segment:
        return samples
    starts = np.linspace(0, samples.size - n_segment, _MAINS_SEGMENTS).astype(int)
    return np.concatenate([samples[start : start + n_segment] for start in starts])


def _compute_mains_share(psd: Psd, mains_hz: float) -> float:
    lines_hz = mains_hz * np.arange(1, _N_MAINS_HARMONICS + 1)
    distance_hz = np.abs(psd.frequencies_hz[:, np.newaxis] - lines_hz).min(axis=1)
    return float(psd.density[distance_hz <= _MAINS_HALF_WIDTH_HZ].sum() / psd.density.sum())
