"""Form controls whose labels and help are tied to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.icons import build_icon

# A select shows an empty value as nothing chosen, so "no filter" has a value of its own.
ALL = "all"
LATEST = "latest"

VIEWER_REASON = "This needs the role of an engineer; ask an administrator."


def build_field(label: str, control: Component, *, help_text: str = "", unit: str = "") -> html.Div:
    """Return a labelled control. ``control`` needs an id; the unit belongs to the label."""
    words = [label, html.Span(f" ({unit})", className="unit")] if unit else label
    parts = [dbc.Label(words, html_for=_name_element(control.id), class_name="field-label"), control]
    if help_text:
        parts.append(dbc.FormText(help_text, class_name="field-help"))
    return html.Div(parts, className="field")


def _name_element(component_id: Any) -> str:
    """Return the id that a component has in the document: Dash writes a pattern id as JSON."""
    if isinstance(component_id, dict):
        return json.dumps(component_id, sort_keys=True, separators=(",", ":"))
    return str(component_id)


def build_group(legend: str, control: Component, *, help_text: str = "") -> html.Fieldset:
    """Return a labelled set of tick boxes or radio buttons."""
    parts = [html.Legend(legend, className="field-label"), control]
    if help_text:
        parts.append(dbc.FormText(help_text, class_name="field-help"))
    return html.Fieldset(parts, className="field")


def build_select(
    component_id: Any, options: Sequence[tuple[str, str]], value: str = "", **props: Any
) -> dbc.Select:
    """Return a native select of (value, label) options; the label of an empty value is its placeholder."""
    items = [{"value": key, "label": label} for key, label in options]
    props.setdefault("placeholder", dict(options).get("", ""))
    return dbc.Select(id=component_id, options=items, value=value, **props)


def build_button(
    label: str,
    component_id: Any,
    *,
    icon: str | None = None,
    tone: str = "light",
    disabled_because: str | None = None,
    title: str | None = None,
    **props: Any,
) -> dbc.Button:
    """Return a button; one that can't work now is disabled, with the reason as its tooltip.

    A callback that changes its mind writes ``disabled`` and ``title``.
    """
    return dbc.Button(
        [*([build_icon(icon)] if icon else []), html.Span(label)],
        id=component_id,
        color=tone,
        class_name="action",
        disabled=disabled_because is not None,
        title=disabled_because or title,
        **props,
    )
