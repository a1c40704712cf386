"""Parallel kernels of several lengths (InceptionTime; Ismail Fawaz et al., DMKD 34, 2020)."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import ConvBlock, choose_stride

_STEM_KERNEL = 65
_STEM_STRIDE = 16
_KERNELS = (39, 19, 9)
# A short cut passes by this many modules.
_MODULES_PER_SHORT_CUT = 3


class InceptionModule(nn.Module):
    """Three convolutions of different lengths and a pooled branch side by side; the length stays."""

    def __init__(self, n_in: int, n_filters: int) -> None:
        super().__init__()
        self.bottleneck = nn.Conv1d(n_in, n_filters, 1, bias=False)
        self.branches = nn.ModuleList(
            nn.Conv1d(n_filters, n_filters, size, padding=size // 2, bias=False) for size in _KERNELS
        )
        self.pooled = nn.Sequential(
            nn.MaxPool1d(3, stride=1, padding=1), nn.Conv1d(n_in, n_filters, 1, bias=False)
        )
        self.normalisation = nn.BatchNorm1d(n_filters * (len(_KERNELS) + 1))

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the module; ``(n, in, t)`` to ``(n, 4 * n_filters, t)``."""
        narrow = self.bottleneck(signals)
        found = [branch(narrow) for branch in self.branches]
        return torch.relu(self.normalisation(torch.cat([*found, self.pooled(signals)], dim=1)))


class InceptionGroup(nn.Module):
    """Some modules beside a short cut."""

    def __init__(self, n_in: int, n_filters: int, n_modules: int) -> None:
        super().__init__()
        n_out = n_filters * (len(_KERNELS) + 1)
        self.modules_in_row = nn.Sequential(
            *(InceptionModule(n_in if index == 0 else n_out, n_filters) for index in range(n_modules))
        )
        self.short_cut = nn.Sequential(nn.Conv1d(n_in, n_out, 1, bias=False), nn.BatchNorm1d(n_out))

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Apply the group."""
        return torch.relu(self.modules_in_row(signals) + self.short_cut(signals))


class InceptionTimeNetwork(nn.Module):
    """A strided convolution as stem, inception modules, mean over time.

    The published network has no stem; without it a window of a second costs minutes per epoch.
    """

    def __init__(self, *, n_samples: int, n_classes: int, n_filters: int, depth: int, dropout: float) -> None:
        super().__init__()
        n_out = n_filters * (len(_KERNELS) + 1)
        self.stem = ConvBlock(1, n_out, _STEM_KERNEL, choose_stride(_STEM_STRIDE, n_samples))
        sizes = [
            min(_MODULES_PER_SHORT_CUT, depth - done) for done in range(0, depth, _MODULES_PER_SHORT_CUT)
        ]
        self.groups = nn.Sequential(*(InceptionGroup(n_out, n_filters, size) for size in sizes))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(n_out, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        patterns = self.groups(self.stem(windows.unsqueeze(1))).mean(dim=2)
        logits: torch.Tensor = self.head(self.dropout(patterns))
        return logits


def build_inception_time(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    n_filters: int,
    depth: int,
    dropout: float,
) -> InceptionTimeNetwork:
    """Build the network for windows of ``n_samples``."""
    return InceptionTimeNetwork(
        n_samples=n_samples, n_classes=n_classes, n_filters=n_filters, depth=depth, dropout=dropout
    )
