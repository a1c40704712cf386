"""LSTM behind one strided convolution."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import AttentionPooling, ConvBlock, choose_stride

_STEM_KERNEL = 65
_STEM_STRIDE = 16


class LstmNetwork(nn.Module):
    """A wide strided convolution as stem, stacked bidirectional LSTM layers, attention over time.

    The stem turns ``n_samples`` into ``n_samples / 16`` steps, so that the cost of the recurrent part
    stays small for long windows.
    """

    def __init__(
        self, *, n_samples: int, n_classes: int, hidden_size: int, n_layers: int, dropout: float
    ) -> None:
        super().__init__()
        self.stem = ConvBlock(1, hidden_size, _STEM_KERNEL, choose_stride(_STEM_STRIDE, n_samples))
        self.lstm = nn.LSTM(
            hidden_size,
            hidden_size,
            num_layers=n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        self.pooling = AttentionPooling(2 * hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden_size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        steps = self.stem(windows.unsqueeze(1)).transpose(1, 2)
        states, _ = self.lstm(steps)
        logits: torch.Tensor = self.head(self.dropout(self.pooling(states)))
        return logits


def build_lstm(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    hidden_size: int,
    n_layers: int,
    dropout: float,
) -> LstmNetwork:
    """Build the network for windows of ``n_samples``."""
    return LstmNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        hidden_size=hidden_size,
        n_layers=n_layers,
        dropout=dropout,
    )
