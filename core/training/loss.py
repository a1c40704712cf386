"""What a step of training makes smaller."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.training.batches import Mixture

_POWERS = {"balanced": 1.0, "softened": 0.5, "none": 0.0}


class WeightedLoss:
    """Cross-entropy with class weights, label smoothing and mixed labels.

    Parameters
    ----------
    counts
        Training windows per class; none of them 0.
    weighting
        ``balanced`` (every class weighs the same whatever its number of windows), ``softened`` (square root
        of that), or ``none`` (every window weighs the same).
    smoothing
        Share of the label that is spread over all classes.
    device
        Where the logits will be.
    """

    def __init__(
        self, counts: NDArray[np.integer], weighting: str, smoothing: float, device: torch.device
    ) -> None:
        weights = (counts.sum() / (len(counts) * counts)) ** _POWERS[weighting]
        self._weights = torch.from_numpy(weights).float().to(device)
        self._smoothing = smoothing

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, mixture: Mixture | None) -> torch.Tensor:
        """Mean over the windows, each weighing as its class does.

        Parameters
        ----------
        logits
            Shape ``(n, n_classes)``.
        targets
            Class indices ``(n,)``.
        mixture
            Of mixup: the label is the window's own to its share, its partner's to the rest.
        """
        losses, weights = self._compute(logits, targets)
        if mixture is None:
            return losses.sum() / weights.sum()
        shares = torch.from_numpy(mixture.shares).to(logits.device)
        partners = targets[torch.from_numpy(mixture.partners).to(logits.device)]
        other_losses, other_weights = self._compute(logits, partners)
        total = (shares * losses + (1.0 - shares) * other_losses).sum()
        return total / (shares * weights + (1.0 - shares) * other_weights).sum()

    def _compute(self, logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        losses = torch.nn.functional.cross_entropy(
            logits, targets, weight=self._weights, label_smoothing=self._smoothing, reduction="none"
        )
        return losses, self._weights[targets]


def soften_targets(targets: torch.Tensor, mixture: Mixture | None, n_classes: int) -> torch.Tensor:
    """Return the label of each window as shares of the classes, ``(n, n_classes)``."""
    own = torch.nn.functional.one_hot(targets, n_classes).float()
    if mixture is None:
        return own
    shares = torch.from_numpy(mixture.shares).to(targets.device)[:, None]
    return shares * own + (1.0 - shares) * own[torch.from_numpy(mixture.partners).to(targets.device)]
