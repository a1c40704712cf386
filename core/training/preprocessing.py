"""From a signal of any rate to standardised windows: the same function in training and diagnosis."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.windows import cut_windows
from core.signal.resampling import limit_band, resample_signal
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

MINIMUM_WINDOW_SAMPLES = 16
_RATE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Belongs to the classifier and travels with it.

    Attributes
    ----------
    analysis_rate_hz
        Every signal is resampled to this rate, so that a sampling rate can't give a class away.
    window_s, hop_s
        Window length and distance in seconds.
    """

    analysis_rate_hz: float
    window_s: float
    hop_s: float

    def __post_init__(self) -> None:
        """Refuse windows too short to hold anything."""
        if self.window_samples < MINIMUM_WINDOW_SAMPLES:
            raise InvalidInputError(
                f"A window of {self.window_s:g} s holds {self.window_samples} samples at "
                f"{self.analysis_rate_hz:g} Hz; at least {MINIMUM_WINDOW_SAMPLES} are needed. "
                "Lengthen window_s."
            )

    @property
    def window_samples(self) -> int:
        """Samples per window."""
        return round(self.window_s * self.analysis_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Samples from one window's start to the next."""
        return max(1, round(self.hop_s * self.analysis_rate_hz))

    def resample(self, signal: NDArray[np.floating], sample_rate_hz: float) -> NDArray[np.float32]:
        """Bring a signal to the analysis rate and band (anti-alias filter; the same band at equal rates).

        Every signal ends with the same band limit, so that its former rate can't be read off it.

        Raises
        ------
        SignalError
            ``SAMPLE_RATE_TOO_LOW``: the signal lacks frequencies that the classifier reads;
            ``NON_FINITE_SIGNAL``.
        """
        if sample_rate_hz < self.analysis_rate_hz * (1 - _RATE_TOLERANCE):
            raise SignalError(
                f"The signal was sampled at {sample_rate_hz:g} Hz, the classifier reads "
                f"{self.analysis_rate_hz:g} Hz. "
                "Use a recording of at least that rate, or a classifier trained at a lower analysis rate.",
                code=ErrorCode.SAMPLE_RATE_TOO_LOW,
            )
        values = np.asarray(signal)
        if not np.isfinite(values).all():
            raise SignalError(
                "The signal holds missing or infinite values. Mend or cut them out and import it again.",
                code=ErrorCode.NON_FINITE_SIGNAL,
            )
        return limit_band(resample_signal(values, sample_rate_hz, self.analysis_rate_hz))

    def needs_resampling(self, sample_rate_hz: float) -> bool:
        """Whether a signal of this rate is changed by `resample`."""
        return abs(sample_rate_hz - self.analysis_rate_hz) > _RATE_TOLERANCE * self.analysis_rate_hz

    def cut(self, resampled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut windows ``(n_windows, window_samples)`` from a signal at the analysis rate.

        Raises
        ------
        SignalError
            ``RECORDING_TOO_SHORT``.
        """
        windows: NDArray[np.float32] = cut_windows(resampled, self.window_samples, self.hop_samples)
        return windows

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def standardise(windows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bring each window to mean 0 and standard deviation 1; a sensor's gain and offset fall away.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``.

    Returns
    -------
    ndarray
        float32, same shape; constant windows become zero.
    """
    values = np.asarray(windows, dtype=np.float64)
    mean = values.mean(axis=1, keepdims=True)
    centred = values - mean
    scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + (1e-6 * mean) ** 2)
    scaled: NDArray[np.float32] = (centred / np.where(scale == 0.0, 1.0, scale)).astype(np.float32)
    return scaled
