"""What belongs to an experiment: its other seeds, its baseline, an ensemble's members; and its trash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge
from layouts.components.cards import build_card
from layouts.components.forms import build_button
from layouts.components.numbers import count_of, format_percent
from layouts.components.states import build_skeleton
from layouts.ids.experiment import ExperimentId

Plain = Mapping[str, Any]
_NOT_YET = "The experiment is not known yet."
_STILL_TRAINING = "It is still training. Stop or cancel it first."


def build_trash_card() -> html.Section:
    """Return the card that moves an experiment to the trash and back; its callbacks fill it."""
    buttons = [
        html.Span(
            build_button(label, control, icon=icon, disabled_because=_NOT_YET), className="needs-engineer"
        )
        for label, control, icon in (
            ("Move to trash", ExperimentId.TRASH, "trash"),
            ("Restore", ExperimentId.RESTORE, "arrow-counterclockwise"),
        )
    ]
    body = [
        html.Div(build_skeleton(1), id=ExperimentId.SHELF),
        html.Div(buttons, className="form-actions"),
    ]
    return build_card("Trash", html.Div(body, className="stack-tight"))


def describe_shelf(experiment: Plain, n_baselines: int) -> str:
    """Return where an experiment is, and what moves with it."""
    beside = (
        f" {count_of(n_baselines, 'baseline').capitalize()} beside it goes with it." if n_baselines else ""
    )
    if experiment["trashed_at"]:
        until = str(experiment["kept_until"])[:10]
        return f"It is in the trash and is deleted for good on {until}. Restored, it is as it was.{beside}"
    return f"In the trash it is in no list; it can be restored for 30 days.{beside}"


def offer_trash(experiment: Plain, reason: str | None) -> tuple[bool, str | None, bool, str | None]:
    """Return (disabled, why) of Move to trash, then of Restore; ``reason`` is why nothing may be changed."""
    thrown = bool(experiment["trashed_at"])
    busy = None if experiment["status"] in ("done", "failed", "cancelled", "dead") else _STILL_TRAINING
    trash = reason or ("It is in the trash already." if thrown else busy)
    restore = reason or (None if thrown else "It is not in the trash.")
    return trash is not None, trash, restore is not None, restore


def list_experiments(rows: Sequence[Plain]) -> list[Plain]:
    """Return the experiments among a table's rows: seeds first, then baselines, no groups."""
    return sorted((row for row in rows if row["kind"] != "group"), key=lambda row: row["kind"] == "baseline")


def find_beside(rows: Sequence[Plain], experiment_id: int) -> list[int]:
    """Return the baselines of an experiment alone; those of several seeds belong to none of them."""
    top = next((row for row in rows if row["kind"] == "experiment" and not row["level"]), None)
    return list(top["baseline_ids"]) if top and top["experiment_id"] == experiment_id else []


def build_family(experiment: Plain, rows: Sequence[Plain]) -> Component:
    """Return links to the other seeds and the baseline, and to their comparison."""
    family = list_experiments(rows)
    if len(family) < 2:
        return html.P("Nothing else was trained with it.", className="muted")
    items = [_build_relative(row, own=row["experiment_id"] == experiment["experiment_id"]) for row in family]
    done = [str(row["experiment_id"]) for row in family if row["status"] == "done"]
    parts: list[Component] = [html.Ul(items, className="family-list")]
    if len(done) > 1:
        parts.append(dcc.Link("Compare them", href=f"/compare?ids={','.join(done)}"))
    return html.Div(parts, className="stack-tight")


def _build_relative(row: Plain, *, own: bool) -> html.Li:
    role = "Classical baseline" if row["kind"] == "baseline" else f"Seed {', '.join(map(str, row['seeds']))}"
    accuracy = row["test_recording_accuracy"]
    said = row["status"] if accuracy is None else f"{format_percent(accuracy)} recording-level, test"
    name = f"#{row['experiment_id']} {row['name']}"
    tab = "results" if accuracy is not None else "monitor"
    title = (
        html.Strong(name)
        if own
        else dcc.Link(name, href=f"/experiment/{row['experiment_id']}?tab={tab}", className="row-title")
    )
    mark = [" ", build_badge("this one", tone="info")] if own else []
    return html.Li([html.Div([title, *mark]), html.Div(f"{role} · {said}", className="row-detail")])


def link_members(members: Sequence[tuple[int, str | None]]) -> html.Span:
    """Return links to an ensemble's members, given as (id, name); the name of one that is gone is None."""
    parts: list[Any] = []
    for number, name in members:
        if parts:
            parts.append(", ")
        label = f"#{number} {name}" if name else f"#{number} (deleted)"
        parts.append(dcc.Link(label, href=f"/experiment/{number}?tab=results") if name else label)
    return html.Span(parts)
