"""Time-synchronous averaging: what repeats with the shaft (or a gear of it), and what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.signal.order_tracking import resample_to_angle
from core.signal.shaft_angle import ShaftAngle, scale_angle
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

_MIN_AVERAGES = 2


@dataclass(frozen=True, slots=True)
class SynchronousAverage:
    """What repeats every `n_turns` turns.

    Attributes
    ----------
    angle_turns, values
        One period, shape ``(n_turns * samples_per_turn,)``; values in the unit of the signal.
    residual
        The signal over the angle less its average, shape ``(n_averages * values.size,)``.
    n_averages
        How many periods were averaged; what does not repeat shrinks with its square root.
    synchronous_rms, residual_rms
        Of both parts.
    """

    angle_turns: NDArray[np.float64]
    values: NDArray[np.float64]
    residual: NDArray[np.float64]
    n_averages: int
    synchronous_rms: float
    residual_rms: float


def compute_synchronous_average(
    signal: ArrayLike,
    sample_rate_hz: float,
    angle: ShaftAngle,
    *,
    n_turns: int = 1,
    ratio: float = 1.0,
    max_order: float = 100.0,
) -> SynchronousAverage:
    """Average a signal over the shaft's turns.

    Braun (1975), Acta Acustica 32: a comb filter whose teeth sit at the orders k / `n_turns`; noise power
    shrinks with the number of averages.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; the mean is taken off.
    sample_rate_hz
        Samples per second.
    angle
        Of the reference shaft.
    n_turns
        Turns of the shaft of interest in one period (more than 1 shows how a gear pair repeats).
    ratio
        Speed of the shaft of interest over that of the reference shaft, e.g. 25 / 83 behind a gear pair.
    max_order
        Of the shaft of interest; above nothing is kept.

    Returns
    -------
    SynchronousAverage
        Of at least two periods.

    Raises
    ------
    SignalError
        Not usable, or fewer than two periods (``recording_too_short``).
    InvalidInputError
        Fewer than one turn, or a ratio that is not above 0.
    """
    if n_turns < 1:
        raise InvalidInputError("An average goes over at least one turn.")
    angular = resample_to_angle(signal, sample_rate_hz, scale_angle(angle, ratio), max_order=max_order)
    n_averages = angular.n_turns // n_turns
    if n_averages < _MIN_AVERAGES:
        raise SignalError(
            f"The stretch holds {angular.n_turns} turns; an average over {n_turns} needs at least "
            f"{_MIN_AVERAGES * n_turns}.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    period = n_turns * angular.samples_per_turn
    periods = angular.samples[: n_averages * period].reshape(n_averages, period)
    values = periods.mean(axis=0)
    residual = (periods - values).ravel()
    return SynchronousAverage(
        np.arange(period) / angular.samples_per_turn,
        values,
        residual,
        n_averages,
        math.sqrt(float(np.mean(values**2))),
        math.sqrt(float(np.mean(residual**2))),
    )
