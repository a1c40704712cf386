"""One experiment: watch it train, then judge it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.experiment_explain import build_explain
from layouts.components.experiment_monitor import build_monitor
from layouts.components.experiment_results import build_results
from layouts.components.experiment_settings import build_settings
from layouts.components.forms import build_button
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.ids.experiment import ExperimentId
from layouts.page_spec import PageSpec

POLL_MS = 2000
TABS = (("monitor", "Monitor"), ("results", "Results"), ("explain", "Explain"), ("settings", "Settings"))


def build_layout(
    experiment_id: str | None = None,
    tab: str = "monitor",
    part: str = "test",
    level: str = "recording_level",
    cell: str = "",
    over: str = "epoch",
    scale: str = "linear",
    smoothing: str = "0",
    **_query: Any,
) -> Component:
    """Return the page."""
    contents = {
        "monitor": build_monitor(over, scale, smoothing),
        "results": build_results(part, level, cell),
        "explain": build_explain(),
        "settings": build_settings(),
    }
    return html.Div(
        [
            dcc.Store(id=ExperimentId.PAGE, data={"experiment_id": experiment_id}),
            dcc.Store(id=ExperimentId.COMMANDED),
            dcc.Store(id=ExperimentId.SEEN),
            dcc.Interval(id=ExperimentId.POLL, interval=POLL_MS, disabled=True),
            build_url_store(
                ExperimentId.URL,
                *("tab", "part", "level", "cell", "over", "scale", "smoothing"),
                tab="monitor",
                part="test",
                level="recording_level",
                over="epoch",
                scale="linear",
                smoothing="0",
            ),
            build_page_header(
                html.Span("Experiment", id=ExperimentId.TITLE),
                html.Span(id=ExperimentId.SENTENCE),
                crumbs=[("Experiments", "/experiments")],
                actions=[html.Div(id=ExperimentId.LINKS, className="page-actions")],
            ),
            build_tabs(ExperimentId.TABS, TABS, contents, tab),
            _build_cancel_dialog(),
        ],
        className="page",
    )


def _build_cancel_dialog() -> dbc.Modal:
    words = html.P(
        "It ends now and leaves no result: the epochs so far and its checkpoint are deleted. "
        "To keep the best epoch so far, use Stop instead."
    )
    return dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle(
                    "Cancel this training?", id=ExperimentId.CANCEL_TITLE, class_name="card-heading"
                ),
                close_button=False,
            ),
            dbc.ModalBody(words),
            dbc.ModalFooter(
                [
                    build_button("Keep training", ExperimentId.CANCEL_BACK),
                    build_button("Cancel the training", ExperimentId.CANCEL_CONFIRM, tone="danger"),
                ]
            ),
        ],
        id=ExperimentId.CANCEL_DIALOG,
        is_open=False,
        labelledby=ExperimentId.CANCEL_TITLE,
        centered=True,
    )


def describe_experiment(experiment: Mapping[str, Any]) -> str:
    """Return the sentence below the title."""
    channel = f", channel {experiment['channel']}" if experiment["channel"] else ""
    data = f"{experiment['dataset']} v{experiment['dataset_version']}{channel}"
    how = f"split {experiment['split']}, seed {experiment['seed']}"
    words = f"{experiment['network_title']} on {data}, {how}."
    if experiment["trashed_at"]:
        words += f" In the trash until {str(experiment['kept_until'])[:10]}."
    return words


def build_links(experiment: Mapping[str, Any], *, may_write: bool) -> list[Component]:
    """Return what can be done with the experiment from here."""
    number = experiment["experiment_id"]
    links = []
    if may_write and not experiment["members"]:
        links.append(
            build_button_link("Train again", f"/experiment/new?clone={number}", icon="copy", primary=False)
        )
    if experiment["classifier_sha256"]:
        evaluation = f"/evaluation?experiment={number}"
        links.append(build_button_link("Evaluate", evaluation, icon="clipboard-data", primary=False))
        explain = f"/xai?experiment={number}"
        links.append(build_button_link("Explain", explain, icon="eye", primary=False))
        links.append(build_button_link("Diagnose with it", f"/diagnose?experiment={number}", icon="activity"))
    return links


PAGE = PageSpec(
    module="layouts.pages.experiment",
    path="/experiment/none",
    path_template="/experiment/<experiment_id>",
    title="Experiment",
    layout=build_layout,
    icon="graph-up",
)
