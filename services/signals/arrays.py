"""The computations of the views on a caller's own samples: part of `SignalService`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal import cepstrum, envelope, kurtogram, spectra, time_frequency
from services.shared.results import none, returns_data

FloatArray = npt.NDArray[np.floating[Any]]


class ArrayFunctions:
    """Samples of shape ``(n_samples,)`` and their sample rate ``fs`` in Hz in, arrays out.

    None where the samples can't be used.
    """

    @staticmethod
    @returns_data(none)
    def compute_spectrogram(
        signal_data: FloatArray, fs: float, nperseg: int = 256
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Return ``(f, t, Sxx)``: peak amplitudes, shape ``(len(f), len(t))``; a sine of amplitude A reads A.

        Args:
            signal_data: Samples; their mean is taken off.
            fs: Sample rate in Hz.
            nperseg: Samples per segment (Hann window, half overlapping).
        """
        seen = time_frequency.compute_spectrogram(signal_data, fs, n_segment=nperseg)
        return seen.frequencies_hz, seen.times_s, seen.amplitudes

    @staticmethod
    @returns_data(none)
    def compute_psd(
        signal_data: FloatArray, fs: float, nperseg: int | None = None
    ) -> tuple[FloatArray, FloatArray] | None:
        """Return ``(f, density)`` in unit²/Hz by Welch's method; its integral is the variance.

        Args:
            signal_data: Samples.
            fs: Sample rate in Hz.
            nperseg: Samples per segment; by default 1 s or an eighth of the signal.
        """
        psd = spectra.compute_psd(signal_data, fs, n_segment=nperseg)
        return psd.frequencies_hz, psd.density

    @staticmethod
    @returns_data(none)
    def compute_envelope_spectrum(
        signal_data: FloatArray,
        fs: float,
        band: tuple[float, float] | None = None,
        *,
        demodulation: envelope.Demodulation = "magnitude",
    ) -> tuple[FloatArray, FloatArray] | None:
        """Return ``(f, amplitudes)`` of the envelope within a band.

        Args:
            signal_data: Samples.
            fs: Sample rate in Hz.
            band: ``(low, high)`` in Hz; by default a plain suggestion.
            demodulation: magnitude, squared or log.
        """
        used = envelope.suggest_band(fs) if band is None else band
        seen = envelope.compute_envelope_spectrum(signal_data, fs, used, demodulation=demodulation)
        return seen.frequencies_hz, seen.amplitudes

    @staticmethod
    @returns_data(none)
    def compute_kurtogram(
        signal_data: FloatArray, fs: float, max_level: int | None = None
    ) -> dict[str, Any] | None:
        """Return ``levels`` (each ``level, bandwidth_hz, kurtosis``) and the ``best`` band.

        Args:
            signal_data: Samples.
            fs: Sample rate in Hz.
            max_level: The narrowest bands are ``fs / 2 / 2**max_level`` wide; by default 6.
        """
        seen = kurtogram.compute_kurtogram(signal_data, fs, max_level=max_level)
        return {
            "levels": [
                {"level": row.level, "bandwidth_hz": row.bandwidth_hz, "kurtosis": row.kurtosis.tolist()}
                for row in seen.levels
            ],
            "best": {
                "band": list(seen.best.band_hz),
                "level": seen.best.level,
                "kurtosis": seen.best.kurtosis,
                "noise_limit": seen.best.noise_limit,
            },
        }

    @staticmethod
    @returns_data(none)
    def compute_cepstrum(
        signal_data: FloatArray, fs: float, kind: cepstrum.CepstrumKind = "power"
    ) -> tuple[FloatArray, FloatArray] | None:
        """Return ``(quefrencies, values)`` in s and, by ``kind``, in dB (power) or neper (real).

        Args:
            signal_data: Samples.
            fs: Sample rate in Hz.
            kind: power or real.
        """
        seen = cepstrum.compute_cepstrum(signal_data, fs, kind=kind)
        return seen.quefrencies_s, seen.values
