"""Deep convolutions behind a wide first kernel (WDCNN; Zhang et al., Sensors 17, 425, 2017)."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.layers import ConvBlock, choose_stride, count_steps

_FIRST_STRIDE = 16
# Filters of the short convolutions, as multiples of the first one's.
_MULTIPLES = (2, 4, 4, 4)
# Long windows are averaged down to at most this many steps before the dense layer, which bounds its size.
_MOST_STEPS = 32


class WdcnnNetwork(nn.Module):
    """One wide strided convolution, four short ones with halving in between, a dense layer over what is left.

    The wide kernel works like a bank of band-pass filters and keeps short noise patterns out.
    """

    def __init__(
        self,
        *,
        n_samples: int,
        n_classes: int,
        first_kernel: int,
        n_filters: int,
        dense_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        stride = choose_stride(_FIRST_STRIDE, n_samples)
        # Odd, so that the middle of the kernel lies on a sample.
        layers: list[nn.Module] = [ConvBlock(1, n_filters, first_kernel | 1, stride)]
        n_in, length = n_filters, count_steps(n_samples, stride)
        for multiple in _MULTIPLES:
            layers.append(ConvBlock(n_in, n_filters * multiple, 3, 1))
            step = choose_stride(2, length)
            layers.append(nn.MaxPool1d(step))
            n_in, length = n_filters * multiple, length // step
        step = -(-length // _MOST_STEPS)
        self.layers = nn.Sequential(*layers, nn.AvgPool1d(step), nn.Flatten())
        self.dense = nn.Linear(n_in * (length // step), dense_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(dense_size, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        dense = torch.relu(self.dense(self.dropout(self.layers(windows.unsqueeze(1)))))
        logits: torch.Tensor = self.head(dense)
        return logits


def build_wdcnn(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,  # noqa: ARG001 - every builder is told it
    first_kernel: int,
    n_filters: int,
    dense_size: int,
    dropout: float,
) -> WdcnnNetwork:
    """Build the network for windows of ``n_samples``."""
    return WdcnnNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        first_kernel=first_kernel,
        n_filters=n_filters,
        dense_size=dense_size,
        dropout=dropout,
    )
