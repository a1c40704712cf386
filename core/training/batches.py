"""Training windows as they are asked for: read, shifted, changed. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.augmentation import Augmentation, Key, draw_mixup
from core.training.preprocessing import Preprocessing
from core.training.signals import WindowBank
from utils.constants import HEALTHY_CLASS


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows ``(n, n_samples)`` with class indices ``(n,)`` and conditions ``(n, 5)``."""

    windows: NDArray[np.float32]
    targets: NDArray[np.int64]
    conditions: NDArray[np.float32]


class WindowReader:
    """Reads training windows and changes them; equal arguments give equal windows.

    Parameters
    ----------
    bank
        The training windows.
    preprocessing
        Rate and hop.
    augmentation
        How they are changed.
    class_names
        The class indices count in these; where none is ``healthy``, nothing is mixed with healthy windows.
    seed
        Of the training.
    """

    def __init__(
        self,
        bank: WindowBank,
        preprocessing: Preprocessing,
        augmentation: Augmentation,
        class_names: Sequence[str],
        seed: int,
    ) -> None:
        self.bank = bank
        self._preprocessing, self._augmentation, self._seed = preprocessing, augmentation, seed
        self._healthy: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        if augmentation.healthy_mixing:
            self._healthy = np.flatnonzero(np.asarray(class_names)[bank.targets] == HEALTHY_CLASS)

    def read(self, indices: NDArray[np.integer], epoch: int, position: int) -> Batch:
        """Read windows for one batch of an epoch (for a classical model: of a copy)."""
        key = (self._seed, epoch, position)
        hop_samples = self._preprocessing.hop_samples
        shifts = self._augmentation.draw_shifts(len(indices), hop_samples, key)
        windows, conditions = self._augmentation.apply(
            self.bank.read_windows(indices, shifts),
            self.bank.read_conditions(indices),
            self._preprocessing.analysis_rate_hz,
            key,
            self._read_partners(indices, key),
        )
        return Batch(windows, self.bank.targets[indices], conditions)

    def _read_partners(
        self, indices: NDArray[np.integer], key: Key
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
        if not len(self._healthy):
            return None
        mixable = self.bank.targets[indices] != self.bank.targets[self._healthy[0]]
        rows, picks = self._augmentation.draw_partners(mixable, len(self._healthy), key)
        return rows, self.bank.read_windows(self._healthy[picks])


@dataclass(frozen=True, slots=True)
class Mixture:
    """For each window of a batch a partner in the same batch, and the window's own share."""

    partners: NDArray[np.int64]
    shares: NDArray[np.float32]


def mix_up(
    windows: NDArray[np.float32], alpha: float, key: Key
) -> tuple[NDArray[np.float32], Mixture | None]:
    """Blend each window with its partner (mixup); None where ``alpha`` is 0."""
    if alpha == 0.0:
        return windows, None
    partners, shares = draw_mixup(alpha, len(windows), key)
    own = shares[:, None]
    return own * windows + (1.0 - own) * windows[partners], Mixture(partners, shares)
