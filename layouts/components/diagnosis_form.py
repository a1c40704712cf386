"""The form of a diagnosis: which recording, which classifier, what else is known; what each choice means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import diagnosis as parts
from layouts.components.badges import build_split_badge
from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.states import build_note
from layouts.components.uploads import build_upload_zone
from layouts.ids.diagnose import DiagnoseId
from utils.constants import RECORDING_ENDINGS

SOURCES = (("stored", "Stored recording"), ("file", "New file"))
LINES_ALONE = "none"
KINDS = (("recorded", "as recorded"), ("rolling", "rolling bearing"), ("journal", "journal bearing"))


def build_form() -> html.Section:
    sources = dbc.RadioItems(
        id=DiagnoseId.SOURCE,
        options=[{"value": value, "label": label} for value, label in SOURCES],
        value="stored",
        inline=True,
    )
    start = build_button(
        "Diagnose",
        DiagnoseId.START,
        icon="activity",
        tone="primary",
        disabled_because="Choose a recording first.",
    )
    body = [
        build_field("Classifier", build_select(DiagnoseId.CLASSIFIER, [])),
        html.Div(id=DiagnoseId.CLASSIFIER_NOTE),
        build_group("Recording", sources),
        html.Div(_build_stored(), id=DiagnoseId.STORED, className="stack-form"),
        html.Div(_build_file(), id=DiagnoseId.FILE, className="stack-form", hidden=True),
        _build_facts(),
        html.Div(start, className="form-actions"),
    ]
    return build_card("What to ask", html.Div(body, className="stack-form"))


def _build_stored() -> list[Component]:
    return [
        build_field("Dataset", build_select(DiagnoseId.DATASET, [])),
        build_field(
            "Search recordings",
            dbc.Input(
                id=DiagnoseId.RECORDING_SEARCH, type="search", debounce=0.3, placeholder="Name, file, machine"
            ),
        ),
        build_field("Recording and channel", build_select(DiagnoseId.SIGNAL, [])),
        html.Div(id=DiagnoseId.SIGNAL_NOTE),
    ]


def _build_file() -> list[Component]:
    return [
        build_upload_zone(
            DiagnoseId.UPLOAD,
            DiagnoseId.UPLOAD_STATUS,
            "Choose a file",
            help_text="Any format that can be imported. Its samples are kept for the report.",
            endings=RECORDING_ENDINGS,
        ),
        html.Div(id=DiagnoseId.FILE_NOTE, **{"aria-live": "polite"}),
        build_field("Signal in the file", build_select(DiagnoseId.VARIABLE, [])),
        build_field(
            "Sample rate",
            dbc.Input(
                id=DiagnoseId.SAMPLE_RATE,
                inputmode="decimal",
                autocomplete="off",
                placeholder="as the file says",
            ),
            unit="Hz",
            help_text="Only where the file does not say it. It is never guessed.",
        ),
    ]


def _build_facts() -> html.Details:
    fields = [
        build_field("Shaft speed", _build_text(DiagnoseId.SPEED, "as recorded"), unit="rpm"),
        build_field("Machine", _build_text(DiagnoseId.MACHINE, "as recorded")),
        build_field("Kind of bearing", build_select(DiagnoseId.MACHINE_KIND, KINDS, "recorded")),
        build_field("Bearing", _build_text(DiagnoseId.BEARING, "as recorded", list=DiagnoseId.BEARINGS)),
    ]
    orders = [
        build_field(
            "or its geometry",
            _build_text(DiagnoseId.GEOMETRY, "n=9, d=7.94, D=39.04, phi=0"),
            help_text="Rolling elements, their diameter and the pitch diameter in mm, contact angle (°).",
        ),
        build_field(
            "or its fault orders",
            _build_text(DiagnoseId.ORDERS, "bpfo=3.58, bpfi=5.42, bsf=2.36, ftf=0.398"),
            help_text="Multiples of the shaft frequency, as the maker gives them.",
        ),
    ]
    suggestions = html.Datalist(id=DiagnoseId.BEARINGS)
    body = [html.Div(fields, className="form-grid"), *orders, suggestions]
    return html.Details(
        [
            html.Summary("What the recording does not say (optional)"),
            html.Div(body, className="stack-form details-body"),
        ],
        className="disclosure",
    )


def _build_text(component_id: str, placeholder: str, **props: Any) -> dbc.Input:
    return dbc.Input(id=component_id, autocomplete="off", placeholder=placeholder, **props)


def build_classifier_options(experiments: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return "none", and the trained classifiers, each with its recording-level test accuracy."""
    return [
        {"value": LINES_ALONE, "label": "None: the lines of the recording alone"},
        *({"value": str(each["experiment_id"]), "label": _describe_classifier(each)} for each in experiments),
    ]


def _describe_classifier(experiment: Mapping[str, Any]) -> str:
    test = experiment["test"]
    how = "never tested"
    if test is not None:
        level = test["recording_level"]
        how = f"{format_percent(level['accuracy'])} of {count_of(level['n'], 'test recording')}"
    return f"{experiment['name']} · seed {experiment['seed']} · {how} · #{experiment['experiment_id']}"


def build_classifier_note(experiment: Mapping[str, Any]) -> Component:
    """Return origin and stamp of the chosen classifier."""
    test = experiment["test"]
    lines: list[Any] = [
        f"{experiment['network_title']} trained on {parts.describe_data(experiment)}, ",
        f"split {experiment['split']} ",
        build_split_badge(experiment["split_colour"]),
    ]
    if test is not None:
        lines.append(html.Div(f"Test, recording-level: {parts.describe_level(test['recording_level'])}"))
    return html.Div(lines, className="row-detail")


def build_no_classifier(*, can_choose: bool) -> Component:
    """Return what stands here while no classifier is chosen, or none is trained."""
    words = (
        "The recording's own lines are judged by rules, without any training. They need the shaft speed and, "
        "of a rolling bearing, its name, geometry or fault orders."
    )
    if can_choose:
        return html.Div(words, className="row-detail")
    train = dcc.Link("Train one", href="/experiment/new")
    return html.Div(
        [words, " No classifier is trained yet. ", train, " for a second opinion."], className="row-detail"
    )


def build_signal_options(signals: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return stored signals by recording and channel, with load and sample rate."""
    return [{"value": str(each["signal_id"]), "label": _describe_signal(each)} for each in signals]


def _describe_signal(signal: Mapping[str, Any]) -> str:
    load = f" · {signal['load']}" if signal["load"] else ""
    return f"{signal['recording']} · {signal['channel']}{load} · {format_number(signal['sample_rate_hz'])} Hz"


def build_signal_note(n_shown: int, total: int) -> Component | None:
    """Return why a recording may be missing from the list."""
    if total == 0:
        return html.Div("Nothing matches.", className="muted")
    if total <= n_shown:
        return None
    return html.Div(
        f"{n_shown} of {format_number(total)} signals are shown; search to see others.", className="muted"
    )


def build_variable_options(variables: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the signals that a file holds."""
    return [{"value": each["name"], "label": _describe_variable(each)} for each in variables]


def _describe_variable(variable: Mapping[str, Any]) -> str:
    rate_hz = variable["sample_rate_hz"]
    rate = f"{format_number(rate_hz)} Hz" if rate_hz else "sample rate not given"
    return f"{variable['name']} · {count_of(variable['n_samples'], 'sample')} · {rate}"


def build_file_note(preview: Mapping[str, Any]) -> Component:
    """Return what a file says of itself, or why it can't be used."""
    if preview["problem"]:
        return build_note(preview["problem"], level="danger")
    found = f"{preview['file']}: {count_of(preview['n_variables'], 'signal')} found. "
    missing = [each for each in preview["variables"] if not each["sample_rate_hz"]]
    words = [found]
    if missing:
        words.append("The file does not say the sample rate: enter it below.")
    else:
        words.append("The sample rate is read from the file.")
    if preview["scalars"]:
        known = ", ".join(f"{name} = {value}" for name, value in list(preview["scalars"].items())[:6])
        words.append(f" It also holds {known}.")
    return build_note(words, level="warning" if missing else "success")
