"""The signal viewer: each view asks the server for the stretch that is in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash
from dash import Input, Output, State, no_update
from dash.dependencies import ClientsideFunction
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, keep_in_url, may_write, parse_id, unwrap
from layouts.components import signal_controls as controls
from layouts.components import signal_facts as facts
from layouts.components.badges import format_class
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_empty_state, build_note
from layouts.figures import signals as figures
from layouts.ids.frame import FrameId
from layouts.ids.signal_viewer import ViewerId
from services.dataset_service import DatasetService
from services.signal_service import SignalService

_VIEWER_REASON = "Diagnosing needs the role engineer."
_NO_LINES: dict[str, Any] = {"lines": [], "shaft_frequency_hz": None}
Pair = Sequence[float] | None


@fills_area
def show_recording(place: dict[str, Any]) -> tuple:
    """Fill the header and the choices of channel and bearing."""
    recording_id = parse_id(place["recording_id"])
    actor = current_actor()
    recording = DatasetService.get_recording(recording_id, actor=actor) if recording_id else None
    if recording is None or str(recording["dataset_id"]) != str(place["dataset_id"]):
        gone = build_empty_state("There is no such recording", "It may have been deleted.", icon="soundwave")
        return gone, True, "Recording not found", "", no_update, no_update, no_update
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
        _list_bearings(),
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


def _list_bearings() -> list[dict[str, str]]:
    known = [each["designation"] for each in SignalService.list_bearings(actor=current_actor())]
    return [
        *({"value": value, "label": label} for value, label in controls.RECORDED_OPTION),
        *({"value": name, "label": name} for name in known),
        {"value": controls.OTHER_BEARING, "label": "Other: give orders or geometry"},
    ]


@fills_area
def show_facts(signal: str | None) -> tuple:
    """Fill facts and quality, and say which recordings are before and after."""
    signal_id = _read_signal(signal)
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
    )


def _find_neighbour(signal_id: int | None) -> dict[str, Any] | None:
    found = DatasetService.get_signal(signal_id, actor=current_actor()) if signal_id else None
    if found is None:
        return None
    path = f"/signals/{found['dataset_id']}/{found['recording_id']}"
    return {"path": path, "signal": signal_id, "recording": found["recording"]}


def _read_signal(signal: str | None) -> int:
    signal_id = parse_id(signal)
    if signal_id is None:
        raise PreventUpdate
    return signal_id


@fills_area
def show_waveform(signal: str | None, stretch: Pair, theme: str | None) -> tuple:
    """Draw the visible stretch."""
    view = unwrap(SignalService.get_view(_read_signal(signal), stretch, actor=current_actor()))
    figure = figures.build_waveform(view, theme or "light")
    return None, figure, facts.describe_stretch(view)


def show_lines(
    signal: str | None,
    shown: bool,
    kinds: list[str],
    harmonics: int | None,
    speed: float | None,
    bearing: str | None,
    kinematics: str | None,
    unit: str,
) -> tuple:
    """Work out the fault lines, and say what they rest on or what is missing for them."""
    signal_id = _read_signal(signal)
    other = bearing == controls.OTHER_BEARING
    result = SignalService.get_fault_lines(
        signal_id,
        shaft_speed_rpm=speed,
        bearing=bearing if bearing not in controls.NOT_NAMED else None,
        n_harmonics=harmonics or 1,
        **(_read_kinematics(kinematics) if other else {}),
        actor=current_actor(),
    )
    if not result["success"]:
        return build_note(result["error"], level="danger"), _NO_LINES, not other, _list_units(None)
    axis = figures.choose_axis(unit, result["shaft_frequency_hz"])
    lines = [line for line in result["lines"] if shown and line["kind"] in kinds]
    stored = {"lines": lines, "shaft_frequency_hz": result["shaft_frequency_hz"]}
    return (
        facts.build_lines({**result, "lines": lines}, axis),
        stored,
        not other,
        _list_units(stored["shaft_frequency_hz"]),
    )


def _read_kinematics(text: str | None) -> dict[str, str]:
    words = (text or "").strip()
    if not words:
        return {}
    return {"orders" if "bpfo" in words.lower() else "geometry": words}


def _list_units(shaft_hz: float | None) -> list[dict[str, Any]]:
    """Orders need the shaft's speed."""
    options = [{"value": key, "label": label} for key, label in controls.UNITS]
    if not shaft_hz:
        options[-1] |= {"disabled": True, "label": "Orders (needs the shaft speed)"}
    return options


@fills_area
def show_spectrum(tab: str, signal: str | None, *settings: Any) -> tuple:
    """Draw the amplitude spectrum of the visible stretch."""
    signal_id = _read_view(tab, "spectrum", signal)
    asked = _Settings.read(*settings)
    limits = _limit(asked.zoom)
    view = unwrap(SignalService.get_spectrum(signal_id, asked.stretch, **limits, actor=current_actor()))
    look = asked.choose_look(_span_of(asked.zoom, view), logarithmic=asked.scale == "log")
    figure = figures.build_spectrum(view, asked.lines["lines"], look)
    peaks = facts.build_peaks(view["peaks"], asked.lines["lines"], look.axis, view["unit"])
    return None, figure, facts.describe_view(view, look.axis), peaks


@fills_area
def show_psd(tab: str, signal: str | None, *settings: Any) -> tuple:
    """Draw the power spectral density of the visible stretch."""
    signal_id = _read_view(tab, "psd", signal)
    asked = _Settings.read(*settings)
    limits = _limit(asked.zoom)
    view = unwrap(SignalService.get_psd(signal_id, asked.stretch, **limits, actor=current_actor()))
    look = asked.choose_look(_span_of(asked.zoom, view), logarithmic=asked.scale != "linear")
    return None, figures.build_psd(view, asked.lines["lines"], look), facts.describe_view(view, look.axis)


@fills_area
def show_envelope(
    tab: str, signal: str | None, low_hz: float | None, high_hz: float | None, *settings: Any
) -> tuple:
    """Draw the envelope spectrum of the chosen band; by default up to its highest fault line."""
    signal_id = _read_view(tab, "envelope", signal)
    asked = _Settings.read(*settings)
    lines = asked.lines["lines"]
    limits = _limit(asked.zoom or figures.suggest_envelope_span(lines))
    view = unwrap(
        SignalService.get_envelope_spectrum(
            signal_id, asked.stretch, low_hz, high_hz, **limits, actor=current_actor()
        )
    )
    span = asked.zoom or figures.suggest_envelope_span(lines, view["band_hz"])
    look = asked.choose_look(span, logarithmic=asked.scale == "log")
    peaks = facts.build_peaks(view["peaks"], lines, look.axis, view["unit"])
    note = facts.describe_view(view, look.axis)
    low, high = (f"{edge:.6g}" for edge in view["band_hz"])
    return None, figures.build_envelope(view, lines, look), note, peaks, low, high


@dataclass(frozen=True, slots=True)
class _Settings:
    """What every spectral view depends on, in the order of its inputs."""

    stretch: Pair
    zoom: Pair
    lines: dict[str, Any]
    unit: str
    scale: str
    theme: str | None

    @classmethod
    def read(cls, stretch: Pair, zoom: Pair, lines: dict[str, Any] | None, *rest: Any) -> _Settings:
        return cls(stretch, zoom, lines or _NO_LINES, *rest)

    def choose_look(self, span_hz: Sequence[float], *, logarithmic: bool) -> figures.Look:
        axis = figures.choose_axis(self.unit, self.lines["shaft_frequency_hz"])
        return figures.Look(self.theme or "light", axis, (span_hz[0], span_hz[1]), logarithmic)


def _read_view(tab: str, own: str, signal: str | None) -> int:
    """Only the view that is open is worked out."""
    if tab != own:
        raise PreventUpdate
    return _read_signal(signal)


def _limit(zoom: Pair) -> dict[str, float]:
    """Ask for a little more than is in view, so that the curve reaches both edges."""
    if zoom is None:
        return {}
    margin = 0.01 * (zoom[1] - zoom[0])
    return {"min_hz": max(zoom[0] - margin, 0.0), "max_hz": zoom[1] + margin}


def _span_of(zoom: Pair, view: dict[str, Any]) -> Sequence[float]:
    return zoom or (0.0, view["sample_rate_hz"] / 2.0)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    signal = Input(ViewerId.CHANNEL, "value")
    _register_words(app, signal)
    _register_plots(app, signal)
    _register_choices(app, signal)


def _register_words(app: dash.Dash, signal: Input) -> None:
    app.callback(
        Output(ViewerId.NOTICE, "children"),
        Output(ViewerId.BODY, "hidden"),
        Output(ViewerId.TITLE, "children"),
        Output(ViewerId.SENTENCE, "children"),
        Output(ViewerId.CHANNEL, "options"),
        Output(ViewerId.CHANNEL, "value"),
        Output(ViewerId.BEARING, "options"),
        Input(ViewerId.PAGE, "data"),
    )(show_recording)
    app.callback(
        Output(ViewerId.FACTS, "children"),
        Output(ViewerId.QUALITY, "children"),
        Output(ViewerId.NEIGHBOURS, "data"),
        Output(ViewerId.SPEED, "placeholder"),
        Output(ViewerId.DIAGNOSE, "href"),
        Output(ViewerId.DIAGNOSE, "disabled"),
        Output(ViewerId.DIAGNOSE, "title"),
        signal,
    )(show_facts)
    app.callback(
        Output(ViewerId.LINES_AREA, "children"),
        Output(ViewerId.LINES, "data"),
        Output(ViewerId.KINEMATICS_FIELD, "hidden"),
        Output(ViewerId.UNIT, "options"),
        signal,
        *_list_line_inputs(),
        Input(ViewerId.UNIT, "value"),
    )(show_lines)


def _list_line_inputs() -> list[Input]:
    names = ("SHOW_LINES", "KINDS", "HARMONICS", "SPEED", "BEARING", "KINEMATICS")
    return [Input(ViewerId[name], "value") for name in names]


def _register_plots(app: dash.Dash, signal: Input) -> None:
    tab, stretch = Input(ViewerId.TABS, "data"), Input(ViewerId.STRETCH, "data")
    lines, theme = Input(ViewerId.LINES, "data"), Input(FrameId.THEME, "data")
    unit, scale = Input(ViewerId.UNIT, "value"), Input(ViewerId.SCALE, "value")
    common = [Input(ViewerId.ZOOM, "data"), lines, unit, scale, theme]
    app.callback(
        Output(ViewerId.WAVEFORM_STATE, "children"),
        Output(ViewerId.WAVEFORM, "figure"),
        Output(ViewerId.WAVEFORM_NOTE, "children"),
        signal,
        stretch,
        theme,
    )(show_waveform)
    app.callback(
        Output(ViewerId.SPECTRUM_STATE, "children"),
        Output(ViewerId.SPECTRUM, "figure"),
        Output(ViewerId.SPECTRUM_NOTE, "children"),
        Output(ViewerId.SPECTRUM_PEAKS, "children"),
        *(tab, signal, stretch, *common),
    )(show_spectrum)
    app.callback(
        Output(ViewerId.PSD_STATE, "children"),
        Output(ViewerId.PSD, "figure"),
        Output(ViewerId.PSD_NOTE, "children"),
        *(tab, signal, stretch, *common),
    )(show_psd)
    band = [Input(ViewerId.BAND_LOW, "value"), Input(ViewerId.BAND_HIGH, "value")]
    app.callback(
        Output(ViewerId.ENVELOPE_STATE, "children"),
        Output(ViewerId.ENVELOPE, "figure"),
        Output(ViewerId.ENVELOPE_NOTE, "children"),
        Output(ViewerId.ENVELOPE_PEAKS, "children"),
        Output(ViewerId.BAND_LOW, "placeholder"),
        Output(ViewerId.BAND_HIGH, "placeholder"),
        *(tab, signal, *band, stretch, Input(ViewerId.ENVELOPE_ZOOM, "data"), lines, unit, scale, theme),
    )(show_envelope)


def _register_choices(app: dash.Dash, signal: Input) -> None:
    """What the browser does by itself: read zooms, move the cursor, keep the address."""
    app.clientside_callback(
        ClientsideFunction("pfd", "chooseStretch"),
        Output(ViewerId.STRETCH, "data"),
        Input(ViewerId.WAVEFORM, "relayoutData"),
        *(Input(field, event) for field in (ViewerId.FROM, ViewerId.TO) for event in ("n_submit", "n_blur")),
        Input(ViewerId.WHOLE, "n_clicks"),
        *(State(field, "value") for field in (ViewerId.FROM, ViewerId.TO)),
        State(ViewerId.WAVEFORM, "figure"),
        State(ViewerId.STRETCH, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "showStretch"),
        Output(ViewerId.FROM, "value"),
        Output(ViewerId.TO, "value"),
        Input(ViewerId.WAVEFORM, "figure"),
    )
    _register_zoom(app, ViewerId.ZOOM, ViewerId.SPECTRUM, ViewerId.PSD)
    _register_zoom(app, ViewerId.ENVELOPE_ZOOM, ViewerId.ENVELOPE)
    app.clientside_callback(
        ClientsideFunction("pfd", "takeBand"),
        Output(ViewerId.BAND_LOW, "value"),
        Output(ViewerId.BAND_HIGH, "value"),
        Input(ViewerId.BAND_TAKE, "n_clicks"),
        State(ViewerId.ZOOM, "data"),
        prevent_initial_call=True,
    )
    drawn = (ViewerId.WAVEFORM, ViewerId.SPECTRUM, ViewerId.PSD, ViewerId.ENVELOPE)
    app.clientside_callback(
        ClientsideFunction("pfd", "attachCursors"), *(Input(graph, "figure") for graph in drawn)
    )
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


def _register_zoom(app: dash.Dash, store: str, *graphs: str) -> None:
    app.clientside_callback(
        ClientsideFunction("pfd", "chooseZoom"),
        Output(store, "data"),
        *(Input(graph, "relayoutData") for graph in graphs),
        *(State(graph, "figure") for graph in graphs),
        State(store, "data"),
        prevent_initial_call=True,
    )


def _list_kept(signal: Input) -> list[Input]:
    """In the order of the page's query parameters."""
    return [
        signal,
        Input(ViewerId.STRETCH, "data"),
        Input(ViewerId.TABS, "data"),
        Input(ViewerId.ZOOM, "data"),
        Input(ViewerId.ENVELOPE_ZOOM, "data"),
        *(Input(ViewerId[name], "value") for name in ("UNIT", "SCALE", "BAND_LOW", "BAND_HIGH")),
        *_list_line_inputs(),
    ]
