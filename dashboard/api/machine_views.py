"""``/recordings/{id}/…``: the views that know how the machine turns."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from dashboard.api import machine_schemas as shapes
from dashboard.api.data_schemas import ChannelQuery
from dashboard.api.errors import unwrap
from dashboard.api.recordings import choose_signal
from dashboard.api.scopes import current_actor, requires
from services.signal_service import SignalService

blueprint = APIBlueprint("machine_views", __name__, url_prefix="/api/v1", tag="Recordings")

_RANGE = {"channel", "from_s", "to_s"}


@blueprint.get("/recordings/<int:recording_id>/shaft-speed")
@requires("read")
@blueprint.input(shapes.SpeedQuery, location="query")
@blueprint.output(shapes.ShaftSpeed)
def show_shaft_speed(recording_id: int, query_data: shapes.SpeedQuery) -> dict[str, Any]:
    """Return the shaft's speed from the tacho channel or the vibration; null where none stands out."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_shaft_speed(
            signal_id, query_data.x_range_s, nominal_rpm=query_data.nominal_rpm, actor=current_actor()
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/order-spectrum")
@requires("read")
@blueprint.input(shapes.OrderQuery, location="query")
@blueprint.output(shapes.OrderSpectrum)
def show_order_spectrum(recording_id: int, query_data: shapes.OrderQuery) -> dict[str, Any]:
    """Return the amplitude spectrum over orders of the shaft."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    options = query_data.model_dump(exclude={*_RANGE, "low_hz", "high_hz"})
    seen: dict[str, Any] = unwrap(
        SignalService.get_order_spectrum(
            signal_id,
            query_data.x_range_s,
            envelope_band_hz=query_data.band_hz,
            **options,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/order-map")
@requires("read")
@blueprint.input(shapes.OrderMapQuery, location="query")
@blueprint.output(shapes.OrderMap)
def show_order_map(recording_id: int, query_data: shapes.OrderMapQuery) -> dict[str, Any]:
    """Return order spectra one after the other, by time or by speed."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    options = query_data.model_dump(exclude={*_RANGE, "low_hz", "high_hz"})
    seen: dict[str, Any] = unwrap(
        SignalService.get_order_map(
            signal_id,
            query_data.x_range_s,
            envelope_band_hz=query_data.band_hz,
            **options,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/synchronous-average")
@requires("read")
@blueprint.input(shapes.AverageQuery, location="query")
@blueprint.output(shapes.SynchronousAverage)
def show_synchronous_average(recording_id: int, query_data: shapes.AverageQuery) -> dict[str, Any]:
    """Return what repeats with the shaft, or with one that it drives."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    options = query_data.model_dump(exclude=_RANGE)
    seen: dict[str, Any] = unwrap(
        SignalService.get_synchronous_average(
            signal_id, query_data.x_range_s, **options, actor=current_actor()
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/integrated")
@requires("read")
@blueprint.input(shapes.IntegrationQuery, location="query")
@blueprint.output(shapes.Converted)
def show_integrated(recording_id: int, query_data: shapes.IntegrationQuery) -> dict[str, Any]:
    """Return the waveform as acceleration, velocity or displacement."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.integrate(
            signal_id,
            query_data.x_range_s,
            to=query_data.quantity,
            high_pass_hz=query_data.high_pass_hz,
            n_points=query_data.points,
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/severity-zone")
@requires("read")
@blueprint.input(ChannelQuery, location="query")
@blueprint.output(shapes.SeverityZone)
def show_severity_zone(recording_id: int, query_data: ChannelQuery) -> dict[str, Any]:
    """Return the severity zone by velocity, or the reason why there is none."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(SignalService.get_severity_zone(signal_id, actor=current_actor()))
    return seen


def _find_partner(recording_id: int, channel: str | None) -> int | None:
    return None if channel is None else choose_signal(recording_id, channel)[1]


@blueprint.get("/recordings/<int:recording_id>/orbit")
@requires("read")
@blueprint.input(shapes.OrbitQuery, location="query")
@blueprint.output(shapes.Orbit)
def show_orbit(recording_id: int, query_data: shapes.OrbitQuery) -> dict[str, Any]:
    """Return the shaft's path between two probes at right angles."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_orbit(
            signal_id,
            query_data.x_range_s,
            n_turns=query_data.n_turns,
            filter_order=query_data.filter_order,
            shaft_speed_rpm=query_data.shaft_speed_rpm,
            partner_id=_find_partner(recording_id, query_data.partner),
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/full-spectrum")
@requires("read")
@blueprint.input(shapes.FullSpectrumQuery, location="query")
@blueprint.output(shapes.FullSpectrum)
def show_full_spectrum(recording_id: int, query_data: shapes.FullSpectrumQuery) -> dict[str, Any]:
    """Return forward and reverse components of two probes at right angles."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    seen: dict[str, Any] = unwrap(
        SignalService.get_full_spectrum(
            signal_id,
            query_data.x_range_s,
            shaft_speed_rpm=query_data.shaft_speed_rpm,
            max_order=query_data.max_order,
            partner_id=_find_partner(recording_id, query_data.partner),
            actor=current_actor(),
        )
    )
    return seen


@blueprint.get("/recordings/<int:recording_id>/peaks")
@requires("read")
@blueprint.input(shapes.PeakQuery, location="query")
@blueprint.output(shapes.Peaks)
def show_peaks(recording_id: int, query_data: shapes.PeakQuery) -> dict[str, Any]:
    """Return the highest peaks with their families, sidebands, mains and fault lines."""
    _, signal_id = choose_signal(recording_id, query_data.channel)
    options = query_data.model_dump(exclude={*_RANGE, "view"})
    seen: dict[str, Any] = unwrap(
        SignalService.find_peaks(
            signal_id, query_data.view, query_data.x_range_s, **options, actor=current_actor()
        )
    )
    return seen
