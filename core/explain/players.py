"""Stretches of a window as players of a game: present as they are, absent replaced by the baseline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Request
from core.explain.baselines import build_baselines
from core.explain.explainable import Explainable

Coalitions = NDArray[np.bool_]


def take_baselines(explainable: Explainable, request: Request) -> NDArray[np.float32]:
    """Return the baselines that were given, or those that the option names."""
    if request.baselines is not None:
        return request.baselines
    seed = request.options.get("seed") or 0
    return build_baselines(str(request.options["baseline"]), explainable, int(seed))


def cut_players(n_samples: int, request: Request) -> NDArray[np.int64]:
    """Return the player of every sample: the groups given, or equal stretches of time."""
    if request.groups is not None:
        return request.groups
    n_players = min(request.get_whole("n_segments"), n_samples)
    return np.arange(n_samples, dtype=np.int64) * n_players // n_samples


def spread_evenly(values: NDArray[np.float64], players: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give every sample an equal share of its player's value; the sum stays."""
    shares: NDArray[np.float64] = (values / np.bincount(players, minlength=len(values)))[players]
    return shares


def score_coalitions(
    explainable: Explainable,
    window: NDArray[np.float32],
    baseline: NDArray[np.float32],
    players: NDArray[np.int64],
    present: Coalitions,
    target_class: int,
    check_in: Callable[[], None],
) -> NDArray[np.float64]:
    """Score a window with some players replaced.

    Parameters
    ----------
    window, baseline
        Shape ``(n_samples,)``.
    players
        Shape ``(n_samples,)``.
    present
        Shape ``(n_coalitions, n_players)``: who stays.

    Returns
    -------
    ndarray
        Log-probabilities of the class, ``(n_coalitions,)``.
    """
    step = explainable.block_windows
    scores = np.empty(len(present))
    for start in range(0, len(present), step):
        check_in()
        part = present[start : start + step]
        changed = np.where(part[:, players], window, baseline)
        scores[start : start + step] = explainable.score(changed)[:, target_class]
    return scores
