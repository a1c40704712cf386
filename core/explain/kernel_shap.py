"""KernelSHAP over stretches of time, or over groups of samples that are given."""

from __future__ import annotations

import numpy as np

from core.explain.attribution import Found, Request
from core.explain.explainable import Explainable
from core.explain.players import cut_players, list_games, spread_evenly
from core.explain.shapley import explain_game, plan_coalitions


def estimate_shapley_values(explainable: Explainable, request: Request) -> Found:
    """Give each stretch its Shapley value, spread evenly over its samples."""
    players = cut_players(explainable.n_samples, request)
    n_players = int(players.max()) + 1
    plan = plan_coalitions(n_players, request.get_whole("n_coalitions"), request.get_whole("seed"))
    values = np.empty(explainable.windows.shape)
    score_baseline = np.empty(explainable.n_windows)
    for index, game in enumerate(list_games(explainable, request, players)):
        found, score_baseline[index], _ = explain_game(plan, game.score)
        values[index] = spread_evenly(found, players)
    chosen = {"n_players": n_players, "n_judged": len(plan.present), "is_exact": plan.is_exact}
    return Found(values, score_baseline, chosen=chosen)
