"""Convolutions followed by an LSTM."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import AttentionPooling, ConvBlock, choose_stride

# (kernel, stride, filters as a multiple of the first): wide first, then short ones.
_BLOCKS = ((65, 8, 1), (9, 2, 1), (5, 2, 2), (3, 2, 2))


class CnnLstmNetwork(nn.Module):
    """Four strided convolution blocks, one bidirectional LSTM, attention over time."""

    def __init__(
        self, *, n_samples: int, n_classes: int, n_filters: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        blocks = []
        n_in, length = 1, n_samples
        for kernel_size, wanted_stride, multiple in _BLOCKS:
            stride = choose_stride(wanted_stride, length)
            blocks.append(ConvBlock(n_in, n_filters * multiple, kernel_size, stride))
            n_in, length = n_filters * multiple, -(-length // stride)
        self.blocks = nn.Sequential(*blocks)
        self.lstm = nn.LSTM(n_in, hidden_size, batch_first=True, bidirectional=True)
        self.pooling = AttentionPooling(2 * hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden_size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        steps = self.blocks(windows.unsqueeze(1)).transpose(1, 2)
        states, _ = self.lstm(steps)
        logits: torch.Tensor = self.head(self.dropout(self.pooling(states)))
        return logits


def build_cnn_lstm(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    n_filters: int,
    hidden_size: int,
    dropout: float,
) -> CnnLstmNetwork:
    """Build the network for windows of ``n_samples``."""
    return CnnLstmNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        n_filters=n_filters,
        hidden_size=hidden_size,
        dropout=dropout,
    )
