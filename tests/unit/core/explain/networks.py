"""Networks whose attributions can be worked out by hand, and windows for them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.explain.explainable import Explainable, build_from_network

N_SAMPLES = 256
RATE_HZ = 1024.0
CLASS_NAMES = ("healthy", "outer_race")


class LinearNetwork(torch.nn.Module):
    """Two classes whose logits lie apart by a weighted sum of the window."""

    def __init__(self, weights: NDArray[np.floating]) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.from_numpy(np.asarray(weights, dtype=np.float32)))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Logits ``(n, 2)``."""
        apart = windows @ self.weights
        return torch.stack([torch.zeros_like(apart), apart], dim=1)


class EnergyNetwork(torch.nn.Module):
    """Two classes apart by weighted energies of the quarters of the window, and by a product."""

    def __init__(self, weights: tuple[float, float, float, float] = (2.0, -1.0, 0.5, 0.0)) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.tensor(weights))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Logits ``(n, 2)``."""
        energies = windows.unflatten(1, (4, -1)).square().mean(2)
        apart = energies @ self.weights + energies[:, 0] * energies[:, 2]
        return torch.stack([torch.zeros_like(apart), apart], dim=1)


def draw_windows(n_windows: int = 3, n_samples: int = N_SAMPLES, seed: int = 4) -> NDArray[np.float64]:
    """Noise with a louder third quarter."""
    windows = np.random.default_rng(seed).standard_normal((n_windows, n_samples))
    windows[:, n_samples // 2 : 3 * n_samples // 4] *= 2.0
    return windows


def build(network: torch.nn.Module, n_windows: int = 3) -> Explainable:
    """A network before drawn windows, with healthy ones to compare with."""
    return build_from_network(
        network, draw_windows(n_windows), RATE_HZ, CLASS_NAMES, healthy_windows=draw_windows(8, seed=9)
    )


def build_linear(n_windows: int = 3) -> tuple[Explainable, NDArray[np.float64]]:
    """A linear network and its weights; logits lie about one apart."""
    weights = 0.06 * np.random.default_rng(11).standard_normal(N_SAMPLES)
    return build(LinearNetwork(weights), n_windows), weights


def log_sigmoid(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-probability of the second class."""
    return -np.logaddexp(0.0, -np.asarray(values, dtype=np.float64))
