"""The shaft's angle over time: what a tacho or a tracked speed tells, and what order tracking needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator, PPoly

from utils.exceptions import InvalidInputError

MIN_TURNS = 2.0


@dataclass(frozen=True, slots=True)
class ShaftAngle:
    """How far the shaft has turned at known moments.

    Attributes
    ----------
    times_s
        Rising, shape ``(n_points,)``, at least 3; seconds from the first sample of the signal.
    turns
        Turns since any fixed position, rising with `times_s`, same shape.

    Raises
    ------
    InvalidInputError
        Fewer than 3 points, or the shaft would stand still or turn back.
    """

    times_s: NDArray[np.float64]
    turns: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.times_s.shape != self.turns.shape or self.times_s.ndim != 1 or self.times_s.size < 3:
            raise InvalidInputError("A shaft's angle needs at least three moments, each with its turns.")
        if not (np.all(np.diff(self.times_s) > 0.0) and np.all(np.diff(self.turns) > 0.0)):
            raise InvalidInputError("The shaft must turn in one direction without standing still.")

    def turns_at(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Turns at given moments inside `times_s`, by monotone cubic interpolation."""
        return _evaluate(PchipInterpolator(self.times_s, self.turns), times_s)

    def times_at(self, turns: ArrayLike) -> NDArray[np.float64]:
        """Moments at which the shaft has made given turns, in seconds."""
        return _evaluate(PchipInterpolator(self.turns, self.times_s), turns)

    def frequency_at(self, times_s: ArrayLike) -> NDArray[np.float64]:
        """Shaft frequency in Hz at given moments inside `times_s`."""
        return _evaluate(PchipInterpolator(self.times_s, self.turns).derivative(), times_s)

    @property
    def mean_frequency_hz(self) -> float:
        """All turns over all of the time."""
        return float((self.turns[-1] - self.turns[0]) / (self.times_s[-1] - self.times_s[0]))


def _evaluate(curve: PPoly, at: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(curve(np.asarray(at, dtype=np.float64)))


def build_constant_angle(shaft_frequency_hz: float, duration_s: float) -> ShaftAngle:
    """Build the angle of a shaft that turns steadily from second 0 on.

    >>> round(build_constant_angle(25.0, 2.0).turns_at(0.5).item(), 6)
    12.5

    Raises
    ------
    InvalidInputError
        The speed or the time is not above 0.
    """
    if not (0.0 < shaft_frequency_hz < np.inf and 0.0 < duration_s < np.inf):
        raise InvalidInputError("A steady speed needs a shaft frequency and a duration above 0.")
    times_s = np.linspace(0.0, duration_s, 4)
    return ShaftAngle(times_s, times_s * shaft_frequency_hz)


def scale_angle(angle: ShaftAngle, ratio: float) -> ShaftAngle:
    """Return the angle of another shaft that turns `ratio` times as fast.

    Raises
    ------
    InvalidInputError
        The ratio is not above 0.
    """
    if not 0.0 < ratio < np.inf:
        raise InvalidInputError("A ratio of speeds must be a number above 0.")
    return ShaftAngle(angle.times_s, angle.turns * ratio)
