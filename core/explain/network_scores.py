"""Log-probabilities of a torch network, with and without gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from core.explain.context import explaining
from core.training.network_model import compute_logits

Forward = Callable[[torch.Tensor], torch.Tensor]


def build_forward(
    network: torch.nn.Module, conditions: NDArray[np.float32] | None, *, as_logits: bool = False
) -> Forward:
    """Return a function of standardised windows alone: log-probabilities, or the logits before them."""

    def forward(windows: torch.Tensor) -> torch.Tensor:
        known = None if conditions is None else np.tile(conditions, (len(windows), 1))
        logits = compute_logits(network, windows, known).double()
        return logits if as_logits else torch.log_softmax(logits, dim=1)

    return forward


def score_network(
    network: torch.nn.Module, conditions: NDArray[np.float32] | None, windows: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Log-probabilities ``(n_windows, n_classes)`` of one batch of standardised windows."""
    forward = build_forward(network, conditions)
    with explaining(network), torch.inference_mode():
        scores: NDArray[np.float64] = forward(to_tensor(windows, network)).cpu().numpy()
    return scores


def to_tensor(windows: NDArray[np.float32], network: torch.nn.Module) -> torch.Tensor:
    """Bring windows to where the network is."""
    parameter = next(iter(network.parameters()), None)
    tensor = torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))
    return tensor if parameter is None else tensor.to(parameter.device)
