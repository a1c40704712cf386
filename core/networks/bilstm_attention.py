"""A bidirectional LSTM whose states look at one another."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.attention import SelfAttention
from core.networks.layers import AttentionPooling, ConvBlock, choose_stride, count_steps

# (kernel, stride) of the stem.
_STEM = ((65, 8), (9, 4), (5, 2))
_N_HEADS = 4


class BilstmAttentionNetwork(nn.Module):
    """Three strided convolutions as stem, bidirectional LSTM layers, self-attention, attention over time.

    The stem turns ``n_samples`` into ``n_samples / 64`` steps. The self-attention relates steps that lie
    too far apart for the recurrent state, such as impacts one revolution apart.
    """

    def __init__(
        self, *, n_samples: int, n_classes: int, hidden_size: int, n_layers: int, dropout: float
    ) -> None:
        super().__init__()
        blocks = []
        n_in, length = 1, n_samples
        for kernel_size, wanted_stride in _STEM:
            stride = choose_stride(wanted_stride, length)
            blocks.append(ConvBlock(n_in, hidden_size, kernel_size, stride))
            n_in, length = hidden_size, count_steps(length, stride)
        self.stem = nn.Sequential(*blocks)
        self.lstm = nn.LSTM(
            hidden_size,
            hidden_size,
            num_layers=n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        self.attention = SelfAttention(2 * hidden_size, _N_HEADS, dropout)
        self.normalisation = nn.LayerNorm(2 * hidden_size)
        self.pooling = AttentionPooling(2 * hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden_size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        states, _ = self.lstm(self.stem(windows.unsqueeze(1)).transpose(1, 2))
        related = self.normalisation(states + self.attention(states))
        logits: torch.Tensor = self.head(self.dropout(self.pooling(related)))
        return logits


def build_bilstm_attention(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    hidden_size: int,
    n_layers: int,
    dropout: float,
) -> BilstmAttentionNetwork:
    """Build the network for windows of ``n_samples``; ``hidden_size`` is rounded up to an even number."""
    return BilstmAttentionNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        hidden_size=hidden_size + hidden_size % 2,
        n_layers=n_layers,
        dropout=dropout,
    )
