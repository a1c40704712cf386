"""Changes to training windows that leave the fault as it is."""

from __future__ import annotations

import torch

_N_TAPS = 9


def vary_path(windows: torch.Tensor, strength: float) -> torch.Tensor:
    """Send each window through its own random short filter, as if it had come another way to the sensor.

    The filter is a unit impulse plus normal taps of ``strength`` times a uniform factor per window: slow
    parts keep their shape, resonances change their height. Drawn from torch's random state.

    Parameters
    ----------
    windows
        Standardised, shape ``(n_windows, n_samples)``.
    strength
        0 leaves the windows as they are.

    Returns
    -------
    Tensor
        Same shape, standardised again.
    """
    if strength == 0.0:
        return windows
    n_windows = len(windows)
    taps = strength * torch.rand(n_windows, 1, 1) * torch.randn(n_windows, 1, _N_TAPS)
    taps[:, :, _N_TAPS // 2] += 1.0
    filtered = torch.nn.functional.conv1d(
        windows.unsqueeze(0), taps, padding=_N_TAPS // 2, groups=n_windows
    ).squeeze(0)
    centred = filtered - filtered.mean(dim=1, keepdim=True)
    scale = centred.square().mean(dim=1, keepdim=True).sqrt()
    return centred / torch.where(scale == 0.0, 1.0, scale)
