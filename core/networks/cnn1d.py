"""Plain convolutions."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import ConvBlock, MeanMaxPooling, choose_stride, count_steps

# (kernel, stride, filters as a multiple of the first): wide first, then short ones.
_BLOCKS = ((65, 8, 1), (9, 2, 1), (5, 2, 2), (3, 2, 2), (3, 2, 4))


class Cnn1dNetwork(nn.Module):
    """Five strided convolution blocks, mean and maximum over time.

    One step of the last block sees about 390 samples of a long window; what is further apart is only
    counted, not related.
    """

    def __init__(self, *, n_samples: int, n_classes: int, n_filters: int, dropout: float) -> None:
        super().__init__()
        blocks = []
        n_in, length = 1, n_samples
        for kernel_size, wanted_stride, multiple in _BLOCKS:
            stride = choose_stride(wanted_stride, length)
            blocks.append(ConvBlock(n_in, n_filters * multiple, kernel_size, stride))
            n_in, length = n_filters * multiple, count_steps(length, stride)
        self.blocks = nn.Sequential(*blocks)
        self.pooling = MeanMaxPooling()
        self.dropout = nn.Dropout(dropout)
        self.n_patterns = 2 * n_in
        self.head = nn.Linear(self.n_patterns, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        return self.judge(self.find_patterns(windows))

    def find_patterns(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows to what the head reads, ``(n, n_patterns)``."""
        patterns: torch.Tensor = self.pooling(self.blocks(windows.unsqueeze(1)))
        return patterns

    def judge(self, patterns: torch.Tensor) -> torch.Tensor:
        """Map patterns to logits."""
        logits: torch.Tensor = self.head(self.dropout(patterns))
        return logits


def build_cnn1d(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    n_filters: int,
    dropout: float,
) -> Cnn1dNetwork:
    """Build the network for windows of ``n_samples``."""
    return Cnn1dNetwork(n_samples=n_samples, n_classes=n_classes, n_filters=n_filters, dropout=dropout)
