"""Whether an attribution can be trusted: four checks, each against a control that knows nothing.

Every check returns its number, the numbers of its control, whether it passes and why. Everything is judged
over groups of samples (stretches of time, unless a method has its own), as a single sample of a vibration
means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

N_GROUPS: Final = 32
# Of a pair of numbers that have nothing to do with each other, 32 groups correlate by 0.35 or more in 5 % of
# cases; above 0.5 a quarter of the variance is shared.
MOST_RANDOM_CORRELATION: Final = 0.5
# Two attributions that differ by half their length still have a cosine of at least 0.87.
MOST_SENSITIVITY: Final = 0.5
# What a trustworthy attribution leaves unpredicted is less than half.
MOST_INFIDELITY: Final = 0.5
# Noise added to windows of standard deviation 1 for the sensitivity: 26 dB below them.
NOISE_SHARE: Final = 0.05
_RANGE_PERCENT: Final = (2.5, 97.5)
_N_SHUFFLES: Final = 500
# Areas that lie no further apart are the same.
_SAME_AREA: Final = 1e-6

Array = NDArray[np.float64]
Windows = NDArray[np.floating[Any]]
Groups = NDArray[np.integer[Any]]
# Maps windows to one number each: the log-probability of the class that is explained.
Score = Callable[[NDArray[np.float32]], Array]


class CheckName(StrEnum):
    """The checks, in the order in which they are shown."""

    INFIDELITY = "infidelity"
    SENSITIVITY = "sensitivity"
    DELETION = "deletion"
    INSERTION = "insertion"
    RANDOMISED_WEIGHTS = "randomised_weights"


@dataclass(frozen=True, slots=True)
class TrustCheck:
    """The outcome of a check.

    Attributes
    ----------
    name
        Which.
    value
        None where it can't be worked out.
    control, control_low, control_high
        What attributions that know nothing get: mean, and the range that 95 % of them (deletion, insertion
        and random weights: all of them) keep to; None where there is no such control.
    passes
        None where the check does not apply.
    reason
        What was compared and what follows, in a sentence.
    curve, control_curve
        Deletion and insertion: mean probability after each step, from nothing changed to all, evenly spaced.
    """

    name: CheckName
    value: float | None
    control: float | None
    control_low: float | None
    control_high: float | None
    passes: bool | None
    reason: str
    curve: tuple[float, ...] = ()
    control_curve: tuple[float, ...] = ()


def make_time_groups(n_samples: int, n_groups: int = N_GROUPS) -> NDArray[np.int64]:
    """Return the group of each sample: stretches of nearly equal length.

    >>> make_time_groups(7, 3).tolist()
    [0, 0, 0, 1, 1, 2, 2]
    """
    n_groups = min(n_groups, n_samples)
    return np.arange(n_samples, dtype=np.int64) * n_groups // n_samples


def sum_groups(values: Windows, groups: Groups) -> Array:
    """Sum ``(n_windows, n_samples)`` over each group, ``(n_windows, n_groups)``."""
    n_groups = int(groups.max()) + 1
    members = np.zeros((len(groups), n_groups))
    members[np.arange(len(groups)), groups] = 1.0
    summed: Array = np.asarray(values, np.float64) @ members
    return summed


def check_infidelity(
    score: Score,
    windows: Windows,
    baselines: Windows,
    values: Windows,
    groups: Groups,
    *,
    n_perturbations: int = 48,
    seed: int = 0,
) -> TrustCheck:
    """Check that the attribution predicts what taking parts away does.

    Half of the groups, drawn at random, are set to the baseline; the attribution predicts the fall of the
    score as the sum of what they were given. The infidelity of Yeh et al. 2019 ("On the (in)fidelity and
    sensitivity of explanations", NeurIPS) is the mean squared error of that; here after the best scale and
    offset, as a share of the variance of the falls: 1 - r², 1 where r is not positive. So 0 is perfect and 1
    predicts nothing, whatever unit the method has. Passes below 0.5 and below 97.5 % of the same attributions
    shuffled among the groups.

    Parameters
    ----------
    score
        Log-probability of the class, for windows as they are.
    windows, baselines, values
        ``(n_windows, n_samples)``.
    groups
        ``(n_samples,)``.
    n_perturbations, seed
        Per window.
    """
    rng = np.random.default_rng(seed)
    summed = sum_groups(values, groups)
    n_groups = summed.shape[1]
    masks = np.argsort(rng.random((n_perturbations, n_groups)), axis=1) < n_groups // 2
    falls = _measure_falls(score, windows, baselines, masks, groups)
    value = _miss(falls, summed @ masks.T)
    shuffled = [
        _miss(falls, np.take(summed, rng.permutation(n_groups), axis=1) @ masks.T) for _ in range(_N_SHUFFLES)
    ]
    low, high = (float(one) for one in np.percentile(shuffled, _RANGE_PERCENT))
    passes = value < low and value < MOST_INFIDELITY
    said = f"The attribution leaves {value:.0%} of the score's changes unpredicted"
    if passes:
        reason = f"{said}; shuffled among its parts it leaves {low:.0%} or more."
    elif value >= low:
        reason = f"{said}, no less than when it is shuffled among its parts ({low:.0%})."
    else:
        reason = f"{said}: better than chance, but half or more."
    return TrustCheck(CheckName.INFIDELITY, value, float(np.mean(shuffled)), low, high, passes, reason)


def check_sensitivity(
    attribute: Callable[[NDArray[np.float32]], Windows],
    windows: Windows,
    values: Windows,
    groups: Groups,
    *,
    n_draws: int = 3,
    seed: int = 0,
) -> TrustCheck:
    """Check that a little noise does not change the attribution.

    The largest relative change over a few draws of white noise 26 dB below the window (max-sensitivity of
    Yeh et al. 2019). Passes up to 0.5.

    Parameters
    ----------
    attribute
        Maps windows to attributions of the same class by the same method, baseline and seed.
    windows, values
        ``(n_windows, n_samples)``.
    groups
        ``(n_samples,)``.
    n_draws, seed
        Of the noise.
    """
    rng = np.random.default_rng(seed)
    clean = sum_groups(values, groups)
    length = np.linalg.norm(clean, axis=1)
    if not (length > 0.0).all():
        reason = "The attribution is nothing throughout; there is nothing to compare."
        return TrustCheck(CheckName.SENSITIVITY, None, None, None, None, False, reason)
    changes = []
    for _ in range(n_draws):
        noise = NOISE_SHARE * np.std(windows, axis=1, keepdims=True) * rng.standard_normal(np.shape(windows))
        noisy = attribute((np.asarray(windows) + noise).astype(np.float32))
        changes.append(float((np.linalg.norm(sum_groups(noisy, groups) - clean, axis=1) / length).mean()))
    value = max(changes)
    passes = value <= MOST_SENSITIVITY
    reason = (
        f"Noise 26 dB below the signal changes the attribution by {value:.0%}"
        f"{'' if passes else f'; more than {MOST_SENSITIVITY:.0%} is too much to read it'}."
    )
    return TrustCheck(CheckName.SENSITIVITY, value, None, None, None, passes, reason)


def check_removal(
    score: Score,
    windows: Windows,
    baselines: Windows,
    values: Windows,
    groups: Groups,
    *,
    n_steps: int = 12,
    n_random: int = 19,
    seed: int = 0,
) -> tuple[TrustCheck, TrustCheck]:
    """Check deletion and insertion: what the attribution names first matters first.

    Group after group, the most attributed first, is set to the baseline (deletion), or put back into the
    baseline (insertion), and the probability of the class is followed; the areas below the two curves
    (Petsiuk, Das & Saenko 2018, "RISE", BMVC) are compared with those of random orders. Deletion passes where
    no random order has a smaller area, insertion where none has a larger one: with 19 of them an attribution
    that knows nothing passes in 5 % of cases.

    Parameters
    ----------
    score
        Log-probability of the class, for windows as they are.
    windows, baselines, values
        ``(n_windows, n_samples)``.
    groups
        ``(n_samples,)``.
    n_steps
        At most so many, evenly spread over the groups.
    n_random, seed
        Of the random orders; read forwards for deletion and backwards for insertion.
    """
    rng = np.random.default_rng(seed)
    summed = sum_groups(values, groups)
    n_groups = summed.shape[1]
    kept = np.unique(np.rint(np.linspace(0, n_groups, min(n_steps, n_groups) + 1)).astype(np.int64))
    ranks = np.argsort(np.argsort(-summed, axis=1, kind="stable"), axis=1)
    own = _follow(score, windows, baselines, [ranks, n_groups - 1 - ranks], kept, groups)
    orders = [np.argsort(rng.random((n_groups,)))[None].repeat(len(summed), axis=0) for _ in range(n_random)]
    control = _follow(score, windows, baselines, orders, kept, groups)
    # Deleting the least attributed first, read backwards, inserts the most attributed first.
    deletion = _compare_areas(CheckName.DELETION, own[0], control)
    return deletion, _compare_areas(CheckName.INSERTION, own[1][::-1], control[:, ::-1])


def check_randomised_weights(values: Windows, randomised: Sequence[Windows], groups: Groups) -> TrustCheck:
    """Check that the attribution depends on what was learned.

    Size of the rank correlation of the attribution with those of the same network with random weights, over
    the groups of each window (Adebayo et al. 2018, "Sanity checks for saliency maps", NeurIPS): the mean over
    windows and networks. Which of its classes a random network favours is chance, so that an attribution
    turned round is the same one: signs do not count, and do not cancel. An attribution that random weights
    give too shows the signal, not the classifier. Passes below 0.5. The control is what unrelated groups get.

    Parameters
    ----------
    values
        Of the trained network, ``(n_windows, n_samples)``.
    randomised
        Of networks with random weights, same windows, class and method; empty where there are no weights.
    groups
        ``(n_samples,)``.
    """
    name = CheckName.RANDOMISED_WEIGHTS
    if not randomised:
        reason = "This model has no weights that could be drawn at random; the check does not apply."
        return TrustCheck(name, None, None, None, None, None, reason)
    own = sum_groups(values, groups)
    found = [_correlate_ranks(own, sum_groups(other, groups)) for other in randomised]
    value = float(np.mean(found))
    # Rank correlations of n unrelated numbers have the variance 1 / (n - 1): this is their mean size.
    unrelated = float(np.sqrt(2.0 / (np.pi * max(own.shape[1] - 1, 1))))
    passes = value < MOST_RANDOM_CORRELATION
    said = f"Random weights give attributions that correlate by {value:.2f} with this one, signs aside"
    reason = (
        f"{said}: it depends on what was learned."
        if passes
        else f"{said}: it shows the signal's loud parts rather than what was learned."
    )
    return TrustCheck(name, value, unrelated, float(min(found)), float(max(found)), passes, reason)


def _measure_falls(
    score: Score, windows: Windows, baselines: Windows, masks: NDArray[np.bool_], groups: Groups
) -> Array:
    """Fall of the score when the groups of a mask are taken away, ``(n_windows, n_masks)``."""
    taken = masks[:, groups]
    falls = []
    for window, baseline in zip(windows, baselines, strict=True):
        changed = np.where(taken, baseline, window).astype(np.float32)
        scores = score(np.concatenate([np.asarray(window, np.float32)[None], changed]))
        falls.append(scores[0] - scores[1:])
    return np.asarray(falls)


def _miss(falls: Array, predicted: Array) -> float:
    """1 - r² over all windows, each about its own mean; 1 where r is not positive."""
    falls = falls - falls.mean(axis=1, keepdims=True)
    predicted = predicted - predicted.mean(axis=1, keepdims=True)
    length = float(np.linalg.norm(falls) * np.linalg.norm(predicted))
    r = float((falls * predicted).sum()) / length if length > 0.0 else 0.0
    return 1.0 - max(r, 0.0) ** 2


def _follow(
    score: Score,
    windows: Windows,
    baselines: Windows,
    ranks: Sequence[NDArray[np.integer[Any]]],
    kept: NDArray[np.int64],
    groups: Groups,
) -> Array:
    """Mean probability over the windows as groups are deleted in each order, ``(n_orders, n_steps)``."""
    curves = np.zeros((len(ranks), kept.size))
    for place, (window, baseline) in enumerate(zip(windows, baselines, strict=True)):
        for number, order in enumerate(ranks):
            deleted = order[place][groups][None, :] < kept[:, None]
            changed = np.where(deleted, baseline, window).astype(np.float32)
            curves[number] += np.exp(score(changed)) / len(windows)
    return curves


def _compare_areas(name: CheckName, curve: Array, control: Array) -> TrustCheck:
    area, areas = float(np.trapezoid(curve)) / (curve.size - 1), np.trapezoid(control, axis=1)
    areas = areas / (curve.size - 1)
    mean, low, high = float(areas.mean()), float(areas.min()), float(areas.max())
    # No random order does better; where none changes anything there is nothing to be better at.
    is_deletion = name is CheckName.DELETION
    is_best = area <= low + _SAME_AREA if is_deletion else area >= high - _SAME_AREA
    passes = is_best and abs(area - mean) > _SAME_AREA
    does = "taking away" if is_deletion else "putting back"
    better = "sooner than" if passes else "not clearly sooner than"
    moves = "lowers" if is_deletion else "raises"
    reason = (
        f"{does.capitalize()} what was attributed most {moves} the probability {better} in random orders "
        f"(area {area:.2f}, random {low:.2f} to {high:.2f})."
    )
    shown = tuple(float(one) for one in curve)
    beside = tuple(float(one) for one in control.mean(axis=0))
    return TrustCheck(name, area, mean, low, high, bool(passes), reason, shown, beside)


def _correlate_ranks(one: Array, other: Array) -> float:
    """Mean size of the rank correlation of the rows; 0 where one of them is constant."""
    found = []
    for left, right in zip(one, other, strict=True):
        if np.ptp(left) == 0.0 or np.ptp(right) == 0.0:
            found.append(0.0)
        else:
            found.append(abs(float(stats.spearmanr(left, right).statistic)))
    return float(np.mean(found))
