"""How far a signal stands above its own noise floor, where nobody wrote down the ratio."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from core.signal.prewhitening import compute_running_median
from core.signal.spectra import Psd, compute_psd

# One median over this share of the band: wider than a line, narrower than the slope of pink noise.
_WIDTH_SHARE = 1 / 16
# Neighbouring segments repeat three quarters of each other: two of them tell about as much as one alone.
_FREE_SHARE = 0.5
_LIMIT_DB = 60.0


def estimate_snr_db(signal: ArrayLike, sample_rate_hz: float) -> float | None:
    """Estimate the ratio of what stands above the noise floor to the floor, both over the whole band.

    The floor is the running median of the power density (Welch), corrected for the median of an averaged
    periodogram lying below its mean (chi-squared with two degrees of freedom a segment; by Wilson and
    Hilferty, 1931). Lines and combs of lines count as signal; noise that the machine itself makes counts as
    noise, since nothing in one recording tells the two apart.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, any unit.
    sample_rate_hz
        Samples per second.

    Returns
    -------
    float or None
        In dB, between -60 and 60; None for a constant signal.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples, or an impossible sample rate.
    """
    psd = compute_psd(signal, sample_rate_hz)
    total = float(psd.density.sum())
    if total <= 0.0:
        return None
    floor = compute_running_median(psd.density, round(_WIDTH_SHARE * psd.density.size))
    noise = min(float(floor.sum()) / _compare_median_to_mean(psd), total)
    if noise <= 0.0:
        return _LIMIT_DB
    share = max((total - noise) / noise, 10.0 ** (-_LIMIT_DB / 10.0))
    return min(10.0 * math.log10(share), _LIMIT_DB)


def _compare_median_to_mean(psd: Psd) -> float:
    degrees = max(2.0, 2.0 * _FREE_SHARE * psd.n_segments)
    return (1.0 - 2.0 / (9.0 * degrees)) ** 3
