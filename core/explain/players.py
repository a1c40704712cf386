"""Stretches of a window as players of a game: present as they are, absent replaced by the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

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


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """One window, its baseline and its players before a classifier.

    Attributes
    ----------
    window, baseline
        float32 ``(n_samples,)``.
    players
        int64 ``(n_samples,)``.
    check_in
        Called before each block; may raise to end the work.
    """

    explainable: Explainable
    window: NDArray[np.float32]
    baseline: NDArray[np.float32]
    players: NDArray[np.int64]
    target_class: int
    check_in: Callable[[], None]

    def score(self, present: Coalitions) -> NDArray[np.float64]:
        """Log-probabilities ``(n_coalitions,)`` with the players of each row ``(n_players,)`` present."""
        step = self.explainable.block_windows
        scores = np.empty(len(present))
        for start in range(0, len(present), step):
            self.check_in()
            part = present[start : start + step]
            changed = np.where(part[:, self.players], self.window, self.baseline)
            scores[start : start + step] = self.explainable.score(changed)[:, self.target_class]
        return scores


def list_games(explainable: Explainable, request: Request, players: NDArray[np.int64]) -> Iterator[Game]:
    """Return the game of every window; a window counts as finished when the next one is asked for."""
    baselines = take_baselines(explainable, request)
    for index, (window, baseline) in enumerate(zip(explainable.windows, baselines, strict=True)):
        yield Game(
            explainable, window, baseline, players, request.target_class, partial(request.check_in, index)
        )
        request.check_in(index + 1)
