"""Dilated causal convolutions (temporal convolutional network; Bai et al., arXiv 1803.01271, 2018)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.networks.layers import ConvBlock, MeanMaxPooling, choose_stride, count_steps

_STEM_KERNEL = 65
_STEM_STRIDE = 16
_KERNEL = 3
_CONVOLUTIONS_PER_LEVEL = 2


class CausalConvolution(nn.Module):
    """Convolution that looks back only, batch normalisation and ReLU; the length stays."""

    def __init__(self, n_filters: int, dilation: int) -> None:
        super().__init__()
        self.n_before = (_KERNEL - 1) * dilation
        self.convolution = nn.Conv1d(n_filters, n_filters, _KERNEL, dilation=dilation, bias=False)
        self.normalisation = nn.BatchNorm1d(n_filters)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the convolution."""
        padded = functional.pad(signals, (self.n_before, 0))
        return torch.relu(self.normalisation(self.convolution(padded)))


class TcnLevel(nn.Module):
    """Two causal convolutions of one dilation beside a short cut."""

    def __init__(self, n_filters: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            CausalConvolution(n_filters, dilation),
            nn.Dropout(dropout),
            CausalConvolution(n_filters, dilation),
        )

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the level."""
        return torch.relu(signals + self.layers(signals))


class TcnNetwork(nn.Module):
    """A strided convolution as stem, levels of doubling dilation, mean and maximum over time.

    There are as many levels as it takes for the last step to see the whole window.
    """

    def __init__(self, *, n_samples: int, n_classes: int, n_filters: int, dropout: float) -> None:
        super().__init__()
        stride = choose_stride(_STEM_STRIDE, n_samples)
        self.stem = ConvBlock(1, n_filters, _STEM_KERNEL, stride)
        n_levels = count_levels(count_steps(n_samples, stride))
        self.levels = nn.Sequential(*(TcnLevel(n_filters, 2**level, dropout) for level in range(n_levels)))
        self.pooling = MeanMaxPooling()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * n_filters, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        patterns = self.pooling(self.levels(self.stem(windows.unsqueeze(1))))
        logits: torch.Tensor = self.head(self.dropout(patterns))
        return logits


def count_levels(n_steps: int) -> int:
    """Return the fewest levels whose last step sees ``n_steps`` steps.

    Examples
    --------
    >>> count_levels(5), count_levels(6), count_levels(188)
    (1, 2, 6)
    """
    n_levels, reach = 0, 1
    while reach < n_steps or n_levels == 0:
        reach += _CONVOLUTIONS_PER_LEVEL * (_KERNEL - 1) * 2**n_levels
        n_levels += 1
    return n_levels


def build_tcn(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    n_filters: int,
    dropout: float,
) -> TcnNetwork:
    """Build the network for windows of ``n_samples``."""
    return TcnNetwork(n_samples=n_samples, n_classes=n_classes, n_filters=n_filters, dropout=dropout)
