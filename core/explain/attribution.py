"""What an explanation found, and what every method is asked and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.networks.options import OptionValue, ReadsOptions

# Attributions that are said to add up to the score do so within this share of it.
COMPLETENESS_TOLERANCE = 0.01
# Where input and baseline score alike a share of their difference says nothing: a hundredth of a natural
# logarithm, so a hundredth of a probability, is the smallest difference that is divided by.
SMALLEST_DIFFERENCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """How much each sample or feature of some windows speaks for one class.

    Attributes
    ----------
    method, baseline
        Names of the catalogue; the baseline is empty where a method has none.
    target_class
        Index of the class.
    values
        float32 ``(n_windows, n_samples)`` or ``(n_windows, n_features)``, in natural logarithms of
        probability; those of Grad-CAM are relative and not negative.
    score_input, score_baseline
        float64 ``(n_windows,)``: log-probability of the class for the windows, and for what they are compared
        with (the mean over a method's draws); None where a method has no baseline.
    completeness_gap
        float64 ``(n_windows,)``: distance of the values' sum from the difference of the scores, as a share of
        it; None where the sum of the values means nothing.
    claims_completeness
        Whether the values are said to add up.
    settings
        The complete options, and what the method chose itself.
    slopes
        float32 ``(n_windows, n_samples)``. Integrated gradients: the mean gradient on the way from the
        baseline, so that ``values = slopes * (window - baseline)``. Grad-CAM: the gradient of the map's sum.
    feature_names, feature_groups
        Of the columns, where features were explained.
    feature_values, feature_baseline
        float32 ``(n_windows, n_features)``, where single features were explained.
    """

    method: str
    target_class: int
    values: NDArray[np.float32]
    baseline: str
    score_input: NDArray[np.float64]
    score_baseline: NDArray[np.float64] | None
    completeness_gap: NDArray[np.float64] | None
    claims_completeness: bool
    settings: Mapping[str, OptionValue]
    slopes: NDArray[np.float32] | None = None
    feature_names: tuple[str, ...] = ()
    feature_groups: tuple[str, ...] = ()
    feature_values: NDArray[np.float32] | None = None
    feature_baseline: NDArray[np.float32] | None = None

    @property
    def is_complete(self) -> bool | None:
        """Whether the claim holds for every window; None where none is made."""
        if not self.claims_completeness or self.completeness_gap is None:
            return None
        return bool((self.completeness_gap <= COMPLETENESS_TOLERANCE).all())


@dataclass(frozen=True, slots=True, eq=False)
class Request(ReadsOptions):
    """What a method is asked.

    Attributes
    ----------
    target_class
        Index of the class.
    options
        Complete options of the method.
    baselines
        float32 ``(n_windows, n_samples)`` that is to be used; None: what the option says.
    groups
        int64 ``(n_samples,)``: which samples are one player; None: equal stretches of time.
    check_in
        Called with the number of finished windows between two parts of the work; may raise to end it.
    """

    target_class: int
    options: Mapping[str, OptionValue]
    baselines: NDArray[np.float32] | None
    groups: NDArray[np.int64] | None
    check_in: Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a method answers; fields as in `Attribution`, ``chosen`` goes into its settings."""

    values: NDArray[np.floating]
    score_baseline: NDArray[np.float64] | None = None
    slopes: NDArray[np.floating] | None = None
    chosen: Mapping[str, OptionValue] = field(default_factory=dict)
    feature_names: tuple[str, ...] = ()
    feature_groups: tuple[str, ...] = ()
    feature_values: NDArray[np.float32] | None = None
    feature_baseline: NDArray[np.float32] | None = None


def measure_gap(
    total: NDArray[np.float64], score_input: NDArray[np.float64], score_baseline: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance of a sum of attributions from the difference of two scores, as a share of the difference.

    Examples
    --------
    >>> measure_gap(np.array([1.98]), np.array([-0.5]), np.array([-2.5])).round(6).tolist()
    [0.01]
    """
    difference = score_input - score_baseline
    gap: NDArray[np.float64] = np.abs(total - difference) / np.maximum(
        np.abs(difference), SMALLEST_DIFFERENCE
    )
    return gap
