"""The fault lines of the signal viewer, the speed behind them, and the unit of the frequency axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
from dash import Input, Output, State

from callbacks.context import current_actor, require_id
from layouts.components import signal_controls as controls
from layouts.components import signal_facts as facts
from layouts.components.signal_options import UNITS
from layouts.components.states import build_note
from layouts.figures.signal_axes import choose_axis
from layouts.figures.signal_lines import kind_of
from layouts.ids.bearings import BearingId
from layouts.ids.signal_viewer import ViewerId
from services.signal_service import SignalService

Pair = Sequence[float] | None

NO_LINES: dict[str, Any] = {"lines": [], "shaft_frequency_hz": None, "shaft_speed_rpm": None}


def show_lines(
    signal: str | None,
    shown: bool,
    kinds: list[str],
    harmonics: int | None,
    slip: float | None,
    speed: float | None,
    estimate: bool,
    bearing: str | None,
    kinematics: str | None,
    unit: str,
    _machine_stamp: Any,
    _bearing_stamp: Any,
    stretch: Pair,
) -> tuple:
    """Work out the fault lines, and say what they rest on or what is missing for them."""
    signal_id = require_id(signal)
    other = bearing == controls.OTHER_BEARING
    estimated = _estimate(signal_id, stretch, speed) if estimate else None
    if estimated and not estimated["success"]:
        return _refuse(estimated["error"], other=other)
    result = SignalService.get_fault_lines(
        signal_id,
        shaft_speed_rpm=estimated["shaft_speed_rpm"] if estimated else speed,
        bearing=bearing if bearing not in controls.NOT_NAMED else None,
        n_harmonics=harmonics or 1,
        **({} if slip is None else {"slip": slip / 100.0}),
        **(_read_kinematics(kinematics) if other else {}),
        actor=current_actor(),
    )
    if not result["success"]:
        return _refuse(result["error"], other=other)
    axis = choose_axis(unit, result["shaft_frequency_hz"])
    lines = [line for line in result["lines"] if shown and kind_of(line) in kinds]
    shaft_hz = result["shaft_frequency_hz"]
    stored = {
        "lines": lines,
        "shaft_frequency_hz": shaft_hz,
        # what views of orders are told; None where they read the recording's own
        "shaft_speed_rpm": estimated["shaft_speed_rpm"] if estimated else speed,
    }
    area = facts.build_lines({**result, "lines": lines}, axis, estimated)
    return area, stored, not other, _list_units(shaft_hz)


def _estimate(signal_id: int, stretch: Pair, nominal_rpm: float | None) -> dict[str, Any]:
    told = {} if nominal_rpm is None else {"nominal_rpm": nominal_rpm}
    found: dict[str, Any] = SignalService.get_shaft_speed(signal_id, stretch, **told, actor=current_actor())
    if found["success"] and not found["shaft_speed_rpm"]:
        return {"success": False, "error": found["note"] or "No shaft speed stands out in this signal."}
    return found


def _refuse(sentence: str, *, other: bool) -> tuple:
    return build_note(sentence, level="danger"), NO_LINES, not other, _list_units(None)


def _read_kinematics(text: str | None) -> dict[str, str]:
    words = (text or "").strip()
    if not words:
        return {}
    return {"orders" if "bpfo" in words.lower() else "geometry": words}


def _list_units(shaft_hz: float | None) -> list[dict[str, Any]]:
    """Orders need the shaft's speed."""
    options: list[dict[str, Any]] = [{"value": key, "label": label} for key, label in UNITS]
    if not shaft_hz:
        options[-1] |= {"disabled": True, "label": "Orders (needs the shaft speed)"}
    return options


def register(app: dash.Dash) -> None:
    """Wire the fault lines."""
    names = ("SHOW_LINES", "KINDS", "HARMONICS", "SLIP", "SPEED", "ESTIMATE", "BEARING", "KINEMATICS", "UNIT")
    app.callback(
        Output(ViewerId.LINES_AREA, "children"),
        Output(ViewerId.LINES, "data"),
        Output(ViewerId.KINEMATICS_FIELD, "hidden"),
        Output(ViewerId.UNIT, "options"),
        Input(ViewerId.CHANNEL, "value"),
        *(Input(ViewerId[name], "value") for name in names),
        Input(ViewerId.MACHINE_STAMP, "data"),
        Input(BearingId.STAMP, "data"),
        State(ViewerId.STRETCH, "data"),
    )(show_lines)
