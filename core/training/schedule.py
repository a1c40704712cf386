"""Learning rate and sampling order as pure functions of the position: a resume needs no memory of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WARM_UP_SHARE = 0.05


def compute_learning_rate(highest: float, step: int, n_steps: int) -> float:
    """Linear warm-up over the first twentieth of the steps, then half a cosine down to zero.

    Parameters
    ----------
    highest
        Learning rate at the end of the warm-up.
    step
        Steps done, from 0.
    n_steps
        Steps planned.
    """
    n_warm_up = max(1, math.ceil(n_steps * _WARM_UP_SHARE))
    if step < n_warm_up:
        return highest * (step + 1) / n_warm_up
    share = (step - n_warm_up) / max(1, n_steps - n_warm_up)
    return highest * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True, slots=True)
class EpochOrder:
    """Order of one epoch's windows, and how far each one's start is moved."""

    indices: NDArray[np.int64]
    shifts: NDArray[np.int64]
    batch_size: int

    @property
    def n_batches(self) -> int:
        """Number of batches; the last one may be smaller."""
        return -(-len(self.indices) // self.batch_size)

    def get_batch(self, position: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the indices and shifts of one batch."""
        part = slice(position * self.batch_size, (position + 1) * self.batch_size)
        return self.indices[part], self.shifts[part]


def draw_epoch_order(n_windows: int, hop_samples: int, batch_size: int, seed: int, epoch: int) -> EpochOrder:
    """Shuffle the windows and move each start by less than a hop; the same arguments give the same order."""
    generator = np.random.default_rng([seed, epoch])
    return EpochOrder(
        indices=generator.permutation(n_windows),
        shifts=generator.integers(0, hop_samples, size=n_windows),
        batch_size=batch_size,
    )
