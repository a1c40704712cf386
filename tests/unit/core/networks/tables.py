"""A small table to learn from: three classes that no straight line separates."""

from __future__ import annotations

import numpy as np

from core.networks.classical import Learner, LearningTable

N_CLASSES = 3


def make_table(n_rows: int = 240, n_features: int = 6, seed: int = 0) -> LearningTable:
    """Rows of 12 recordings; the third class lies where two features have the same sign."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_rows + 90, n_features)).astype(np.float32)
    targets = (features[:, 0] > 0).astype(np.int64)
    targets[features[:, 1] * features[:, 2] > 0.4] = 2
    return LearningTable(
        train=features[:n_rows],
        validation=features[n_rows:],
        targets=targets[:n_rows],
        recordings=np.arange(n_rows) % 12,
        n_plain=n_rows,
        n_classes=N_CLASSES,
    )


def take_all_steps(learner: Learner) -> None:
    """Learn to the end."""
    for step in range(learner.n_steps):
        learner.take_step(step, lambda: None)
