"""SignalService: views of a signal for the screen, and the basic numbers of a signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.decimation import decimate_view
from core.signal.envelope import compute_envelope_spectrum
from core.signal.peaks import find_peaks
from core.signal.spectra import Scaling, Spectrum, compute_psd, compute_spectrum
from core.signal.statistics import compute_basic_features
from database.connection import get_db_session
from models.user import Role
from services.datasets import listing
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from services.shared.signal_store import open_signal_view
from services.signals.analysis import AnalysisViews
from services.signals.arrays import ArrayFunctions
from services.signals.bearing_catalogue import BearingCatalogue
from services.signals.comparison import ComparisonViews
from services.signals.demodulation import choose_demodulation, prepare_stretch
from services.signals.levels import LevelViews
from services.signals.machine_views import MachineViews
from services.signals.quantities import as_quantity
from services.signals.spectral_views import choose_band
from services.signals.stretches import (
    MAX_POINTS,
    SpectralStretch,
    describe_stretch,
    find_stretch,
    load_signal_row,
    read_spectral_stretch,
    shorten,
    thin_lines,
)
from utils.exceptions import InvalidInputError, NotFoundError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_N_PEAKS = 10

FloatArray = npt.NDArray[np.floating[Any]]


class SignalService(
    AnalysisViews, ComparisonViews, LevelViews, MachineViews, BearingCatalogue, ArrayFunctions
):
    """Views and numbers of signals. ``x_range_s`` is the visible stretch, ``(from, to)`` in seconds."""

    @staticmethod
    @returns_result
    def get_view(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        n_points: int = MAX_POINTS,
        *,
        quantity: str | None = None,
        high_pass_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the waveform of the visible stretch in at most ``n_points`` (≤ 4000) points.

        Of every few samples the smallest and the largest stay, so that a single-sample spike is always drawn.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            n_points: At most so many.
            quantity: acceleration, velocity or displacement; by default as measured. Another one is worked
                out for at most 2^20 samples and refused where the unit is unknown.
            high_pass_hz: For integration; by default 10 Hz, below 600 rpm 2 Hz.
            actor: Who asks.

        Returns:
            ``time_s, values, n_samples, decimated`` and where the stretch lies.

        Errors: ``not_found``, ``invalid_input``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        if quantity is not None:
            return MachineViews.integrate(
                signal_id, x_range_s, to=quantity, high_pass_hz=high_pass_hz, n_points=n_points, actor=actor
            )
        signal = load_signal_row(signal_id)
        stretch = find_stretch(signal, x_range_s)
        view = open_signal_view(signal)
        points = min(max(int(n_points), 2), MAX_POINTS)
        indexes, values = decimate_view(
            view.read, view.pyramid, view.factor, stretch.start, stretch.stop, points
        )
        return ok(
            **describe_stretch(signal, stretch),
            time_s=np.round(indexes / signal.sample_rate_hz, 9).tolist(),
            values=shorten(values),
            n_samples=stretch.n_samples,
            decimated=len(indexes) < stretch.n_samples,
        )

    @staticmethod
    @returns_result
    def get_spectrum(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        window: str = "hann",
        scaling: Scaling = "peak",
        min_hz: float = 0.0,
        max_hz: float | None = None,
        n_points: int = MAX_POINTS,
        quantity: str | None = None,
        high_pass_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the amplitude spectrum of the visible stretch (at most 2^20 samples, which is said).

        Returns:
            ``frequencies_hz, amplitudes`` (in the signal's unit, as ``scaling`` says), ``resolution_hz``, the
            ten highest ``peaks`` read between the bins, ``n_samples, limited, window, scaling``.
        """
        require_role(actor, Role.VIEWER)
        stretch = as_quantity(read_spectral_stretch(signal_id, x_range_s), quantity, high_pass_hz)
        spectrum = compute_spectrum(
            stretch.samples, stretch.signal.sample_rate_hz, window=window, scaling=_scaling(scaling)
        )
        return ok(**_describe_spectrum(stretch, spectrum, min_hz, max_hz, n_points))

    @staticmethod
    @returns_result
    def get_psd(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        segment_s: float | None = None,
        min_hz: float = 0.0,
        max_hz: float | None = None,
        n_points: int = MAX_POINTS,
        quantity: str | None = None,
        high_pass_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the power spectral density of the visible stretch by Welch's method.

        Returns:
            ``frequencies_hz, density`` in ``density_unit``, ``resolution_hz, n_segments``.
        """
        require_role(actor, Role.VIEWER)
        stretch = as_quantity(read_spectral_stretch(signal_id, x_range_s), quantity, high_pass_hz)
        psd = compute_psd(stretch.samples, stretch.signal.sample_rate_hz, segment_s=segment_s)
        frequencies, density = thin_lines(
            psd.frequencies_hz, psd.density, min_hz=min_hz, max_hz=max_hz, n_points=n_points
        )
        unit = stretch.description["unit"]
        return ok(
            **stretch.description,
            frequencies_hz=frequencies,
            density=density,
            density_unit=f"({unit})²/Hz" if unit else "unit²/Hz",
            resolution_hz=psd.resolution_hz,
            n_segments=psd.n_segments,
            window=psd.window,
        )

    @staticmethod
    @returns_result
    def get_envelope_spectrum(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        low_hz: float | None = None,
        high_hz: float | None = None,
        *,
        prewhiten: bool = False,
        squared: bool = False,
        logarithmic: bool = False,
        min_hz: float = 0.0,
        max_hz: float | None = None,
        n_points: int = MAX_POINTS,
        quantity: str | None = None,
        high_pass_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the spectrum of the envelope within a band; without a band a plain default is used and said.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            low_hz: Where the band begins.
            high_hz: Where it ends.
            prewhiten: Give every frequency the same magnitude first: impacts come out from under lines.
            squared: The spectrum of the squared envelope.
            logarithmic: The spectrum of the envelope's logarithm, in which few large shocks count less.
            min_hz: Lines below are left out.
            max_hz: Lines above are left out.
            n_points: At most so many.
            quantity: acceleration, velocity or displacement; by default as measured.
            high_pass_hz: For integration.
            actor: Who asks.

        Returns:
            As `get_spectrum`, with ``band_hz``, ``band_origin`` (given, suggested), ``demodulation`` and
            ``is_prewhitened``; ``unit`` is that of the envelope so shaped.
        """
        require_role(actor, Role.VIEWER)
        demodulation = choose_demodulation(squared=squared, logarithmic=logarithmic)
        measured = as_quantity(read_spectral_stretch(signal_id, x_range_s), quantity, high_pass_hz)
        stretch = prepare_stretch(measured, demodulation, prewhiten=prewhiten)
        rate = stretch.signal.sample_rate_hz
        band = choose_band(rate, low_hz, high_hz)
        spectrum = compute_envelope_spectrum(stretch.samples, rate, band, demodulation=demodulation)
        return ok(
            **_describe_spectrum(stretch, spectrum, min_hz, max_hz, n_points),
            band_hz=list(band),
            band_origin="suggested" if low_hz is None and high_hz is None else "given",
        )

    @staticmethod
    @returns_result
    def assess_quality(signal_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return what the quality gate found when the signal came in, and later damage: ``flags``."""
        require_role(actor, Role.VIEWER)
        return ok(flags=list(load_signal_row(signal_id).quality))

    @staticmethod
    @returns_data(none)
    def compute_fft(signal_data: FloatArray, fs: float) -> tuple[FloatArray, FloatArray] | None:
        """Return ``(frequencies, magnitudes)``: a sine of amplitude A reads A; the mean is taken off.

        Args:
            signal_data: Samples, shape ``(n_samples,)``.
            fs: Sample rate in Hz.
        """
        spectrum = compute_spectrum(signal_data, fs)
        return spectrum.frequencies_hz, spectrum.amplitudes

    @staticmethod
    @returns_data(none)
    def extract_basic_features(signal_data: FloatArray, fs: float) -> dict[str, float] | None:
        """Return rms, kurtosis, skewness, peak_value, mean, std, crest_factor, dominant_frequency and
        spectral_centroid; finite on a constant signal. None where the signal can't be used.

        Args:
            signal_data: Samples, shape ``(n_samples,)``.
            fs: Sample rate in Hz.
        """
        return compute_basic_features(signal_data, fs)

    @staticmethod
    @returns_data(none)
    def get_signal_with_features(
        dataset_id: int, signal_id: int, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return a signal's row with its basic ``features`` (of at most its first 2^20 samples), or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            row = listing.load_signal(session, signal_id, None)
        if row["dataset_id"] != dataset_id:
            raise NotFoundError("The dataset has no such signal.")
        stretch = read_spectral_stretch(signal_id, None)
        features = compute_basic_features(stretch.samples, stretch.signal.sample_rate_hz)
        return {**row, "features": features, "features_note": stretch.description["note"]}


def _describe_spectrum(
    stretch: SpectralStretch, spectrum: Spectrum, min_hz: float, max_hz: float | None, n_points: int
) -> dict[str, Any]:
    frequencies, amplitudes = thin_lines(
        spectrum.frequencies_hz, spectrum.amplitudes, min_hz=min_hz, max_hz=max_hz, n_points=n_points
    )
    peaks = find_peaks(spectrum, _N_PEAKS, min_hz=min_hz, max_hz=max_hz)
    return {
        **stretch.description,
        "frequencies_hz": frequencies,
        "amplitudes": amplitudes,
        "resolution_hz": spectrum.resolution_hz,
        "window": spectrum.window,
        "scaling": spectrum.scaling,
        "peaks": [asdict(peak) for peak in peaks],
    }


def _scaling(value: Scaling) -> Scaling:
    if value not in ("peak", "rms"):
        raise InvalidInputError("The scaling is either peak or rms.")
    return value
