"""The signal viewer: the recording, its channels and facts, and the waveform of the stretch in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
from dash import Input, Output, State, no_update
from dash.dependencies import ClientsideFunction
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    require_id,
    unwrap,
)
from layouts.components import signal_controls as controls
from layouts.components import signal_facts as facts
from layouts.components.badges import format_class
from layouts.components.numbers import count_of, format_number
from layouts.components.signal_notes import describe_stretch
from layouts.components.signal_options import OPTIONS, list_quantities, tell_quantity
from layouts.components.states import build_empty_state
from layouts.figures import signals as figures
from layouts.ids.bearings import BearingId
from layouts.ids.frame import FrameId
from layouts.ids.signal_viewer import ViewerId
from services.dataset_service import DatasetService
from services.signal_service import SignalService

_VIEWER_REASON = "Diagnosing needs the role engineer."
_ZOOMS = ("STRETCH", "ZOOM", "ENVELOPE_ZOOM", "ORDER_ZOOM", "DELAY_ZOOM", "FULL_ZOOM")
Pair = Sequence[float] | None


@fills_area
def show_recording(place: dict[str, Any]) -> tuple:
    """Fill the header and the choice of channel."""
    recording_id = parse_id(place["recording_id"])
    actor = current_actor()
    recording = DatasetService.get_recording(recording_id, actor=actor) if recording_id else None
    if recording is None or str(recording["dataset_id"]) != str(place["dataset_id"]):
        gone = build_empty_state("There is no such recording", "It may have been deleted.", icon="soundwave")
        return gone, True, "Recording not found", "", no_update, no_update
    signals = recording["signals"]
    chosen = _choose_signal(signals, place)
    channels = [{"value": str(each["signal_id"]), "label": each["channel"]} for each in signals]
    return (
        None,
        False,
        recording["recording"],
        _describe(recording),
        channels,
        str(chosen["signal_id"]),
    )


def _choose_signal(signals: list[dict[str, Any]], place: dict[str, Any]) -> dict[str, Any]:
    wanted, channel = parse_id(place["signal"]), place["channel"]
    by_id = [each for each in signals if each["signal_id"] == wanted]
    by_name = [each for each in signals if each["channel"] == channel]
    return (by_id or by_name or signals)[0]


def _describe(recording: dict[str, Any]) -> str:
    classes = [format_class(name) for name in recording["fault_classes"]] or ["unlabelled"]
    speed, load = recording["shaft_speed_rpm"], recording["load"]
    parts = [
        " and ".join(classes),
        f"{format_number(speed, 6)} rpm" if speed else "speed unknown",
        *([f"load {load}"] if load else []),
        *([recording["machine"]] if recording["machine"] else []),
        count_of(len(recording["signals"]), "channel"),
    ]
    return " · ".join(parts)


def list_bearings(_place: dict[str, Any], _stamp: Any) -> list[dict[str, str]]:
    """Fill the choice of bearing, anew when somebody has entered one."""
    known = [each["designation"] for each in SignalService.list_bearings(actor=current_actor())]
    return [
        *({"value": value, "label": label} for value, label in controls.RECORDED_OPTION),
        *({"value": name, "label": name} for name in known),
        {"value": controls.OTHER_BEARING, "label": "Other: give orders or geometry"},
    ]


@fills_area
def show_facts(signal: str | None) -> tuple:
    """Fill facts and quality, and say which recordings are before and after."""
    signal_id = require_id(signal)
    found = DatasetService.get_signal(signal_id, actor=current_actor())
    if found is None:
        raise PreventUpdate
    neighbours = {side: _find_neighbour(found[f"{side}_signal_id"]) for side in ("previous", "next")}
    allowed = may_write()
    return (
        facts.build_facts(found),
        facts.build_quality(found["quality"]),
        neighbours,
        "unknown" if found["shaft_speed_rpm"] is None else f"{found['shaft_speed_rpm']:.6g}",
        f"/diagnose?signal={signal_id}" if allowed else None,
        not allowed,
        None if allowed else _VIEWER_REASON,
        list_quantities(found["unit"]),
    )


def _find_neighbour(signal_id: int | None) -> dict[str, Any] | None:
    found = DatasetService.get_signal(signal_id, actor=current_actor()) if signal_id else None
    if found is None:
        return None
    path = f"/signals/{found['dataset_id']}/{found['recording_id']}"
    return {"path": path, "signal": signal_id, "recording": found["recording"]}


@fills_area
def show_waveform(signal: str | None, stretch: Pair, quantity: str, theme: str | None) -> tuple:
    """Draw the visible stretch."""
    told = tell_quantity(quantity)
    view = unwrap(SignalService.get_view(require_id(signal), stretch, **told, actor=current_actor()))
    return None, figures.build_waveform(view, theme or "light"), describe_stretch(view)


@fills_area
def show_levels(signal: str | None, stretch: Pair, quantity: str) -> Any:
    """Say how strong and how impulsive the visible stretch is."""
    told = tell_quantity(quantity)
    found = SignalService.get_levels(require_id(signal), stretch, **told, actor=current_actor())
    return facts.build_levels(unwrap(found))


def register(app: dash.Dash) -> None:
    """Wire the page."""
    signal = Input(ViewerId.CHANNEL, "value")
    _register_words(app, signal)
    app.callback(
        Output(ViewerId.WAVEFORM_STATE, "children"),
        Output(ViewerId.WAVEFORM, "figure"),
        Output(ViewerId.WAVEFORM_NOTE, "children"),
        signal,
        Input(ViewerId.STRETCH, "data"),
        Input(ViewerId.QUANTITY, "value"),
        Input(FrameId.THEME, "data"),
    )(show_waveform)
    app.callback(
        Output(ViewerId.LEVELS, "children"),
        signal,
        Input(ViewerId.STRETCH, "data"),
        Input(ViewerId.QUANTITY, "value"),
    )(show_levels)
    _register_zooms(app)
    _register_address(app, signal)


def _register_words(app: dash.Dash, signal: Input) -> None:
    app.callback(
        Output(ViewerId.NOTICE, "children"),
        Output(ViewerId.BODY, "hidden"),
        Output(ViewerId.TITLE, "children"),
        Output(ViewerId.SENTENCE, "children"),
        Output(ViewerId.CHANNEL, "options"),
        Output(ViewerId.CHANNEL, "value"),
        Input(ViewerId.PAGE, "data"),
    )(show_recording)
    app.callback(
        Output(ViewerId.BEARING, "options"), Input(ViewerId.PAGE, "data"), Input(BearingId.STAMP, "data")
    )(list_bearings)
    app.callback(
        Output(ViewerId.FACTS, "children"),
        Output(ViewerId.QUALITY, "children"),
        Output(ViewerId.NEIGHBOURS, "data"),
        Output(ViewerId.SPEED, "placeholder"),
        Output(ViewerId.DIAGNOSE, "href"),
        Output(ViewerId.DIAGNOSE, "disabled"),
        Output(ViewerId.DIAGNOSE, "title"),
        Output(ViewerId.QUANTITY, "options"),
        signal,
    )(show_facts)


def _register_zooms(app: dash.Dash) -> None:
    """What the browser does by itself: read zooms, move the cursors."""
    app.clientside_callback(
        ClientsideFunction("pfd", "chooseZooms"),
        *(Output(ViewerId[name], "data") for name in _ZOOMS),
        Input(ViewerId.WAVEFORM, "relayoutData"),
        Input(ViewerId.VIEW, "relayoutData"),
        *(Input(field, event) for field in (ViewerId.FROM, ViewerId.TO) for event in ("n_submit", "n_blur")),
        Input(ViewerId.WHOLE, "n_clicks"),
        *(State(field, "value") for field in (ViewerId.FROM, ViewerId.TO)),
        *(State(graph, "figure") for graph in (ViewerId.WAVEFORM, ViewerId.VIEW)),
        *(State(ViewerId[name], "data") for name in _ZOOMS),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "showStretch"),
        Output(ViewerId.FROM, "value"),
        Output(ViewerId.TO, "value"),
        Input(ViewerId.WAVEFORM, "figure"),
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "takeBand"),
        Output(ViewerId.BAND_LOW, "value"),
        Output(ViewerId.BAND_HIGH, "value"),
        Input(ViewerId.BAND_TAKE, "n_clicks"),
        State(ViewerId.ZOOM, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "renewCursors"),
        *(Input(graph, "figure") for graph in (ViewerId.WAVEFORM, ViewerId.VIEW, ViewerId.KURTOGRAM)),
    )
    names = ("CURSOR_AT", "CURSOR_HARMONICS", "CURSOR_SPACING", "CURSOR_PAIRS")
    app.clientside_callback(
        ClientsideFunction("pfd", "writeCursors"),
        *(Input(ViewerId[name], "value") for name in names),
        prevent_initial_call=True,
    )


def _register_address(app: dash.Dash, signal: Input) -> None:
    kept = _list_kept(signal)
    keep_in_url(app, ViewerId.URL, *kept)
    app.clientside_callback(
        ClientsideFunction("pfd", "linkNeighbours"),
        *(
            Output(button, name)
            for button in (ViewerId.PREVIOUS, ViewerId.NEXT)
            for name in ("href", "disabled", "title")
        ),
        Input(ViewerId.NEIGHBOURS, "data"),
        *kept,
        State(ViewerId.URL, "data"),
        prevent_initial_call=True,
    )


def _list_kept(signal: Input) -> list[Input]:
    """In the order of the page's query parameters."""
    lines = ("SHOW_LINES", "KINDS", "HARMONICS", "SPEED", "BEARING", "KINEMATICS")
    return [
        signal,
        Input(ViewerId.TABS, "data"),
        *(Input(ViewerId[name], "data") for name in (*_ZOOMS, "CURSORS")),
        Input(ViewerId.OTHER, "value"),
        *(Input(ViewerId[name], "value") for name in lines),
        *(Input(option.control, "value") for option in OPTIONS.values()),
    ]
