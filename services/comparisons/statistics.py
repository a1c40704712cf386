"""The tests of a comparison, as plain data: which contestants differ, by how much, how surely."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.comparisons.matching import Comparison, Contestant, Design
from utils.statistical_tests import (
    OmnibusOutcome,
    Significance,
    bootstrap_paired_difference,
    compute_cochrans_q,
    compute_cohens_g,
    compute_critical_difference,
    compute_friedman,
    compute_mcnemar,
    compute_nemenyi,
    compute_odds_ratio,
    compute_risk_difference,
    compute_smallest_p_value,
    compute_welch,
    compute_wilcoxon,
    correct_holm,
    has_too_few_repeats,
)

ALPHA = 0.05
_EXACT = "exact permutation test"
_DRAWN = "permutation test, 10,000 draws"


@dataclass(frozen=True, slots=True)
class _Side:
    """One contestant on one test set, recording by recording."""

    contestant: Contestant
    right: NDArray[np.bool_]  # the majority's answer
    shares: NDArray[np.float64]  # share of the seeds that are right


def compute_statistics(comparison: Comparison) -> dict[str, Any]:
    """Return the tests that fit the comparison's design.

    ``design`` says which: ``recordings`` and ``seeds`` have ``omnibus`` (Cochran's Q, three or more) and
    ``pairs`` (exact McNemar, corrected by Holm); ``folds`` has ``friedman`` with Nemenyi's pairs (three or
    more) or ``wilcoxon`` (two).
    """
    if comparison.design is Design.FOLDS:
        return {"design": comparison.design.value, "alpha": ALPHA, **_compare_over_test_sets(comparison)}
    sides = [_build_side(comparison, contestant) for contestant in comparison.contestants]
    return {
        "design": comparison.design.value,
        "alpha": ALPHA,
        "n": len(comparison.test_sets[0]),
        "omnibus": _compute_omnibus(sides),
        "pairs": _compute_pairs(sides),
    }


def _build_side(comparison: Comparison, contestant: Contestant) -> _Side:
    answers = comparison.list_answers(contestant, 0)
    targets = [key[1] for key in comparison.test_sets[0]]
    right = np.array([answer == target for answer, target in zip(answers, targets, strict=True)])
    return _Side(contestant, right, comparison.count_right(contestant, 0))


def _compute_omnibus(sides: list[_Side]) -> dict[str, Any] | None:
    if len(sides) < 3:
        return None
    right = np.column_stack([side.right for side in sides])
    found = compute_cochrans_q(right)
    return {
        "test": "Cochran's Q",
        "n_discordant": int(np.count_nonzero(right.any(axis=1) & ~right.all(axis=1))),
        **_describe_omnibus(found),
    }


def _describe_omnibus(found: OmnibusOutcome | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(("statistic", "dof", "p_value", "method"))
    method = _EXACT if found.is_exact else _DRAWN
    return {
        "statistic": found.statistic,
        "dof": found.dof,
        "p_value": found.p_value,
        "method": method,
    }


def _describe(found: Significance) -> dict[str, float | None]:
    return {"statistic": found.statistic, "dof": found.dof, "p_value": found.p_value}


def _compute_pairs(sides: list[_Side]) -> list[dict[str, Any]]:
    pairs = [_compare_pair(one, other) for one, other in combinations(sides, 2)]
    corrected = correct_holm([pair["p_value"] for pair in pairs])
    return [
        {**pair, "p_corrected": p_value, "differ": p_value < ALPHA}
        for pair, p_value in zip(pairs, corrected, strict=True)
    ]


def _compare_pair(one: _Side, other: _Side) -> dict[str, Any]:
    only_first = int(np.count_nonzero(one.right & ~other.right))
    only_second = int(np.count_nonzero(~one.right & other.right))
    n = len(one.right)
    return {
        "first": one.contestant.letter,
        "second": other.contestant.letter,
        "n": n,
        "both_right": int(np.count_nonzero(one.right & other.right)),
        "only_first": only_first,
        "only_second": only_second,
        "both_wrong": int(np.count_nonzero(~one.right & ~other.right)),
        "p_value": compute_mcnemar(only_first, only_second),
        "smallest_p_value": compute_smallest_p_value(only_first + only_second),
        "risk_difference": compute_risk_difference(only_first, only_second, n).to_dict(),
        "odds_ratio": compute_odds_ratio(only_first, only_second).to_dict(),
        "cohens_g": compute_cohens_g(only_first, only_second).to_dict(),
        "bootstrap": bootstrap_paired_difference(one.shares, other.shares).to_dict(),
        "has_repeats": max(len(one.contestant.members), len(other.contestant.members)) > 1,
        "seeds": _compare_seeds(one.contestant, other.contestant),
    }


def _compare_seeds(one: Contestant, other: Contestant) -> dict[str, float | None] | None:
    """Return the difference of the mean accuracies with Welch's interval over seeds, or None for too few."""
    first, second = (
        [
            sum(each.answers[key] == key[1] for key in each.answers) / len(each.answers)
            for each in side.members
        ]
        for side in (one, other)
    )
    if has_too_few_repeats(min(len(first), len(second))):
        return None
    return compute_welch(first, second).to_dict()


def _compare_over_test_sets(comparison: Comparison) -> dict[str, Any]:
    table = np.array(
        [
            [float(comparison.count_right(each, index).mean()) for each in comparison.contestants]
            for index in range(len(comparison.test_sets))
        ]
    )
    letters = [each.letter for each in comparison.contestants]
    shared = {"n_test_sets": len(table), "accuracies": table.tolist(), "letters": letters}
    if len(letters) == 2:
        return {**shared, "wilcoxon": _describe_wilcoxon(table), "friedman": None}
    return {**shared, "wilcoxon": None, "friedman": _describe_friedman(table, letters)}


def _describe_wilcoxon(table: NDArray[np.float64]) -> dict[str, Any]:
    found = compute_wilcoxon(table[:, 0].tolist(), table[:, 1].tolist())
    p_value = found.p_value if found else 1.0
    return {
        "test": "Wilcoxon signed-rank",
        "statistic": found.statistic if found else None,
        "p_value": p_value,
        "smallest_p_value": min(1.0, 2 / 2 ** len(table)),
        "mean_difference": float((table[:, 0] - table[:, 1]).mean()),
        "differ": p_value < ALPHA,
    }


def _describe_friedman(table: NDArray[np.float64], letters: list[str]) -> dict[str, Any]:
    found = compute_friedman(table)
    p_values = compute_nemenyi(found.mean_ranks, found.n_blocks)
    corrected = found.iman_davenport
    return {
        "test": "Friedman",
        **_describe(found.chi_square),
        "iman_davenport": _describe(corrected) if corrected else None,
        "mean_ranks": dict(zip(letters, found.mean_ranks, strict=True)),
        "critical_difference": compute_critical_difference(len(letters), found.n_blocks, ALPHA),
        "pairs": [
            {
                "first": letters[i],
                "second": letters[j],
                "rank_difference": found.mean_ranks[i] - found.mean_ranks[j],
                "p_corrected": float(p_values[i, j]),
                "differ": bool(p_values[i, j] < ALPHA),
            }
            for i, j in combinations(range(len(letters)), 2)
        ],
    }
