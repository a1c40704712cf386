"""Explanations that are kept, so that the same question is answered at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, build_job_state_badge
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import build_table
from layouts.components.forms import VIEWER_REASON, build_button, build_field, build_select
from layouts.components.numbers import count_of, format_age, format_bytes, format_number
from layouts.components.states import build_empty_state, build_skeleton
from layouts.ids import pattern_id
from layouts.ids.xai import XaiId

Plain = Mapping[str, Any]
WHOSE = (("experiment", "This experiment's"), ("all", "All experiments'"))
_WHAT_IF = "what_if"


def build_kept_tab() -> html.Div:
    """Return whose explanations are listed, and where."""
    whose = build_field("Explanations", build_select(XaiId.KEPT_OF, WHOSE, WHOSE[0][0]))
    return html.Div(
        [
            dcc.Store(id=XaiId.FORGOTTEN),
            html.Div([whose, html.Div(id=XaiId.CACHE, className="muted")], className="filter-bar"),
            build_card("Kept explanations", html.Div(build_skeleton(4), id=XaiId.KEPT), flush=True),
        ],
        className="stack",
    )


def describe_cache(statistics: Plain) -> str:
    """Return how much is kept, and for how long."""
    return (
        f"{count_of(statistics['n_explanations'], 'explanation')}, {format_bytes(statistics['n_bytes'])} of "
        f"at most {format_bytes(statistics['max_bytes'])}; those not looked at for "
        f"{format_number(statistics['kept_days'])} days go."
    )


def link_explanation(header: Plain) -> str:
    """Return the address that shows an explanation."""
    query = {"experiment": header["experiment_id"], "method": header["method"]}
    if header["signal_id"] is not None:
        query |= {"signal": header["signal_id"], "explanation": header["explanation_id"]}
    else:
        query |= {"part": header["part"], "tab": "classes"}
    return f"/xai?{urlencode(query)}"


def build_kept(
    items: Sequence[Plain], total: int, titles: Mapping[str, str], *, may_write: bool
) -> Component:
    """Return the kept explanations, the newest first; each can be forgotten by who may ask anew."""
    if not items:
        return build_empty_state(
            "Nothing is kept yet", "What is explained once is kept and listed here.", icon="archive"
        )
    rows = [_build_row(each, titles, may_write=may_write) for each in items]
    heads = ("Explained", "Method", "Class", "State", "Trust", "Size", "Made", "Forget it")
    parts: list[Component] = [build_table(heads, rows, "Kept explanations", numeric=(5,))]
    if total > len(items):
        words = f"{format_number(len(items))} of {format_number(total)}, the newest first."
        parts.append(html.P(words, className="list-more muted"))
    return html.Div(parts)


def _build_row(header: Plain, titles: Mapping[str, str], *, may_write: bool) -> list[Any]:
    headline, what = header["headline"] or {}, header["recording"] or f"the {header['part']} part"
    job = header["job"]
    target = headline.get("target_class")
    state = build_badge("kept", tone="success", icon="check-lg")
    if not header["is_done"]:
        state = build_job_state_badge(job["state"]) if job else build_badge("no result", icon="dash-lg")
    elif not header["current"]:
        state = build_badge("earlier classifier", tone="warning", icon="clock-history")
    forget = build_button(
        "Forget",
        pattern_id(XaiId.FORGET, header["explanation_id"]),
        icon="trash3",
        disabled_because=None if may_write else VIEWER_REASON,
        title=f"Forget this explanation of {what}; it is worked out anew when asked for",
        size="sm",
    )
    return [
        html.Div(
            [
                dcc.Link(what, href=link_explanation(header), className="row-title"),
                html.Div(f"{header['experiment']} (#{header['experiment_id']})", className="row-detail"),
            ]
        ),
        name_method(header, titles),
        build_class_badge(target) if target else "–",
        state,
        say_trust(headline.get("trusted"), headline.get("failed") or 0),
        format_bytes(header["n_bytes"]) if header["is_done"] else "–",
        format_age(header["created_at"]),
        forget,
    ]


def name_method(header: Plain, titles: Mapping[str, str]) -> str:
    """Return what made an explanation."""
    return "What if" if header["method"] == _WHAT_IF else titles.get(header["method"], str(header["method"]))


def say_trust(trusted: bool | None, n_failed: int) -> Component:
    """Return whether an explanation passes its trust checks."""
    if trusted is None:
        return html.Span("–", className="muted")
    if trusted:
        return build_badge("passes", tone="success", icon="check-lg")
    return build_badge(f"fails {n_failed}", tone="danger", icon="x-lg")
