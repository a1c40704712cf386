"""What a classifier would say if a band were weaker or stronger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.explain.fault_bands import BandAxis
from core.explain.views import build_windows, find_bins, read_coefficients, view_envelope
from core.signal.band_pass import Band, check_band
from core.signal.checks import check_sample_rate
from core.training.metrics import pool_probabilities
from utils.exceptions import InvalidInputError

GAINS_DB: Final = (-60.0, -40.0, -30.0, -20.0, -12.0, -6.0, -3.0, 0.0, 3.0, 6.0, 12.0, 20.0)
MAX_GAIN_DB: Final = 60.0

Judge = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class BandSweep:
    """Probabilities of a recording over gains of a band.

    Attributes
    ----------
    ranges_hz, axis
        What was changed.
    gains_db
        Rising, 0 among them.
    probabilities
        Of the recording, uncalibrated, ``(n_gains, n_classes)``.
    unchanged
        Place of 0 dB in `gains_db`.
    """

    ranges_hz: tuple[Band, ...]
    axis: BandAxis
    gains_db: tuple[float, ...]
    probabilities: NDArray[np.float64]
    unchanged: int

    @property
    def class_index(self) -> int:
        """The likeliest class of the recording as it is."""
        return int(self.probabilities[self.unchanged].argmax())

    @property
    def flips(self) -> tuple[tuple[float, int], ...]:
        """Gains at which another class is the likeliest, with that class."""
        winners = self.probabilities.argmax(axis=1)
        return tuple(
            (gain_db, int(winner))
            for gain_db, winner in zip(self.gains_db, winners, strict=True)
            if winner != self.class_index
        )


def sweep_band(
    judge: Judge,
    windows: NDArray[np.floating[Any]],
    sample_rate_hz: float,
    ranges_hz: Sequence[Band],
    *,
    gains_db: Sequence[float] = GAINS_DB,
    axis: BandAxis = BandAxis.FREQUENCY,
    demodulation_band_hz: Band | None = None,
) -> BandSweep:
    """Attenuate and boost a band of every window and judge the recording each time.

    Parameters
    ----------
    judge
        Maps windows to log-probabilities as for windows recorded like this (`Explainable.judge`).
    windows
        ``(n_windows, n_samples)``.
    sample_rate_hz
        Of the windows.
    ranges_hz
        The band, in one or several parts; whole bins of a window's Fourier transform.
    gains_db
        -60 to 60 dB; 0 is added where it is missing.
    axis
        Whether the parts are frequencies of the signal or of its envelope.
    demodulation_band_hz
        Needed for the envelope: the resonance whose modulation is changed.

    Raises
    ------
    InvalidInputError
        No or impossible ranges or gains, or the demodulation band is missing.
    """
    rate = check_sample_rate(sample_rate_hz)
    ranges = tuple(check_band(part, rate) for part in ranges_hz)
    if not ranges:
        raise InvalidInputError("Name the band to change.")
    gains = tuple(sorted({0.0, *(float(gain) for gain in gains_db)}))
    if not all(abs(gain) <= MAX_GAIN_DB for gain in gains):
        raise InvalidInputError(f"Gains must lie between -{MAX_GAIN_DB:g} and {MAX_GAIN_DB:g} dB.")
    values = np.asarray(windows, dtype=np.float64)
    part = _cut_part(values, rate, ranges, axis, demodulation_band_hz)
    judged = [
        pool_probabilities(np.exp(judge((values + (10.0 ** (gain / 20.0) - 1.0) * part).astype(np.float32))))
        for gain in gains
    ]
    return BandSweep(ranges, axis, gains, np.stack(judged), gains.index(0.0))


def _cut_part(
    values: NDArray[np.float64],
    rate: float,
    ranges: Sequence[Band],
    axis: BandAxis,
    demodulation_band_hz: Band | None,
) -> NDArray[np.float64]:
    """Return what of the windows lies in the band: the change is linear in its gain on both axes."""
    n_samples = values.shape[-1]
    frequencies_hz = find_bins(n_samples) * rate / n_samples
    inside = np.zeros(n_samples)
    for low_hz, high_hz in ranges:
        inside[(frequencies_hz >= low_hz) & (frequencies_hz <= high_hz)] = 1.0
    if not inside.any():
        raise InvalidInputError(
            f"The band lies between two bins: a window of {n_samples / rate:.3g} s resolves "
            f"{rate / n_samples:.3g} Hz. Make it wider."
        )
    if axis is BandAxis.FREQUENCY:
        return build_windows(read_coefficients(values) * inside)
    if demodulation_band_hz is None:
        raise InvalidInputError("Name the resonance whose envelope is to be changed.")
    views = [view_envelope(window, rate, demodulation_band_hz) for window in values]
    return np.stack([view.carrier * build_windows(view.coefficients * inside) for view in views])
