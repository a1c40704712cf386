"""Parts of the training wizard: choices that show what they mean, options, and the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_split_badge
from layouts.components.forms import build_field, build_select
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.ids import pattern_id
from layouts.ids.new_experiment import NewExperimentId

PARTS = ("train", "validation", "test")
_UNITS = {"_s": "s", "_hz": "Hz", "_db": "dB"}
_NEEDS = {"shaft_speed": "The shaft speed", "fault_orders": "The bearing's geometry"}
_FIRST_GROUPS = ("windows", "network")


def build_dataset_options(datasets: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the options of the dataset select."""
    return [
        {
            "value": str(each["dataset_id"]),
            "label": f"{each['name']} · {count_of(each['n_recordings'], 'recording')}",
        }
        for each in datasets
    ]


def build_split_options(splits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the splits as radio cards: name, leak colour, rule, sizes."""
    return [{"value": split["split_id"], "label": _describe_split(split)} for split in splits]


def _describe_split(split: Mapping[str, Any]) -> html.Div:
    head = html.Span(
        [html.Span(split["name"], className="row-title"), build_split_badge(split["colour"])],
        className="choice-head",
    )
    sizes = " · ".join(f"{part} {split['counts'].get(part, {}).get('n_recordings', 0)}" for part in PARTS)
    rule = f"{describe_rule(split)} · version {split['version']}"
    return html.Div(
        [
            head,
            html.Span(rule, className="row-detail"),
            html.Span(f"Recordings: {sizes}", className="row-detail"),
        ],
        className="choice",
    )


def describe_rule(split: Mapping[str, Any]) -> str:
    """Return a split's rule in words."""
    if split["by"] == "given":
        return "As the files give it"
    words = f"By {str(split['by']).replace('_', ' ')}"
    if split["test_values"]:
        words += f", tested on {', '.join(map(str, split['test_values']))}"
    return words


def build_network_options(
    networks: Sequence[Mapping[str, Any]],
    missing: Mapping[str, int] | None = None,
    dataset_id: int | None = None,
) -> list[dict[str, Any]]:
    """Return what can be trained as radio cards: what it is, what it needs, how it has done here.

    ``missing`` counts signals of which something is not known; what can't work with them can't be chosen.
    """
    return [
        {
            "value": spec["name"],
            "label": _describe_network(spec, _list_lacking(spec, missing or {}), dataset_id),
            "disabled": bool(_list_lacking(spec, missing or {})),
        }
        for spec in networks
    ]


def _list_lacking(spec: Mapping[str, Any], missing: Mapping[str, int]) -> list[str]:
    """Return what the signals lack that a network needs, in words."""
    total = missing.get("n_signals", 0)
    return [
        f"{_NEEDS[need]} is not known for {missing[need]} of {total} signals"
        for need in spec["needs"]
        if missing.get(need)
    ]


def _describe_network(spec: Mapping[str, Any], lacking: Sequence[str], dataset_id: int | None) -> html.Div:
    needs = [build_badge(f"needs {_NEEDS[need].lower()}", tone="info") for need in spec["needs"]]
    head = html.Span(
        [
            html.Span(spec["title"], className="row-title"),
            html.Span(spec["family"], className="tag tag-neutral"),
            *needs,
        ],
        className="choice-head",
    )
    parts: list[Component] = [head, html.Span(spec["description"], className="row-detail")]
    if lacking:
        sentence = f"{'; '.join(lacking)}. Enter it with Edit on the dataset's page."
        parts.append(html.Span(sentence, className="choice-lacking"))
    parts.append(html.Span(word_measured(spec["measured"], dataset_id), className="choice-measured"))
    return html.Div(parts, className="choice")


def word_measured(measured: Sequence[Mapping[str, Any]], dataset_id: int | None) -> str:
    """Return how a network has done in own finished trainings: measured numbers or none at all."""
    mine = [each for each in measured if each["dataset_id"] == dataset_id]
    if not (mine or measured):
        return "Not measured here yet."
    shown = (mine or measured)[0]
    accuracy = format_percent(shown["test_recording_accuracy_mean"])
    interval = shown["test_recording_accuracy_interval"]
    if interval and interval[1] > interval[0]:
        low, high = (format_percent(min(max(each, 0.0), 1.0)) for each in interval)
        seeds = f"mean of {count_of(shown['n_finished'], 'seed')}, 95 % interval {low} to {high}"
    else:
        few = ", too few for an interval" if shown["note"] else ""
        seeds = f"{count_of(shown['n_finished'], 'seed')}{few}"
    split = f"{shown['split']}{' (amber)' if shown['split_colour'] == 'amber' else ''}"
    return (
        f"Measured: {accuracy} recording-level on {shown['dataset']} v{shown['dataset_version']}, {split}; "
        f"{seeds}; {str(shown['finished_at'])[:10]}."
    )


def build_option_fields(spec: Mapping[str, Any], values: Mapping[str, Any]) -> Component:
    """Return a field per option, in the registry's groups; ``values`` replace the defaults.

    The first groups are open; of the others the heading says what they hold.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for option in spec["options"]:
        groups.setdefault(option["group"], []).append(option)
    order = [name for name in _FIRST_GROUPS if name in groups]
    order += [name for name in groups if name not in order]
    return html.Div(
        [_build_group(groups[name], values, is_open=name in _FIRST_GROUPS) for name in order],
        className="stack-form",
    )


def _build_group(
    options: Sequence[Mapping[str, Any]], values: Mapping[str, Any], *, is_open: bool
) -> html.Details:
    fields = [_build_option(option, values.get(option["name"], option["default"])) for option in options]
    changed = [
        option for option in options if values.get(option["name"], option["default"]) != option["default"]
    ]
    title = options[0]["group_title"]
    count = f"{count_of(len(options), 'option')}{f', {len(changed)} changed' if changed else ''}"
    summary = html.Summary(
        [html.Span(title, className="group-title"), html.Span(count, className="row-detail")]
    )
    body = html.Div(fields, className="form-grid details-body")
    return html.Details([summary, body], className="disclosure option-set", open=is_open or bool(changed))


def _build_option(option: Mapping[str, Any], value: Any) -> html.Div:
    label, unit = name_option(option["name"])
    component_id = pattern_id(NewExperimentId.OPTION, option["name"])
    if option["type"] == "bool":
        control: Component = build_select(
            component_id, [("false", "no"), ("true", "yes")], str(bool(value)).lower()
        )
    elif option["type"] == "choice":
        control = build_select(component_id, [(name, name) for name in option["choices"]], str(value))
    else:
        control = dbc.Input(
            id=component_id,
            type="text",
            inputmode="numeric" if option["type"] == "int" else "decimal",
            value="" if value is None else f"{value:g}" if isinstance(value, float) else str(value),
            placeholder=word_empty(option["help"]) if option["default"] is None else f"{option['default']:g}",
            autocomplete="off",
            debounce=0.4,
        )
    field = build_field(label, control, unit=unit, help_text=_describe_option(option))
    problem = html.Div(
        id=pattern_id(NewExperimentId.PROBLEM, option["name"]), className="field-problem", role="status"
    )
    return html.Div([*field.children, problem], className="field")


def name_option(name: str) -> tuple[str, str]:
    """Return an option's label and unit: ``window_s`` is ("Window", "s")."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return _capitalise(name.removesuffix(ending)), unit
    if name.startswith("n_"):
        return f"Number of {name.removeprefix('n_').replace('_', ' ')}", ""
    return _capitalise(name), ""


def _capitalise(name: str) -> str:
    label = name.replace("_", " ").capitalize()
    return label[:3].upper() + label[3:] if label.startswith(("Snr ", "Ema ")) else label


def word_empty(help_text: str) -> str:
    """Return what an empty option stands for, which its help says: "half a window", "no limit"."""
    return help_text.partition("empty: ")[2].rstrip(".") or "worked out"


def _describe_option(option: Mapping[str, Any]) -> str:
    if option["type"] not in ("int", "float") or option["minimum"] is None or option["maximum"] is None:
        return str(option["help"])
    limits = f"{format_number(option['minimum'])} to {format_number(option['maximum'])}"
    return f"{option['help']} From {limits}."
