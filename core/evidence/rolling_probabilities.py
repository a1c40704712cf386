"""From how far each pattern of lines stands out to the probability of each fault.

A multinomial logistic model whose few weights are the same for every machine; they were fitted to simulated
recordings only (``benchmarks/evidence_calibration.py``, ``docs/evidence.md``).
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evidence.rolling_lines import Patterns

# The causes that are told apart; the last two are nothing of this bearing.
CAUSES = ("outer", "inner", "spin", "cage", "other", "nothing")
N_FAULT_CAUSES = 4
N_FEATURES = 8

_WEIGHTS = Path(__file__).with_name("rolling_weights.json")
_MOST_HEIGHT = 15.0
_LEAST_DEPTH, _FULL_DEPTH, _MOST_LOG_DEPTH = 0.05, 0.2, 2.0

FloatArray = NDArray[np.float64]


def describe_patterns(patterns: Patterns) -> FloatArray:
    """Features of the four patterns and of what else stands out, ``(5, N_FEATURES)``, the last one 1."""
    own = (patterns.outer, patterns.inner, patterns.spin, patterns.cage)
    heights = [_bend(pattern.height) for pattern in own]
    # What the ball and the cage show speaks for the ball; neither is the other's rival.
    best_rolling = max(heights[2], heights[3])
    rivals = (
        max(heights[1], best_rolling),
        max(heights[0], best_rolling),
        max(heights[0], heights[1]),
        max(heights[0], heights[1]),
    )
    rows = [
        [
            height,
            *_split_depth(pattern.depth),
            pattern.fullness,
            pattern.first,
            pattern.share,
            height - rival,
            1.0,
        ]
        for pattern, height, rival in zip(own, heights, rivals, strict=True)
    ]
    deepest = _split_depth(max(pattern.depth for pattern in own))
    rows.append([_bend(patterns.rival_height), *deepest, 0.0, 0.0, 0.0, max(heights), 1.0])
    return np.asarray(rows)


def compute_probabilities(features: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Probability of each of `CAUSES`, ``(..., 6)``, from features ``(..., 5, N_FEATURES)``."""
    used = load_weights() if weights is None else weights
    scores = (features * used).sum(-1)
    scores = np.concatenate([scores, np.zeros((*scores.shape[:-1], 1))], -1)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    probabilities: FloatArray = shares / shares.sum(-1, keepdims=True)
    return probabilities


@lru_cache(maxsize=1)
def load_weights() -> FloatArray:
    """Weights, ``(5, N_FEATURES)``."""
    return np.asarray(json.loads(_WEIGHTS.read_text(encoding="utf-8"))["weights"], dtype=np.float64)


def _bend(height: float) -> float:
    """Heights beyond a few say little more."""
    return float(np.log1p(np.clip(height, 0.0, _MOST_HEIGHT)))


def _split_depth(depth: float) -> tuple[float, float]:
    """Logarithm of a depth below and above the one from which a modulation can be called full."""
    logarithm = float(np.log(max(depth, _LEAST_DEPTH) / _FULL_DEPTH))
    return min(logarithm, 0.0), min(max(logarithm, 0.0), _MOST_LOG_DEPTH)
