"""Attention between the steps of a sequence (Vaswani et al., NeurIPS 2017)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class SelfAttention(nn.Module):
    """Every step gathers from all steps; ``(n, t, size)`` to ``(n, t, size)``.

    ``size`` must be a multiple of ``n_heads``.
    """

    def __init__(self, size: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        # No bias: the softmax cancels the keys' one, which would then never learn.
        self.project = nn.Linear(size, 3 * size, bias=False)
        self.join = nn.Linear(size, size)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        queries, keys, values = (
            part.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for part in self.project(steps).chunk(3, dim=2)
        )
        dropout = self.dropout if self.training else 0.0
        gathered = functional.scaled_dot_product_attention(queries, keys, values, dropout_p=dropout)
        joined: torch.Tensor = self.join(gathered.transpose(1, 2).flatten(2))
        return joined


class TransformerBlock(nn.Module):
    """Self-attention, then a dense layer per step, each normalised before and added to what came in."""

    def __init__(self, size: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.LayerNorm(size), SelfAttention(size, n_heads, dropout), nn.Dropout(dropout)
        )
        self.dense = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, 2 * size),
            nn.GELU(),
            nn.Linear(2 * size, size),
            nn.Dropout(dropout),
        )

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Apply the block; the shape stays."""
        steps = steps + self.attention(steps)
        changed: torch.Tensor = steps + self.dense(steps)
        return changed
