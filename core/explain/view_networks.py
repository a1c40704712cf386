"""A torch network behind a change of coordinates: its inputs become Fourier coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

Build = Callable[[torch.Tensor], torch.Tensor]


class ViewedNetwork(torch.nn.Module):
    """A network that reads coefficients: windows are built from them first, with gradient."""

    def __init__(self, network: torch.nn.Module, build: Build) -> None:
        super().__init__()
        self.network = network
        self._build = build

    def forward(self, coefficients: torch.Tensor, *conditions: torch.Tensor) -> torch.Tensor:
        """Map coefficients ``(n_windows, n_samples)``, with conditions where they are taken, to logits."""
        logits: torch.Tensor = self.network(self._build(coefficients), *conditions)
        return logits


def build_windows_of(coefficients: torch.Tensor) -> torch.Tensor:
    """Do what `core.explain.views.build_windows` does, for torch."""
    n_samples = coefficients.shape[-1]
    n_pairs = (n_samples - 1) // 2
    scale = 1.0 / math.sqrt(2.0)
    zero = torch.zeros_like(coefficients[..., :1])
    ends = [coefficients[..., -1:]] if n_samples % 2 == 0 else []
    real = torch.cat(
        [coefficients[..., :1], coefficients[..., 1 : 2 * n_pairs + 1 : 2] * scale, *ends], dim=-1
    )
    imaginary = torch.cat(
        [zero, coefficients[..., 2 : 2 * n_pairs + 1 : 2] * scale, *[zero for _ in ends]], dim=-1
    )
    windows: torch.Tensor = torch.fft.irfft(torch.complex(real, imaginary), n=n_samples, norm="ortho")
    return windows
