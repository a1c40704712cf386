"""How much energy windows have at the orders where shaft and bearing faults show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

# The envelope is taken above this share of the sample rate, where resonances ring rather than shaft lines.
_ENVELOPE_FROM = 0.1
# Rolling elements slip by 1 to 2 %.
_BEARING_WIDTH = 0.02
_SHAFT_WIDTH = 0.03
# Below so many bins from zero a band can't be told from the window's own leakage.
_LOWEST_BIN = 2.0
_SMALLEST_SHARE = 1e-4
# Far enough from the line to miss it, near enough to stay in the same part of the spectrum.
_DISPLACEMENTS = (1.1, 1.4)


@dataclass(frozen=True, slots=True)
class Band:
    """A band around an order.

    Attributes
    ----------
    spectrum
        Where it is looked for: in the window's own spectrum or in that of its envelope.
    order
        Multiple of the frequency that ``column`` stands for.
    width
        Half its width as a share of its centre.
    column
        None: the order counts in shaft frequencies. Otherwise the column of the conditions that holds the
        order of a bearing line.
    """

    spectrum: Literal["signal", "envelope"]
    order: float
    width: float
    column: int | None


_BPFO, _BPFI, _BSF, _FTF = 1, 2, 3, 4

BANDS = (
    # Clearance and oil whirl: 0.42 to 0.48 of the shaft frequency.
    Band("signal", 0.45, 0.08, None),
    Band("signal", 1.0, _SHAFT_WIDTH, None),
    Band("signal", 2.0, _SHAFT_WIDTH, None),
    Band("signal", 3.0, _SHAFT_WIDTH, None),
    Band("envelope", 1.0, _SHAFT_WIDTH, None),
    Band("envelope", 1.0, _BEARING_WIDTH, _BPFO),
    Band("envelope", 1.0, _BEARING_WIDTH, _BPFI),
    # A defect of a ball shows at twice its spin frequency.
    Band("envelope", 2.0, _BEARING_WIDTH, _BSF),
    Band("envelope", 1.0, _BEARING_WIDTH, _FTF),
)


def draw_displacements() -> torch.Tensor:
    """Draw a factor per band that moves it off its line, up or down; from torch's random state."""
    low, high = (math.log(limit) for limit in _DISPLACEMENTS)
    size = low + (high - low) * torch.rand(len(BANDS))
    return torch.exp(torch.where(torch.rand(len(BANDS)) < 0.5, -size, size))


def compute_band_energies(
    windows: torch.Tensor, sample_rate_hz: float, conditions: torch.Tensor, displacements: torch.Tensor
) -> torch.Tensor:
    """Compute the energy in every band against the mean over its spectrum.

    Parameters
    ----------
    windows
        Shape ``(n, n_samples)``; gain and offset do not matter.
    sample_rate_hz
        Sample rate.
    conditions
        Shape ``(n, 5)``: shaft frequency in Hz, orders of bpfo, bpfi, bsf and ftf; NaN where unknown.
    displacements
        Shape ``(n_bands,)``: factor on each band's centre, 1 for the physical bands.

    Returns
    -------
    Tensor
        Shape ``(n, n_bands)``: log10 of the mean power in the band over the mean power of the spectrum.
        NaN where the band is unknown, too near to zero for the window's length, or above half the rate.
    """
    spectra = {
        "signal": _compute_power(windows),
        "envelope": _compute_power(_compute_envelope(windows, sample_rate_hz)),
    }
    found = []
    for band, displacement in zip(BANDS, displacements, strict=True):
        order = band.order if band.column is None else band.order * conditions[:, band.column]
        centre_hz = conditions[:, 0] * order * displacement
        centre_bin = centre_hz * windows.shape[1] / sample_rate_hz
        found.append(_compute_share(spectra[band.spectrum], centre_bin, band.width))
    return torch.stack(found, dim=1)


def _compute_power(signals: torch.Tensor) -> torch.Tensor:
    taper = torch.hann_window(signals.shape[1], device=signals.device)
    centred = signals - signals.mean(dim=1, keepdim=True)
    power: torch.Tensor = torch.fft.rfft(centred * taper).abs().square().double()
    return power


def _compute_envelope(windows: torch.Tensor, sample_rate_hz: float) -> torch.Tensor:
    """Squared envelope of the upper part of the spectrum, by the analytic signal."""
    n_samples = windows.shape[1]
    spectrum = torch.fft.fft(windows)
    frequencies = torch.fft.fftfreq(n_samples, 1.0 / sample_rate_hz, device=windows.device)
    analytic = torch.fft.ifft(spectrum * (frequencies >= _ENVELOPE_FROM * sample_rate_hz))
    envelope: torch.Tensor = analytic.abs().square()
    return envelope


def _compute_share(power: torch.Tensor, centre_bin: torch.Tensor, width: float) -> torch.Tensor:
    """Log ratio of the mean power around a bin, at least the bin and its two neighbours, to the mean."""
    n_bins = power.shape[1]
    half = (width * centre_bin).clamp(min=1.0)
    usable = (centre_bin >= _LOWEST_BIN) & (centre_bin + half <= n_bins - 1)
    low = (centre_bin - half).round().nan_to_num().long().clamp(0, n_bins - 1)
    high = (centre_bin + half).round().nan_to_num().long().clamp(0, n_bins - 1)
    sums = torch.cat([power.new_zeros(len(power), 1), power.cumsum(dim=1)], dim=1)
    inside = sums.gather(1, (high + 1).unsqueeze(1)) - sums.gather(1, low.unsqueeze(1))
    mean = inside.squeeze(1) / (high - low + 1)
    whole = power.mean(dim=1)
    share = torch.where(whole > 0.0, mean / whole.clamp(min=1e-300), 1.0)
    logarithm = torch.log10(share.clamp(min=_SMALLEST_SHARE)).float()
    return torch.where(usable, logarithm, torch.nan)
