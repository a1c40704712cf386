"""A small network over the envelope by shaft order: the same filters whatever the bearing and the speed."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import nn

from core.features.fault_combs import N_FAULTS, N_HARMONICS, N_ROWS, FaultLines, read_fault_lines
from core.features.order_spectra import (
    BANDS,
    CLIP,
    OrderSpectra,
    compute_hann_power,
    compute_order_spectra,
    read_orders,
)
from core.networks.torch_ops import TorchOps

_KERNEL = 5
_N_STRENGTHS = 4
_SHAFT_ORDERS = (1.0, 2.0, 3.0, 4.0)
_LEAST_DEPTH = 1e-3
# Of windows whose power is 1: 120 dB below.
_LEAST_POWER = 1e-12
_N_NUMBERS = 2 * N_FAULTS + 2 * len(_SHAFT_ORDERS) + 8


class OrderNetwork(nn.Module):
    """Filters over the slip of each fault's lines, pooled over the bands, beside depths and levels.

    What a filter sees is laid out by fault order, so a fault looks alike in every bearing at every speed, and
    the same filters serve every kind of fault: what is learned of one race holds for the other.
    """

    def __init__(
        self,
        *,
        n_classes: int,
        sample_rate_hz: float,
        n_filters: int,
        hidden_size: int,
        spectrum_bands: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self._sample_rate_hz = sample_rate_hz
        self._spectrum_bands = spectrum_bands
        self.filters = nn.Sequential(
            nn.Conv1d(2 * N_ROWS, n_filters, _KERNEL, padding=_KERNEL // 2, bias=False),
            nn.BatchNorm1d(n_filters),
            nn.ReLU(),
            nn.Conv1d(n_filters, n_filters, _KERNEL, padding=_KERNEL // 2, bias=False),
            nn.BatchNorm1d(n_filters),
            nn.ReLU(),
        )
        self.strength = nn.Sequential(nn.Linear(2 * n_filters, _N_STRENGTHS), nn.ReLU())
        self.hidden = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(N_FAULTS * _N_STRENGTHS + _N_NUMBERS + spectrum_bands, hidden_size),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.head = nn.Linear(hidden_size, n_classes)

    def forward(self, windows: torch.Tensor, conditions: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` and conditions ``(n, 5)`` to logits ``(n, n_classes)``."""
        ops = TorchOps(windows.device)
        spectra = compute_order_spectra(windows, self._sample_rate_hz, conditions[:, 0], ops)
        lines = read_fault_lines(spectra, conditions[:, 1:], ops)
        numbers = [_measure_shaft(spectra, ops), _measure_depths(lines), _pool_levels(spectra)]
        if self._spectrum_bands:
            numbers.append(measure_bands(windows, self._spectrum_bands, ops))
        found = torch.cat([self._weigh_faults(lines), torch.cat(numbers, 1) / CLIP], 1)
        logits: torch.Tensor = self.head(self.hidden(found))
        return logits

    def _weigh_faults(self, lines: FaultLines) -> torch.Tensor:
        """Strengths of each fault's evidence, ``(n, N_FAULTS * _N_STRENGTHS)``."""
        n_windows, n_bands, n_slips = lines.ratios.shape[0], len(BANDS), lines.ratios.shape[-1]
        # Squared and log envelope of a band are seen together.
        pairs = lines.ratios.reshape(n_windows, 2, n_bands, N_FAULTS, N_ROWS, n_slips)
        rows = pairs.permute(0, 2, 3, 1, 4, 5).reshape(n_windows * n_bands * N_FAULTS, 2 * N_ROWS, n_slips)
        heights = self.filters(rows / CLIP).amax(-1).reshape(n_windows, n_bands, N_FAULTS, -1)
        strengths: torch.Tensor = self.strength(torch.cat([heights.amax(1), heights.mean(1)], -1))
        return strengths.reshape(n_windows, -1)


def _measure_depths(lines: FaultLines) -> torch.Tensor:
    """Ln of the modulation depth of each fault at the slip where its lines stand highest."""
    combs = lines.ratios[:, :, :, :N_HARMONICS].mean(3)
    slip = (combs.mean(1) + combs.amax(1)).argmax(-1)[:, None, :, None, None]
    chosen = torch.gather(lines.depths, -1, slip.expand(*lines.depths.shape[:-1], 1))[..., 0]
    depths = torch.log(torch.sqrt(2.0 * chosen.sum(3) + _LEAST_DEPTH**2))
    return torch.cat([depths.amax(1), depths.mean(1)], 1)


def _measure_shaft(spectra: OrderSpectra, ops: TorchOps) -> torch.Tensor:
    orders = torch.tensor(_SHAFT_ORDERS, device=spectra.ratios.device)[None, None]
    heights: Any = read_orders(spectra.ratios, orders, ops)
    return torch.cat([heights.amax(1), heights.mean(1)], 1)


def _pool_levels(spectra: OrderSpectra) -> torch.Tensor:
    narrow, whole = spectra.levels[:, :, :-1], spectra.levels[:, :, -1]
    return torch.cat([narrow.amax(2), narrow.mean(2), narrow.amin(2), whole], 1)


def measure_bands(windows: torch.Tensor, n_bands: int, ops: TorchOps) -> torch.Tensor:
    """Ln of the power in bands of one width against their mean, ``(n, n_bands)``."""
    low, high = BANDS[-1]
    edges = [round(windows.shape[-1] * (low + (high - low) * part / n_bands)) for part in range(n_bands + 1)]
    power = compute_hann_power(windows, ops)
    parts = [power[:, first : max(first + 1, last)].mean(1) for first, last in itertools.pairwise(edges)]
    levels = torch.log(torch.stack(parts, 1) + _LEAST_POWER)
    return levels - levels.mean(1, keepdim=True)


def build_order_net(
    *,
    n_samples: int,  # noqa: ARG001 - part of a builder's form; the network takes windows of any length
    n_classes: int,
    sample_rate_hz: float,
    n_filters: int,
    hidden_size: int,
    spectrum_bands: int,
    dropout: float,
) -> OrderNetwork:
    """Build the network."""
    return OrderNetwork(
        n_classes=n_classes,
        sample_rate_hz=sample_rate_hz,
        n_filters=n_filters,
        hidden_size=hidden_size,
        spectrum_bands=spectrum_bands,
        dropout=dropout,
    )
