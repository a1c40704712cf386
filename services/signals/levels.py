"""The levels of the visible stretch: part of `SignalService`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.signal.statistics import compute_basic_features
from models.user import Role
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_result
from services.signals.quantities import as_quantity
from services.signals.stretches import read_spectral_stretch

_LEVELS = ("rms", "peak_value", "crest_factor", "kurtosis", "skewness", "mean")


class LevelViews:
    """How strong and how impulsive the visible stretch is (at most 2^20 samples, which is said)."""

    @staticmethod
    @returns_result
    def get_levels(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        quantity: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the levels of the visible stretch.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            quantity: acceleration, velocity or displacement; by default as measured.
            actor: Who asks.

        Returns:
            ``rms, peak_value, peak_to_peak`` (without the mean) and ``mean`` in ``unit``; ``crest_factor,
            kurtosis`` (3 for noise), ``skewness``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = as_quantity(read_spectral_stretch(signal_id, x_range_s), quantity)
        found = compute_basic_features(stretch.samples, stretch.signal.sample_rate_hz)
        return ok(
            **stretch.description,
            **{name: found[name] for name in _LEVELS},
            peak_to_peak=float(np.ptp(stretch.samples)),
        )
