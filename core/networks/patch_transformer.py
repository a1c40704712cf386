"""Attention between patches of the window (after PatchTST; Nie et al., ICLR 2023)."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.attention import TransformerBlock
from core.networks.layers import AttentionPooling, ConvBlock, choose_stride, count_steps

_STEM_KERNEL = 65
_STEM_STRIDE = 8
_N_HEADS = 4
# Attention costs the square of the number of patches: long windows get longer patches.
_MOST_PATCHES = 256
_POSITION_SPREAD = 0.02


class PatchTransformerNetwork(nn.Module):
    """A strided convolution as stem, patches of its steps with their position, transformer blocks.

    The stem makes small datasets enough: raw patches would have to be learned at every phase.
    """

    def __init__(
        self, *, n_samples: int, n_classes: int, patch_steps: int, size: int, depth: int, dropout: float
    ) -> None:
        super().__init__()
        stride = choose_stride(_STEM_STRIDE, n_samples)
        n_steps = count_steps(n_samples, stride)
        patch = choose_stride(max(patch_steps, -(-n_steps // _MOST_PATCHES)), n_steps)
        n_filters = max(8, size // 4)
        self.stem = ConvBlock(1, n_filters, _STEM_KERNEL, stride)
        self.embed = nn.Conv1d(n_filters, size, patch, stride=patch)
        self.position = nn.Parameter(_POSITION_SPREAD * torch.randn(1, n_steps // patch, size))
        self.blocks = nn.Sequential(*(TransformerBlock(size, _N_HEADS, dropout) for _ in range(depth)))
        self.normalisation = nn.LayerNorm(size)
        self.pooling = AttentionPooling(size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        patches = self.embed(self.stem(windows.unsqueeze(1))).transpose(1, 2)
        steps = self.normalisation(self.blocks(patches + self.position))
        logits: torch.Tensor = self.head(self.dropout(self.pooling(steps)))
        return logits


def build_patch_transformer(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    patch_steps: int,
    size: int,
    depth: int,
    dropout: float,
) -> PatchTransformerNetwork:
    """Build the network for windows of ``n_samples``; ``size`` is rounded up to a multiple of the heads."""
    return PatchTransformerNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        patch_steps=patch_steps,
        size=-(-size // _N_HEADS) * _N_HEADS,
        depth=depth,
        dropout=dropout,
    )
