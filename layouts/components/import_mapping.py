"""The mapping of an import: which signals are taken, and what each field of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.forms import build_field, build_select
from layouts.components.icons import build_icon
from layouts.components.numbers import count_of, format_number
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES

NOTHING = "none"
CLASSES = tuple(dict.fromkeys((*ROLLING_FAULT_CLASSES, *FAULT_CLASSES)))
EXAMPLE_PATTERN = r"(?P<fault_class>[A-Za-z]+)(?P<severity>\d*).*_(?P<load>\d)"
TABLE_COLUMNS = (
    *("file", "variable", "channel", "sample_rate_hz", "shaft_speed_rpm", "load", "unit", "machine"),
    *("measurement_point", "bearing", "fault_class", "severity", "group", "sensitivity", "acquired_utc"),
)
# Key of the mapping: label, unit of the field that it gives.
VALUE_KEYS = {
    "speed_from": "Shaft speed (rpm) from",
    "shaft_frequency_from": "Shaft frequency (Hz) from",
    "sample_rate_from": "Sample rate (Hz) from",
    "load_from": "Load from",
}
LABEL_SOURCES = (
    ("found", "As the name pattern, the table or the file says"),
    ("filename", "Words in the file's name"),
    ("folder", "The name of the folder"),
    ("field", "Another group, column or field"),
)
_TYPING_S = 0.5
_AS_ALL = "as for every signal"


def build_text(component_id: Any, **props: Any) -> dbc.Input:
    """Return a text field that waits until the person stops typing."""
    return dbc.Input(id=component_id, autocomplete="off", debounce=_TYPING_S, **props)


# --- channels ----------------------------------------------------------------------------------------------


def build_rules(
    channels: Sequence[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> list[Component]:
    """Return one set of fields per channel found; ``known`` are the values already entered, by its key."""
    return [_build_rule(channel, known.get(key_of(channel), {})) for channel in channels]


def key_of(channel: Mapping[str, Any]) -> str:
    """Return what a found channel is recognised by when files are added."""
    return str(channel["channel"] or channel["glob"])


def _build_rule(channel: Mapping[str, Any], known: Mapping[str, Any]) -> html.Fieldset:
    key = key_of(channel)

    def place(field: str) -> dict[str, str | int]:
        return pattern_id(DataGenerationId.RULE, f"{key}|{field}")

    own = channel["channel"] is None
    take = dbc.Checkbox(id=place("take"), label="Import", value=known.get("take", True))
    label = dbc.Checkbox(
        id=place("labelled"), label="Carries the fault class", value=known.get("labelled", True)
    )
    fields = [
        build_field(
            "Signals called",
            build_text(place("variable"), value=known.get("variable", channel["glob"]), class_name="mono"),
        ),
        build_field(
            "Channel",
            build_text(
                place("channel"),
                value=known.get("channel", channel["channel"] or ""),
                placeholder="as the files name it" if own else "",
                maxlength=60,
            ),
        ),
        build_field(
            "Unit",
            build_text(
                place("unit"),
                value=known.get("unit", ""),
                placeholder=", ".join(channel["units"]) or _AS_ALL,
                maxlength=24,
            ),
        ),
        build_field(
            "Sensitivity",
            build_text(
                place("sensitivity"),
                value=known.get("sensitivity", ""),
                placeholder="100 mV/g",
                maxlength=40,
            ),
        ),
        build_field(
            "Measurement point",
            build_text(
                place("measurement_point"),
                value=known.get("measurement_point", ""),
                placeholder=_AS_ALL,
                maxlength=120,
            ),
        ),
        build_field(
            "Bearing",
            build_text(
                place("bearing"),
                value=known.get("bearing", ""),
                placeholder=_AS_ALL,
                list=DataGenerationId.BEARINGS.value,
                maxlength=120,
            ),
        ),
    ]
    return html.Fieldset(
        [
            html.Legend(_describe_channel(channel), className="rule-legend"),
            html.Div([take, label], className="rule-ticks"),
            html.Div(fields, className="rule-fields"),
        ],
        className="import-rule",
    )


def read_rules(ids: Sequence[Mapping[str, str]], values: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return what was entered into the fields of `build_rules`, by channel."""
    rules: dict[str, dict[str, Any]] = {}
    for each, value in zip(ids, values, strict=True):
        key, _, field = each["index"].rpartition("|")
        rules.setdefault(key, {})[field] = value
    return rules


def _describe_channel(channel: Mapping[str, Any]) -> list[Any]:
    name = channel["channel"] or "Signals that the files describe themselves"
    examples = ", ".join(channel["examples"][:2])
    counts = (
        f"{count_of(channel['n_signals'], 'signal')} in {count_of(channel['n_files'], 'file')}: {examples}"
    )
    more = "…" if channel["n_signals"] > 2 else ""
    return [html.Span(name, className="row-title"), " ", html.Span(f"{counts}{more}", className="row-detail")]


def build_value_options(values: Sequence[Mapping[str, Any]], chosen: str) -> list[dict[str, str]]:
    """Return the single numbers of the files as options; what is chosen stays one of them."""
    options = {NOTHING: "no value" if values else "not in the files"}
    options |= {value["glob"]: _describe_value(value) for value in values}
    options.setdefault(chosen, f"{chosen}: not in these files")
    return [{"value": value, "label": label} for value, label in options.items()]


def _describe_value(value: Mapping[str, Any]) -> str:
    ends = dict.fromkeys((value["low"], value["high"]))
    span = " – ".join(format_number(end, 6) for end in ends)
    return f"{value['glob']}: {span} ({count_of(value['n_files'], 'file')})"


# --- the rest of the form ----------------------------------------------------------------------------------


def build_defaults() -> html.Div:
    """Return the fields that hold for every signal."""

    def field(name: str, label: str, *, unit: str = "", help_text: str = "", **props: Any) -> html.Div:
        control = build_text(
            pattern_id(DataGenerationId.DEFAULT, name), placeholder="unknown", maxlength=120, **props
        )
        return build_field(label, control, unit=unit, help_text=help_text)

    classes = [
        (NOTHING, "from names, tables or files"),
        *((each, each.replace("_", " ")) for each in CLASSES),
    ]
    return html.Div(
        [
            field(
                "sample_rate_hz",
                "Sample rate",
                unit="Hz",
                inputmode="decimal",
                help_text="For files that do not say it; never guessed.",
            ),
            field("shaft_speed_rpm", "Shaft speed", unit="rpm", inputmode="decimal"),
            field("load", "Load"),
            field("unit", "Unit", help_text="For example g or m/s²."),
            field(
                "sensitivity",
                "Sensitivity",
                help_text="For example 100 mV/g: the files' volts become g.",
            ),
            field("machine", "Machine"),
            field("measurement_point", "Measurement point"),
            field("bearing", "Bearing", list=DataGenerationId.BEARINGS.value),
            field("group", "Physical bearing", help_text="The same name for the same specimen."),
            build_field(
                "Fault class",
                build_select(pattern_id(DataGenerationId.DEFAULT, "fault_class"), classes, NOTHING),
                help_text="One for all signals, where nothing else names it.",
            ),
            html.Datalist(id=DataGenerationId.BEARINGS),
        ],
        className="form-grid",
    )


def build_values() -> html.Div:
    """Return which single values of the files give a field."""
    return html.Div(
        [
            build_field(
                label,
                build_select(
                    pattern_id(DataGenerationId.VALUE, key), [(NOTHING, "not in the files")], NOTHING
                ),
            )
            for key, label in VALUE_KEYS.items()
        ],
        className="form-grid",
    )


def build_labels() -> html.Div:
    """Return where fault classes and other fields come from in names."""
    sources = build_select(DataGenerationId.LABEL_FROM, LABEL_SOURCES, "found")
    other = build_field(
        "Name of the group, column or field", build_text(DataGenerationId.LABEL_FIELD, maxlength=80)
    )
    return html.Div(
        [
            html.Div(
                [
                    build_field(
                        "Name pattern",
                        build_text(
                            DataGenerationId.PATTERN,
                            placeholder=EXAMPLE_PATTERN,
                            class_name="mono",
                            maxlength=500,
                        ),
                        help_text=_explain_pattern(),
                    ),
                    build_field("Fault class from", sources),
                    html.Div(other, id=DataGenerationId.LABEL_FIELD_AREA, hidden=True),
                ],
                className="stack-form",
            ),
            build_field(
                "Words and the class they stand for",
                dbc.Textarea(
                    id=DataGenerationId.WORDS,
                    rows=5,
                    debounce=_TYPING_S,
                    placeholder="IR = inner_race\nOR = outer_race\nB = ball",
                    class_name="mono",
                ),
                help_text=f"One per line. Classes: {', '.join(CLASSES)}.",
            ),
        ],
        className="grid-2",
    )


def _explain_pattern() -> list[Any]:
    return [
        "A regular expression found in each file's name; its named groups are fields: fault_class, severity, "
        "load, shaft_speed_rpm, sample_rate_hz, machine, group, … ",
        html.Code(EXAMPLE_PATTERN),
        " reads “IR007_2.mat” as IR, 007 and 2.",
    ]


def build_table_field() -> html.Div:
    """Return the metadata table: pasted, or read from a file of this computer."""
    load = html.Button(
        [build_icon("upload"), html.Span("Read from a CSV file")],
        type="button",
        className="btn btn-light btn-sm action",
        **{"data-action": "read-table", "data-target": DataGenerationId.TABLE.value},
    )
    table = dbc.Textarea(
        id=DataGenerationId.TABLE,
        rows=6,
        debounce=_TYPING_S,
        class_name="mono import-table",
        wrap="off",
        placeholder="file,variable,channel,sample_rate_hz,fault_class\nIR007_0.mat,*_DE_time,DE,12000,inner_race",
    )
    help_text = (
        "A row per file and channel; it decides which signals are taken. Separated by comma, semicolon or "
        f"tab. Columns: {', '.join(TABLE_COLUMNS)}."
    )
    return html.Div(
        [
            build_field("Metadata table (CSV)", table, help_text=help_text),
            html.Div(load, className="form-actions"),
        ]
    )
