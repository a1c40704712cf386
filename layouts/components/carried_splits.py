"""The question before a split is carried over to a newer version: what it would be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import build_button, build_field
from layouts.components.numbers import count_of
from layouts.components.splits import build_acceptance, build_findings
from layouts.ids.dataset import DatasetId


def build_carry_dialog() -> html.Div:
    """Return the dialog; it opens when the check of the split in the newer version has come back."""
    dialog = dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle("Carry the split over", id=DatasetId.CARRY_TITLE, class_name="card-heading"),
                close_button=False,
            ),
            dbc.ModalBody(
                [
                    html.Div(id=DatasetId.CARRY_FINDINGS),
                    build_acceptance(
                        DatasetId.CARRY_ACCEPTANCE, DatasetId.CARRY_ACCEPT, DatasetId.CARRY_REASON
                    ),
                    html.Div(
                        build_field("Name", dbc.Input(id=DatasetId.CARRY_NAME, maxlength=120)),
                        className="form-gap",
                    ),
                ]
            ),
            dbc.ModalFooter(
                [
                    build_button("Leave it", DatasetId.CARRY_BACK),
                    build_button(
                        "Carry over",
                        DatasetId.CARRY_CONFIRM,
                        icon="check-lg",
                        tone="primary",
                        disabled_because="The leak check has not run yet.",
                    ),
                ]
            ),
        ],
        id=DatasetId.CARRY_DIALOG,
        is_open=False,
        labelledby=DatasetId.CARRY_TITLE,
        centered=True,
        scrollable=True,
        size="lg",
    )
    return html.Div([dialog, dcc.Store(id=DatasetId.CARRY_CHECKED), dcc.Store(id=DatasetId.CARRIED)])


def build_carry_title(check: Mapping[str, Any]) -> str:
    """Return what is asked."""
    return f"Carry “{check['name']}” over to version {check['version']}?"


def build_carry_findings(check: Mapping[str, Any]) -> Component:
    """Return what the split would be in the newer version, and how that differs."""
    return html.Div([html.P(describe_difference(check["carried_from"])), build_findings(check)])


def describe_difference(carried: Mapping[str, Any]) -> str:
    """Return what of the split stays and what does not."""
    sentences = ["Every recording keeps its part."]
    if carried["n_new"]:
        new = count_of(carried["n_new"], "labelled signal")
        sentences.append(f"{new} came since version {carried['version']}: in no part, used by no training.")
    if carried["n_gone"]:
        sentences.append(f"{count_of(carried['n_gone'], 'signal')} of the split: not in the newer version.")
    return " ".join(sentences)
