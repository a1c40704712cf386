"""The generator tab: configuration, a look at one record, the dataset."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_button, build_field, build_group, build_select
from layouts.components.generator_fields import KINDS, SECTIONS, Field, Section
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.url import build_url_store
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from layouts.ids.generator import GeneratorId

_TYPING_S = 0.5
RANGES = (
    ("200", "0 – 200 Hz"),
    ("1000", "0 – 1 kHz"),
    ("3000", "0 – 3 kHz"),
    (ALL, "All frequencies"),
)


def build_generator_tab(generation: str | None = None) -> Component:
    """Return the tab; ``generation`` is a job under way, so that a reload shows it again."""
    return html.Div(
        [
            dcc.Store(id=GeneratorId.PAGE, data={"generation": generation}),
            dcc.Store(id=GeneratorId.JOB, data=generation),
            dcc.Store(id=GeneratorId.LOADED),
            dcc.Store(id=GeneratorId.PRESETS),
            build_url_store(GeneratorId.URL, "tab", "generation"),
            html.Div(
                [
                    html.Div([_build_kind(), *_build_panels(), _build_presets()], className="stack"),
                    html.Div([_build_preview(), _build_dataset()], className="stack generator-side"),
                ],
                className="generator-columns",
            ),
        ]
    )


def _build_kind() -> Component:
    options = [{"value": value, "label": label} for value, label in KINDS]
    radio = dbc.RadioItems(id=GeneratorId.KIND, options=options, value="journal", inline=True)
    return build_card(None, build_group("Type of bearing", radio))


def _build_panels() -> list[Component]:
    return [
        html.Div(
            [_build_section(kind, section) for section in sections],
            id=pattern_id(GeneratorId.AREA, kind),
            hidden=kind != "journal",
            className="stack",
        )
        for kind, sections in SECTIONS.items()
    ]


def _build_section(kind: str, section: Section) -> Component:
    wide = ("ticks", "resonances")
    grid = [_build_control(kind, field) for field in section.fields if field.control not in wide]
    parts: list[Component] = [
        _build_control(kind, field) for field in section.fields if field.control in wide
    ]
    body = html.Div([*parts, html.Div(grid, className="form-grid")], className="stack-form")
    card = build_card(section.title, body)
    if not section.area:
        return card
    return html.Div(card, id=pattern_id(GeneratorId.AREA, section.area), hidden=True)


def _build_control(kind: str, field: Field) -> Component:
    places = [pattern_id(GeneratorId.FIELD, f"{kind}/{part}") for part in field.parts]
    if field.control == "span":
        return _build_span(field, places)
    if field.control == "ticks":
        options = [{"value": value, "label": label} for value, label in field.choices]
        ticks = dbc.Checklist(id=places[0], options=options, value=[], inline=True)
        return build_group(field.label, ticks, help_text=field.help_text)
    if field.control == "switch":
        return html.Div(dbc.Switch(id=places[0], label=field.label, value=False), className="field")
    return build_field(
        field.label, _build_input(field, places[0]), help_text=field.help_text, unit=field.unit
    )


def _build_input(field: Field, place: dict[str, str | int]) -> Component:
    if field.control == "choice":
        return build_select(place, field.choices, field.choices[0][0])
    if field.control == "resonances":
        return dbc.Textarea(id=place, rows=3, debounce=_TYPING_S, class_name="mono")
    if field.control == "text":
        listed = {"list": DataGenerationId.BEARINGS.value} if field.path == "bearing" else {}
        return dbc.Input(id=place, debounce=_TYPING_S, autocomplete="off", maxlength=120, **listed)
    return dbc.Input(id=place, type="number", step=field.step, debounce=_TYPING_S)


def _build_span(field: Field, places: list[dict[str, str | int]]) -> Component:
    words = [field.label, html.Span(f" ({field.unit})", className="unit")] if field.unit else [field.label]
    ends = [
        html.Label(
            [
                html.Span(f"{field.label}, {end}", className="visually-hidden"),
                dbc.Input(id=place, type="number", step=field.step, debounce=_TYPING_S),
            ]
        )
        for place, end in zip(places, ("from", "to"), strict=True)
    ]
    pair = html.Div([ends[0], html.Span("to", className="muted"), ends[1]], className="span-inputs")
    return build_group(words, pair, help_text=field.help_text)  # type: ignore[arg-type]  # a legend with its unit


def _build_presets() -> Component:
    load = [
        build_field("Saved configuration", build_select(GeneratorId.PRESET, [("", "None saved yet")])),
        html.Div(
            [
                build_button("Load", GeneratorId.PRESET_LOAD, icon="folder2-open"),
                build_button(
                    "Delete",
                    GeneratorId.PRESET_DELETE,
                    icon="trash",
                    title="Forget this saved configuration; datasets made with it stay",
                ),
            ],
            className="form-actions",
        ),
    ]
    save = [
        build_field(
            "Save this one as",
            dbc.Input(id=GeneratorId.PRESET_NAME, maxlength=120, autocomplete="off"),
            help_text="A name that is taken gets the new configuration.",
        ),
        html.Div(build_button("Save", GeneratorId.PRESET_SAVE, icon="save"), className="form-actions"),
    ]
    body = html.Div([html.Div(load), html.Div(save)], className="form-grid")
    return build_card("Configurations", body)


def _build_preview() -> Component:
    controls = html.Div(
        [
            build_field("Class", build_select(GeneratorId.PREVIEW_CLASS, [("", "first")])),
            build_field("Severity", build_select(GeneratorId.PREVIEW_SEVERITY, [(ALL, "as drawn")], ALL)),
            build_field(
                "Recording",
                dbc.Input(
                    id=GeneratorId.PREVIEW_INDEX, type="number", value=0, min=0, step=1, debounce=_TYPING_S
                ),
                help_text="Counted from 0 in its class.",
            ),
            build_field("Spectrum", build_select(GeneratorId.PREVIEW_RANGE, RANGES, "200")),
        ],
        className="form-grid",
    )
    return build_card(
        "One recording of it",
        html.Div(
            [
                controls,
                html.Div(id=GeneratorId.PROBLEM, role="status", **{"aria-live": "polite"}),
                html.Div(build_skeleton(2), id=GeneratorId.FACTS),
                build_plot(GeneratorId.WAVEFORM, "Waveform", height="220px"),
                build_plot(
                    GeneratorId.SPECTRUM,
                    "Amplitude spectrum",
                    height="240px",
                    note=html.Span(id=GeneratorId.RESOLUTION),
                ),
            ],
            className="stack-form",
        ),
    )


def _build_dataset() -> Component:
    start = build_button(
        "Generate",
        GeneratorId.START,
        icon="play",
        tone="primary",
        disabled_because="The configuration has not been looked at yet.",
    )
    cancel = build_button(
        "Cancel", GeneratorId.CANCEL, icon="x-lg", title="Stop; nothing of the dataset is kept"
    )
    form: list[Any] = [
        html.Div(build_skeleton(1), id=GeneratorId.ESTIMATE),
        build_field(
            "Name of the new dataset", dbc.Input(id=GeneratorId.NAME, maxlength=120, autocomplete="off")
        ),
        build_field("What it is for", dbc.Textarea(id=GeneratorId.DESCRIPTION, rows=2, maxlength=2000)),
        html.Div(start, className="form-actions"),
        html.Div(id=GeneratorId.JOB_AREA, **{"aria-live": "polite"}),
        html.Div(html.Div(cancel, className="form-actions"), id=GeneratorId.CANCEL_AREA, hidden=True),
    ]
    return build_card("The dataset", html.Div(form, className="stack-form"))
