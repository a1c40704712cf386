"""Split conformal sets: several classes in an answer, so that the right one is among them often enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.training.metrics import wilson_interval
from utils.exceptions import InvalidInputError


@dataclass(frozen=True, slots=True)
class ConformalRule:
    """A class is in the set where its probability reaches the threshold.

    Attributes
    ----------
    coverage
        The share of recordings whose set shall hold their class: promised for recordings that are
        exchangeable with those of calibration, and so for a classifier in whose making those had no part.
    n_calibration, rank
        Calibration recordings, and which of their scores, counted from the smallest, is the limit.
    threshold
        Smallest probability in a set; None where there are too few recordings for the coverage.
    """

    coverage: float
    n_calibration: int
    rank: int
    threshold: float | None

    @property
    def n_needed(self) -> int:
        """The fewest calibration recordings with which this coverage can be had."""
        return math.ceil(self.coverage / (1.0 - self.coverage) - 1e-9)

    def build_sets(self, probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which classes each row's set holds; without a threshold every class."""
        values = np.asarray(probabilities, dtype=np.float64)
        if self.threshold is None:
            return np.ones(values.shape, dtype=np.bool_)
        return values >= self.threshold

    def compute_band(self, n: int) -> tuple[int, int] | None:
        """Return the central 95 % of how many of ``n`` further recordings are covered.

        For exchangeable recordings without ties the coverage of a split conformal rule is drawn from
        Beta(rank, n_calibration + 1 - rank) (Vovk, 2012), and the count from the binomial over it.
        """
        if self.threshold is None:
            return None
        counts = stats.betabinom(n, self.rank, self.n_calibration + 1 - self.rank)
        return int(counts.ppf(0.025)), int(counts.ppf(0.975))


def fit_conformal(
    probabilities: NDArray[np.floating], targets: NDArray[np.integer], coverage: float
) -> ConformalRule:
    """Set the threshold on calibration recordings (Sadinle, Lei and Wasserman, 2019: least ambiguous sets).

    A recording's score is one minus the probability of its label; the limit is the
    ceil((n + 1)·coverage)-th smallest.

    Parameters
    ----------
    probabilities, targets
        Shapes ``(n, n_classes)`` and ``(n,)``; rows that the classifier has not learned from. Where they
        chose it (early stopping, a temperature), they flatter it and the coverage comes out too low.
    coverage
        Above 0, below 1.

    Raises
    ------
    InvalidInputError
        An impossible coverage.
    """
    if not 0.0 < coverage < 1.0:
        raise InvalidInputError("The coverage lies between 0 and 1, for example 0.9.")
    n = len(targets)
    rank = math.ceil((n + 1) * coverage - 1e-9)
    if rank > n:
        return ConformalRule(coverage, n, rank, None)
    of_label = np.asarray(probabilities, dtype=np.float64)[np.arange(n), targets]
    return ConformalRule(coverage, n, rank, float(np.sort(of_label)[n - rank]))


def judge_coverage(
    rule: ConformalRule,
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    noun: str,
    *,
    chosen: str = "",
) -> dict[str, Any]:
    """Measure a rule on rows that it was not set on.

    Parameters
    ----------
    rule, probabilities, targets
        As `fit_conformal` returns and takes them.
    noun
        What the rows are, in the sentence.
    chosen
        What the calibration rows chose of the classifier, such as "the epoch". Then they are not exchangeable
        with the others, and the coverage tends to be lower than wanted.

    Returns
    -------
    dict
        ``n_calibration``, ``n_needed``, ``possible``, ``threshold``, ``n``, ``n_covered``, ``coverage`` with
        its Wilson ``interval``, the ``band`` that is to be expected (``band_n`` in rows), ``inside``,
        ``mean_size``, ``sizes`` and a ``sentence``.
    """
    sets = rule.build_sets(probabilities)
    n = len(targets)
    n_covered = int(sets[np.arange(n), targets].sum())
    band = rule.compute_band(n) if n else None
    sizes = sets.sum(axis=1)
    return {
        "n_calibration": rule.n_calibration,
        "n_needed": rule.n_needed,
        "possible": rule.threshold is not None,
        "threshold": rule.threshold,
        "n": n,
        "n_covered": n_covered,
        "coverage": n_covered / n if n else None,
        "interval": wilson_interval(n_covered, n),
        "band": [band[0] / n, band[1] / n] if band else None,
        "band_n": list(band) if band else None,
        "inside": band[0] <= n_covered <= band[1] if band else None,
        "mean_size": float(sizes.mean()) if n else None,
        "sizes": [{"size": int(size), "n": int((sizes == size).sum())} for size in np.unique(sizes)],
        "sentence": _word(rule, n, n_covered, band, int((sizes == 0).sum()), noun, chosen),
    }


def _word(
    rule: ConformalRule,
    n: int,
    n_covered: int,
    band: tuple[int, int] | None,
    n_empty: int,
    noun: str,
    chosen: str,
) -> str:
    wanted = f"{rule.coverage:.0%}"
    if band is None:
        if rule.threshold is not None:
            return f"There are no {noun} to measure the coverage on."
        return (
            f"{wanted} coverage needs at least {rule.n_needed} validation {noun}; there are "
            f"{rule.n_calibration}. Every set would have to hold all classes."
        )
    sentence = (
        f"{n_covered} of {n} {noun} have their class in the set ({n_covered / n:.1%}, {wanted} wanted); "
        f"{band[0]} to {band[1]} are to be expected."
    )
    if n_covered < band[0]:
        flattered = f", or validation flatters the classifier, as it chose {chosen}" if chosen else ""
        sentence += f" That is too few: these {noun} are not like those of validation{flattered}."
    elif n_covered > band[1]:
        sentence += " More are covered than asked for: many share one probability, or they are easier."
    if n_empty:
        sentence += f" {n_empty} sets are empty: no class is likely enough."
    return sentence
