"""LIME (Ribeiro, Singh and Guestrin, KDD 2016) over stretches of time, or over groups that are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Found, Request
from core.explain.explainable import Explainable
from core.explain.players import Coalitions, cut_players, list_games, spread_evenly

# Of the ridge regression, as in the method's first form.
_PENALTY = 1.0


def fit_local_model(explainable: Explainable, request: Request) -> Found:
    """Give each stretch its slope in a line fitted near the window, spread evenly over its samples."""
    players = cut_players(explainable.n_samples, request)
    n_players = int(players.max()) + 1
    present = draw_neighbours(n_players, request.get_whole("n_coalitions"), request.get_whole("seed"))
    solution = _solve(present, weigh_neighbours(present, request.get_number("kernel_width")))
    asked = np.concatenate([present, np.zeros((1, n_players), dtype=bool)])
    values, score_baseline = np.empty(explainable.windows.shape), np.empty(explainable.n_windows)
    for index, game in enumerate(list_games(explainable, request, players)):
        scores = game.score(asked)
        score_baseline[index] = scores[-1]
        values[index] = spread_evenly(solution @ scores[:-1], players)
    return Found(values, score_baseline, chosen={"n_players": n_players})


def draw_neighbours(n_players: int, n_wanted: int, seed: int) -> Coalitions:
    """Draw who stays: everybody first, then each with even odds; all choices where there are no more."""
    if n_players < 31 and 2**n_players <= n_wanted:
        numbers = np.arange(2**n_players)[::-1]
        return np.asarray((numbers[:, None] >> np.arange(n_players)) % 2 == 1)
    present = np.random.default_rng(seed).random((n_wanted, n_players)) < 0.5
    present[0] = True
    return present


def weigh_neighbours(present: Coalitions, kernel_width: float) -> NDArray[np.float64]:
    """Weigh coalitions by the cosine of their angle to the full one: ``exp(-(1 - cos)² / width²)``."""
    cosine = np.sqrt(present.mean(axis=1))
    weights: NDArray[np.float64] = np.exp(-(((1.0 - cosine) / kernel_width) ** 2))
    return weights


def _solve(present: Coalitions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix from scores to slopes: weighted ridge regression whose constant is not penalised."""
    shares = weights / weights.sum()
    centred = present - shares @ present
    weighted = centred * weights[:, None]
    products = weighted.T @ centred + _PENALTY * np.eye(present.shape[1])
    found: NDArray[np.float64] = np.linalg.solve(products, weighted.T)
    return found
