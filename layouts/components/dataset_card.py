"""The card of a dataset: what it holds, under which conditions, and what to be careful about."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_card, build_definitions, build_hash, build_key_figures
from layouts.components.dataset_versions import name_kind, word_changes
from layouts.components.generator_card import build_generator_card
from layouts.components.icons import build_icon
from layouts.components.numbers import (
    UNKNOWN,
    count_of,
    format_bytes,
    format_duration,
    format_moment,
    format_number,
    format_range,
)
from layouts.components.states import build_note
from layouts.figures.theme import class_colour

_SEVERITY_TONES = {"error": "danger", "warning": "warning", "note": "info", "info": "info"}


def build_dataset_card(details: dict[str, Any]) -> Component:
    """Return the overview of the chosen version of a dataset."""
    return html.Div(
        [
            *([build_note(_ARCHIVED, level="warning")] if details["archived"] else []),
            *([_build_damage(details["n_damaged"])] if details["n_damaged"] else []),
            build_card(None, build_key_figures(_list_figures(details))),
            html.Div(
                [
                    html.Div(
                        [
                            build_card("Classes", _build_classes(details["classes"])),
                            build_card("Quality", _build_quality(details["quality"])),
                        ],
                        className="stack",
                    ),
                    html.Div(
                        [
                            build_card("Conditions", build_definitions(_list_conditions(details))),
                            build_card("Origin", build_definitions(_list_origin(details))),
                            *([build_generator_card(details["card"])] if details["card"] else []),
                        ],
                        className="stack",
                    ),
                ],
                className="grid-2",
            ),
        ],
        className="stack",
    )


_ARCHIVED = (
    "This dataset is archived: it is left out of lists, and its recordings and results stay as they are."
)


def _build_damage(n_damaged: int) -> Component:
    words = (
        f"This dataset is damaged: {count_of(n_damaged, 'signal')} can't be read as stored. The rest works. "
        "Restore the file from a backup, or import the recordings again."
    )
    return build_note(words, level="danger")


def build_archive_label(*, archived: bool) -> list[Component]:
    """Return what the archive button says now."""
    icon, label = ("arrow-counterclockwise", "Restore") if archived else ("archive", "Archive")
    return [build_icon(icon), html.Span(label)]


def _list_figures(details: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        ("Recordings", format_number(details["n_recordings"]), ""),
        ("Signals", format_number(details["n_signals"]), ""),
        ("Channels", format_number(len(details["channels"])), ""),
        ("Total length", format_duration(details["duration_s"]), ""),
        ("Storage", format_bytes(details["n_bytes"]), ""),
        ("Classes", format_number(len(details["classes"])), ""),
        ("Version", str(details["version"]), ""),
    ]


def _build_classes(classes: dict[str, int]) -> Component:
    """One bar per class: its recordings against the largest class."""
    most = max(classes.values(), default=1)
    rows = [
        html.Li(
            [
                build_class_badge(name),
                _build_bar(name, count / most),
                html.Span(format_number(count), className="number"),
            ]
        )
        for name, count in classes.items()
    ]
    return html.Div(
        [html.Ul(rows, className="class-bars"), html.P("Recordings per class.", className="field-help")]
    )


def _build_bar(fault_class: str, share: float) -> html.Div:
    return html.Div(
        html.Div(
            className="meter-fill",
            style={"width": f"{100 * share:.1f}%", "background": class_colour(fault_class)},
        ),
        className="meter",
    )


def _list_conditions(details: dict[str, Any]) -> list[tuple[str, Any]]:
    speed = details["shaft_speed_rpm"]
    return [
        ("Sample rate", _list_values(details["sample_rates_hz"], "Hz")),
        ("Shaft speed", format_range(speed.values(), "rpm") if speed else UNKNOWN),
        ("Load", _list_values(details["loads"])),
        ("Unit", _list_values(details["units"])),
        ("Channel", _list_values(details["channels"])),
        ("Machine", _list_values(details["machines"])),
    ]


def _list_values(values: list[Any], unit: str = "", limit: int = 8) -> str:
    if not values:
        return UNKNOWN
    words = [
        format_number(value) if isinstance(value, int | float) else str(value) for value in values[:limit]
    ]
    rest = f" and {len(values) - limit} more" if len(values) > limit else ""
    return f"{', '.join(words)}{rest} {unit}".strip()


def _build_quality(flags: list[dict[str, Any]]) -> Component:
    if not flags:
        return html.P("No flag was raised on any signal at import.", className="muted")
    rows = [
        html.Li(
            [
                build_badge(
                    flag["name"].replace("_", " "), tone=_SEVERITY_TONES.get(flag["severity"], "neutral")
                ),
                html.Span(count_of(flag["n_signals"], "signal")),
            ]
        )
        for flag in flags
    ]
    return html.Ul(rows, className="flag-list")


def _list_origin(details: dict[str, Any]) -> list[tuple[str, Any]]:
    version = next(each for each in details["versions"] if each["number"] == details["version"])
    rows: list[tuple[str, Any]] = [
        ("Manifest SHA-256", build_hash(details["manifest_sha256"])),
        ("Made", f"{format_moment(version['created_at'])}, {name_kind(version['kind'])}"),
        ("By", version["author"] or "a command"),
        ("Changes", word_changes(version["changes"], version.get("labels"))),
        *([("From", _build_parent(version["parent"]))] if version["parent"] else []),
        ("Bearings", _list_values([each["bearing"] for each in details["bearings"]])),
        ("Splits", format_number(details["n_splits"])),
        ("Experiments", format_number(details["n_experiments"])),
    ]
    return [*rows, *([("Reason", version["reason"])] if version["reason"] else [])]


def _build_parent(parent: dict[str, Any]) -> Component:
    href = f"/datasets/{parent['dataset_id']}?version={parent['version']}"
    return dcc.Link(f"{parent['name']}, version {parent['version']}", href=href)
