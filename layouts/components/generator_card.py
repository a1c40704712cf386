"""What a generator says of the dataset that it made: how, from what, and what it is no evidence for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.numbers import format_moment, format_number
from layouts.components.states import build_note


def build_generator_card(card: Mapping[str, Any]) -> Component:
    """Return the card of a generated dataset."""
    layers = [
        html.Li(f"{each['name'].replace('_', ' ')}: {each['words']} ({format_number(each['n_recordings'])})")
        for each in card["noise_layers"]
    ]
    config = json.dumps(card["config"], indent=2)
    body = [
        build_note(
            ["Synthetic data. ", html.Ul([html.Li(each) for each in card["not_evidence_for"]])],
            level="warning",
        ),
        build_definitions(
            [
                ("Made by", card["title"]),
                ("Made", format_moment(card["created_utc"])),
                ("Seed", format_number(card["seed"])),
                ("Severities (recordings)", _list_counts(card["severities"])),
                ("Model version", card["model_version"]),
                ("Configuration SHA-256", build_hash(card["config_sha256"])),
                ("Generator's code SHA-256", build_hash(card["code_sha256"])),
                ("NumPy", card["numpy"]),
            ]
        ),
        _build_disclosure("Noise layers (recordings)", html.Ul(layers) if layers else html.P("None.")),
        _build_disclosure("Configuration", html.Pre(config, className="generator-config", tabIndex=0)),
    ]
    return build_card("Generator", html.Div(body, className="stack-form"))


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {format_number(count)}" for name, count in counts.items())


def _build_disclosure(title: str, content: Component) -> html.Details:
    return html.Details(
        [html.Summary(title, className="part-heading"), html.Div(content, className="details-body")],
        className="disclosure",
    )
