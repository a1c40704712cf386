"""Views that look into a signal more deeply than a spectrum: part of `SignalService`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.signal.autocorrelation import compute_autocorrelation
from core.signal.cepstrum import CepstrumKind, compute_cepstrum
from core.signal.cyclic_coherence import DEFAULT_SEGMENT, MIN_SEGMENT, compute_cyclic_coherence
from core.signal.kurtogram import compute_kurtogram
from core.signal.playback import build_sound
from core.signal.prewhitening import whiten_by_median
from core.signal.time_frequency import choose_segment_length, compute_spectrogram
from models.user import Role
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_result
from services.signals import analysis_answers as answers
from services.signals.first_parts import read_first_part
from services.signals.notes import join_notes
from services.signals.stretches import FloatArray, read_spectral_stretch
from utils.exceptions import InvalidInputError

# Of a spectrogram at most so many amplitudes are worked out: beyond it, segments overlap less.
_MAX_CELLS = 1 << 22
# Segments of this length tell lines 2 Hz apart and show families up to half a second.
_CEPSTRUM_SEGMENT_S = 1.0
_MAX_PLAYED_S = 20.0
# Of cyclic coherence the whole map is worked out: a quarter of what a spectrum takes is enough.
_MAX_CYCLIC_SAMPLES = 1 << 18
_USUAL_CYCLIC_HZ = 500.0
# Shorter stretches get shorter segments, so that there are so many to average.
_CYCLIC_SEGMENTS = 32


class AnalysisViews:
    """Deeper views of the visible stretch (at most 2^20 samples, which is said)."""

    @staticmethod
    @returns_result
    def get_spectrogram(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        segment_s: float | None = None,
        overlap: float = 0.5,
        max_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the spectrogram of the visible stretch in at most 400 rows and 300 columns.

        Where there are more bins or segments, a cell shows the highest of those it stands for.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            segment_s: Length of a segment; by default about as many segments as bins.
            overlap: Share of a segment that the next one repeats, 0 to 0.99.
            max_hz: Rows above are left out.
            actor: Who asks.

        Returns:
            ``times_s``, ``frequencies_hz`` (the middles of the cells), ``level_db`` (a row per frequency, in
            ``level_unit``), ``resolution_hz, segment_s, hop_s, row_hz, column_s``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        rate = stretch.signal.sample_rate_hz
        n_segment = choose_segment_length(stretch.samples.size, rate, segment_s, None)
        most = 1.0 - stretch.samples.size / (2.0 * _MAX_CELLS)
        used_overlap = min(overlap, most) if overlap < 1.0 else overlap
        spectrogram = compute_spectrogram(stretch.samples, rate, n_segment=n_segment, overlap=used_overlap)
        answer = answers.describe_spectrogram(stretch, spectrogram, max_hz)
        if used_overlap < overlap:
            limited = f"On this long a stretch segments overlap by {used_overlap:.1%} at most."
            answer["note"] = join_notes(answer["note"], limited)
        return ok(**answer)

    @staticmethod
    @returns_result
    def get_kurtogram(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        max_level: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return how impulsive each band of the visible stretch is, and the band to demodulate.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            max_level: The narrowest bands are half the sample rate / 2**max_level wide (1 to 9, default 6).
            actor: Who asks.

        Returns:
            ``levels`` (each ``level, bandwidth_hz, cells`` of ``low_hz, high_hz, kurtosis``), ``best`` (one
            cell with its ``level`` and the ``noise_limit`` that noise seldom passes), ``is_impulsive``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        kurtogram = compute_kurtogram(stretch.samples, stretch.signal.sample_rate_hz, max_level=max_level)
        return ok(**answers.describe_kurtogram(stretch, kurtogram))

    @staticmethod
    @returns_result
    def get_cepstrum(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        kind: CepstrumKind = "power",
        prewhiten: bool = False,
        segment_s: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the cepstrum of the visible stretch: families of equally spaced lines as one peak each.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            kind: power (dB) or real (Np).
            prewhiten: Flatten the spectrum by its running median first, so that resonances do not show.
            segment_s: Spectra of segments of this length are averaged first; half of it is the longest
                quefrency. Default: 1 s, or the stretch where that is shorter.
            actor: Who asks.

        Returns:
            ``quefrencies_s, values, unit, kind, n_segments`` and the ten highest ``peaks``, each
            ``quefrency_s, frequency_hz`` (the spacing of the lines), ``value``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        rate = stretch.signal.sample_rate_hz
        wanted_s = _CEPSTRUM_SEGMENT_S if segment_s is None else segment_s
        n_segment = choose_segment_length(stretch.samples.size, rate, wanted_s, None)
        samples: FloatArray = (
            whiten_by_median(stretch.samples, rate, max_ratio=None) if prewhiten else stretch.samples
        )
        cepstrum = compute_cepstrum(samples, rate, kind=kind, n_segment=n_segment)
        return ok(**answers.describe_cepstrum(stretch, cepstrum, prewhitened=prewhiten))

    @staticmethod
    @returns_result
    def get_autocorrelation(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        max_lag_s: float | None = None,
        band_hz: Sequence[float | None] | None = None,
        envelope: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the autocorrelation of the visible stretch, of a band of it, or of that band's envelope.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            max_lag_s: The longest lag; by default and at most half of the stretch.
            band_hz: ``(low, high)``; None for an end leaves it open. By default all.
            envelope: Correlate the envelope instead of the signal.
            actor: Who asks.

        Returns:
            ``lags_s, values`` (1 at lag 0, no unit).

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        rate = stretch.signal.sample_rate_hz
        band = None
        if band_hz is not None:
            low_hz, high_hz = band_hz
            band = (low_hz or 0.0, rate / 2.0 if high_hz is None else high_hz)
        correlation = compute_autocorrelation(
            stretch.samples, rate, max_lag_s=max_lag_s, band_hz=band, envelope=envelope
        )
        return ok(**answers.describe_autocorrelation(stretch, correlation))

    @staticmethod
    @returns_result
    def get_cyclic_coherence(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        max_cyclic_hz: float | None = None,
        low_hz: float | None = None,
        high_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return which bands of the visible stretch (at most 2^18 samples) come and go, and how often.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            max_cyclic_hz: The highest rate of coming and going; by default 500 Hz or an eighth of the sample
                rate.
            low_hz: Where the band begins that is averaged; by default at 0.
            high_hz: Where it ends; by default at half the sample rate.
            actor: Who asks.

        Returns:
            ``cyclic_frequencies_hz, frequencies_hz, coherence`` (a row per frequency; squared, 0 to 1; each
            cell the highest of those it stands for), ``average`` over the band (``frequencies_hz, values``:
            the enhanced envelope spectrum), ``band_hz, resolution_hz, cyclic_resolution_hz``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_first_part(signal_id, x_range_s, max_samples=_MAX_CYCLIC_SAMPLES)
        rate = stretch.signal.sample_rate_hz
        most_hz = min(_USUAL_CYCLIC_HZ, rate / 8.0) if max_cyclic_hz is None else max_cyclic_hz
        n_segment = 2 ** int(math.log2(max(stretch.samples.size / _CYCLIC_SEGMENTS, 1.0)))
        n_segment = min(max(n_segment, MIN_SEGMENT), DEFAULT_SEGMENT)
        found = compute_cyclic_coherence(stretch.samples, rate, most_hz, n_segment=n_segment)
        band = (low_hz or 0.0, rate / 2.0 if high_hz is None else high_hz)
        return ok(**answers.describe_cyclic_coherence(stretch, found, band))

    @staticmethod
    @returns_result
    def get_playback(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        low_hz: float | None = None,
        high_hz: float | None = None,
        speed_factor: float = 1.0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return a band of the visible stretch as sound: at most 20 s of it are played.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            low_hz: Where the band begins; by default at 0.
            high_hz: Where it ends; by default at half the sample rate.
            speed_factor: 2 plays twice as fast and an octave higher; 1/32 to 32.
            actor: Who asks.

        Returns:
            ``wav_base64`` (16 bit, mono, as loud as can be), ``played_rate_hz, played_s, gain`` (full scale
            per unit of the signal).

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        if not speed_factor > 0.0:
            raise InvalidInputError("The speed must be above 0.")
        stretch = read_first_part(signal_id, x_range_s, max_s=_MAX_PLAYED_S * speed_factor)
        rate = stretch.signal.sample_rate_hz
        band = (low_hz or 0.0, rate / 2.0 if high_hz is None else high_hz)
        sound = build_sound(stretch.samples, rate, band_hz=band, speed_factor=speed_factor)
        return ok(**answers.describe_sound(stretch.description, sound))
