"""Shapley values of the named features that a classical model reads, or of groups of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Found, Request
from core.explain.baselines import HEALTHY_MEAN, PHASE_RANDOMISED, draw_baselines
from core.explain.explainable import Explainable
from core.explain.feature_reading import FeatureReading
from core.explain.shapley import Coalitions, explain_game, plan_coalitions

# Features scatter from draw to draw of phases; their mean over these is what a window is compared with.
_N_DRAWS = 16
_BLOCK_ROWS = 1024


def explain_features(explainable: Explainable, request: Request) -> Found:
    """Give each feature, or group of features, its Shapley value.

    An absent feature takes its value in the baseline: the mean over the healthy windows, over the window with
    random phases, or that of silence.
    """
    reading = explainable.features
    if reading is None:
        raise ValueError("there are no features")
    by_group = request.options["by"] == "group"
    names, players = _list_players(reading, by_group=by_group)
    plan = plan_coalitions(len(names), request.get_whole("n_coalitions"), request.get_whole("seed"))
    features = reading.read(explainable.windows)
    baselines = np.stack([_read_baseline(explainable, request, reading, n) for n in range(len(features))])
    values, score_baseline = np.empty((len(features), len(names))), np.empty(len(features))
    for index in range(len(features)):

        def score(present: Coalitions, index: int = index) -> NDArray[np.float64]:
            return _score(reading, request, features[index], baselines[index], present[:, players], index)

        values[index], score_baseline[index], _ = explain_game(plan, score)
        request.check_in(index + 1)
    return Found(
        values,
        score_baseline,
        chosen={"n_players": len(names), "n_judged": len(plan.present), "is_exact": plan.is_exact},
        feature_names=names,
        feature_groups=names if by_group else reading.groups,
        feature_values=None if by_group else features,
        feature_baseline=None if by_group else baselines,
    )


def _list_players(reading: FeatureReading, *, by_group: bool) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the players' names and the player of every column."""
    if not by_group:
        return reading.names, np.arange(len(reading.names))
    groups = tuple(dict.fromkeys(reading.groups))
    return groups, np.array([groups.index(group) for group in reading.groups])


def _read_baseline(
    explainable: Explainable, request: Request, reading: FeatureReading, index: int
) -> NDArray[np.float32]:
    """Mean features ``(n_features,)`` of what the window is compared with."""
    name = str(request.options["baseline"])
    if request.baselines is not None:
        windows = request.baselines[index][None]
    elif name == HEALTHY_MEAN and explainable.healthy_windows is not None:
        windows = explainable.healthy_windows
    else:
        n_draws = _N_DRAWS if name == PHASE_RANDOMISED else 1
        windows = draw_baselines(
            name, explainable, explainable.windows[index], n_draws, request.get_whole("seed")
        )
    mean: NDArray[np.float32] = reading.read(windows).mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _score(
    reading: FeatureReading,
    request: Request,
    features: NDArray[np.float32],
    baseline: NDArray[np.float32],
    present: Coalitions,
    n_done: int,
) -> NDArray[np.float64]:
    """Log-probabilities with the columns that are present ``(n_coalitions, n_features)``."""
    parts = []
    for start in range(0, len(present), _BLOCK_ROWS):
        request.check_in(n_done)
        rows = np.where(present[start : start + _BLOCK_ROWS], features, baseline)
        parts.append(reading.score(rows)[:, request.target_class])
    return np.concatenate(parts)
