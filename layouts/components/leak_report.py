"""The leak report's parts: the outcome, the pairs with their evidence, and how the signals were compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_split_badge
from layouts.components.cards import build_card, build_definitions
from layouts.components.jobs import build_progress
from layouts.components.numbers import count_of, format_duration, format_moment, format_number
from layouts.components.splits import build_counts, describe_rule
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table

_KINDS = {
    "shared_recording": "One recording in two parts",
    "duplicate_signal": "The same signal twice",
    "overlapping_signal": "Overlapping stretches",
    "near_duplicate": "Copies of one vibration",
    "part_empty": "Empty parts",
    "class_without_training": "Classes without training",
    "shared_bearing": "Shared bearings",
    "shared_bearing_validation": "Bearings in training and validation",
    "class_not_tested": "Classes that are not tested",
    "one_machine": "One machine",
    "one_healthy_bearing": "One healthy bearing",
}
_MEANINGS = {
    "red": "refused: the test part would repeat what was trained on",
    "amber": "allowed after an explicit tick, and stamped on every result",
    "note": "allowed; mind what the result can't show",
    "clear": "nothing was found",
}
_BEFORE = {
    "red": "Some recordings hold the same vibration: a split that parts them is refused.",
    "amber": "Some bearings gave several recordings: split by bearing, or accept that on purpose.",
    "note": "Nothing has to be kept together. Mind what the recordings can't show.",
    "clear": "Nothing has to be kept together.",
}
# Findings about pairs of signals, with what was measured of them.
_MEASURED = ("overlapping_signal", "near_duplicate")


def build_report(report: Mapping[str, Any]) -> Component:
    """Return the outcome and one card for each kind of finding, the worst first."""
    kinds: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for finding in report["findings"]:
        kinds[finding["kind"]].append(finding)
    cards = [
        _build_kind(report["dataset_id"], kind, found, report["counts"][kind])
        for kind, found in kinds.items()
    ]
    return html.Div([_build_outcome(report), *cards], className="stack")


def _build_outcome(report: Mapping[str, Any]) -> html.Section:
    split, colour = report["split"], report["colour"]
    sentence = _BEFORE[colour] if split is None else f"This split is {_MEANINGS[colour]}."
    parts: list[Component] = []
    if report["state"] != "done":
        parts.append(
            build_note(
                "The signals have not been compared with one another yet: copies and overlaps are not in "
                "this report.",
                level="warning",
            )
        )
    outcome = html.Div([build_split_badge(colour), html.Span(sentence)], className="check-outcome")
    parts.append(outcome)
    if split is not None:
        parts.append(html.P(describe_rule(split), className="row-detail"))
        parts += _compare_with_then(split, report)
        parts.append(build_counts(report["part_counts"]))
    return build_card("Outcome", html.Div(parts, className="stack-tight"))


def _compare_with_then(split: Mapping[str, Any], report: Mapping[str, Any]) -> list[Component]:
    """Say where the check finds something else now than when the split was stored."""
    notes: list[Component] = []
    if split["accepted_reason"]:
        notes.append(build_note(f"Accepted: {split['accepted_reason']}", level="warning"))
    if report["state"] == "done" and split["colour"] != report["colour"]:
        notes.append(
            build_note(
                f"When it was stored on {format_moment(split['created_at'])}, the check found it "
                f"{split['colour']}. Results from then carry that colour.",
                level="danger" if report["colour"] == "red" else "warning",
            )
        )
    return notes


def _build_kind(dataset_id: int, kind: str, found: Sequence[Mapping[str, Any]], total: int) -> html.Section:
    listed = f"{len(found)} of {count_of(total, 'finding')} shown"
    shown = listed if total > len(found) else count_of(total, "finding")
    badge = html.Div([build_split_badge(found[0]["colour"]), html.Span(shown)], className="check-outcome")
    if kind in _MEASURED:
        body: Component = _build_pairs(dataset_id, kind, found)
    else:
        body = html.Ul([_build_finding(dataset_id, each) for each in found], className="report-findings")
    return build_card(_KINDS.get(kind, kind.replace("_", " ")), body, actions=[badge])


def _build_finding(dataset_id: int, finding: Mapping[str, Any]) -> html.Li:
    sides = [_build_link(dataset_id, finding[side]) for side in ("left", "right") if finding[side]]
    links = [html.Span(" "), sides[0], html.Span(" and "), sides[1]] if len(sides) == 2 else sides
    return html.Li(
        [html.Span(finding["sentence"]), *([html.Div(links, className="row-detail")] if links else [])]
    )


def _build_pairs(dataset_id: int, kind: str, found: Sequence[Mapping[str, Any]]) -> html.Div:
    """Return the pairs with what was measured; before a split they have no parts."""
    parted = any((finding["left"] or {}).get("part") for finding in found)
    sides = ("First", "Part", "Second", "Part") if parted else ("First", "Second")
    rows = []
    for finding in found:
        measured = finding["evidence"] or {}
        numbers = [
            html.Span(format_number(measured.get(name), digits), className="numeral")
            for name, digits in (("gain", 3), ("lag_s", 4), ("correlation", 3), ("overlap_s", 3))
        ]
        cells: list[Any] = []
        for side in (finding["left"], finding["right"]):
            cells += [_build_link(dataset_id, side), *([_part(side)] if parted else [])]
        rows.append([*cells, *numbers])
    headers = [*sides, "Gain", "Delay (s)", "Correlation", "In common (s)"]
    return build_plain_table(headers, rows, caption=_KINDS[kind])


def _part(side: Mapping[str, Any] | None) -> str:
    return (side or {}).get("part") or "–"


def _build_link(dataset_id: int, side: Mapping[str, Any] | None) -> Component:
    if side is None:
        return html.Span("–")
    path = f"/signals/{dataset_id}/{side['recording_id']}?signal={side['signal_id']}"
    return dcc.Link(f"{side['recording']} · {side['channel']}", href=path)


def build_running(job: dict[str, Any]) -> Component:
    """Return how far the comparison is."""
    if job["state"] == "queued":
        return html.Span("The comparison waits for a worker.", className="row-detail")
    return build_progress(job)


def build_comparison(report: Mapping[str, Any]) -> Component:
    """Return how the signals were compared, or that they were not."""
    scan = report["scan"]
    if report["state"] != "done":
        about = f"It takes about {format_duration(scan['estimate_s'])}."
        return build_note(
            f"{count_of(scan['n_signals'], 'signal')} of this version have not been compared yet. {about}"
        )
    left_out = scan["n_left_out"]
    notes = [
        build_note(
            f"{count_of(left_out, 'more pair')} look alike and were not looked at closely.", level="warning"
        )
    ]
    facts = build_definitions(
        [
            ("Signals compared", f"{count_of(scan['n_signals'], 'signal')}, each with every other"),
            ("Pairs that share a vibration", count_of(scan["n_pairs"], "pair")),
            ("Finished", f"{format_moment(scan['finished_at'])}, after {format_duration(scan['seconds'])}"),
            (
                "What is recognised",
                "the same samples at any place; a copy under gain, offset, delay and resampling, and under "
                "noise that is 10 dB below the signal",
            ),
        ]
    )
    return html.Div([*(notes if left_out else []), facts])
