"""The beginning of the visible stretch, for what takes less than a spectrum does."""

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


def read_first_part(
    signal_id: int,
    x_range_s: Sequence[float] | None,
    *,
    max_s: float | None = None,
    max_samples: int = MAX_SPECTRAL_SAMPLES,
) -> SpectralStretch:
    """Read the beginning of the visible stretch; what is left out is said."""
    signal = load_signal_row(signal_id)
    visible = find_stretch(signal, x_range_s)
    n_samples = min(visible.n_samples, max_samples)
    if max_s is not None:
        n_samples = min(n_samples, round(max_s * signal.sample_rate_hz))
    used = Stretch(visible.start, visible.start + n_samples)
    note = None
    if n_samples < visible.n_samples:
        used_s = n_samples / signal.sample_rate_hz
        note = f"Only the first {used_s:.4g} s of the visible stretch are used."
    samples = open_signal_view(signal).read(used.start, used.stop)
    return SpectralStretch(signal, samples, describe_stretch(signal, used, note))
