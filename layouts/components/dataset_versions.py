"""The versions of a dataset: when, who, why, what changed, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, format_class
from layouts.components.cards import build_card, build_hash
from layouts.components.forms import build_field, build_select
from layouts.components.numbers import count_of, format_moment, format_number
from layouts.components.recording_edit import FIELDS
from layouts.components.states import build_skeleton
from layouts.components.tables import build_plain_table
from layouts.ids.dataset import DatasetId

_KINDS = {
    "import": "import",
    "edit": "edit",
    "generate": "generated",
    "noise_variant": "noise variant",
}
_CHANGES = (("added", "added"), ("removed", "removed"), ("relabelled", "relabelled"), ("edited", "edited"))
_NOBODY = "a command"


def build_versions_area() -> html.Div:
    """Return the place of the list and of the comparison."""
    choices = html.Div(
        [
            build_field("From version", build_select(DatasetId.OLDER, [])),
            build_field("to version", build_select(DatasetId.NEWER, [])),
        ],
        className="filter-bar",
    )
    return html.Div(
        [
            build_card("Versions", html.Div(build_skeleton(3), id=DatasetId.VERSIONS), flush=True),
            build_card("Compare", [choices, html.Div(id=DatasetId.DIFFERENCES, **{"aria-live": "polite"})]),
        ],
        className="stack",
    )


def build_version_list(dataset_id: int, versions: Sequence[Mapping[str, Any]]) -> Component:
    """Return the versions, newest first."""
    headers = ["Version", "Made", "By", "Kind", "Reason", "Changes", "Recordings", "Signals", "Manifest"]
    rows = [
        [
            dcc.Link(f"Version {each['number']}", href=f"/datasets/{dataset_id}?version={each['number']}"),
            format_moment(each["created_at"]),
            each["author"] or _NOBODY,
            html.Div([build_badge(name_kind(each["kind"])), *_build_parent(dataset_id, each)]),
            html.Span(each["reason"], className="cell-reason"),
            word_changes(each["changes"], each.get("labels")),
            format_number(each["n_recordings"]),
            format_number(each["n_signals"]),
            build_hash(each["manifest_sha256"]),
        ]
        for each in versions
    ]
    return build_plain_table(headers, rows, caption="Versions of this dataset")


def name_kind(kind: str) -> str:
    """Return what made a version, in words."""
    return _KINDS.get(kind, kind.replace("_", " "))


def _build_parent(dataset_id: int, version: Mapping[str, Any]) -> list[Component]:
    """Where a version was made from; the one before it in the same dataset goes without saying."""
    parent = version["parent"]
    if parent is None or (parent["dataset_id"] == dataset_id and parent["version"] == version["number"] - 1):
        return []
    words = f"{parent['name']}, version {parent['version']}"
    href = f"/datasets/{parent['dataset_id']}?version={parent['version']}"
    return [html.Span(" from "), dcc.Link(words, href=href)]


def word_changes(changes: Mapping[str, int] | None, labels: Mapping[str, int] | None = None) -> str:
    """Return what changed against the version before, in words; with the classes where several were given."""
    if changes is None:
        return "–"
    parts = [f"{format_number(changes[key])} {word}" for key, word in _CHANGES if changes.get(key)]
    given = [f"{format_number(count)} {format_class(name)}" for name, count in (labels or {}).items()]
    return (", ".join(parts) or "nothing") + (f": {', '.join(given)}" if given else "")


def build_differences(found: Mapping[str, Any]) -> Component:
    """Return what differs between two versions, with the first rows of it."""
    changes = found["changes"]
    parts = [f"{count_of(changes[key], 'signal')} {word}" for key, word in _CHANGES if changes[key]]
    if not parts:
        return html.P(
            f"Versions {found['older']} and {found['newer']} hold the same rows.", className="muted"
        )
    rows = [
        [row["recording"], row["channel"], row["what"], _word_fields(row["fields"])] for row in found["rows"]
    ]
    more = len(rows) == found["most_rows"]
    return html.Div(
        [
            html.P(f"{'; '.join(parts)}."),
            build_plain_table(["Recording", "Channel", "Change", "Field"], rows, caption="Rows that differ"),
            *([html.P(f"These are the first {len(rows)} rows.", className="muted")] if more else []),
        ]
    )


def _word_fields(fields: Mapping[str, Sequence[Any]]) -> str:
    return "; ".join(
        f"{FIELDS[name]}: {_say(before)} → {_say(after)}" for name, (before, after) in fields.items()
    )


def _say(value: Any) -> str:
    if value is None:
        return "unknown"
    return format_number(value) if isinstance(value, float) else str(value).replace("_", " ")
