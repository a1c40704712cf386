"""GradientSHAP (Lundberg and Lee, NeurIPS 2017; expected gradients, Erion et al., 2021).

Captum draws from global random states, by batch. Here the draws are the same for every window and no state
but the seed's decides them; the places on the ways are one in each of as many equal parts, which scatters
less than free draws.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.explain.attribution import Found, Request
from core.explain.baselines import draw_baselines
from core.explain.context import explaining
from core.explain.explainable import Explainable
from core.explain.network_scores import Forward, build_forward, to_tensor


def sample_gradients(explainable: Explainable, request: Request) -> Found:
    """Mean over the draws of the gradient somewhere on a way, times the way from a drawn baseline."""
    network = explainable.network
    if network is None:
        raise ValueError("there is no network")
    values = np.empty(explainable.windows.shape)
    score_baseline = np.empty(explainable.n_windows)
    forward = build_forward(network, explainable.network_conditions)
    with explaining(network):
        for index, window in enumerate(explainable.windows):
            starts, ends = _draw_ways(explainable, request, window, index)
            total = np.zeros(explainable.n_samples)
            places = _draw_places(len(starts), request.get_whole("seed"))
            for first in range(0, len(starts), explainable.block_windows):
                request.check_in(index)
                part = slice(first, first + explainable.block_windows)
                way = ends[part] - starts[part]
                points = to_tensor(starts[part] + places[part, None] * way, network)
                total += (_find_gradients(forward, points, request.target_class) * way).sum(axis=0)
            values[index] = total / len(starts)
            score_baseline[index] = explainable.score(starts)[:, request.target_class].mean()
            request.check_in(index + 1)
    return Found(values, score_baseline)


def _draw_ways(
    explainable: Explainable, request: Request, window: NDArray[np.float32], index: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the ways begin and end, each ``(n_draws, n_samples)``."""
    n_draws, seed = request.get_whole("n_draws"), request.get_whole("seed")
    if request.baselines is not None:
        starts = np.tile(request.baselines[index], (n_draws, 1))
    else:
        starts = draw_baselines(str(request.options["baseline"]), explainable, window, n_draws, seed)
    noise = request.get_number("noise")
    if not noise:
        return starts, np.tile(window, (n_draws, 1))
    drawn = np.random.default_rng([seed, 1]).standard_normal(starts.shape)
    return starts, (window + noise * drawn).astype(np.float32)


def _draw_places(n_draws: int, seed: int) -> NDArray[np.float32]:
    """One place in each of ``n_draws`` equal parts of the way from 0 to 1, mixed up."""
    generator = np.random.default_rng([seed, 2])
    places = (generator.permutation(n_draws) + generator.random(n_draws)) / n_draws
    return places.astype(np.float32)


def _find_gradients(forward: Forward, points: torch.Tensor, target_class: int) -> NDArray[np.float64]:
    """Gradient of the log-probability at each point, ``(n, n_samples)``."""
    with torch.enable_grad():
        points.requires_grad_(True)
        # The points do not touch one another: the gradient of the sum is that of each.
        (gradients,) = torch.autograd.grad(forward(points)[:, target_class].sum(), points)
    found: NDArray[np.float64] = gradients.cpu().numpy().astype(np.float64)
    return found
