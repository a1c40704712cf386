"""Condition indicators as a series: alarm limits from a reference period, change point, onset."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from utils.exceptions import ErrorCode, InvalidInputError, SignalError

FloatArray = NDArray[np.float64]
LimitMethod = Literal["order_statistic", "log_normal_prediction"]

MIN_REFERENCE = 10
MIN_SERIES = 20
# A segment shorter than this says nothing about a level.
_LEAST_SEGMENT = 5
_N_PERMUTATIONS = 999
_STEADY_P_VALUE = 0.01
_LARGEST_AUTOCORRELATION = 0.95
# Fewer blocks can hardly be told apart by permuting them.
_LEAST_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class AlarmLimit:
    """An upper limit that a machine in its reference condition passes at a stated rate.

    Attributes
    ----------
    value
        The limit, in the unit of the indicator.
    false_alarm_rate
        Expected share of single observations above `value` while the condition stays that of the reference,
        averaged over reference periods.
    method
        ``order_statistic`` holds for any distribution; ``log_normal_prediction`` extrapolates and assumes
        that the logarithm is normal. The first is taken wherever the reference is long enough for the rate.
    n_reference, n_effective
        Observations of the reference, and how many independent ones they are worth (lag-1 autocorrelation).
    steady_p_value
        Of Kendall's test for a trend inside the reference; small means that it was no steady reference.
    """

    value: float
    false_alarm_rate: float
    method: LimitMethod
    n_reference: int
    n_effective: float
    steady_p_value: float

    @property
    def reference_is_steady(self) -> bool:
        """Whether the reference shows no trend of its own."""
        return self.steady_p_value >= _STEADY_P_VALUE


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Where a series' level changes most.

    Attributes
    ----------
    index
        The first observation of the new level.
    level_before, level_after
        Geometric means of the two stretches, in the unit of the indicator.
    p_value
        Share of block permutations of the series that change as clearly; at least 1 / 1000.
    """

    index: int
    level_before: float
    level_after: float
    p_value: float


def compute_alarm_limit(reference: ArrayLike, false_alarm_rate: float) -> AlarmLimit:
    """Compute the upper limit that reference-condition observations pass at a stated rate.

    With ``k = floor(false_alarm_rate * (n + 1)) >= 1`` the limit is the k-th largest reference value: an
    exchangeable new observation is above it with probability k / (n + 1), whatever the distribution (Wilks
    1941). Shorter references need a model: the Student prediction bound of the logarithms (Hahn & Meeker
    1991, section 4.7), with the number of independent observations reduced by lag-1 autocorrelation.

    Parameters
    ----------
    reference
        Positive indicator values of the reference period, shape ``(n,)``, at least 10.
    false_alarm_rate
        Expected share of false alarms per observation, between 0 and 0.5.

    Returns
    -------
    AlarmLimit
        The limit and what it rests on.

    Raises
    ------
    SignalError
        Fewer than 10 values (``recording_too_short``), or values that are not positive and finite.
    InvalidInputError
        An impossible rate.
    """
    if not 0.0 < false_alarm_rate < 0.5:
        raise InvalidInputError("The false-alarm rate must lie between 0 and 0.5 per observation.")
    values = _check_series(reference, MIN_REFERENCE, "a reference period")
    rank = math.floor(false_alarm_rate * (values.size + 1) + 1e-9)
    logs = np.log(values)
    n_effective = _count_independent(logs)
    if rank >= 1:
        limit, method = float(np.sort(values)[-rank]), "order_statistic"
    else:
        limit, method = _predict_log_normal(logs, n_effective, false_alarm_rate), "log_normal_prediction"
    return AlarmLimit(
        value=limit,
        false_alarm_rate=rank / (values.size + 1) if rank >= 1 else false_alarm_rate,
        method=method,  # type: ignore[arg-type]  # one of the two literals above
        n_reference=values.size,
        n_effective=n_effective,
        steady_p_value=_test_for_trend(logs),
    )


def find_change_point(values: ArrayLike, *, seed: int = 0) -> ChangePoint:
    """Find the one place where the level of a series changes most, and how surely.

    Least squares of two constant levels on the logarithms; the p-value comes from permuting whole blocks, as
    long as the series remembers itself, so that slow wandering is not taken for a change (Kirch 2007).

    Parameters
    ----------
    values
        Positive indicator values in order of time, shape ``(n,)``, at least 20.
    seed
        Of the permutations: the same series gives the same p-value.

    Returns
    -------
    ChangePoint
        The place, the levels and the p-value; whether that is a change is for the caller's level to say.

    Raises
    ------
    SignalError
        Fewer than 20 values (``recording_too_short``), or values that are not positive and finite.
    """
    logs = np.log(_check_series(values, MIN_SERIES, "a change point"))
    index, gain = _split_best(logs)
    block = _choose_block(logs[:index], logs[index:])
    p_value = _permute_blocks(logs, gain, block, np.random.default_rng(seed))
    before, after = math.exp(logs[:index].mean()), math.exp(logs[index:].mean())
    return ChangePoint(index, before, after, p_value)


def find_onset(values: ArrayLike, limit: float, *, n_consecutive: int = 3) -> int | None:
    """Return the first observation of the first run of `n_consecutive` ones above `limit`, or None.

    Asking for several in a row makes single outliers harmless: with independent observations and a rate p per
    observation, three in a row happen at about p³.

    >>> find_onset([1.0, 9.0, 1.0, 9.0, 9.0, 9.0, 1.0], 5.0)
    3
    """
    above = np.asarray(values, dtype=np.float64) > limit
    if n_consecutive < 1 or above.size < n_consecutive:
        return None
    runs = np.lib.stride_tricks.sliding_window_view(above, n_consecutive).all(axis=1)
    return int(np.argmax(runs)) if runs.any() else None


def _check_series(values: ArrayLike, least: int, purpose: str) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size < least:
        raise SignalError(
            f"{found.size} observations are too few for {purpose}; at least {least} are needed.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    if not (np.isfinite(found) & (found > 0.0)).all():
        raise SignalError(
            "A trend needs positive, finite indicator values in every observation.",
            code=ErrorCode.NON_FINITE_SIGNAL,
        )
    return found


def _autocorrelate(values: FloatArray) -> float:
    centred = values - values.mean()
    power = float(centred @ centred)
    if power <= 0.0:
        return 0.0
    return float(np.clip(centred[1:] @ centred[:-1] / power, 0.0, _LARGEST_AUTOCORRELATION))


def _count_independent(values: FloatArray) -> float:
    """Effective sample size of a first-order autoregressive series (Bayley & Hammersley 1946)."""
    correlation = _autocorrelate(values)
    return max(3.0, values.size * (1.0 - correlation) / (1.0 + correlation))


def _predict_log_normal(logs: FloatArray, n_effective: float, rate: float) -> float:
    quantile = float(stats.t.ppf(1.0 - rate, n_effective - 1.0))
    # The scatter inside a correlated stretch is smaller than that of the process it comes from.
    spread = float(logs.std(ddof=1)) * math.sqrt((logs.size - 1) / logs.size)
    spread *= math.sqrt(n_effective / (n_effective - 1.0))
    return math.exp(float(logs.mean()) + quantile * spread * math.sqrt(1.0 + 1.0 / n_effective))


def _test_for_trend(values: FloatArray) -> float:
    result: Any = stats.kendalltau(np.arange(values.size), values)
    return float(result.pvalue) if math.isfinite(result.pvalue) else 1.0


def _split_best(logs: FloatArray) -> tuple[int, float]:
    """Return where two constant levels fit best, and the sum of squares that the split explains."""
    sizes = np.arange(_LEAST_SEGMENT, logs.size - _LEAST_SEGMENT + 1)
    sums = np.cumsum(logs - logs.mean())[sizes - 1]
    gains = sums**2 * logs.size / (sizes * (logs.size - sizes))
    best = int(np.argmax(gains))
    return int(sizes[best]), float(gains[best])


def _choose_block(*segments: FloatArray) -> int:
    """Return how many observations make a block: twice the memory of a first-order autoregressive series.

    Read from the steps between neighbours, whose own correlation is (rho - 1) / 2: a level that climbs
    steadily is no memory. Only their signs count (arcsine law), so that no jump outweighs the rest.
    """
    agreements = []
    for segment in segments:
        steps = np.diff(segment)
        signs = np.sign(steps - np.median(steps))
        agreements.append(signs[1:] * signs[:-1])
    step_correlation = math.sin(0.5 * math.pi * float(np.concatenate(agreements).mean()))
    correlation = min(max(1.0 + 2.0 * step_correlation, 0.0), _LARGEST_AUTOCORRELATION)
    memory = (1.0 + correlation) / (1.0 - correlation)
    most = sum(segment.size for segment in segments) // _LEAST_BLOCKS
    return min(math.ceil(2.0 * memory), most)


def _permute_blocks(logs: FloatArray, gain: float, block: int, random: np.random.Generator) -> float:
    pieces = np.array_split(logs, math.ceil(logs.size / block))
    as_clear = 0
    for _ in range(_N_PERMUTATIONS):
        shuffled = np.concatenate([pieces[place] for place in random.permutation(len(pieces))])
        as_clear += _split_best(shuffled)[1] >= gain
    return (as_clear + 1) / (_N_PERMUTATIONS + 1)
