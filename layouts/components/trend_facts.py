"""What a condition trend says in words and numbers, and its state before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card, build_definitions
from layouts.components.jobs import ACTIVE_STATES, build_job_row
from layouts.components.numbers import count_of, format_moment, format_number
from layouts.components.states import build_empty_state, build_note

_METHODS = {
    "order_statistic": "counted in the reference, whatever its distribution",
    "log_normal_prediction": "extrapolated: the logarithm is taken as normal",
}


def build_no_series(listed: Mapping[str, Any]) -> Component:
    """Return the empty state of a dataset without a series."""
    return build_empty_state(
        "No series to follow",
        f"A trend needs {listed['least']} recordings or more of one channel of one bearing. This version has "
        f"{count_of(listed['n_too_short'], 'shorter series', 'shorter series')}.",
        icon="graph-up",
    )


def build_work(job: Mapping[str, Any] | None) -> Component:
    """Return what is shown before the indicators are there: the job, or why there are none yet."""
    if job is not None and job["state"] in ACTIVE_STATES:
        return build_card("Computing the indicators", html.Ul(build_job_row(dict(job)), className="job-list"))
    failed = job is not None and job["state"] != "done"
    ended = [html.Ul(build_job_row(dict(job)), className="job-list")] if job is not None and failed else []
    empty = build_empty_state(
        "The indicators of this series are not computed yet",
        "They are computed once from the stored samples and kept with this version of the dataset.",
        icon="graph-up",
    )
    return html.Div([*ended, empty])


def build_facts(dataset_id: int, trend: Mapping[str, Any]) -> Component:
    """Return limits, onset, change point and what they rest on."""
    notes = [build_note(note, level="info") for note in trend["notes"]]
    cards = html.Div(
        [
            build_card("Findings", build_definitions(_list_findings(dataset_id, trend))),
            build_card("Limits", build_definitions(_list_limits(trend))),
        ],
        className="grid-2",
    )
    return html.Div([cards, html.Div(notes, className="stack-tight")], className="stack")


def _list_findings(dataset_id: int, trend: Mapping[str, Any]) -> list[tuple[str, Any]]:
    change, onset, alarm = trend["change_point"], trend["onset"], trend["alarm"]
    last = f"{trend['n_consecutive']} in a row above the alarm"
    found = [
        ("Onset", _word_place(dataset_id, trend, onset) if onset else f"none: never {last}"),
        (
            "Level changes most at",
            _word_place(dataset_id, trend, change) if change["significant"] else "no clear change",
        ),
        (
            "Level before and after",
            f"{format_number(change['level_before'])} → {format_number(change['level_after'])} "
            f"{_word_unit(trend)} (p = {change['p_value']:.2g}, block permutation)",
        ),
        ("Above the alarm", f"{alarm['n_above']} of {alarm['n_watched']} after the reference"),
        ("Above the alert", f"{trend['alert']['n_above']} of {trend['alert']['n_watched']}"),
    ]
    if trend["n_left_out"]:
        found.append(("Left out", f"{count_of(trend['n_left_out'], 'recording')} without this indicator"))
    return found


def _word_unit(trend: Mapping[str, Any]) -> str:
    return "(unit unknown)" if trend["unit"] == "unit unknown" else trend["unit"] or ""


def _word_place(dataset_id: int, trend: Mapping[str, Any], place: Mapping[str, Any]) -> Component:
    dated = trend["axis"] == "date"
    when = format_moment(place["acquired_at"]) if dated else f"observation {place['index'] + 1}"
    link = dcc.Link(place["recording"], href=f"/signals/{dataset_id}/{place['recording_id']}")
    return html.Span([link, f" · {when}"])


def _list_limits(trend: Mapping[str, Any]) -> list[tuple[str, Any]]:
    reference = trend["reference"]
    rows: list[tuple[str, Any]] = []
    for field, name in (("alert", "Alert"), ("alarm", "Alarm")):
        limit = trend[field]
        rows.append((name, f"{format_number(limit['value'])} {_word_unit(trend)}"))
        rate = f"{100 * limit['false_alarm_rate']:.3g} % per observation, {_METHODS[limit['method']]}"
        rows.append((f"False {field}s expected", rate))
    rows.append(
        (
            "Reference",
            f"{reference['recordings'][0]} to {reference['recordings'][1]}: {reference['n']} observations, "
            f"worth {reference['n_effective']:g} independent ones",
        )
    )
    rows.append(("Steady", "yes" if reference["steady"] else "no: it has a trend of its own"))
    return rows
