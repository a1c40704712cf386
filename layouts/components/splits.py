"""Splits: the list, the builder, and what the leak check found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge, build_split_badge
from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_button, build_field, build_group, build_select
from layouts.components.numbers import format_age
from layouts.components.states import build_button_link, build_empty_state, build_note, build_skeleton
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId

GROUPINGS = (("bearing", "Physical bearing"), ("recording", "Recording"))
GIVEN = ("given", "As given by the files")
FIELD_NAMES = {
    "recording": "Recording",
    "given": "the parts that the files gave",
    "load": "Load",
    "severity": "Severity",
    "machine": "Machine",
    "measurement_point": "Measurement point",
    "bearing": "Bearing",
    "group": "Physical bearing",
    "shaft_speed_rpm": "Shaft speed (rpm)",
    "sample_rate_hz": "Sample rate (Hz)",
}
_LEVELS = {"red": "danger", "amber": "warning", "note": "info"}
_ADVICE = {
    "red": "This split leaks and can't be used. Choose another rule or other test values, or leave one of "
    "two copies out of the dataset.",
    "amber": "Results on this split may flatter. You can accept that; it is then stamped on every result.",
    "note": "Nothing leaks. Mind what the test part can't show.",
    "clear": "Nothing leaks.",
}


def build_split_form() -> html.Section:
    """Return the builder. It is checked as it is filled in."""
    return build_card(
        "New split",
        html.Div(
            [
                html.Div(_build_rule_fields(), className="form-grid"),
                html.Div(
                    build_group(
                        "Held out for testing",
                        dbc.Checklist(id=DatasetId.SPLIT_VALUES, options=[], value=[], inline=True),
                        help_text="Recordings with these values are seen only in the final test.",
                    ),
                    id=DatasetId.SPLIT_VALUES_GROUP,
                    hidden=True,
                    className="form-gap",
                ),
                html.Div(id=DatasetId.SPLIT_FINDINGS, className="form-gap", **{"aria-live": "polite"}),
                build_acceptance(DatasetId.SPLIT_ACCEPTANCE, DatasetId.SPLIT_ACCEPT, DatasetId.SPLIT_REASON),
                html.Div(
                    build_button(
                        "Create split",
                        DatasetId.SPLIT_CREATE,
                        icon="check-lg",
                        tone="primary",
                        disabled_because="The leak check has not run yet.",
                    ),
                    className="form-actions",
                ),
                dcc.Store(id=DatasetId.SPLIT_CHECKED),
                dcc.Store(id=DatasetId.CREATED),
            ]
        ),
    )


def _build_rule_fields() -> list[Component]:
    return [
        build_field("Name", dbc.Input(id=DatasetId.SPLIT_NAME, maxlength=120, placeholder="by-load")),
        build_field(
            "Grouped by",
            build_select(DatasetId.SPLIT_BY, GROUPINGS, "bearing"),
            help_text="No group is ever cut in two.",
        ),
        build_field("Channel", build_select(DatasetId.SPLIT_CHANNEL, [(ALL, "All channels")], ALL)),
        html.Div(
            build_field("Test share", _build_share(DatasetId.SPLIT_TEST_SHARE), unit="%"),
            id=DatasetId.SPLIT_SHARES,
        ),
        build_field("Validation share", _build_share(DatasetId.SPLIT_VALIDATION_SHARE), unit="%"),
        build_field(
            "Seed", dbc.Input(id=DatasetId.SPLIT_SEED, type="number", value=0, min=0, step=1, debounce=0.5)
        ),
    ]


def _build_share(component_id: str) -> dbc.Input:
    return dbc.Input(id=component_id, type="number", value=20, min=5, max=60, step=1, debounce=0.5)


def build_acceptance(area: DatasetId, tick: DatasetId, reason: DatasetId) -> html.Div:
    """Return the tick and the reason that an amber split asks for; hidden until it does."""
    return html.Div(
        [
            dbc.Checkbox(
                id=tick,
                value=False,
                label="I know of this and accept it for every result on this split",
            ),
            build_field(
                "Reason",
                dbc.Textarea(id=reason, maxlength=500, rows=2, debounce=0.3),
                help_text="It is shown with every result.",
            ),
        ],
        id=area,
        hidden=True,
        className="form-gap acceptance",
    )


def build_choose_values() -> Component:
    """Return what is missing before a split by a field can be checked."""
    return build_note("Tick the values that are held out for testing: the others train and validate.")


def build_comparing(dataset_id: int, sentence: str) -> Component:
    """Return that the signals of a big dataset are still being compared, and where to look on."""
    path = f"/datasets/{dataset_id}/leaks"
    follow = build_button_link("Follow it", path, icon="shield-check", primary=False)
    return build_note(sentence, actions=[follow])


def build_findings(check: Mapping[str, Any]) -> Component:
    """Return the outcome of a leak check: its colour, how many recordings go where, what was found."""
    colour = check["colour"]
    kinds: dict[tuple[str, str], list[str]] = {}
    for finding in check["findings"]:
        kinds.setdefault((finding["colour"], finding["kind"]), []).append(finding["sentence"])
    notes = [
        build_note(_build_sentences(sentences), level=_LEVELS[level])
        for (level, _kind), sentences in kinds.items()
    ]
    outcome = html.Div([build_split_badge(colour), html.Span(_ADVICE[colour])], className="check-outcome")
    return html.Div([outcome, *notes, build_counts(check["counts"])], className="stack-tight")


def _build_sentences(sentences: Sequence[str]) -> list[Component]:
    """One sentence of a kind stands for the others; those unfold."""
    first, *others = sentences
    if not others:
        return [html.Span(first)]
    rest = html.Ul([html.Li(sentence) for sentence in others], className="finding-list")
    more = html.Details([html.Summary(f"and {len(others)} more like this"), rest], className="finding-more")
    return [html.Span(first), more]


def build_counts(counts: Mapping[str, Mapping[str, Any]]) -> html.Div:
    """Return recordings per class and part. ``counts`` maps a part to its ``classes``."""
    parts = list(counts)
    classes = sorted({name for part in counts.values() for name in part["classes"]})
    heads = [html.Th(part, scope="col", className="number") for part in parts]
    head = html.Tr([html.Th("Recordings", scope="col"), *heads])
    rows = [
        html.Tr(
            [
                html.Th(build_class_badge(name), scope="row", className="class-cell"),
                *(html.Td(str(counts[part]["classes"].get(name, 0)), className="number") for part in parts),
            ]
        )
        for name in classes
    ]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="plain-table"),
        className="plain-table-frame",
    )


def build_split_list(
    splits: Sequence[dict[str, Any]],
    *,
    dataset_id: int | None = None,
    carry_to: int | None = None,
    carried: Collection[int] = (),
) -> Component:
    """Return the splits of a version, or why there is none, and the way to the report before any split.

    Those of a version older than ``carry_to`` can be carried over to it, unless they are in ``carried``.
    """
    if not splits:
        return build_empty_state(
            "No splits yet",
            "A split decides which recordings train, validate and test. Training needs one.",
            icon="scissors",
            action=None if dataset_id is None else _build_report_button(dataset_id),
        )
    rows = []
    for split in splits:
        can_go_over = carry_to is not None and split["version"] < carry_to
        is_open = can_go_over and split["split_id"] not in carried
        rows.append(_build_split(split, carry_to if is_open else None))
    listed = html.Ul(rows, className="split-list")
    if dataset_id is None:
        return listed
    return html.Div([listed, html.Div(_build_report_button(dataset_id), className="surface-body")])


def _build_report_button(dataset_id: int) -> Component:
    path = f"/datasets/{dataset_id}/leaks"
    return build_button_link("What has to stay together", path, icon="shield-check", primary=False)


def _build_split(split: dict[str, Any], carry_to: int | None) -> html.Li:
    head = html.Div(
        [
            html.Span(split["name"], className="row-title"),
            build_split_badge(split["colour"]),
            html.Span(format_age(split["created_at"]), className="row-side"),
        ],
        className="split-head",
    )
    stamped = split["accepted_reason"]
    reason = [build_note(f"Accepted: {stamped}", level="warning")] if stamped else []
    train = build_button_link(
        "Train on it",
        f"/experiment/new?split_id={split['split_id']}",
        icon="cpu",
        primary=False,
        needs="engineer",
    )
    report = build_button_link(
        "Leak report",
        f"/datasets/{split['dataset_id']}/leaks?split_id={split['split_id']}",
        icon="shield-check",
        primary=False,
    )
    carry = [_build_carry_button(split["split_id"], carry_to)] if carry_to is not None else []
    return html.Li(
        [
            head,
            html.Div(describe_rule(split), className="row-detail"),
            html.Div(_describe_parts(split["counts"]), className="row-detail"),
            *reason,
            html.Div([train, report, *carry], className="form-actions tight"),
        ]
    )


def _build_carry_button(split_id: int, version: int) -> dbc.Button:
    return build_button(
        f"Carry over to version {version}",
        pattern_id(DatasetId.CARRY, split_id),
        icon="box-arrow-in-down",
        title="The same recordings in the same parts, checked again for leaks",
    )


def describe_rule(split: Mapping[str, Any]) -> str:
    """Return a split's rule as a sentence."""
    by = str(split["by"])
    words = f"By {FIELD_NAMES.get(by, by).lower()}"
    if split["test_values"]:
        words += f", tested on {', '.join(map(str, split['test_values']))}"
    if split["channel"]:
        words += f", channel {split['channel']}"
    words += f", seed {split['seed']}; version {split['version']}"
    carried = split["carried_from"]
    return f"{words}, carried over from version {carried['version']}" if carried else words


def _describe_parts(counts: Mapping[str, Mapping[str, Any]]) -> str:
    return " · ".join(f"{part['n_recordings']} {name}" for name, part in counts.items()) + " recordings"


def build_splits_area() -> html.Div:
    """Return the tab's content: the list and, for engineers, the builder."""
    return html.Div(
        [
            html.Div(build_split_form(), id=DatasetId.SPLIT_FORM, hidden=True),
            build_card("Splits", html.Div(build_skeleton(3), id=DatasetId.SPLITS), flush=True),
        ],
        className="grid-wide",
    )
