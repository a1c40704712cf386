"""Convolutions that must also know how strong the vibration is where the physics expects it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.networks.band_energies import BANDS, compute_band_energies, draw_displacements
from core.networks.cnn1d import Cnn1dNetwork
from utils.exceptions import InvalidInputError

_PHYSICAL, _RANDOM, _NONE = "physical", "random", "none"


class PhysicsConstrainedNetwork(nn.Module):
    """The network of `core.networks.cnn1d`, held to band energies while it is trained.

    A second head must tell from the same patterns how much energy the window has at the shaft's and the
    bearing's orders. It is not part of a prediction, which needs no speed.

    Parameters
    ----------
    band_loss
        ``physical``: bands at the orders of `core.networks.band_energies`; ``random``: as many bands,
        displaced at random, which shows whether it is the physics that helps or any second task; ``none``.
        None: ``physical`` for windows whose shaft speed is known.
    band_loss_weight
        Weight of the band-energy loss beside the classification loss.
    """

    displacements: torch.Tensor

    def __init__(
        self,
        *,
        n_samples: int,
        n_classes: int,
        sample_rate_hz: float,
        n_filters: int,
        dropout: float,
        band_loss: str | None,
        band_loss_weight: float,
    ) -> None:
        super().__init__()
        self.base = Cnn1dNetwork(
            n_samples=n_samples, n_classes=n_classes, n_filters=n_filters, dropout=dropout
        )
        self._sample_rate_hz, self._band_loss, self._weight = sample_rate_hz, band_loss, band_loss_weight
        self._patterns: torch.Tensor | None = None
        if band_loss != _NONE:
            self.energy_head = nn.Linear(self.base.n_patterns, len(BANDS))
            displacements = draw_displacements() if band_loss == _RANDOM else torch.ones(len(BANDS))
            self.register_buffer("displacements", displacements)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Map windows ``(n, n_samples)`` to logits ``(n, n_classes)``."""
        patterns = self.base.find_patterns(windows)
        if self.training:
            self._patterns = patterns
        return self.base.judge(patterns)

    def extra_loss(
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,  # noqa: ARG002 - part of the hook; band energies need no label
        windows: torch.Tensor,
        conditions: torch.Tensor,
    ) -> torch.Tensor:
        """Return what is added to the classification loss, for the batch that `forward` has just seen.

        Parameters
        ----------
        windows
            Shape ``(n, n_samples)``, standardised.
        conditions
            Shape ``(n, 5)``: shaft frequency in Hz, then the orders of bpfo, bpfi, bsf and ftf; NaN where
            unknown.

        Raises
        ------
        InvalidInputError
            ``band_loss`` was asked for and a recording's shaft speed is unknown.
        """
        patterns, self._patterns = self._patterns, None
        if self._band_loss == _NONE or self._weight == 0.0 or patterns is None:
            return logits.new_zeros(())
        if self._band_loss is not None and bool(conditions[:, 0].isnan().any()):
            raise InvalidInputError(
                f"With band_loss = {self._band_loss} every training recording needs its shaft speed. "
                "Give the speeds, or leave the option empty."
            )
        with torch.no_grad():
            energies = compute_band_energies(windows, self._sample_rate_hz, conditions, self.displacements)
        known = ~energies.isnan()
        told = self.energy_head(patterns.float())
        gaps = functional.smooth_l1_loss(told, energies.nan_to_num(), reduction="none")
        return self._weight * (gaps * known).sum() / known.sum().clamp(min=1)


def build_physics_constrained(
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,
    n_filters: int,
    dropout: float,
    band_loss: str | None,
    band_loss_weight: float,
) -> PhysicsConstrainedNetwork:
    """Build the network for windows of ``n_samples`` at ``sample_rate_hz``."""
    return PhysicsConstrainedNetwork(
        n_samples=n_samples,
        n_classes=n_classes,
        sample_rate_hz=sample_rate_hz,
        n_filters=n_filters,
        dropout=dropout,
        band_loss=band_loss,
        band_loss_weight=band_loss_weight,
    )
