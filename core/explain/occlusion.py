"""Occlusion (Zeiler and Fergus, ECCV 2014) over time: what is lost when a stretch is replaced."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Found, Request
from core.explain.explainable import Explainable
from core.explain.players import list_games, spread_evenly, take_baselines


def occlude(explainable: Explainable, request: Request) -> Found:
    """Replace one stretch after another by the baseline.

    The value of a sample is the mean over the stretches that cover it of the fall of the score per sample of
    the stretch. With groups given, each is replaced once and its fall spread over its samples.
    """
    if request.groups is not None:
        return _occlude_groups(explainable, request, request.groups)
    baselines = take_baselines(explainable, request)
    scores = explainable.score(explainable.windows)[:, request.target_class]
    stretches = cut_stretches(explainable, request)
    values = np.empty(explainable.windows.shape)
    for index, (window, baseline) in enumerate(zip(explainable.windows, baselines, strict=True)):
        left = _score_without(explainable, request, window, baseline, stretches, index)
        values[index] = _average_falls(scores[index] - left, stretches, explainable.n_samples)
        request.check_in(index + 1)
    return Found(values, explainable.score(baselines)[:, request.target_class])


def _occlude_groups(explainable: Explainable, request: Request, groups: NDArray[np.int64]) -> Found:
    n_groups = int(groups.max()) + 1
    # Nobody, everybody, and everybody but one.
    present = np.concatenate([np.zeros((1, n_groups)), np.ones((1, n_groups)), 1.0 - np.eye(n_groups)]) > 0
    values, score_baseline = np.empty(explainable.windows.shape), np.empty(explainable.n_windows)
    for index, game in enumerate(list_games(explainable, request, groups)):
        scores = game.score(present)
        score_baseline[index] = scores[0]
        values[index] = spread_evenly(scores[1] - scores[2:], groups)
    return Found(values, score_baseline)


def cut_stretches(explainable: Explainable, request: Request) -> NDArray[np.int64]:
    """Return the first sample of each stretch and the one after its last, ``(n_stretches, 2)``.

    The last stretch may be shorter, so that the window's end is reached.
    """
    n_samples = explainable.n_samples
    length = max(1, n_samples // 32)
    if request.options["segment_ms"] is not None:
        length = round(request.get_number("segment_ms") * 1e-3 * explainable.sample_rate_hz)
        length = min(max(1, length), n_samples)
    hop = max(1, round(length * (1.0 - request.get_number("overlap"))))
    starts = np.arange(math.ceil((n_samples - length) / hop) + 1, dtype=np.int64) * hop
    return np.stack([starts, np.minimum(starts + length, n_samples)], axis=1)


def _score_without(
    explainable: Explainable,
    request: Request,
    window: NDArray[np.float32],
    baseline: NDArray[np.float32],
    stretches: NDArray[np.int64],
    n_done: int,
) -> NDArray[np.float64]:
    step = explainable.block_windows
    block = np.empty((min(step, len(stretches)), len(window)), dtype=np.float32)
    left = np.empty(len(stretches))
    for first in range(0, len(stretches), step):
        request.check_in(n_done)
        part = stretches[first : first + step]
        changed = block[: len(part)]
        changed[:] = window
        for row, (start, stop) in zip(changed, part, strict=True):
            row[start:stop] = baseline[start:stop]
        left[first : first + step] = explainable.score(changed)[:, request.target_class]
    return left


def _average_falls(
    falls: NDArray[np.float64], stretches: NDArray[np.int64], n_samples: int
) -> NDArray[np.float64]:
    """Mean over the stretches that cover a sample; 0 where none does."""
    total, n_covering = np.zeros(n_samples + 1), np.zeros(n_samples + 1)
    starts, stops = stretches.T
    per_sample = falls / (stops - starts)
    for places, sign in ((starts, 1.0), (stops, -1.0)):
        np.add.at(total, places, sign * per_sample)
        np.add.at(n_covering, places, sign)
    n_covering = np.rint(np.cumsum(n_covering[:-1]))
    average: NDArray[np.float64] = np.cumsum(total[:-1]) / np.maximum(n_covering, 1.0)
    return average
