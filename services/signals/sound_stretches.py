"""The part of the visible stretch that is played."""

from __future__ import annotations

from collections.abc import Sequence

from services.shared.signal_store import open_signal_view
from services.signals.stretches import (
    MAX_SPECTRAL_SAMPLES,
    SpectralStretch,
    Stretch,
    describe_stretch,
    find_stretch,
    load_signal_row,
)


def read_sound_stretch(
    signal_id: int, x_range_s: Sequence[float] | None, max_duration_s: float
) -> SpectralStretch:
    """Read the beginning of the visible stretch, no longer than a duration; what is left out is said."""
    signal = load_signal_row(signal_id)
    visible = find_stretch(signal, x_range_s)
    n_most = min(MAX_SPECTRAL_SAMPLES, round(max_duration_s * signal.sample_rate_hz))
    used = Stretch(visible.start, visible.start + min(visible.n_samples, n_most))
    note = None
    if used.n_samples < visible.n_samples:
        played_s = used.n_samples / signal.sample_rate_hz
        note = f"Only the first {played_s:.4g} s of the visible stretch are played."
    samples = open_signal_view(signal).read(used.start, used.stop)
    return SpectralStretch(signal, samples, describe_stretch(signal, used, note))
