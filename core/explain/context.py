"""A network is explained in evaluation mode, and nobody sees afterwards that it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def explaining(network: torch.nn.Module) -> Iterator[None]:
    """Switch to evaluation and freeze the parameters; modes and gradients are as before afterwards."""
    modes = [(module, module.training) for module in network.modules()]
    learning = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    network.eval()
    for parameter, _ in learning:
        parameter.requires_grad_(False)
    try:
        # The recurrent kernels of CUDA's library give no gradient in evaluation mode.
        with torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training
        for parameter, was_learning in learning:
            parameter.requires_grad_(was_learning)
