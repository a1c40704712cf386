"""The generator tab: form to configuration, a look at one record, saved configurations, the dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
from dash import ALL as ALL_IDS
from dash import Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from layouts.components import generator_parts as parts
from layouts.components.badges import format_class
from layouts.components.forms import ALL
from layouts.components.generator_fields import read_config, write_values
from layouts.components.numbers import format_number
from layouts.figures import generator as figures
from layouts.ids import pattern_id
from layouts.ids.frame import FrameId
from layouts.ids.generator import GeneratorId
from services.dataset_service import DatasetService
from services.jobs import board
from utils.exceptions import NotFoundError

_KINDS = ("generate",)
Ids = Sequence[dict[str, str]]


def _read_form(kind: str, ids: Ids, values: Sequence[Any]) -> dict[str, Any]:
    named = {each["index"]: value for each, value in zip(ids, values, strict=True)}
    return read_config(kind, named)


def fill_form(_page: Any, loaded: dict[str, Any] | None, ids: Ids) -> tuple[list[Any], str]:
    """Fill the form with the defaults, or with a saved configuration; return the kind too."""
    if ctx.triggered_id == GeneratorId.LOADED and loaded:
        shown = write_values(loaded)
        kind = loaded["kind"]
        return [shown.get(each["index"], no_update) for each in ids], kind
    shown = {}
    for config in DatasetService.get_generator_defaults(actor=current_actor()).values():
        shown |= write_values(config)
    return [shown.get(each["index"]) for each in ids], "journal"


def show_areas(kind: str, values: Sequence[Any], ids: Ids, areas: Ids) -> list[bool]:
    """Hide what does not belong to the chosen kind and profile."""
    profile = next((v for each, v in zip(ids, values, strict=True) if each["index"] == "journal/profile"), "")
    shown = {kind, profile}
    return [area["index"] not in shown for area in areas]


@requires_role("engineer")
def show_preview(
    kind: str,
    values: Sequence[Any],
    fault_class: str | None,
    severity: str | None,
    index: int | None,
    frequencies: str | None,
    theme: str | None,
    ids: Ids,
) -> tuple[Any, ...]:
    """Make one record of the configuration and show it; where there is none, say why."""
    config = _read_form(kind, ids, values)
    classes, severities = config.get("classes") or [], config.get("severities") or []
    chosen = fault_class if fault_class in classes else None
    drawn = severity if severity in severities else None
    found = DatasetService.preview_generation(
        config,
        fault_class=chosen,
        severity=drawn,
        index=index or 0,
        max_hz=None if frequencies in (None, ALL) else float(frequencies or 0),
        actor=current_actor(),
    )
    choices = (
        [{"value": name, "label": format_class(name)} for name in classes],
        chosen or (classes[0] if classes else None),
        [{"value": ALL, "label": "as drawn"}, *({"value": name, "label": name} for name in severities)],
        drawn or ALL,
    )
    look = theme or "light"
    if not found["success"]:
        blank = figures.build_blank(look, ("Time", "s")), figures.build_blank(look, ("Frequency", "Hz"))
        return (parts.build_problem(found["error"]), None, *blank, "", None, True, found["error"], *choices)
    channels = found["channels"]
    return (
        parts.build_info(found["note"]) if found["note"] else None,
        parts.build_facts(found),
        figures.build_waveform(channels, found["unit"], look),
        figures.build_spectrum(channels, found["unit"], look),
        f"Hann window, Δf = {format_number(channels[0]['resolution_hz'])} Hz",
        parts.build_estimate(found),
        False,
        None,
        *choices,
    )


# --- saved configurations ----------------------------------------------------------------------------------


def list_presets(_page: Any, _changed: Any, chosen: str | None) -> tuple[Any, Any, bool, Any, bool, Any]:
    """Offer the saved configurations."""
    found = DatasetService.list_generator_presets(actor=current_actor())
    options = [{"value": str(each["preset_id"]), "label": each["name"]} for each in found]
    none = [{"value": "", "label": "None saved yet"}]
    values = [option["value"] for option in options]
    value = chosen if chosen in values else next(iter(values), "")
    because = None if options else "No configuration has been saved yet."
    return options or none, value, not options, because, not options, because


@requires_role("engineer")
def change_presets(
    _save: int | None,
    _delete: int | None,
    name: str | None,
    chosen: str | None,
    kind: str,
    values: Sequence[Any],
    ids: Ids,
) -> dict[str, Any]:
    """Save the form under a name, or forget a saved configuration."""
    actor = current_actor()
    if ctx.triggered_id == GeneratorId.PRESET_SAVE and _save:
        config = _read_form(kind, ids, values)
        saved = unwrap(DatasetService.save_generator_preset(name or "", config, actor=actor))
        show_toast("Configuration saved", name or "", level="success")
        return {"saved": saved["preset_id"], "clicks": _save}
    preset_id = parse_id(chosen)
    if ctx.triggered_id != GeneratorId.PRESET_DELETE or not _delete or preset_id is None:
        raise PreventUpdate
    unwrap(DatasetService.delete_generator_preset(preset_id, actor=actor))
    show_toast("Configuration deleted", "Datasets made with it stay.", level="success")
    return {"deleted": preset_id, "clicks": _delete}


def load_preset(clicks: int | None, chosen: str | None) -> dict[str, Any]:
    """Put a saved configuration into the form."""
    preset_id = parse_id(chosen)
    if not clicks or preset_id is None:
        raise PreventUpdate
    found = DatasetService.get_generator_preset(preset_id, actor=current_actor())
    if found is None:
        raise NotFoundError("This saved configuration is not there any more.")
    show_toast(f"{found['name']} loaded", level="success")
    return dict(found["content"])


# --- the dataset -------------------------------------------------------------------------------------------


@requires_role("engineer")
def start(
    clicks: int | None,
    kind: str,
    values: Sequence[Any],
    ids: Ids,
    name: str | None,
    description: str | None,
) -> str:
    """Start the making of the dataset."""
    if not clicks:
        raise PreventUpdate
    started = unwrap(
        DatasetService.generate_dataset(
            _read_form(kind, ids, values), name or "", description=description or "", actor=current_actor()
        )
    )
    watch_jobs()
    return str(started["job_id"])


@fills_area
def show_job(job: str | None, _tick: Any, _states: Any) -> tuple[Any, bool]:
    """Show how the dataset's making goes, and whether Cancel is hidden."""
    if job is None:
        raise PreventUpdate
    job_id = parse_id(job)
    found = board.get_job(job_id, actor=current_actor()) if job_id is not None else None
    if found is None or found["kind"] not in _KINDS:
        return parts.build_no_job(), True
    if found["state"] in parts.OPEN_STATES:
        watch_jobs()
    return parts.build_job(found), not found["can_cancel"]


@requires_role("engineer")
def cancel(clicks: int | None, job: str | None) -> None:
    """Ask the job to stop; it leaves nothing."""
    job_id = parse_id(job)
    if not clicks or job_id is None:
        raise PreventUpdate
    unwrap(board.cancel_job(job_id, actor=current_actor()))
    watch_jobs()


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    _register_form(app)
    _register_presets(app)
    _register_dataset(app)
    keep_in_url(app, GeneratorId.URL, Input(GeneratorId.TABS, "data"), Input(GeneratorId.JOB, "data"))


def _register_form(app: dash.Dash) -> None:
    fields = pattern_id(GeneratorId.FIELD, ALL_IDS)
    areas = pattern_id(GeneratorId.AREA, ALL_IDS)
    app.callback(
        Output(fields, "value"),
        Output(GeneratorId.KIND, "value"),
        Input(GeneratorId.PAGE, "data"),
        Input(GeneratorId.LOADED, "data"),
        State(fields, "id"),
    )(fill_form)
    app.callback(
        Output(areas, "hidden"),
        Input(GeneratorId.KIND, "value"),
        Input(fields, "value"),
        State(fields, "id"),
        State(areas, "id"),
        prevent_initial_call=True,
    )(show_areas)
    app.callback(
        Output(GeneratorId.PROBLEM, "children"),
        Output(GeneratorId.FACTS, "children"),
        Output(GeneratorId.WAVEFORM, "figure"),
        Output(GeneratorId.SPECTRUM, "figure"),
        Output(GeneratorId.RESOLUTION, "children"),
        Output(GeneratorId.ESTIMATE, "children"),
        Output(GeneratorId.START, "disabled"),
        Output(GeneratorId.START, "title"),
        Output(GeneratorId.PREVIEW_CLASS, "options"),
        Output(GeneratorId.PREVIEW_CLASS, "value"),
        Output(GeneratorId.PREVIEW_SEVERITY, "options"),
        Output(GeneratorId.PREVIEW_SEVERITY, "value"),
        Input(GeneratorId.KIND, "value"),
        Input(fields, "value"),
        Input(GeneratorId.PREVIEW_CLASS, "value"),
        Input(GeneratorId.PREVIEW_SEVERITY, "value"),
        Input(GeneratorId.PREVIEW_INDEX, "value"),
        Input(GeneratorId.PREVIEW_RANGE, "value"),
        Input(FrameId.THEME, "data"),
        State(fields, "id"),
        prevent_initial_call=True,
    )(show_preview)


def _register_presets(app: dash.Dash) -> None:
    fields = pattern_id(GeneratorId.FIELD, ALL_IDS)
    app.callback(
        Output(GeneratorId.PRESET, "options"),
        Output(GeneratorId.PRESET, "value"),
        Output(GeneratorId.PRESET_LOAD, "disabled"),
        Output(GeneratorId.PRESET_LOAD, "title"),
        Output(GeneratorId.PRESET_DELETE, "disabled"),
        Output(GeneratorId.PRESET_DELETE, "title"),
        Input(GeneratorId.PAGE, "data"),
        Input(GeneratorId.PRESETS, "data"),
        State(GeneratorId.PRESET, "value"),
    )(list_presets)
    app.callback(
        Output(GeneratorId.PRESETS, "data"),
        Input(GeneratorId.PRESET_SAVE, "n_clicks"),
        Input(GeneratorId.PRESET_DELETE, "n_clicks"),
        State(GeneratorId.PRESET_NAME, "value"),
        State(GeneratorId.PRESET, "value"),
        State(GeneratorId.KIND, "value"),
        State(fields, "value"),
        State(fields, "id"),
        prevent_initial_call=True,
    )(change_presets)
    app.callback(
        Output(GeneratorId.LOADED, "data"),
        Input(GeneratorId.PRESET_LOAD, "n_clicks"),
        State(GeneratorId.PRESET, "value"),
        prevent_initial_call=True,
    )(load_preset)


def _register_dataset(app: dash.Dash) -> None:
    fields = pattern_id(GeneratorId.FIELD, ALL_IDS)
    app.callback(
        Output(GeneratorId.JOB, "data"),
        Input(GeneratorId.START, "n_clicks"),
        State(GeneratorId.KIND, "value"),
        State(fields, "value"),
        State(fields, "id"),
        State(GeneratorId.NAME, "value"),
        State(GeneratorId.DESCRIPTION, "value"),
        prevent_initial_call=True,
    )(start)
    app.callback(
        Output(GeneratorId.JOB_AREA, "children"),
        Output(GeneratorId.CANCEL_AREA, "hidden"),
        Input(GeneratorId.JOB, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
    )(show_job)
    app.callback(
        Input(GeneratorId.CANCEL, "n_clicks"),
        State(GeneratorId.JOB, "data"),
        prevent_initial_call=True,
    )(cancel)
