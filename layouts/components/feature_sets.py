"""What is known of a feature set; the lists of sets and of chosen features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.feature_choice import name_domain, word_set
from layouts.components.forms import build_button
from layouts.components.jobs import build_job_row
from layouts.components.numbers import count_of, format_age, format_number
from layouts.components.states import build_empty_state, build_partial_note
from layouts.components.tables import build_plain_table
from layouts.ids import pattern_id
from layouts.ids.feature_engineering import FeaturesId


def build_summary(found: Mapping[str, Any]) -> Component:
    """Return the card of a set: settings, what is missing, and what each feature means."""
    config = found["config"]
    rows: list[tuple[str, Any]] = [
        ("Windows", f"{format_number(found['n_rows'])} of {count_of(found['n_recordings'], 'recording')}"),
        ("Features", format_number(found["n_features"])),
        ("Domain", name_domain(found["domain"])),
    ]
    if config.get("window_s"):
        rows += [
            ("Window", f"{format_number(config['window_s'])} s, hop {format_number(config['hop_s'])} s"),
            ("Analysis rate", f"{format_number(config['analysis_rate_hz'])} Hz"),
            ("Channel", config["channel"] or "all"),
            ("At most", f"{count_of(config['max_windows_per_signal'], 'window')} per signal"),
        ]
    rows += [("Extracted", format_age(found["created_at"])), ("SHA-256", build_hash(found["sha256"]))]
    notes = [build_partial_note(sentence) for sentence in config.get("missing", [])]
    download = html.A(
        "CSV",
        href=f"/api/v1/feature-sets/{found['feature_set_id']}/table",
        download=f"features-{found['feature_set_id']}.csv",
        className="btn btn-light action",
        title="Download every window with its values",
    )
    return html.Div(
        [
            *notes,
            html.Div(
                [
                    build_card(
                        found["name"] or "This feature set", build_definitions(rows), actions=[download]
                    ),
                    build_card("What the features mean", _build_meanings(found["features"]), flush=True),
                ],
                className="feature-summary",
            ),
        ],
        className="stack",
    )


def _build_meanings(features: Sequence[Mapping[str, Any]]) -> Component:
    rows = [
        [each["name"], each["meaning"], each["unit"], name_domain(each["domain"] or "")] for each in features
    ]
    table = build_plain_table(["Feature", "Meaning", "Unit", "Domain"], rows, caption="Features and meanings")
    return html.Div(table, className="feature-meanings")


def build_jobs(jobs: Sequence[dict[str, Any]]) -> list[Component]:
    """Return the jobs of features that wait or run."""
    if not jobs:
        return []
    return [html.Ul([build_job_row(job) for job in jobs], className="job-list", role="status")]


def build_sets(sets: Sequence[Mapping[str, Any]], *, may_delete: bool) -> Component:
    """Return the stored sets of a dataset."""
    if not sets:
        return build_empty_state(
            "No feature sets yet", "Extract features, or keep a selection under a name.", icon="inbox"
        )
    rows = []
    for each in sets:
        set_id = each["feature_set_id"]
        actions: list[Component] = [
            dcc.Link(
                "Open",
                href=f"/feature-engineering?dataset={each['dataset_id']}&version={each['version']}&set={set_id}",
                className="btn btn-light btn-sm",
            ),
            html.A(
                "CSV",
                href=f"/api/v1/feature-sets/{set_id}/table",
                download=f"features-{set_id}.csv",
                className="btn btn-light btn-sm",
                title="Download every window with its values",
            ),
        ]
        if may_delete:
            actions.append(
                dbc.Button(
                    "Delete",
                    id=pattern_id(FeaturesId.DELETE_SET, set_id),
                    color="light",
                    size="sm",
                    title=f"Delete {word_set(each)}",
                )
            )
        rows.append(
            [
                each["name"] or "—",
                {"extraction": "Extraction", "selection": "Selection"}.get(
                    each["config"]["kind"], "Own values"
                ),
                word_set(each),
                f"version {each['version']}",
                format_age(each["created_at"]),
                html.Div(actions, className="row-actions"),
            ]
        )
    headers = ["Name", "Kind", "What", "Of", "Made", html.Span("Actions", className="visually-hidden")]
    return build_plain_table(headers, rows, caption="Stored feature sets")


def word_training(ranking: Mapping[str, Any]) -> str:
    """Return on what a ranking stands."""
    words = (
        f"Fitted on {count_of(ranking['n_rows'], 'window')} of the training part of “{ranking['split']}” only"
    )
    if ranking["n_rows"] < ranking["n_training_rows"]:
        words += f" (drawn evenly from {format_number(ranking['n_training_rows'])})"
    return words


def build_selection(ranking: Mapping[str, Any]) -> Component:
    """Return the chosen features, the best first."""
    rows = [
        [f"{index}", item["feature"], format_number(item["score"], 3)]
        for index, item in enumerate(ranking["items"], start=1)
    ]
    return html.Div(
        [
            build_plain_table(["Rank", "Feature", "Score"], rows, caption="Chosen features"),
            html.P(f"{word_training(ranking)}.", className="field-help"),
        ]
    )


def build_deletion_dialog() -> html.Div:
    """Return the dialog that names what goes."""
    dialog = dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle(
                    "Delete this feature set?", id=FeaturesId.DELETION_TITLE, class_name="card-heading"
                ),
                close_button=False,
            ),
            dbc.ModalBody(html.Div(id=FeaturesId.DELETION_WORDS)),
            dbc.ModalFooter(
                [
                    build_button("Leave it", FeaturesId.DELETION_BACK),
                    build_button("Delete", FeaturesId.DELETION_CONFIRM, icon="trash", tone="danger"),
                ]
            ),
        ],
        id=FeaturesId.DELETION_DIALOG,
        is_open=False,
        labelledby=FeaturesId.DELETION_TITLE,
        centered=True,
    )
    return html.Div([dialog, dcc.Store(id=FeaturesId.DELETION)])


def word_deletion(found: Mapping[str, Any]) -> str:
    """Return what goes with a set."""
    kind = found["config"]["kind"]
    again = "It can be extracted again." if kind == "extraction" else "Nobody can bring it back."
    return f"{word_set(found)}: its values, ratings and projections are deleted. {again}"
