"""Tabs that keyboards and screen readers can use; the open one is the data of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html


def build_tabs(
    tabs_id: str, tabs: Sequence[tuple[str, str]], contents: Mapping[str, Any], active: str
) -> html.Div:
    """Return tabs of (key, label) over their ``contents``; all contents are in the page, one is shown.

    ``Input(tabs_id, "data")`` is the key of the open tab. ``assets/tabs.js`` switches them.
    """
    shown = active if active in contents else tabs[0][0]
    buttons = [_build_tab(tabs_id, key, label, selected=key == shown) for key, label in tabs]
    panels = [
        html.Div(
            contents[key],
            id=f"{tabs_id}-panel-{key}",
            role="tabpanel",
            hidden=key != shown,
            **{"aria-labelledby": f"{tabs_id}-tab-{key}"},
        )
        for key, _label in tabs
    ]
    bar = html.Div(buttons, className="tab-bar", role="tablist", **{"data-store": tabs_id})
    return html.Div([bar, *panels, dcc.Store(id=tabs_id, data=shown)], className="tabs")


def _build_tab(tabs_id: str, key: str, label: str, *, selected: bool) -> html.Button:
    return html.Button(
        label,
        id=f"{tabs_id}-tab-{key}",
        type="button",
        role="tab",
        className="pfd-tab",
        tabIndex=0 if selected else -1,
        **{
            "data-action": "open-tab",
            "data-key": key,
            "aria-selected": str(selected).lower(),
            "aria-controls": f"{tabs_id}-panel-{key}",
        },
    )
