"""Layers that several networks share."""

from __future__ import annotations

import torch
from torch import nn

# A network never reduces a window to fewer steps than this; short windows get smaller strides.
MINIMUM_STEPS = 4


class ConvBlock(nn.Module):
    """Convolution, batch normalisation and ReLU; ``(n, in, t)`` to ``(n, out, ceil(t / stride))``.

    ``kernel_size`` is odd.
    """

    def __init__(self, n_in: int, n_out: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.convolution = nn.Conv1d(n_in, n_out, kernel_size, stride=stride, padding=padding, bias=False)
        self.normalisation = nn.BatchNorm1d(n_out)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the block."""
        return torch.relu(self.normalisation(self.convolution(signals)))


class AttentionPooling(nn.Module):
    """Weighted mean over time with learned weights; ``(n, t, size)`` to ``(n, size)``."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Pool the sequence."""
        weights = torch.softmax(self.score(states), dim=1)
        return (weights * states).sum(dim=1)


class MeanMaxPooling(nn.Module):
    """Mean and maximum over time side by side; ``(n, size, t)`` to ``(n, 2 * size)``.

    The mean tells how much of a pattern there is, the maximum whether it occurs at all.
    """

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Pool the sequence."""
        return torch.cat([signals.mean(dim=2), signals.amax(dim=2)], dim=1)


def count_steps(n_samples: int, stride: int) -> int:
    """Return the length that a `ConvBlock` of this stride leaves of ``n_samples``."""
    return -(-n_samples // stride)


def choose_stride(wanted: int, n_samples: int) -> int:
    """Return ``wanted``, or less where it would leave fewer than `MINIMUM_STEPS` steps."""
    return max(1, min(wanted, n_samples // MINIMUM_STEPS))
