"""Views of two signals beside each other: part of `SignalService`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from core.signal.coherence import compute_coherence
from models.user import Role
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_result
from services.signals.overlays import OverlayView, build_overlay
from services.signals.pairs import describe_pair, read_pair
from services.signals.stretches import thin_lines

_NOT_SIMULTANEOUS = (
    "The signals are of different recordings: unless they were taken at the same time, coherence tells "
    "nothing of a common cause."
)


class ComparisonViews:
    """Two signals over the visible stretch (at most 2^20 samples of each, which is said)."""

    @staticmethod
    @returns_result
    def get_coherence(
        signal_id: int,
        other_signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        min_hz: float = 0.0,
        max_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return how much of two signals is linearly related, frequency by frequency.

        Args:
            signal_id: One signal.
            other_signal_id: The other; the one that was sampled faster is resampled, which is said.
            x_range_s: The visible stretch, of both.
            min_hz: Frequencies below are left out.
            max_hz: Frequencies above are left out.
            actor: Who asks.

        Returns:
            ``frequencies_hz, coherence`` (0 to 1), ``n_segments, n_independent, significance_95`` (what
            unrelated signals stay below in 95 of 100 cases), ``resolution_hz, is_simultaneous``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        pair = read_pair(signal_id, other_signal_id, x_range_s)
        found = compute_coherence(pair.first, pair.second, pair.rate_hz)
        frequencies_hz, coherence = thin_lines(
            found.frequencies_hz, found.coherence, min_hz=min_hz, max_hz=max_hz
        )
        return ok(
            **describe_pair(pair, None if pair.is_simultaneous else _NOT_SIMULTANEOUS),
            frequencies_hz=frequencies_hz,
            coherence=coherence,
            n_segments=found.n_segments,
            n_independent=found.n_independent,
            significance_95=found.get_significance(0.95),
            resolution_hz=found.resolution_hz,
            is_simultaneous=pair.is_simultaneous,
        )

    @staticmethod
    @returns_result
    def get_overlay(
        signal_id: int,
        other_signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        view: Literal["waveform", "spectrum", "psd", "envelope_spectrum"] = "waveform",
        align: bool = False,
        low_hz: float | None = None,
        high_hz: float | None = None,
        min_hz: float = 0.0,
        max_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return two signals in one view, and the first minus the second.

        Args:
            signal_id: The first.
            other_signal_id: The second; the one that was sampled faster is resampled, which is said.
            x_range_s: The visible stretch, of both.
            view: waveform, spectrum, psd or envelope_spectrum.
            align: Move the second in time to where the two correlate most.
            low_hz: Where the envelope's band begins; by default a plain suggestion.
            high_hz: Where it ends.
            min_hz: Frequencies below are left out.
            max_hz: Frequencies above are left out.
            actor: Who asks.

        Returns:
            ``first, second, difference`` (each ``x, y``; no difference between different units), ``x_unit``,
            ``y_unit``, ``shift_s`` (how much later the second is, None where not aligned), ``correlation``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        pair = read_pair(signal_id, other_signal_id, x_range_s)
        asked = OverlayView(view, align=align, low_hz=low_hz, high_hz=high_hz, min_hz=min_hz, max_hz=max_hz)
        return ok(**build_overlay(pair, asked))
