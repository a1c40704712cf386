"""A running average of a network's weights."""

from __future__ import annotations

import copy

import torch


class WeightAverage:
    """Exponential moving average of weights and buffers; young averages forget faster.

    Parameters
    ----------
    network
        Its values now are where the average begins.
    decay
        What an old average keeps of itself in a step.

    Attributes
    ----------
    network
        A copy of the network in evaluation mode, holding the average.
    n_steps
        Steps averaged so far.
    """

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self.n_steps = 0
        self._decay = decay

    @torch.no_grad()
    def update(self, network: torch.nn.Module) -> None:
        """Take in the weights after a step."""
        kept = min(self._decay, (1 + self.n_steps) / (10 + self.n_steps))
        self.n_steps += 1
        current = network.state_dict()
        for name, average in self.network.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name], 1.0 - kept)
            else:
                average.copy_(current[name])
