"""Shapley values by a weighted regression over coalitions (KernelSHAP; Lundberg and Lee, NeurIPS 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Coalitions = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ShapleyPlan:
    """Coalitions that are to be scored, and how their scores become values.

    It depends on nothing but the number of players, of coalitions and the seed, so that one plan serves all
    windows.

    Attributes
    ----------
    present
        Bool ``(n_coalitions, n_players)``; neither the empty coalition nor the full one is among them.
    is_exact
        Whether all coalitions are there, so that the values are the Shapley values themselves.
    """

    present: Coalitions
    is_exact: bool
    _solution: NDArray[np.float64]

    def solve(
        self, scores: NDArray[np.float64], score_empty: float, score_full: float
    ) -> NDArray[np.float64]:
        """Return the players' values ``(n_players,)``; their sum is ``score_full - score_empty``."""
        whole = score_full - score_empty
        if self.present.shape[1] == 1:
            return np.array([whole])
        # The last player takes what the others leave, so the sum is held exactly.
        rest = scores - score_empty - self.present[:, -1] * whole
        values = self._solution @ rest
        return np.append(values, whole - values.sum())


def plan_coalitions(n_players: int, n_wanted: int, seed: int) -> ShapleyPlan:
    """Choose coalitions for ``n_players``: all where there are no more than ``n_wanted``.

    Otherwise the sizes that weigh most, one player and all but one first, are taken whole as far as they fit;
    of the sizes between them coalitions are drawn by weight, each with its opposite, which cancels what is
    uneven in the draw (Covert and Lee, AISTATS 2021).
    """
    if n_players == 1:
        return ShapleyPlan(np.zeros((0, 1), dtype=bool), True, np.zeros((0, 0)))
    masses = _weigh_sizes(n_players)
    parts: list[Coalitions] = []
    weights: list[NDArray[np.float64]] = []
    n_left = n_wanted
    size, mass_left = 1, 1.0
    while size <= n_players // 2:
        both = size if 2 * size == n_players else 2 * size
        n_here = math.comb(n_players, size) * (1 if both == size else 2)
        mass = masses[size - 1] * (1.0 if both == size else 2.0)
        if n_here > n_left:
            break
        here = _list_all(n_players, size)
        parts += [here] if both == size else [here, ~here]
        weights.append(np.full(n_here, mass / n_here))
        size, mass_left, n_left = size + 1, mass_left - mass, n_left - n_here
    is_exact = size > n_players // 2
    if not is_exact and n_left >= 2:
        drawn = _draw(n_players, size, n_left // 2, masses, seed)
        parts += [drawn, ~drawn]
        weights.append(np.full(2 * len(drawn), mass_left / (2 * len(drawn))))
    present = np.concatenate(parts)
    return ShapleyPlan(present, is_exact, _solve(present, np.concatenate(weights)))


def explain_game(
    plan: ShapleyPlan, score: Callable[[Coalitions], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], float, float]:
    """Score the coalitions of a plan and solve for the values.

    ``score`` maps coalitions ``(n, n_players)`` to ``(n,)``.

    Returns
    -------
    tuple
        Values ``(n_players,)``, the score of nobody and the score of all.
    """
    n_players = plan.present.shape[1]
    ends = np.array([[False], [True]]).repeat(n_players, axis=1)
    scores = score(np.concatenate([ends, plan.present]))
    empty, full = float(scores[0]), float(scores[1])
    return plan.solve(scores[2:], empty, full), empty, full


def _weigh_sizes(n_players: int) -> NDArray[np.float64]:
    """Share of the Shapley kernel that all coalitions of 1, 2, … players weigh together."""
    sizes = np.arange(1, n_players)
    weights = (n_players - 1) / (sizes * (n_players - sizes)).astype(np.float64)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _list_all(n_players: int, size: int) -> Coalitions:
    chosen = np.array(list(combinations(range(n_players), size)))
    present = np.zeros((len(chosen), n_players), dtype=bool)
    present[np.arange(len(chosen))[:, None], chosen] = True
    return present


def _draw(
    n_players: int, first_size: int, n_pairs: int, masses: NDArray[np.float64], seed: int
) -> Coalitions:
    """Draw coalitions of at least ``first_size`` players and at most so few absent ones."""
    generator = np.random.default_rng(seed)
    sizes = np.arange(first_size, n_players - first_size + 1)
    shares = masses[sizes - 1]
    drawn = generator.choice(sizes, size=n_pairs, p=shares / shares.sum())
    ranks = generator.random((n_pairs, n_players)).argsort(axis=1).argsort(axis=1)
    present: Coalitions = ranks < drawn[:, None]
    return present


def _solve(present: Coalitions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix from scores to the values of all players but the last: weighted least squares."""
    design = present[:, :-1].astype(np.float64) - present[:, -1:]
    weighted = design * weights[:, None]
    found = np.linalg.lstsq(weighted.T @ design, weighted.T, rcond=None)[0]
    return np.asarray(found, dtype=np.float64)
