"""Grad-CAM (Selvaraju et al., ICCV 2017) over time: what of the last convolution speaks for the class.

It explains the logit, as its authors have it, not the log-probability that the other methods explain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray

from core.explain.attribution import Found, Request
from core.explain.context import explaining
from core.explain.explainable import Explainable
from core.explain.network_scores import build_forward, to_tensor
from core.explain.routing import TIME_LAYERS
from utils.exceptions import InvalidInputError


def map_activations(explainable: Explainable, request: Request) -> Found:
    """Map each window: the layer's channels, weighted by their mean gradient; what speaks against is 0."""
    network = explainable.network
    if network is None:
        raise ValueError("there is no network")
    name, layer = find_time_layer(network, explainable.network_name)
    forward = build_forward(network, explainable.network_conditions, as_logits=True)
    captum = LayerGradCam(forward, layer)
    # By blocks, as the other methods: each window's map is its own.
    step = explainable.block_windows
    values, slopes = np.empty(explainable.windows.shape), np.empty(explainable.windows.shape)
    with explaining(network):
        for start in range(0, explainable.n_windows, step):
            request.check_in(start)
            part = slice(start, start + step)
            windows = to_tensor(explainable.windows[part], network).requires_grad_(True)
            coarse = captum.attribute(windows, target=request.target_class, relu_attributions=True)
            values[part] = stretch_over_time(coarse.detach().cpu().numpy()[:, 0], explainable.n_samples)
            slopes[part] = _trace(forward, layer, windows, request.target_class)
    request.check_in(explainable.n_windows)
    return Found(values, slopes=slopes, chosen={"layer": name, "explains": "logit"})


def find_time_layer(network: torch.nn.Module, name: str = "") -> tuple[str, torch.nn.Module]:
    """Return path and layer: as registered, or the last convolution of a network that is not.

    Raises
    ------
    InvalidInputError
        There is no convolution.
    """
    if name:
        return TIME_LAYERS[name], network.get_submodule(TIME_LAYERS[name])
    found = [
        (path, module) for path, module in network.named_modules() if isinstance(module, torch.nn.Conv1d)
    ]
    if not found:
        raise InvalidInputError("Grad-CAM does not apply. The network has no convolution over time.")
    return found[-1]


def stretch_over_time(coarse: NDArray[np.floating], n_samples: int) -> NDArray[np.float64]:
    """Stretch maps ``(n, n_steps)`` to ``(n, n_samples)`` by straight lines between the steps' middles."""
    n_steps = coarse.shape[1]
    middles = (np.arange(n_steps) + 0.5) * (n_samples / n_steps) - 0.5
    return np.stack([np.interp(np.arange(n_samples), middles, row) for row in coarse])


def _trace(
    forward: Any, layer: torch.nn.Module, windows: torch.Tensor, target_class: int
) -> NDArray[np.float64]:
    """Gradient of each map's sum by its window, the channels' weights held: what the map is made of."""
    kept: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        with torch.enable_grad():
            logits = forward(windows)
            (gradients,) = torch.autograd.grad(logits[:, target_class].sum(), kept[0], retain_graph=True)
            weights = gradients.mean(dim=2, keepdim=True)
            total = torch.relu((weights * kept[0]).sum(dim=1)).sum()
            (slopes,) = torch.autograd.grad(total, windows)
    finally:
        hook.remove()
    found: NDArray[np.float64] = slopes.cpu().numpy().astype(np.float64)
    return found
