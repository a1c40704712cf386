"""Which dataset, version and feature set a page is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import LATEST, build_field, build_select
from layouts.components.numbers import count_of, format_number
from layouts.components.plots import build_plot
from layouts.components.states import (
    build_button_link,
    build_empty_state,
    build_error_state,
    build_skeleton,
)
from layouts.components.tables import build_plain_table

DOMAINS = (
    ("all", "All domains"),
    ("time", "Time"),
    ("frequency", "Frequency"),
    ("envelope", "Envelope"),
    ("wavelet", "Wavelet"),
    ("cepstrum", "Cepstrum"),
    ("bispectrum", "Bispectrum"),
    ("burst", "Bursts"),
    ("order", "Orders and fault lines"),
)


def name_domain(domain: str) -> str:
    """Return a domain's name for people; somebody's own word stays as it is."""
    return dict(DOMAINS).get(domain, domain)


def build_choice(ids: Any, dataset: str, version: str, feature_set: str, *more: Component) -> html.Div:
    """Return the three selects; ``ids`` is the page's enum."""
    return html.Div(
        [
            build_field("Dataset", build_select(ids.DATASET, _keep(dataset), dataset)),
            build_field("Version", build_select(ids.VERSION, [(version, version)], version)),
            build_field(
                "Feature set",
                build_select(ids.SET, _keep(feature_set), feature_set, placeholder="None extracted yet"),
            ),
            *more,
        ],
        className="filter-bar feature-choice",
    )


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value else []


def build_page_store(ids: Any, dataset: str, version: str, feature_set: str, **more: str) -> dcc.Store:
    """Return the store that says what the address asks for."""
    asked = {"dataset": dataset, "version": version or LATEST, "set": feature_set, **more}
    return dcc.Store(id=ids.PAGE, data=asked)


def word_set(found: Mapping[str, Any]) -> str:
    """Return a set in one line."""
    config = found["config"]
    parts = [found["name"] or name_domain(found["domain"])]
    if config.get("window_s"):
        hop = config["hop_s"]
        overlap = "" if hop == config["window_s"] else f", hop {format_number(hop)} s"
        parts.append(f"windows of {format_number(config['window_s'])} s{overlap}")
    if config.get("channel"):
        parts.append(str(config["channel"]))
    parts += [count_of(found["n_features"], "feature"), count_of(found["n_rows"], "window")]
    return " · ".join(parts)


def build_no_datasets() -> Component:
    """Return what stands here before the first import."""
    state = build_empty_state(
        "No datasets yet",
        "Features describe the recordings of a dataset. Import or generate one first.",
        action=build_button_link(
            "Import recordings", "/data-generation", icon="box-arrow-in-down", needs="engineer"
        ),
        icon="database",
    )
    return html.Div(state, className="surface")


def build_no_features(dataset: str | None, version: str | None) -> Component:
    """Return what stands where features would be, before any were extracted."""
    place = f"?dataset={dataset}&version={version or LATEST}" if dataset else ""
    state = build_empty_state(
        "No features extracted yet",
        "Everything here is drawn from stored feature values of this version. Extract them once, then they "
        "stay.",
        action=build_button_link(
            "Extract features", f"/feature-engineering{place}", icon="calculator", needs="engineer"
        ),
        icon="bar-chart-steps",
    )
    return html.Div(state, className="surface")


def build_refusal(sentence: str) -> Component:
    """Return why a view can't be shown; it takes the place of what was shown before."""
    return html.Div(build_error_state(sentence, title="This can't be shown"), className="surface")


def build_area(state_id: str, shown_id: str, content: Sequence[Component]) -> html.Div:
    """Return a place for a state, and what is shown instead once there is something."""
    return html.Div(
        [
            html.Div(build_skeleton(height="320px"), id=state_id),
            html.Div(list(content), id=shown_id, className="stack drawn", hidden=True),
        ]
    )


def build_correlation_area(ids: Any) -> html.Div:
    """Return the place of the correlation of features."""
    plot = build_plot(
        ids.CORRELATION_PLOT,
        "Correlation of features",
        responsive=True,
        height="640px",
        note="Pearson, window-level",
    )
    pairs = html.Div(id=ids.CORRELATION_PAIRS)
    return build_area(
        ids.CORRELATION, ids.CORRELATION_SHOWN, [html.Div(plot, className="surface surface-body"), pairs]
    )


def build_pairs(closest: Sequence[Mapping[str, Any]]) -> Component:
    """Return the pairs of features that say nearly the same."""
    rows = [[pair["first"], pair["second"], round(pair["correlation"], 3)] for pair in closest]
    return html.Div(
        [
            html.Div(html.H2("Closest pairs", className="card-heading"), className="surface-head"),
            html.Div(
                build_plain_table(
                    ["Feature", "and", "Correlation"], rows, caption="Closest pairs of features"
                ),
                className="surface-body flush",
            ),
        ],
        className="surface",
    )
