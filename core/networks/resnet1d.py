"""Residual convolutions (He et al., CVPR 2016, over time)."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import ConvBlock, MeanMaxPooling, choose_stride, count_steps

_STEM_KERNEL = 65
_STEM_STRIDE = 8
_KERNEL = 5
# (stride, filters as a multiple of the first) of each stage.
_STAGES = ((2, 1), (2, 2), (2, 4))


class ResidualBlock(nn.Module):
    """Two convolutions beside a short cut; ``(n, in, t)`` to ``(n, out, ceil(t / stride))``."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = ConvBlock(n_in, n_out, _KERNEL, stride)
        self.second = nn.Conv1d(n_out, n_out, _KERNEL, padding=_KERNEL // 2, bias=False)
        self.normalisation = nn.BatchNorm1d(n_out)
        self.short_cut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.short_cut = nn.Sequential(
                nn.Conv1d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm1d(n_out)
            )

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the block."""
        change = self.normalisation(self.second(self.first(signals)))
        return torch.relu(change + self.short_cut(signals))


class Resnet1dNetwork(nn.Module):
    """A wide strided convolution as stem, three stages of residual blocks, mean and maximum over time."""

    def __init__(
        self, *, n_samples: int, n_classes: int, n_filters: int, n_blocks: int, dropout: float
    ) -> None:
        super().__init__()
        stride = choose_stride(_STEM_STRIDE, n_samples)
        self.stem = ConvBlock(1, n_filters, _STEM_KERNEL, stride)
        blocks = []
        n_in, length = n_filters, count_steps(n_samples, stride)
        for wanted_stride, multiple in _STAGES:
            for index in range(n_blocks):
                stride = choose_stride(wanted_stride, length) if index == 0 else 1
                blocks.append(ResidualBlock(n_in, n_filters * multiple, stride))
                n_in, length = n_filters * multiple, count_steps(length, stride)
        self.blocks = nn.Sequential(*blocks)
        self.pooling = MeanMaxPooling()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * n_in, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        patterns = self.pooling(self.blocks(self.stem(windows.unsqueeze(1))))
        logits: torch.Tensor = self.head(self.dropout(patterns))
        return logits


def build_resnet1d(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    n_filters: int,
    n_blocks: int,
    dropout: float,
) -> Resnet1dNetwork:
    """Build the network for windows of ``n_samples``."""
    return Resnet1dNetwork(
        n_samples=n_samples, n_classes=n_classes, n_filters=n_filters, n_blocks=n_blocks, dropout=dropout
    )
