"""Noisy copies of a split's test part: the form on a dataset's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.ids.noise_variants import NoiseId

COLOURS = (("white", "White (flat)"), ("pink", "Pink (1/f)"))
NO_SPLIT = "This dataset has no split with a test part yet."


def build_noise_area() -> html.Div:
    """Return the form; a callback shows it to engineers."""
    options = [{"value": value, "label": label} for value, label in COLOURS]
    fields = [
        build_field("Test part of", build_select(NoiseId.SPLIT, [("", "No split yet")])),
        build_field(
            "Signal-to-noise ratios",
            dbc.Input(id=NoiseId.SNRS, value="20, 10, 5", autocomplete="off"),
            unit="dB",
            help_text="Over the whole band of a recording.",
        ),
        build_group(
            "Noise", dbc.Checklist(id=NoiseId.COLOURS, options=options, value=["white"], inline=True)
        ),
        build_field("Seed of the noise", dbc.Input(id=NoiseId.SEED, type="number", value=0, min=0, step=1)),
        build_field(
            "Dataset to make",
            dbc.Input(id=NoiseId.NAME, maxlength=120, autocomplete="off"),
            help_text="Empty: the split's name with a word added.",
        ),
    ]
    start = build_button(
        "Add noise", NoiseId.START, icon="soundwave", tone="light", disabled_because=NO_SPLIT
    )
    words = (
        "A new dataset holds the split as it is, without copying a sample, and the test part once more at "
        "each ratio. Split it as given: results then name each noise beside the clean test part."
    )
    body = [
        html.P(words, className="muted"),
        html.Div(fields, className="form-grid"),
        html.Div(start, className="form-actions"),
        dcc.Store(id=NoiseId.JOB),
        html.Div(id=NoiseId.JOB_AREA, **{"aria-live": "polite"}),
    ]
    card = build_card("Noise variants of a test part", html.Div(body, className="stack-form"))
    return html.Div(card, id=NoiseId.AREA, hidden=True)


def list_splits_with_test(splits: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the splits that have a test part, as options."""
    return [
        {"value": str(each["split_id"]), "label": f"{each['name']} (version {each['version']})"}
        for each in splits
        if "test" in each["counts"]
    ]


def read_ratios(text: str | None) -> list[float] | None:
    """Return the numbers of a list parted by commas or blanks; None where something is none.

    >>> read_ratios("20, 10 5"), read_ratios("loud")
    ([20.0, 10.0, 5.0], None)
    """
    try:
        return [float(word) for word in (text or "").replace(",", " ").replace(";", " ").split()]
    except ValueError:
        return None
