"""A batch of windows with the transforms that several domains share, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.features.arrays import FloatArray, centre_windows, divide, sum_rows
from core.features.transforms import BAND_OF_SAMPLE_RATE, compute_envelope, compute_hann_power, log_shares


class WindowBatch:
    """Windows without their mean, each scaled to a largest magnitude between ½ and 1.

    The scale is a power of two, so that it rounds nothing; features are computed of the scaled windows and
    multiplied by ``scale ** gain_power`` afterwards. Large and small units then lose no digits in float32.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, finite.
    sample_rate_hz
        Sample rate.
    dtype
        float32 or float64.
    shaft_frequency_hz
        Shape ``(n_windows,)``, where it is known.
    fault_orders
        ``bpfo``, ``bpfi``, ``bsf`` and ``ftf``, each of shape ``(n_windows,)``, where they are known.
    """

    def __init__(
        self,
        windows: NDArray[np.floating],
        sample_rate_hz: float,
        dtype: type[np.floating[Any]],
        shaft_frequency_hz: FloatArray | None = None,
        fault_orders: Mapping[str, FloatArray] | None = None,
    ) -> None:
        centred = centre_windows(windows, dtype)
        self.magnitude: FloatArray = np.abs(centred)
        _, exponents = np.frexp(self.magnitude.max(axis=1))
        self.scale: NDArray[np.float64] = np.ldexp(1.0, exponents)
        factor = np.ldexp(1.0, -exponents)[:, None].astype(dtype)
        self.centred: FloatArray = centred * factor
        self.magnitude *= factor
        self.sample_rate_hz = sample_rate_hz
        self.shaft_frequency_hz = shaft_frequency_hz
        self.fault_orders = fault_orders

    @property
    def n_samples(self) -> int:
        """Samples per window."""
        return int(self.centred.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """What everything is computed in."""
        return self.centred.dtype

    @property
    def resolution_hz(self) -> float:
        """Distance of two bins."""
        return self.sample_rate_hz / self.n_samples

    @cached_property
    def squares(self) -> FloatArray:
        """Squared samples."""
        found: FloatArray = np.square(self.centred)
        return found

    @cached_property
    def mean_square(self) -> FloatArray:
        """Mean square of each window, shape ``(n_windows,)``."""
        return sum_rows(self.squares) / self.n_samples

    @cached_property
    def spectrum(self) -> NDArray[np.complexfloating]:
        """Transform of the bare windows, ``(n_windows, n_bins)``: the one that every domain starts from."""
        found: NDArray[np.complexfloating] = scipy.fft.rfft(self.centred, axis=1)
        return found

    @cached_property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Of the bins, shape ``(n_bins,)``."""
        return scipy.fft.rfftfreq(self.n_samples, 1.0 / self.sample_rate_hz).astype(np.float64)

    @cached_property
    def power(self) -> FloatArray:
        """One-sided Hann power spectrum; its bins add up to the window's mean square (Parseval)."""
        return compute_hann_power(self.spectrum, self.n_samples)

    @cached_property
    def total_power(self) -> FloatArray:
        """Sum over the bins, shape ``(n_windows,)``."""
        return sum_rows(self.power)

    @cached_property
    def share(self) -> FloatArray:
        """Power of each bin over the total; 0 for a window without any."""
        return self.power * divide(np.ones_like(self.total_power), self.total_power)[:, None]

    @cached_property
    def log_share(self) -> FloatArray:
        """Natural logarithm of `share`, held at 120 dB under the mean of the bins above zero hertz."""
        return log_shares(self.share)

    @cached_property
    def envelope(self) -> FloatArray:
        """Magnitude of the analytic signal within `BAND_OF_SAMPLE_RATE`, shape ``(n_windows, n_samples)``."""
        return compute_envelope(self.spectrum, self.n_samples, BAND_OF_SAMPLE_RATE)

    @cached_property
    def envelope_mean(self) -> FloatArray:
        """Mean of the envelope, shape ``(n_windows,)``."""
        return sum_rows(self.envelope) / self.n_samples

    @cached_property
    def envelope_swing(self) -> FloatArray:
        """The envelope without its mean."""
        return self.envelope - self.envelope_mean[:, None]

    @cached_property
    def envelope_power(self) -> FloatArray:
        """Hann power spectrum of the envelope without its mean."""
        return compute_hann_power(scipy.fft.rfft(self.envelope_swing, axis=1), self.n_samples)
