"""Temperatures fitted on validation recordings, so that confidences mean what they say, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.metrics import (
    SignalPrediction,
    apply_temperature,
    group_recordings,
    take_logarithms,
)

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
_N_GRID = 241
_N_BOOTSTRAP = 500
_FEW_ERRORS = 5
# A share near nine tenths is known within 6 points from so many recordings (two standard errors).
FEWEST_POOLED = 100


@dataclass(frozen=True, slots=True)
class LevelCalibration:
    """How one level, recordings or windows, is calibrated.

    Attributes
    ----------
    temperature
        Log-probabilities are divided by it; None where nothing can be said.
    interval
        95 % bootstrap interval over validation recordings.
    n, n_errors
        Validation rows of this level, and how many of them are named wrong.
    sentence
        What was found, in plain words.
    """

    temperature: float | None
    interval: list[float] | None
    n: int
    n_errors: int
    sentence: str

    def apply(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return calibrated probabilities of the same shape, ``(..., n_classes)``."""
        return apply_temperature(probabilities, self.temperature)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Belongs to a classifier and travels with it.

    Attributes
    ----------
    recording, window
        Of the classifier's own answers.
    pooled
        Of its answers pooled with the physical evidence; None for one from before that was fitted.
    """

    recording: LevelCalibration
    window: LevelCalibration
    pooled: LevelCalibration | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return both levels as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Undo `to_dict`."""
        pooled = values.get("pooled")
        return cls(
            LevelCalibration(**values["recording"]),
            LevelCalibration(**values["window"]),
            LevelCalibration(**pooled) if pooled else None,
        )


def fit_calibration(predictions: Sequence[SignalPrediction], n_classes: int) -> Calibration:
    """Fit a temperature for each level on predictions of validation recordings; never on the test part."""
    rows = group_recordings(predictions, n_classes)
    n_recordings = len(rows.recording_targets)
    return Calibration(
        recording=fit_level(
            rows.recording_probabilities, rows.recording_targets, np.arange(n_recordings), "recordings"
        ),
        window=fit_level(rows.window_probabilities, rows.window_targets, rows.owners, "windows"),
    )


def fit_level(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    owners: NDArray[np.integer],
    noun: str,
) -> LevelCalibration:
    """Fit the temperature that makes the labels likeliest (Guo et al., 2017).

    Parameters
    ----------
    probabilities
        Uncalibrated, shape ``(n, n_classes)``.
    targets, owners
        Label of each row, and the recording it is of; shape ``(n,)``. The bootstrap draws recordings.
    noun
        What a row is, in the plural.

    Returns
    -------
    LevelCalibration
        Without a temperature where there are no rows, no errors (the likeliest temperature would be 0) or
        nothing but errors (it would be infinite).
    """
    n = len(targets)
    n_errors = int((np.asarray(probabilities).argmax(axis=1) != targets).sum()) if n else 0
    silent = _say_nothing(n, n_errors, noun)
    if silent is not None:
        return LevelCalibration(None, None, n, n_errors, silent)
    slopes = _compute_slopes(take_logarithms(probabilities), np.asarray(targets))
    temperature = float(_find_roots(slopes.sum(axis=0)[None])[0])
    interval = _bootstrap(slopes, np.asarray(owners))
    sentence = (
        f"Temperature {temperature:.3g} (95 % interval {interval[0]:.3g} to {interval[1]:.3g}), fitted on "
        f"{n} validation {noun} with {n_errors} {'error' if n_errors == 1 else 'errors'}."
    )
    if n_errors < _FEW_ERRORS:
        sentence += " So few errors make it a rough value."
    if interval[0] <= 1.0 <= interval[1]:
        sentence += " The interval holds 1: the classifier may have been as right without it."
    return LevelCalibration(temperature, interval, n, n_errors, sentence)


def fit_pooled(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    owners: NDArray[np.integer] | None = None,
    *,
    fewest: int = FEWEST_POOLED,
) -> LevelCalibration:
    """Fit the temperature of pooled probabilities, also where all are right.

    The labels are softened by the rule of succession (as in Platt, "Probabilistic outputs for support vector
    machines", 1999): of n recordings each counts as its label with (n + 1) / (n + 2), so that few recordings
    make nobody sure, and none wrong gives a finite answer. A temperature whose interval holds 1 is not used.

    Parameters
    ----------
    probabilities
        One row per signal, shape ``(n_signals, n_classes)``.
    targets
        Label of each row, shape ``(n_signals,)``.
    owners
        The recording, counted from 0, that each row is of, shape ``(n_signals,)``; None: one row each.
    fewest
        Below so many recordings nothing is fitted: on fault sizes never seen, temperatures of twenty did more
        harm than good (docs/diagnosis.md).
    """
    owners = np.arange(len(targets)) if owners is None else owners
    n = int(owners.max()) + 1 if len(owners) else 0
    n_errors = len(np.unique(owners[np.asarray(probabilities).argmax(axis=1) != targets])) if n else 0
    if n < fewest:
        sentence = (
            f"{n} validation recordings with physical evidence are too few to calibrate the pooled "
            f"confidence; {fewest} are needed."
        )
        return LevelCalibration(None, None, n, n_errors, sentence)
    logs = take_logarithms(probabilities)
    softened = np.full(logs.shape, 1.0 / (n + 2) / (logs.shape[1] - 1))
    softened[np.arange(len(targets)), targets] = (n + 1) / (n + 2)
    slopes = _compute_slopes(logs, np.asarray(targets), softened)
    temperature = float(_find_roots(slopes.sum(axis=0)[None])[0])
    interval = _bootstrap(slopes, owners)
    sentence = (
        f"Temperature {temperature:.3g} (95 % interval {interval[0]:.3g} to {interval[1]:.3g}), fitted on "
        f"{n} validation recordings with {n_errors} {'error' if n_errors == 1 else 'errors'}."
    )
    if interval[0] <= 1.0 <= interval[1]:
        left = f"{sentence} The interval holds 1: they show no need to correct it, and it is left as it is."
        return LevelCalibration(None, interval, n, n_errors, left)
    return LevelCalibration(temperature, interval, n, n_errors, sentence)


def _say_nothing(n: int, n_errors: int, noun: str) -> str | None:
    left = "the probabilities are the classifier's own"
    if n == 0:
        return f"There are no validation {noun}: {left}, not calibrated."
    if n_errors == 0:
        return (
            f"All {n} validation {noun} are named right. Validation has no errors: temperature says nothing, "
            f"and {left}, not calibrated."
        )
    if n_errors == n:
        return f"All {n} validation {noun} are named wrong: temperature says nothing, and {left}."
    return None


def _list_sharpness() -> NDArray[np.float64]:
    return np.geomspace(1.0 / HIGHEST_TEMPERATURE, 1.0 / LOWEST_TEMPERATURE, _N_GRID)


def _compute_slopes(
    logs: NDArray[np.float64],
    targets: NDArray[np.integer],
    softened: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Slope of each row's negative log-likelihood over the sharpness 1/T, on a grid, ``(n, n_grid)``.

    It is E_p[z] - z_target, which grows with the sharpness: its sum has one root at most. ``softened``
    labels, ``(n, n_classes)``, take the place of z_target by their mean of z.
    """
    slopes = np.empty((len(logs), _N_GRID))
    chosen = logs[np.arange(len(targets)), targets] if softened is None else (softened * logs).sum(axis=1)
    for column, sharpness in enumerate(_list_sharpness()):
        scaled = logs * sharpness
        shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        slopes[:, column] = (shares * logs).sum(axis=1) / shares.sum(axis=1) - chosen
    return slopes


def _find_roots(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the temperature at which each row ``(n_rows, n_grid)`` crosses 0; the end of the range else."""
    grid = np.log(_list_sharpness())
    above = sums >= 0.0
    first = np.where(above.any(axis=1), above.argmax(axis=1), _N_GRID - 1)
    after, before = first, np.maximum(first - 1, 0)
    rows = np.arange(len(sums))
    low, high = sums[rows, before], sums[rows, after]
    crosses = (low < 0.0) & (high >= 0.0)
    share = np.divide(-low, high - low, out=np.ones(len(sums)), where=crosses)
    found: NDArray[np.float64] = np.exp(-(grid[before] + share * (grid[after] - grid[before])))
    return found


def _bootstrap(slopes: NDArray[np.float64], owners: NDArray[np.integer]) -> list[float]:
    n_recordings = int(owners.max()) + 1
    sums = np.zeros((n_recordings, _N_GRID))
    np.add.at(sums, owners, slopes)
    random = np.random.default_rng(0)
    draws = random.multinomial(n_recordings, np.full(n_recordings, 1.0 / n_recordings), size=_N_BOOTSTRAP)
    low, high = np.quantile(_find_roots(draws @ sums), (0.025, 0.975))
    return [float(low), float(high)]
