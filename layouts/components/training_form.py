"""Parts of the training wizard: choices that show what they mean, options, and the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge, build_split_badge
from layouts.components.findings import build_finding_notes
from layouts.components.forms import build_field, build_select
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.new_experiment import NewExperimentId

PARTS = ("train", "validation", "test")
_UNITS = {"_s": "s", "_hz": "Hz"}
_GROUPS = {
    "Windows": ("window_s", "hop_s", "analysis_rate_hz"),
    "Training": ("epochs", "batch_size", "learning_rate", "weight_decay", "patience"),
}
_OWN_GROUP = "Model"
_FEW_SEEDS = 3


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


def build_network_options(networks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what can be trained as radio cards, classical models marked."""
    return [
        {
            "value": spec["name"],
            "label": html.Div(
                [
                    html.Span(
                        [
                            html.Span(spec["title"], className="row-title"),
                            html.Span(spec["family"], className="tag tag-neutral"),
                        ],
                        className="choice-head",
                    ),
                    html.Span(spec["description"], className="row-detail"),
                ],
                className="choice",
            ),
        }
        for spec in networks
    ]


def build_option_fields(spec: Mapping[str, Any], values: Mapping[str, Any]) -> Component:
    """Return a field per option, grouped; ``values`` replace the defaults."""
    known = {name for names in _GROUPS.values() for name in names}
    groups = {
        **{
            title: [each for each in spec["options"] if each["name"] in names]
            for title, names in _GROUPS.items()
        },
        _OWN_GROUP: [each for each in spec["options"] if each["name"] not in known],
    }
    return html.Div(
        [_build_group(title, options, values) for title, options in groups.items() if options],
        className="stack",
    )


def _build_group(
    title: str, options: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> html.Fieldset:
    fields = [_build_option(option, values.get(option["name"], option["default"])) for option in options]
    return html.Fieldset(
        [html.Legend(title, className="option-group"), html.Div(fields, className="form-grid")],
        className="field",
    )


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
            placeholder="worked out" if option["default"] is None else f"{option['default']:g}",
            autocomplete="off",
            debounce=0.4,
        )
    return build_field(label, control, unit=unit, help_text=_describe_option(option))


def name_option(name: str) -> tuple[str, str]:
    """Return an option's label and unit: ``window_s`` is ("Window", "s")."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ").capitalize(), unit
    if name.startswith("n_"):
        return f"Number of {name.removeprefix('n_').replace('_', ' ')}", ""
    return name.replace("_", " ").capitalize(), ""


def _describe_option(option: Mapping[str, Any]) -> str:
    if option["type"] not in ("int", "float") or option["minimum"] is None or option["maximum"] is None:
        return str(option["help"])
    limits = f"{format_number(option['minimum'])} to {format_number(option['maximum'])}"
    return f"{option['help']} From {limits}."


def build_review(check: Mapping[str, Any], *, n_changed: int) -> Component:
    """Return what will be trained on what, and what the results can't show."""
    n_seeds = len(check["seeds"])
    what = count_of(n_seeds, "training")
    options = "default options" if not n_changed else f"{count_of(n_changed, 'option')} changed"
    parts = [
        html.P([html.Strong(check["name"]), html.Br(), f"{what}, {options}"], className="review-name"),
        build_counts(check["counts"]),
        html.Div(
            [html.Span("Leak check"), build_split_badge(check["split_colour"])], className="review-line"
        ),
        *_build_findings(check),
        *_build_cautions(check, n_seeds),
    ]
    return html.Div(parts, className="stack-review")


def _build_findings(check: Mapping[str, Any]) -> list[Component]:
    shown = build_finding_notes(check["findings"])
    if check["accepted_reason"]:
        shown.append(html.P(["Accepted because: ", html.Q(check["accepted_reason"])], className="muted"))
    return shown


def _build_cautions(check: Mapping[str, Any], n_seeds: int) -> list[Component]:
    cautions = []
    if not check["counts"].get("test", {}).get("n_signals"):
        cautions.append("The split has no test part: there will be no accuracy on unseen recordings.")
    if not check["counts"].get("validation", {}).get("n_signals"):
        cautions.append("The split has no validation part: nothing shows when to stop.")
    if n_seeds < _FEW_SEEDS:
        cautions.append("Three seeds or more give an interval of what chance does; fewer do not.")
    return [build_note(caution) for caution in cautions]


def build_counts(counts: Mapping[str, Mapping[str, Any]]) -> html.Div:
    """Return how many signals of each class stand in each part, with the recordings below."""
    classes = sorted({name for part in counts.values() for name in part["classes"]})
    head = html.Tr(
        [html.Th("Signals", scope="col"), *(html.Th(part, scope="col", className="number") for part in PARTS)]
    )
    rows = [
        html.Tr(
            [
                html.Th(build_class_badge(name), scope="row"),
                *(_build_count(counts, part, name) for part in PARTS),
            ]
        )
        for name in classes
    ]
    recordings = html.Tr(
        [
            html.Th("Recordings", scope="row"),
            *(
                html.Td(str(counts.get(part, {}).get("n_recordings", 0)), className="number")
                for part in PARTS
            ),
        ],
        className="sum-row",
    )
    caption = html.Caption("Signals by class and part", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody([*rows, recordings])], className="plain-table")
    label = {"aria-label": "Signals by class and part"}
    return html.Div(table, className="plain-table-frame", tabIndex=0, role="region", **label)


def _build_count(counts: Mapping[str, Mapping[str, Any]], part: str, name: str) -> html.Td:
    return html.Td(str(counts.get(part, {}).get("classes", {}).get(name, 0)), className="number")
