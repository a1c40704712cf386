"""The spectrum behind a spectral view."""

from __future__ import annotations

from core.signal.envelope import compute_envelope_spectrum, suggest_band
from core.signal.spectra import Spectrum, compute_spectrum
from services.signals.stretches import SpectralStretch
from utils.exceptions import InvalidInputError

PEAK_VIEWS = ("spectrum", "envelope_spectrum")


def compute_view(
    stretch: SpectralStretch, view: str, low_hz: float | None, high_hz: float | None
) -> tuple[Spectrum, list[float] | None]:
    """Return the spectrum of a view, and the band of its envelope.

    Raises:
        InvalidInputError: There is no such view, or the band can't be.
    """
    rate = stretch.signal.sample_rate_hz
    if view == "spectrum":
        return compute_spectrum(stretch.samples, rate), None
    if view != "envelope_spectrum":
        raise InvalidInputError(f"Peaks are found in: {', '.join(PEAK_VIEWS)}.")
    band = choose_band(rate, low_hz, high_hz)
    return compute_envelope_spectrum(stretch.samples, rate, band), list(band)


def choose_band(sample_rate_hz: float, low_hz: float | None, high_hz: float | None) -> tuple[float, float]:
    """Return a demodulation band: as given, the plain default for what is not."""
    suggested_low, suggested_high = suggest_band(sample_rate_hz)
    return (
        suggested_low if low_hz is None else float(low_hz),
        suggested_high if high_hz is None else float(high_hz),
    )
