"""Statistics for comparing classifiers; pure functions, the one module of ``utils`` with numpy and scipy.

Which test for what, following Demšar, "Statistical comparisons of classifiers over multiple data sets"
(JMLR 7, 2006) and Dietterich, "Approximate statistical tests for comparing supervised classification
learning algorithms" (Neural Computation 10, 1998):

- two classifiers on the same recordings: the exact McNemar test;
- three or more on the same recordings: Cochran's Q, then McNemar for each pair with Holm's correction;
- over several test sets: Wilcoxon's signed ranks for two, Friedman and Nemenyi for three or more;
- how large a difference is: risk difference, odds ratio and Cohen's g, each with its interval.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

# Below this many seeds a mean has no interval here, and a difference of means no verdict.
MIN_REPEATS = 3
_DOUBLES = 15
# Arrangements of right answers up to which Cochran's Q goes through all of them.
_MOST_ENUMERATED = 10**8


@dataclass(frozen=True, slots=True)
class Significance:
    """A test's statistic, its degrees of freedom where it has some, and its two-sided p-value."""

    statistic: float
    dof: float | None
    p_value: float


@dataclass(frozen=True, slots=True)
class OmnibusOutcome:
    """Cochran's Q with its permutation p-value: of all arrangements (exact), or of drawn ones."""

    statistic: float
    dof: int
    p_value: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; an end that does not exist (an infinite odds ratio) is None."""

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Return it as plain data."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class FriedmanOutcome:
    """Friedman's test with Iman and Davenport's correction; rank 1 is the best."""

    mean_ranks: list[float]
    n_blocks: int
    chi_square: Significance
    iman_davenport: Significance | None


def compute_mean_interval(values: Sequence[float], confidence: float = 0.95) -> list[float]:
    """Return the two-sided Student interval ``[low, high]`` of a mean.

    Parameters
    ----------
    values
        Two or more independent values, for example one accuracy per seed.
    confidence
        Share of such intervals that hold the true mean, when values are normal.

    Raises
    ------
    ValueError
        Fewer than two values.
    """
    found = np.asarray(values, dtype=float)
    if len(found) < 2:
        raise ValueError("an interval of a mean needs two values or more")
    centre = float(found.mean())
    half = float(stats.t.ppf((1 + confidence) / 2, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)))
    return [centre - half, centre + half]


def compute_mean_share_interval(shares: Sequence[float], confidence: float = 0.95) -> list[float]:
    """Return `compute_mean_interval` of shares, cut at 0 and 1: no accuracy lies beyond them."""
    low, high = compute_mean_interval(shares, confidence)
    return [max(low, 0.0), min(high, 1.0)]


def has_too_few_repeats(n_repeats: int) -> bool:
    """Tell whether so few seeds allow no statement about their scatter."""
    return n_repeats < MIN_REPEATS


def compute_share_interval(share: float, n: int, confidence: float = 0.95) -> list[float] | None:
    """Return the score interval of a share (Wilson, 1927); None for ``n = 0``.

    ``share * n`` need not be whole: the mean share over several seeds is judged like one of the same size.
    """
    if n == 0:
        return None
    z = float(stats.norm.ppf((1 + confidence) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [max(0.0, float(centre - half)), min(1.0, float(centre + half))]


# Two classifiers on the same recordings


def compute_mcnemar(only_first: int, only_second: int) -> float:
    """Return the p-value of the exact two-sided McNemar test.

    Parameters
    ----------
    only_first, only_second
        How many recordings only the first, and only the second, gets right. The others say nothing about
        which is better.
    """
    n = only_first + only_second
    return min(1.0, 2 * float(stats.binom.cdf(min(only_first, only_second), n, 0.5))) if n else 1.0


def compute_smallest_p_value(n_discordant: int) -> float:
    """Return the smallest p-value that McNemar's exact test can reach with so many discordant recordings."""
    return compute_mcnemar(n_discordant, 0)


def compute_risk_difference(only_first: int, only_second: int, n: int, confidence: float = 0.95) -> Estimate:
    """Return the difference of two shares of the same ``n`` recordings with Tango's score interval.

    The score interval (Tango, Statistics in Medicine 17, 1998) keeps its promise for few recordings and has
    a width also where the two never differ.
    """
    if n == 0:
        return Estimate(None, None, None)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    found = (only_first - only_second) / n

    def standardise(difference: float) -> float:
        variance = _compute_score_variance(only_first, only_second, n, difference)
        return float((only_first - only_second - n * difference) / np.sqrt(max(variance, 1e-300)))

    edge = 1 - 1e-12
    low = _find_crossing(lambda value: standardise(value) - z, -edge, found)
    high = _find_crossing(lambda value: standardise(value) + z, found, edge)
    return Estimate(found, low, high)


def _compute_score_variance(only_first: int, only_second: int, n: int, difference: float) -> float:
    """Return the variance of ``only_first - only_second`` under the hypothesis of this difference.

    The nuisance share is the larger root of Tango's quadratic, the restricted maximum of the likelihood.
    """
    linear = -(only_first + only_second) + (2 * n - only_first + only_second) * difference
    constant = -only_second * difference * (1 - difference)
    root = np.sqrt(max(linear**2 - 8 * n * constant, 0.0))
    share = (root - linear) / (4 * n)
    return float(n * (2 * share + difference * (1 - difference)))


def _find_crossing(function: Any, low: float, high: float) -> float:
    if function(low) * function(high) > 0:
        return low if abs(function(low)) < abs(function(high)) else high
    return float(optimize.brentq(function, low, high, xtol=1e-10))


def compute_odds_ratio(only_first: int, only_second: int, confidence: float = 0.95) -> Estimate:
    """Return the matched-pairs odds ratio ``only_first / only_second`` with its exact interval.

    The interval is Clopper and Pearson's of the share among the discordant recordings, as odds. Infinite
    values and ends are None; without discordant recordings all three are.
    """
    low, high = _compute_exact_share(only_first, only_first + only_second, confidence)
    value = only_first / only_second if only_second else None
    return Estimate(value, _as_odds(low), _as_odds(high))


def compute_cohens_g(only_first: int, only_second: int, confidence: float = 0.95) -> Estimate:
    """Return Cohen's g, the share of discordant recordings that go to the first less one half.

    Cohen (1988) calls 0.05 small, 0.15 medium and 0.25 large. None without discordant recordings.
    """
    n = only_first + only_second
    if not n:
        return Estimate(None, None, None)
    low, high = _compute_exact_share(only_first, n, confidence)
    return Estimate(only_first / n - 0.5, (low or 0.0) - 0.5, (1.0 if high is None else high) - 0.5)


def _compute_exact_share(n_hits: int, n: int, confidence: float) -> tuple[float | None, float | None]:
    if not n:
        return None, None
    tail = (1 - confidence) / 2
    low = float(stats.beta.ppf(tail, n_hits, n - n_hits + 1)) if n_hits else 0.0
    high = float(stats.beta.ppf(1 - tail, n_hits + 1, n - n_hits)) if n_hits < n else 1.0
    return low, high


def _as_odds(share: float | None) -> float | None:
    return None if share is None or share >= 1 else share / (1 - share)


def bootstrap_paired_difference(
    first: Sequence[float] | NDArray[np.float64],
    second: Sequence[float] | NDArray[np.float64],
    *,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Return the mean of ``first - second`` with the percentile interval of the paired bootstrap.

    Parameters
    ----------
    first, second
        One score per recording, in the same order: right (1) or wrong (0), or the share of seeds that are
        right. Recordings are drawn anew, never windows: windows of a recording are not independent.
    n_resamples
        How many times.
    confidence
        Share of such intervals that hold the true difference.
    seed
        The same seed gives the same interval.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = len(differences)
    if n == 0:
        return Estimate(None, None, None)
    # few different values, so that a resample is one multinomial draw however many recordings there are
    values, counts = np.unique(np.round(differences, _DOUBLES), return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=n_resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn @ values / n, [tail, 1 - tail])
    return Estimate(float(differences.mean()), float(low), float(high))


# Three or more classifiers on the same recordings


def compute_cochrans_q(right: NDArray[Any], *, n_draws: int = 10_000, seed: int = 0) -> OmnibusOutcome | None:
    """Return Cochran's Q of ``right`` ``(n_recordings, n_classifiers)``, true where an answer is right.

    Asks whether classifiers are right equally often (Cochran, Biometrika 37, 1950). Where they are, which of
    them are right on a recording is chance: the p-value is the share of the arrangements within recordings
    whose Q is as large or larger. Chi-square would need many recordings that tell the classifiers apart. None
    where no recording does.

    Parameters
    ----------
    right
        One row per recording.
    n_draws
        How many arrangements are drawn where there are too many to enumerate; the one found counts as one
        more.
    seed
        The same seed gives the same p-value.
    """
    table = np.asarray(right).astype(bool)
    k = table.shape[1]
    per_recording = table.sum(axis=1)
    discordant = [int(n) for n in per_recording if 0 < n < k]
    if not discordant:
        return None
    per_classifier = table.sum(axis=0)[None, :] - np.count_nonzero(per_recording == k)
    observed = int((per_classifier**2).sum())
    scale = sum(n * (k - n) for n in discordant)
    q = (k - 1) * (k * observed - sum(discordant) ** 2) / scale
    if math.prod(math.comb(k, n) for n in discordant) <= _MOST_ENUMERATED:
        return OmnibusOutcome(q, k - 1, _enumerate_arrangements(discordant, k, observed), is_exact=True)
    drawn = _draw_arrangements(discordant, k, n_draws, np.random.default_rng(seed))
    n_as_large = int(np.count_nonzero((drawn**2).sum(axis=1) >= observed))
    return OmnibusOutcome(q, k - 1, (n_as_large + 1) / (n_draws + 1), is_exact=False)


def _enumerate_arrangements(n_right: Sequence[int], k: int, observed: int) -> float:
    """Return the share of arrangements whose sum of squared column sums is ``observed`` or more.

    Row after row, arrangements with the same column sums, in whatever order, are counted together.
    """
    sums: dict[tuple[int, ...], int] = {(0,) * k: 1}
    for n in n_right:
        following: Counter[tuple[int, ...]] = Counter()
        for before, ways in sums.items():
            for chosen in combinations(range(k), n):
                after = tuple(sorted(total + (index in chosen) for index, total in enumerate(before)))
                following[after] += ways
        sums = following
    n_as_large = sum(ways for each, ways in sums.items() if sum(total**2 for total in each) >= observed)
    return n_as_large / sum(sums.values())


def _draw_arrangements(
    n_right: Sequence[int], k: int, n_draws: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return the column sums ``(n_draws, k)`` of rows whose right answers are dealt out anew.

    Column after column: of the rows with ``n`` right answers left for ``columns`` columns, each has one in
    the next with probability ``n / columns``, so a binomial draw stands for all of them.
    """
    left = np.tile(np.bincount(n_right, minlength=k + 1), (n_draws, 1))
    drawn = np.empty((n_draws, k), dtype=np.int64)
    for column in range(k):
        hits = generator.binomial(left, np.minimum(np.arange(k + 1) / (k - column), 1.0))
        drawn[:, column] = hits.sum(axis=1)
        left -= hits
        left[:, :-1] += hits[:, 1:]
    return drawn


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the same order (Holm, Scand. J. Statistics 6, 1979)."""
    found = np.asarray(p_values, dtype=float)
    order = np.argsort(found, kind="stable")
    factors = np.arange(len(found), 0, -1)
    raised = np.minimum(np.maximum.accumulate(found[order] * factors), 1.0)
    corrected = np.empty_like(raised)
    corrected[order] = raised
    return [float(value) for value in corrected]


# Several test sets


def compute_wilcoxon(first: Sequence[float], second: Sequence[float]) -> Significance | None:
    """Return Wilcoxon's signed-rank test of two classifiers' accuracies over the same test sets.

    The ranks of test sets on which they are equal are shared out between them, as Demšar does. None where
    they are equal on every one.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    differences = np.round(differences, _DOUBLES - 3)  # 0.9 - 0.8 is no larger than 0.8 - 0.7
    if not differences.any():
        return None
    found = stats.wilcoxon(differences, zero_method="zsplit")
    return Significance(float(found.statistic), None, float(found.pvalue))


def compute_friedman(scores: NDArray[np.float64]) -> FriedmanOutcome:
    """Return Friedman's test of ``scores`` ``(n_test_sets, n_classifiers)``, higher is better.

    Chi-square is corrected for ties. Iman and Davenport's F (1980) is less conservative; it does not exist
    where all test sets agree on all ranks.

    Raises
    ------
    ValueError
        Fewer than two test sets, or fewer than three classifiers.
    """
    table = np.round(np.asarray(scores, dtype=float), _DOUBLES - 3)
    n, k = table.shape
    if n < 2 or k < 3:
        raise ValueError("Friedman's test needs two test sets and three classifiers, or more of them")
    ranks = stats.rankdata(-table, axis=1)
    mean_ranks = ranks.mean(axis=0)
    ties = sum(float((counts**3 - counts).sum()) for counts in map(_count_values, ranks))
    scale = 1 - ties / (n * k * (k * k - 1))
    spread = 12 * n / (k * (k + 1)) * float(((mean_ranks - (k + 1) / 2) ** 2).sum())
    chi = spread / scale if scale > 0 else 0.0
    left = n * (k - 1) - chi
    corrected = None
    if left > 1e-9:
        f = (n - 1) * chi / left
        corrected = Significance(f, (k - 1) * (n - 1), float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))))
    outcome = Significance(chi, k - 1, float(stats.chi2.sf(chi, k - 1)))
    return FriedmanOutcome([float(rank) for rank in mean_ranks], n, outcome, corrected)


def _count_values(row: NDArray[np.float64]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.unique(row, return_counts=True)[1]
    return counts


def compute_critical_difference(n_classifiers: int, n_test_sets: int, alpha: float = 0.05) -> float:
    """Return the difference of mean ranks from which Nemenyi's test calls two classifiers different."""
    quantile = stats.studentized_range.ppf(1 - alpha, n_classifiers, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(n_classifiers * (n_classifiers + 1) / (6 * n_test_sets)))


def compute_nemenyi(mean_ranks: Sequence[float], n_test_sets: int) -> NDArray[np.float64]:
    """Return Nemenyi's p-values ``(n_classifiers, n_classifiers)``, corrected for all pairs."""
    ranks = np.asarray(mean_ranks, dtype=float)
    k = len(ranks)
    gaps = np.abs(ranks[:, None] - ranks) / np.sqrt(k * (k + 1) / (6 * n_test_sets))
    p_values: NDArray[np.float64] = stats.studentized_range.sf(gaps * np.sqrt(2), k, np.inf)
    np.fill_diagonal(p_values, 1.0)
    return p_values


# Several seeds


def compute_welch(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the difference of two means over seeds with Welch's interval (unequal variances).

    Raises
    ------
    ValueError
        Fewer than two values on a side.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(one) < 2 or len(other) < 2:
        raise ValueError("a difference of means needs two values or more on each side")
    shares = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    found = float(one.mean() - other.mean())
    if shares.sum() == 0:
        return Estimate(found, found, found)
    dof = shares.sum() ** 2 / (shares[0] ** 2 / (len(one) - 1) + shares[1] ** 2 / (len(other) - 1))
    half = float(stats.t.ppf((1 + confidence) / 2, dof) * np.sqrt(shares.sum()))
    return Estimate(found, found - half, found + half)
