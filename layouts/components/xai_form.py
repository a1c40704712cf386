"""What is asked of an explanation: recording, class, method, options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, format_class
from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.numbers import count_of, format_number
from layouts.components.training_form import name_option
from layouts.ids import pattern_id
from layouts.ids.xai import XaiId

Plain = Mapping[str, Any]
PREDICTED = "predicted"
# The page has fields of its own for these.
_ELSEWHERE = ("target_class",)


def build_form() -> html.Section:
    """Return the form; its choices are filled when the experiment is known."""
    methods = dbc.RadioItems(id=XaiId.METHOD, options=[], value=None, class_name="choices")
    start = build_button(
        "Explain",
        XaiId.START,
        icon="eye",
        tone="primary",
        disabled_because="Choose a recording and a method first.",
    )
    body = [
        build_field(
            "Search recordings",
            dbc.Input(id=XaiId.SEARCH, type="search", debounce=0.3, placeholder="Name, file, machine"),
        ),
        build_field("Recording and channel", build_select(XaiId.SIGNAL, [])),
        html.Div(id=XaiId.SIGNAL_NOTE),
        build_field(
            "Class to explain", build_select(XaiId.TARGET, [(PREDICTED, "The one it answers")], PREDICTED)
        ),
        build_group("Method", methods),
        html.Div(id=XaiId.OPTIONS),
        html.Div(start, className="form-actions"),
    ]
    return build_card("What to explain", html.Div(body, className="stack-form"), class_name="xai-form")


def build_method_options(methods: Sequence[Plain]) -> list[dict[str, Any]]:
    """Return the methods as radio cards; what can't apply is disabled and says why."""
    return [
        {
            "value": each["name"],
            "label": _describe_method(each),
            "disabled": not each["is_offered"],
        }
        for each in methods
    ]


def _describe_method(method: Plain) -> html.Div:
    head: list[Component] = [html.Span(method["title"], className="row-title")]
    if method["is_offered"] and method["complete"]:
        head.append(build_badge("adds up", tone="info", title="Its parts add up to the score within 1 %."))
    parts: list[Component] = [html.Span(head, className="choice-head")]
    if method["is_offered"]:
        parts.append(html.Span(method["description"], className="row-detail"))
    else:
        parts.append(html.Span(method["reason"], className="choice-lacking"))
    return html.Div(parts, className="choice")


def build_class_options(class_names: Sequence[str]) -> list[dict[str, str]]:
    """Return the classes whose score can be explained; first the one that the classifier answers."""
    first = {"value": PREDICTED, "label": "The one it answers"}
    return [first, *({"value": name, "label": format_class(name)} for name in class_names)]


def build_option_fields(method: Plain, shared: Sequence[Plain], baselines: Sequence[Plain]) -> Component:
    """Return a field per option: those of every explanation, then the method's own."""
    known = {each["name"]: each for each in baselines}
    specs = [*shared, *method["options"]]
    fields = [_build_option(spec, known) for spec in specs if spec["name"] not in _ELSEWHERE]
    summary = html.Summary(
        [
            html.Span("Options", className="group-title"),
            html.Span(count_of(len(fields), "option"), className="row-detail"),
        ]
    )
    return html.Details(
        [summary, html.Div(fields, className="details-body stack-form")], className="disclosure option-set"
    )


def _build_option(spec: Plain, baselines: Mapping[str, Plain]) -> html.Div:
    label, unit = name_option(spec["name"])
    component_id = pattern_id(XaiId.OPTION, spec["name"])
    if spec["type"] == "bool":
        choices = [("false", "no"), ("true", "yes")]
        control: Component = build_select(component_id, choices, str(bool(spec["default"])).lower())
    elif spec["type"] == "choice":
        control = dbc.Select(
            id=component_id,
            options=[_describe_choice(name, baselines) for name in spec["choices"]],
            value=str(spec["default"]),
        )
    else:
        control = dbc.Input(
            id=component_id,
            type="text",
            inputmode="numeric" if spec["type"] == "int" else "decimal",
            value="" if spec["default"] is None else f"{spec['default']:g}",
            placeholder="worked out" if spec["default"] is None else f"{spec['default']:g}",
            autocomplete="off",
        )
    return build_field(label, control, unit=unit, help_text=_describe_limits(spec))


def _describe_choice(name: str, baselines: Mapping[str, Plain]) -> dict[str, Any]:
    known = baselines.get(name)
    if known is None:
        return {"value": name, "label": name.replace("_", " ")}
    reason = f" ({known['reason']})" if known["reason"] else ""
    return {"value": name, "label": f"{known['title']}{reason}", "disabled": bool(known["reason"])}


def _describe_limits(spec: Plain) -> str:
    if spec["type"] not in ("int", "float") or spec["minimum"] is None or spec["maximum"] is None:
        return str(spec["help"])
    return f"{spec['help']} From {format_number(spec['minimum'])} to {format_number(spec['maximum'])}."
