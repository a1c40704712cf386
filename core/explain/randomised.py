"""The same network with weights that learned nothing."""

from __future__ import annotations

import copy

import torch


def randomise_weights(network: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Return a copy of a network with every learned number drawn anew.

    Layers draw as they did before the training; parameters that belong to no such layer keep their values in
    random order, and so their scale. Running statistics start anew; what was never learned stays.

    Parameters
    ----------
    network
        Left as it is.
    seed
        Equal seeds draw equal weights; torch's own random numbers are not touched.
    """
    randomised = copy.deepcopy(network)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for module in randomised.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for parameter in module.parameters(recurse=False):
                order = torch.randperm(parameter.numel())
                parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
    return randomised.eval()
