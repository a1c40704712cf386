"""Steps of a wizard: tabs with numbers that say what was chosen, and the way back and on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from layouts.components.icons import build_icon


def build_steps(
    steps_id: str,
    steps: Sequence[tuple[str, str, str]],
    contents: Mapping[str, Any],
    active: str,
    last: Any,
) -> html.Div:
    """Return the steps ``(key, title, id of what was chosen)`` over their ``contents``; all are in the page.

    ``Input(steps_id, "data")`` is the key of the open step; `assets/tabs.js` switches them. ``last`` stands
    where the last step has no way on.
    """
    keys = [key for key, _title, _chosen in steps]
    shown = active if active in keys else keys[0]
    buttons = [
        _build_step(steps_id, number, step, selected=step[0] == shown)
        for number, step in enumerate(steps, start=1)
    ]
    panels = [
        html.Div(
            [contents[key], _build_way(steps_id, keys, at, last)],
            id=f"{steps_id}-panel-{key}",
            role="tabpanel",
            hidden=key != shown,
            className="stack",
            **{"aria-labelledby": f"{steps_id}-tab-{key}"},
        )
        for at, key in enumerate(keys)
    ]
    bar = html.Div(buttons, className="step-bar", role="tablist", **{"data-store": steps_id})
    return html.Div([bar, *panels, dcc.Store(id=steps_id, data=shown)], className="tabs")


def _build_step(steps_id: str, number: int, step: tuple[str, str, str], *, selected: bool) -> html.Button:
    key, title, chosen_id = step
    words = html.Span(
        [html.Span(title, className="step-tab-title"), html.Span(id=chosen_id, className="step-tab-chosen")],
        className="step-tab-words",
    )
    return html.Button(
        [html.Span(str(number), className="step-tab-number", **{"aria-hidden": "true"}), words],
        id=f"{steps_id}-tab-{key}",
        type="button",
        role="tab",
        className="step-tab",
        tabIndex=0 if selected else -1,
        **{
            "data-action": "open-tab",
            "data-key": key,
            "aria-selected": str(selected).lower(),
            "aria-controls": f"{steps_id}-panel-{key}",
        },
    )


def _build_way(steps_id: str, keys: Sequence[str], at: int, last: Any) -> html.Div:
    way: list[Any] = []
    if at > 0:
        way.append(
            _build_move(steps_id, keys[at - 1], [build_icon("arrow-left"), html.Span("Back")], "light")
        )
    if at + 1 < len(keys):
        words = [html.Span("Next"), build_icon("arrow-right")]
        way.append(_build_move(steps_id, keys[at + 1], words, "primary"))
    else:
        way.append(last)
    return html.Div(way, className="step-way")


def _build_move(steps_id: str, key: str, words: Sequence[Any], tone: str) -> html.Button:
    return html.Button(
        words,
        type="button",
        className=f"btn btn-{tone} action",
        **{"data-action": "go-to-tab", "data-tab": f"{steps_id}-tab-{key}"},
    )
