"""Tools of the signal viewer on demand: kurtogram, second recording, sound, machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    require_id,
    requires_role,
    show_toast,
    unwrap,
)
from layouts.components import signal_machine as machine
from layouts.components.badges import format_class
from layouts.components.numbers import format_number
from layouts.components.signal_notes import join
from layouts.components.signal_peaks import build_best_bands
from layouts.components.states import build_note
from layouts.figures import signal_maps as maps
from layouts.figures.signal_axes import choose_axis
from layouts.ids import pattern_id
from layouts.ids.frame import FrameId
from layouts.ids.signal_viewer import ViewerId
from services.dataset_service import DatasetService
from services.signal_service import SignalService
from utils.clock import monotonic_s

Pair = Sequence[float] | None
_MAX_FOUND = 50
# Enough of a recording to tell whether a channel has its other probe.
_BRIEF = (0.0, 0.2)


@fills_area
def show_kurtogram(
    shown: bool, tab: str, signal: str | None, stretch: Pair, unit: str, theme: str | None
) -> tuple:
    """Draw how impulsive each band is, where that is wanted; in orders it stays in hertz."""
    if not shown or tab != "envelope":
        return None, not shown, no_update, no_update, no_update
    view = unwrap(SignalService.get_kurtogram(require_id(signal), stretch, actor=current_actor()))
    axis = choose_axis("cpm" if unit == "cpm" else "hz", None)
    figure = maps.build_kurtogram(view, axis, theme or "light")
    return None, False, figure, _describe_best(view), build_best_bands(maps.list_best_cells(view))


def _describe_best(view: dict[str, Any]) -> str:
    best = view["best"]
    if not best:
        return join(view["note"])
    low, high = (format_number(round(best[key], 1), 6) for key in ("low_hz", "high_hz"))
    return join(f"highest at {low} – {high} Hz, kurtosis {best['kurtosis']:.3g}", view["note"])


def find_others(
    tab: str, search: str | None, signal: str | None, place: dict[str, Any], chosen: str | None
) -> Any:
    """List the recordings of this dataset that the search finds, and the one that is chosen."""
    if tab != "compare":
        raise PreventUpdate
    dataset_id, own = require_id(place["dataset_id"]), require_id(signal)
    found = DatasetService.list_signals(
        dataset_id, per_page=_MAX_FOUND, filters={"q": search} if search else None, actor=current_actor()
    )
    options = [_word_option(each) for each in found["items"] if each["signal_id"] != own]
    kept = parse_id(chosen)
    if kept is not None and all(option["value"] != str(kept) for option in options):
        row = DatasetService.get_signal(kept, actor=current_actor())
        options = [*([_word_option(row)] if row else []), *options]
    more = found["total"] - len(found["items"])
    rest = [{"value": "more", "label": f"{more} more: search for them", "disabled": True}] if more > 0 else []
    return [{"value": "", "label": "Choose a recording"}, *options, *rest]


def _word_option(row: dict[str, Any]) -> dict[str, str]:
    label = f"{row['recording']} · {row['channel']} · {format_class(row['fault_class'])}"
    return {"value": str(row["signal_id"]), "label": label}


def prepare_sound(
    n_clicks: int | None,
    signal: str | None,
    stretch: Pair,
    low: float | None,
    high: float | None,
    speed: str,
) -> Any:
    """Make the visible stretch audible."""
    if not n_clicks or ctx.triggered_id != ViewerId.SOUND_START:
        # another stretch or channel is in view: the old sound is not of it
        return None
    result = SignalService.get_playback(
        require_id(signal),
        stretch,
        low_hz=low,
        high_hz=high,
        speed_factor=float(speed),
        actor=current_actor(),
    )
    if not result["success"]:
        return build_note(result["error"], level="danger")
    player = html.Audio(
        src=f"data:audio/wav;base64,{result['wav_base64']}",
        controls=True,
        className="viewer-player",
        **{"aria-label": "Sound of the visible stretch"},
    )
    return [player, html.P(join(result["note"]), className="field-help tight")]


@fills_area
def show_zone(signal: str | None, _stamp: Any) -> Any:
    """Say in which zone of ISO 20816-3 the machine runs, or why that can't be told."""
    found = unwrap(SignalService.get_severity_zone(require_id(signal), actor=current_actor()))
    return machine.build_zone(found)


def offer_pair(signal: str | None) -> tuple:
    """Offer orbit and full spectrum where the channel has its other probe; else say why not."""
    found = SignalService.get_full_spectrum(require_id(signal), _BRIEF, actor=current_actor())
    reason = None if found["success"] else found["error"]
    return reason is not None, reason, reason is not None, reason


def allow_details(signal: str | None) -> tuple:
    """Open the details of the machine to who may change them."""
    found = SignalService.find_signal_machine(require_id(signal), actor=current_actor())
    reason = machine.explain_closed(allowed=may_write(), machine=found["name"] if found else None)
    return reason is not None, reason


def open_details(n_clicks: int | None, _cancel: int | None, _stamp: Any, signal: str | None) -> tuple:
    """Show the form with what is known, or close it."""
    if ctx.triggered_id != ViewerId.MACHINE_OPEN or not n_clicks:
        return False, no_update, [no_update] * len(machine.FIELDS)
    found = SignalService.find_signal_machine(require_id(signal), actor=current_actor())
    if found is None:
        raise PreventUpdate
    values = [machine.write_field(name, found["details"]) for name in machine.FIELDS]
    return True, found["name"], values


@requires_role("engineer")
def save_details(n_clicks: int | None, values: list[str | None], signal: str | None) -> Any:
    """Keep what was said of the machine."""
    actor = current_actor()
    found = SignalService.find_signal_machine(require_id(signal), actor=actor)
    if not n_clicks or found is None:
        raise PreventUpdate
    details = machine.read_fields(dict(zip(machine.FIELDS, values, strict=True)))
    unwrap(SignalService.update_machine(found["machine_id"], details, actor=actor))
    show_toast(f"Details of {found['name']} saved", level="success")
    return monotonic_s()


def register(app: dash.Dash) -> None:
    """Wire the tools."""
    signal, stretch = Input(ViewerId.CHANNEL, "value"), Input(ViewerId.STRETCH, "data")
    app.callback(
        Output(ViewerId.KURTOGRAM_STATE, "children"),
        Output(ViewerId.KURTOGRAM_AREA, "hidden"),
        Output(ViewerId.KURTOGRAM, "figure"),
        Output(ViewerId.KURTOGRAM_NOTE, "children"),
        Output(ViewerId.KURTOGRAM_BANDS, "children"),
        Input(ViewerId.SHOW_KURTOGRAM, "value"),
        Input(ViewerId.TABS, "data"),
        *(signal, stretch, Input(ViewerId.UNIT, "value"), Input(FrameId.THEME, "data")),
    )(show_kurtogram)
    app.callback(
        Output(ViewerId.OTHER, "options"),
        Input(ViewerId.TABS, "data"),
        Input(ViewerId.OTHER_SEARCH, "value"),
        signal,
        State(ViewerId.PAGE, "data"),
        State(ViewerId.OTHER, "value"),
    )(find_others)
    app.callback(
        Output(ViewerId.SOUND_AREA, "children"),
        Input(ViewerId.SOUND_START, "n_clicks"),
        *(signal, stretch),
        *(State(ViewerId[name], "value") for name in ("SOUND_LOW", "SOUND_HIGH", "SOUND_SPEED")),
        prevent_initial_call=True,
    )(prepare_sound)
    _register_machine(app, signal)


def _register_machine(app: dash.Dash, signal: Input) -> None:
    app.callback(
        *(
            Output(tab, name)
            for tab in (ViewerId.TAB_ORBIT, ViewerId.TAB_FULL)
            for name in ("disabled", "title")
        ),
        signal,
    )(offer_pair)
    stamp = Input(ViewerId.MACHINE_STAMP, "data")
    fields = pattern_id(ViewerId.MACHINE_FIELD, ALL)
    app.callback(Output(ViewerId.SEVERITY, "children"), signal, stamp)(show_zone)
    app.callback(Output(ViewerId.MACHINE_OPEN, "disabled"), Output(ViewerId.MACHINE_OPEN, "title"), signal)(
        allow_details
    )
    app.callback(
        Output(ViewerId.MACHINE_DIALOG, "is_open"),
        Output(ViewerId.MACHINE_NAME, "children"),
        Output(fields, "value"),
        Input(ViewerId.MACHINE_OPEN, "n_clicks"),
        Input(ViewerId.MACHINE_CANCEL, "n_clicks"),
        stamp,
        State(ViewerId.CHANNEL, "value"),
        prevent_initial_call=True,
    )(open_details)
    app.callback(
        Output(ViewerId.MACHINE_STAMP, "data"),
        Input(ViewerId.MACHINE_SAVE, "n_clicks"),
        State(fields, "value"),
        State(ViewerId.CHANNEL, "value"),
        prevent_initial_call=True,
    )(save_details)
