"""Log-probabilities of a torch network, with and without gradient."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.networks.layers import ConvBlock
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


def copy_for_scoring(network: torch.nn.Module) -> torch.nn.Module:
    """Copy a network for scoring only: in evaluation mode, normalisations moved into their convolutions."""
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in copied.modules():
        if isinstance(module, ConvBlock):
            joined = fuse_conv_bn_eval(module.convolution, module.normalisation)
            module.add_module("convolution", joined)
            module.add_module("normalisation", torch.nn.Identity())
    return copied


def score_network(
    copied: torch.nn.Module, conditions: NDArray[np.float32] | None, windows: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Log-probabilities ``(n_windows, n_classes)`` of standardised windows by a network that was copied."""
    with torch.inference_mode():
        found = build_forward(copied, conditions)(to_tensor(windows, copied))
        scores: NDArray[np.float64] = found.cpu().numpy()
    return scores


def to_tensor(windows: NDArray[np.float32], network: torch.nn.Module) -> torch.Tensor:
    """Bring windows to where the network is."""
    parameter = next(iter(network.parameters()), None)
    tensor = torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))
    return tensor if parameter is None else tensor.to(parameter.device)
