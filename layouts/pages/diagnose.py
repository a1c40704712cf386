"""Diagnose: one recording, one classifier, an answer with its limits."""

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
from layouts.components.header import build_page_header
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.plots import build_plot
from layouts.components.states import build_button_link, build_empty_state, build_note, build_skeleton
from layouts.components.uploads import build_upload_zone
from layouts.components.url import build_url_store
from layouts.ids.diagnose import DiagnoseId
from layouts.page_spec import NavGroup, PageSpec
from utils.constants import RECORDING_ENDINGS

POLL_MS = 1000
SOURCES = (("stored", "Stored recording"), ("file", "New file"))


def build_layout(
    experiment: str | None = None, signal: str | None = None, diagnosis: str | None = None, **_query: Any
) -> Component:
    """Return the page; the address may name a classifier's experiment, a stored signal, a past diagnosis."""
    wished = {"experiment": experiment, "signal": signal, "diagnosis": diagnosis}
    return html.Div(
        [
            dcc.Store(id=DiagnoseId.PAGE, data=wished),
            dcc.Store(id=DiagnoseId.CURRENT, data=_read_number(diagnosis)),
            dcc.Interval(id=DiagnoseId.POLL, interval=POLL_MS, disabled=True),
            build_url_store(DiagnoseId.URL, "experiment", "signal", "diagnosis"),
            build_page_header(
                "Diagnose",
                "Ask a trained classifier about one recording. Its limits stand beside its answer.",
            ),
            html.Div([_build_form(), _build_answer()], className="diagnose-grid"),
            html.Div(
                build_card("Past diagnoses", html.Div(build_skeleton(4), id=DiagnoseId.HISTORY), flush=True),
                className="history",
            ),
        ],
        className="page",
    )


def _read_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def _build_form() -> html.Section:
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
        disabled_because="Choose a classifier and a recording first.",
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
            help_text="Any format that can be imported. It is used for this diagnosis only and not kept.",
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
        build_field(
            "Shaft speed",
            dbc.Input(
                id=DiagnoseId.SPEED, inputmode="decimal", autocomplete="off", placeholder="as recorded"
            ),
            unit="rpm",
        ),
        build_field(
            "Machine", dbc.Input(id=DiagnoseId.MACHINE, autocomplete="off", placeholder="as recorded")
        ),
        build_field(
            "Bearing",
            dbc.Input(
                id=DiagnoseId.BEARING, autocomplete="off", list=DiagnoseId.BEARINGS, placeholder="as recorded"
            ),
        ),
    ]
    suggestions = html.Datalist(id=DiagnoseId.BEARINGS)
    return html.Details(
        [
            html.Summary("What the recording does not say (optional)"),
            html.Div([*fields, suggestions], className="form-grid details-body"),
        ],
        className="disclosure",
    )


def _build_answer() -> html.Div:
    timeline = build_plot(
        DiagnoseId.TIMELINE, "Window by window", note="window-level probabilities", height="230px"
    )
    shares = html.Div(id=DiagnoseId.PROBABILITIES)
    return html.Div(
        [
            html.Div(build_skeleton(height="180px"), id=DiagnoseId.RESULT, **{"aria-live": "polite"}),
            html.Div(
                [build_card("Probabilities, recording-level", shares), build_card(None, timeline)],
                id=DiagnoseId.PLOTS,
                className="stack drawn",
                hidden=True,
            ),
            html.Div(id=DiagnoseId.DETAILS),
        ],
        className="stack",
    )


def build_classifier_options(experiments: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the trained classifiers, each with its recording-level test accuracy."""
    return [
        {"value": str(each["experiment_id"]), "label": _describe_classifier(each)} for each in experiments
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


def build_no_classifier() -> Component:
    """Return what stands here while nothing is trained."""
    return build_empty_state(
        "No trained classifier yet",
        "A diagnosis needs one. Train one first; a random forest takes seconds.",
        action=build_button_link("New experiment", "/experiment/new", icon="cpu"),
        icon="cpu",
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


def build_nothing_asked() -> Component:
    """Return what stands in place of an answer before the first question."""
    state = build_empty_state(
        "No question asked yet",
        "Choose a classifier and a recording. The answer shows its class, how sure it is, and its limits.",
        icon="activity",
    )
    return html.Section(state, className="surface")


def build_no_such_diagnosis() -> Component:
    """Return what an unknown diagnosis shows."""
    state = build_empty_state(
        "There is no such diagnosis", "It may have been deleted.", icon="question-circle"
    )
    return html.Section(state, className="surface")


def build_answer(answer: Mapping[str, Any], label: str | None) -> Component:
    """Return verdict, limits and notes, in this order."""
    return html.Div(
        [
            parts.build_verdict(answer, label),
            parts.build_limits(answer["limits"]),
            parts.build_notes(answer["notes"]),
        ],
        className="stack",
    )


PAGE = PageSpec(
    module="layouts.pages.diagnose",
    path="/diagnose",
    title="Diagnose",
    layout=build_layout,
    nav_group=NavGroup.INSIGHT,
    icon="activity",
)
