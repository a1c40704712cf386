"""Windows that the tests of features look at."""

from __future__ import annotations

import numpy as np

RATE_HZ = 12_000.0
SHAFT_HZ = 29.5
FAULT_ORDERS = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.3567, "ftf": 0.39828}


def make_windows(n_samples: int = 4096, sample_rate_hz: float = RATE_HZ) -> np.ndarray:
    """Return four windows: shaft lines with noise, with impacts, and both squared on an offset."""
    rng = np.random.default_rng(n_samples)
    time_s = np.arange(n_samples) / sample_rate_hz
    rows = []
    for index in range(4):
        row = np.sin(2 * np.pi * 29.5 * time_s) + 0.3 * np.sin(2 * np.pi * 59 * time_s + 1)
        row = row + 0.2 * rng.standard_normal(n_samples)
        if index % 2:
            row = row + rng.standard_normal(n_samples) * (np.arange(n_samples) % 110 < 12)
        rows.append(3.0 * row**2 + 7 if index > 1 else row)
    return np.array(rows)
