"""``/recordings/{id}/…``: the deeper views of one channel, and of two beside each other."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from dashboard.api import signal_schemas as shapes
from dashboard.api.errors import unwrap
from dashboard.api.recordings import choose_signal
from dashboard.api.scopes import current_actor, requires
from services.signal_service import SignalService

blueprint = APIBlueprint("recording_views", __name__, url_prefix="/api/v1", tag="Recordings")


@blueprint.get("/recordings/<int:recording_id>/spectrogram")
@requires("read")
@blueprint.input(shapes.SpectrogramQuery, location="query")
@blueprint.output(shapes.Spectrogram)
def show_spectrogram(recording_id: int, query_data: shapes.SpectrogramQuery) -> dict[str, Any]:
    """Return the spectrogram of a stretch in at most 400 rows and 300 columns."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_spectrogram(
            signal_id,
            query_data.x_range_s,
            segment_s=query_data.segment_s,
            overlap=query_data.overlap,
            max_hz=query_data.max_hz,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/kurtogram")
@requires("read")
@blueprint.input(shapes.KurtogramQuery, location="query")
@blueprint.output(shapes.Kurtogram)
def show_kurtogram(recording_id: int, query_data: shapes.KurtogramQuery) -> dict[str, Any]:
    """Return how impulsive each band of a stretch is, and the band to demodulate."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_kurtogram(
            signal_id, query_data.x_range_s, max_level=query_data.max_level, actor=current_actor()
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/cepstrum")
@requires("read")
@blueprint.input(shapes.CepstrumQuery, location="query")
@blueprint.output(shapes.Cepstrum)
def show_cepstrum(recording_id: int, query_data: shapes.CepstrumQuery) -> dict[str, Any]:
    """Return the cepstrum of a stretch: families of equally spaced lines as one peak each."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_cepstrum(
            signal_id,
            query_data.x_range_s,
            kind=query_data.kind,
            prewhiten=query_data.prewhiten,
            segment_s=query_data.segment_s,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/autocorrelation")
@requires("read")
@blueprint.input(shapes.AutocorrelationQuery, location="query")
@blueprint.output(shapes.Autocorrelation)
def show_autocorrelation(recording_id: int, query_data: shapes.AutocorrelationQuery) -> dict[str, Any]:
    """Return the autocorrelation of a stretch, of a band of it, or of that band's envelope."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_autocorrelation(
            signal_id,
            query_data.x_range_s,
            max_lag_s=query_data.max_lag_s,
            band_hz=query_data.band_hz,
            envelope=query_data.envelope,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/cyclic-coherence")
@requires("read")
@blueprint.input(shapes.CyclicCoherenceQuery, location="query")
@blueprint.output(shapes.CyclicCoherence)
def show_cyclic_coherence(recording_id: int, query_data: shapes.CyclicCoherenceQuery) -> dict[str, Any]:
    """Return which frequency bands of a stretch come and go, and how often."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_cyclic_coherence(
            signal_id,
            query_data.x_range_s,
            max_cyclic_hz=query_data.max_cyclic_hz,
            low_hz=query_data.low_hz,
            high_hz=query_data.high_hz,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/coherence")
@requires("read")
@blueprint.input(shapes.OtherQuery, location="query")
@blueprint.output(shapes.Coherence)
def show_coherence(recording_id: int, query_data: shapes.OtherQuery) -> dict[str, Any]:
    """Return how much of two signals is linearly related, frequency by frequency."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    _, other_signal_id = choose_signal(query_data.other, query_data.other_channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_coherence(
            signal_id,
            other_signal_id,
            query_data.x_range_s,
            min_hz=query_data.min_hz,
            max_hz=query_data.max_hz,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/overlay")
@requires("read")
@blueprint.input(shapes.OverlayQuery, location="query")
@blueprint.output(shapes.Overlay)
def show_overlay(recording_id: int, query_data: shapes.OverlayQuery) -> dict[str, Any]:
    """Return two signals in one view, and the first minus the second."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    _, other_signal_id = choose_signal(query_data.other, query_data.other_channel)
    options = query_data.model_dump(exclude={"channel", "from_s", "to_s", "other", "other_channel"})
    seen: dict[str, Any] = unwrap(
        SignalService.get_overlay(
            signal_id, other_signal_id, query_data.x_range_s, **options, actor=current_actor()
        )
    )
    return seen
