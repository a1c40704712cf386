"""One experiment: watch it train, then judge it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import results
from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.experiment_monitor import build_monitor
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.numbers import format_moment, format_number, format_percent
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.training_form import name_option
from layouts.components.url import build_url_store
from layouts.ids.experiment import ExperimentId
from layouts.page_spec import PageSpec

POLL_MS = 2000
TABS = (("monitor", "Monitor"), ("results", "Results"))
PARTS = (("test", "Test"), ("validation", "Validation"))
LEVELS = (("recording_level", "Recording level"), ("window_level", "Window level"))


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
        "results": _build_results(part, level, cell),
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


def _build_results(part: str, level: str, cell: str) -> html.Div:
    choices = html.Div(
        [
            build_field(
                "Judged on", build_select(ExperimentId.PART, PARTS, part if part in dict(PARTS) else "test")
            ),
            build_field(
                "Tables at",
                build_select(
                    ExperimentId.LEVEL, LEVELS, level if level in dict(LEVELS) else "recording_level"
                ),
            ),
        ],
        className="filter-bar",
    )
    return html.Div(
        [
            dcc.Store(id=ExperimentId.CHOSEN_CELL, data=cell),
            choices,
            html.Div(build_skeleton(height="150px"), id=ExperimentId.VERDICT),
            html.Div(_build_tables(), id=ExperimentId.TABLES, className="stack"),
            build_card("How it was made", html.Div(build_skeleton(4), id=ExperimentId.CARD)),
        ],
        className="stack",
    )


def _build_tables() -> list[Component]:
    return [
        html.Div(
            [
                build_card("Confusion matrix", html.Div(build_skeleton(4), id=ExperimentId.CONFUSION)),
                build_card("Per class", html.Div(build_skeleton(4), id=ExperimentId.PER_CLASS), flush=True),
            ],
            className="grid-2",
        ),
        build_card("Recordings", html.Div(build_skeleton(4), id=ExperimentId.RECORDINGS), flush=True),
    ]


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
    return f"{experiment['network_title']} on {data}, {how}."


def build_links(experiment: Mapping[str, Any], *, may_write: bool) -> list[Component]:
    """Return what can be done with the experiment from here."""
    number = experiment["experiment_id"]
    links = []
    if may_write:
        links.append(
            build_button_link("Train again", f"/experiment/new?clone={number}", icon="copy", primary=False)
        )
    if experiment["classifier_sha256"]:
        links.append(build_button_link("Diagnose with it", f"/diagnose?experiment={number}", icon="activity"))
    return links


def build_verdict(
    experiment: Mapping[str, Any], found: Mapping[str, Any], part: str, group: Mapping[str, Any] | None
) -> Component:
    """Return both accuracies, the stamp of the split, and what the seeds say together."""
    judged = found[part]
    cards = [results.build_accuracy(level, judged[level], part) for level in results.LEVELS]
    stamp = results.build_stamp(
        experiment["split_colour"], experiment["split_findings"], experiment["split_accepted_reason"]
    )
    further = [_describe_further(judged, part, experiment["test_evaluations"])]
    if group and group["n_seeds"] > 1:
        further.append(_describe_group(group))
    remarks = html.Div([html.Div(text) for text in further], className="row-detail remarks")
    subsets = found.get("subsets") if part == "test" else None
    variants = [results.build_subsets(subsets)] if subsets else []
    return html.Div([html.Div(cards, className="grid-2"), stamp, remarks, *variants], className="stack")


def _describe_further(judged: Mapping[str, Any], part: str, test_evaluations: int) -> str:
    level = judged["recording_level"]
    words = f"Recording-level macro F1 {format_number(level['macro_f1'], 3)}"
    if level["ece"] is not None:
        words += f", calibration error (ECE) {format_percent(level['ece'])}, not calibrated."
    if part == "test":
        times = "once" if test_evaluations == 1 else f"{test_evaluations} times"
        return f"{words} The test part was judged {times}."
    return f"{words} Validation chose the best epoch, so it flatters."


def _describe_group(group: Mapping[str, Any]) -> str:
    words = f"{group['n_finished']} of {group['n_seeds']} seeds of this group are finished"
    mean, interval = group["test_recording_accuracy_mean"], group["test_recording_accuracy_interval"]
    if mean is None:
        return f"{words}."
    words += f"; mean recording-level test accuracy {format_percent(mean)}"
    if interval is None:
        return f"{words}, {group['note']}."
    return f"{words}, 95 % interval {format_percent(interval[0])} to {format_percent(interval[1])}."


def build_no_results(status: str, part: str | None = None) -> Component:
    """Return why there are no results to show."""
    if part is not None:
        why = f"The split has no {part} recordings, so nothing was judged there."
    elif status in ("queued", "running", "paused"):
        why = "Results are made once, when the training has ended. Watch it in the Monitor tab."
    else:
        why = f"The training is {status} and left no result. Train again to get one."
    return html.Div(build_empty_state("No results", why, icon="clipboard-x"), className="surface")


def build_experiment_card(experiment: Mapping[str, Any]) -> Component:
    """Return data, split, options and hashes of an experiment."""
    dataset_id = experiment["dataset_id"]
    version = f"/datasets/{dataset_id}?version={experiment['dataset_version']}"
    rows: list[tuple[str, Any]] = [
        (
            "Dataset",
            dcc.Link(f"{experiment['dataset']}, version {experiment['dataset_version']}", href=version),
        ),
        ("Split", dcc.Link(experiment["split"], href=f"/datasets/{dataset_id}?tab=splits")),
        ("Channel", experiment["channel"] or "every labelled channel"),
        ("Network", experiment["network_title"]),
        ("Options", _describe_options(experiment["options"])),
        ("Seed", str(experiment["seed"])),
        ("Analysis rate", _describe_rate(experiment["analysis_rate_hz"])),
        ("Best epoch", _describe_best(experiment)),
        ("Training", _describe_effort(experiment["train_cpu_s"])),
        ("Created", format_moment(experiment["created_at"])),
    ]
    if experiment["classifier_sha256"]:
        rows.append(("Classifier (SHA-256)", build_hash(experiment["classifier_sha256"])))
    if experiment["notes"]:
        rows.append(("Notes", experiment["notes"]))
    return build_definitions(rows)


def _describe_options(options: Mapping[str, Any]) -> str:
    words = []
    for name, value in options.items():
        label, unit = name_option(name)
        words.append(f"{label.lower()} {_describe_option(value, unit)}")
    return " · ".join(words)


def _describe_option(value: Any, unit: str) -> str:
    if value is None:
        return "worked out"
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = format_number(value) if isinstance(value, int | float) else str(value)
    return f"{said} {unit}".strip()


def _describe_rate(rate_hz: float | None) -> str:
    return f"{format_number(rate_hz)} Hz, every signal resampled to it" if rate_hz else "not known yet"


def _describe_best(experiment: Mapping[str, Any]) -> str:
    if experiment["best_epoch"] is None:
        return "none"
    return f"{experiment['best_epoch']} of {experiment['epochs_run']} run"


def _describe_effort(cpu_s: float | None) -> str:
    return "not finished" if cpu_s is None else f"{format_number(cpu_s, 3)} CPU s"


PAGE = PageSpec(
    module="layouts.pages.experiment",
    path="/experiment/none",
    path_template="/experiment/<experiment_id>",
    title="Experiment",
    layout=build_layout,
    icon="graph-up",
)
