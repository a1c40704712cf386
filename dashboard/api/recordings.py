"""``/recordings``: one acquisition, and views of one of its channels."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from dashboard.api import data_schemas as shapes
from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from dashboard.api.signal_schemas import EnvelopeSpectrum, ShapedEnvelopeQuery
from services.dataset_service import DatasetService
from services.signal_service import SignalService
from utils.exceptions import NotFoundError

blueprint = APIBlueprint("recordings", __name__, url_prefix="/api/v1", tag="Recordings")


def _find(recording_id: int, version: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = require_found(
        DatasetService.get_recording(recording_id, version, actor=current_actor()), "recording"
    )
    return found


def choose_signal(recording_id: int, channel: str | None) -> tuple[int, int]:
    """Return the ids of the dataset and of the signal that a channel's name means."""
    recording = _find(recording_id)
    for signal in recording["signals"]:
        if channel in (None, signal["channel"]):
            return recording["dataset_id"], signal["signal_id"]
    there = ", ".join(signal["channel"] for signal in recording["signals"])
    raise NotFoundError(f"The recording has no channel '{channel}'. Channels: {there}.")


@blueprint.get("/recordings/<int:recording_id>")
@requires("read")
@blueprint.input(shapes.VersionQuery, location="query")
@blueprint.output(shapes.Recording)
def show_recording(recording_id: int, query_data: shapes.VersionQuery) -> dict[str, Any]:
    """Return a recording with its signals."""
    return _find(recording_id, query_data.version)


@blueprint.get("/recordings/<int:recording_id>/signal")
@requires("read")
@blueprint.input(shapes.StretchQuery, location="query")
@blueprint.output(shapes.Waveform)
def show_signal(recording_id: int, query_data: shapes.StretchQuery) -> dict[str, Any]:
    """Return the waveform of a stretch; a single-sample spike is always in it."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    view: dict[str, Any] = unwrap(
        SignalService.get_view(
            signal_id,
            query_data.x_range_s,
            query_data.points,
            quantity=query_data.quantity,
            high_pass_hz=query_data.high_pass_hz,
            actor=current_actor(),
        )
    )
    return view


@blueprint.get("/recordings/<int:recording_id>/spectrum")
@requires("read")
@blueprint.input(shapes.SpectrumQuery, location="query")
@blueprint.output(shapes.Spectrum)
def show_spectrum(recording_id: int, query_data: shapes.SpectrumQuery) -> dict[str, Any]:
    """Return the amplitude spectrum of a stretch."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    spectrum: dict[str, Any] = unwrap(
        SignalService.get_spectrum(
            signal_id,
            query_data.x_range_s,
            window=query_data.window,
            scaling=query_data.scaling,
            min_hz=query_data.min_hz,
            max_hz=query_data.max_hz,
            n_points=query_data.points,
            quantity=query_data.quantity,
            high_pass_hz=query_data.high_pass_hz,
            actor=current_actor(),
        )
    )
    return spectrum


@blueprint.get("/recordings/<int:recording_id>/psd")
@requires("read")
@blueprint.input(shapes.SpectralQuery, location="query")
@blueprint.output(shapes.Psd)
def show_psd(recording_id: int, query_data: shapes.SpectralQuery) -> dict[str, Any]:
    """Return the power spectral density of a stretch."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    psd: dict[str, Any] = unwrap(
        SignalService.get_psd(
            signal_id,
            query_data.x_range_s,
            min_hz=query_data.min_hz,
            max_hz=query_data.max_hz,
            n_points=query_data.points,
            quantity=query_data.quantity,
            high_pass_hz=query_data.high_pass_hz,
            actor=current_actor(),
        )
    )
    return psd


@blueprint.get("/recordings/<int:recording_id>/envelope-spectrum")
@requires("read")
@blueprint.input(ShapedEnvelopeQuery, location="query")
@blueprint.output(EnvelopeSpectrum)
def show_envelope_spectrum(recording_id: int, query_data: ShapedEnvelopeQuery) -> dict[str, Any]:
    """Return the spectrum of the envelope of a stretch within a band."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    spectrum: dict[str, Any] = unwrap(
        SignalService.get_envelope_spectrum(
            signal_id,
            query_data.x_range_s,
            query_data.low_hz,
            query_data.high_hz,
            prewhiten=query_data.prewhiten,
            squared=query_data.squared,
            logarithmic=query_data.logarithmic,
            min_hz=query_data.min_hz,
            max_hz=query_data.max_hz,
            n_points=query_data.points,
            quantity=query_data.quantity,
            high_pass_hz=query_data.high_pass_hz,
            actor=current_actor(),
        )
    )
    return spectrum


@blueprint.get("/recordings/<int:recording_id>/fault-lines")
@requires("read")
@blueprint.input(shapes.FaultLineQuery, location="query")
@blueprint.output(shapes.FaultLines)
def show_fault_lines(recording_id: int, query_data: shapes.FaultLineQuery) -> dict[str, Any]:
    """Return where the lines of the shaft and of a faulty bearing would be."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    lines: dict[str, Any] = unwrap(
        SignalService.get_fault_lines(
            signal_id,
            **query_data.model_dump(exclude={"channel", "kinds"}),
            kinds=None if query_data.kinds is None else query_data.kinds.split(","),
            actor=current_actor(),
        )
    )
    return lines
