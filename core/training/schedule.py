"""Learning rate and sampling order as pure functions of the position: a resume needs no memory of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of the steps after the warm-up: where the schedule "step" falls to a tenth, and to a tenth again.
_FALLS = (0.6, 0.85)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Linear warm-up, then one of four ways down.

    Attributes
    ----------
    kind
        ``cosine`` (half a cosine), ``linear``, ``step`` (a tenth after 60 % of the steps, a hundredth after
        85 %) or ``constant``.
    highest
        Learning rate at the end of the warm-up.
    warm_up_share
        Share of all steps; at least one step.
    final_share
        Where ``cosine`` and ``linear`` end, as a share of ``highest``.
    """

    kind: str = "cosine"
    highest: float = 1.0
    warm_up_share: float = 0.05
    final_share: float = 0.0

    def compute_rate(self, step: int, n_steps: int) -> float:
        """Return the learning rate of a step (from 0) among ``n_steps`` planned ones."""
        n_warm_up = max(1, math.ceil(n_steps * self.warm_up_share))
        if step < n_warm_up:
            return self.highest * (step + 1) / n_warm_up
        return self.highest * self._fall((step - n_warm_up) / max(1, n_steps - n_warm_up))

    def _fall(self, share: float) -> float:
        """Factor after this share of the steps behind the warm-up."""
        if self.kind == "constant":
            return 1.0
        if self.kind == "step":
            return float(0.1 ** sum(share >= fall for fall in _FALLS))
        left = 1.0 - share if self.kind == "linear" else 0.5 * (1.0 + math.cos(math.pi * share))
        return self.final_share + (1.0 - self.final_share) * left


@dataclass(frozen=True, slots=True)
class EpochOrder:
    """Order of one epoch's windows."""

    indices: NDArray[np.int64]
    batch_size: int

    @property
    def n_batches(self) -> int:
        """Number of batches; the last one may be smaller."""
        return -(-len(self.indices) // self.batch_size)

    def get_batch(self, position: int) -> NDArray[np.int64]:
        """Return the indices of one batch."""
        return self.indices[position * self.batch_size : (position + 1) * self.batch_size]


def draw_epoch_order(n_windows: int, batch_size: int, seed: int, epoch: int) -> EpochOrder:
    """Shuffle the windows; the same arguments give the same order."""
    generator = np.random.default_rng([seed, epoch])
    return EpochOrder(indices=generator.permutation(n_windows), batch_size=batch_size)
