"""The start page: what runs, last results, datasets, three next steps for a newcomer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_job_state_badge
from layouts.components.cards import build_card, build_link_row
from layouts.components.header import build_page_header
from layouts.components.icons import build_icon
from layouts.components.jobs import build_job_row
from layouts.components.numbers import count_of, format_age, format_percent
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.ids.home import HomeId
from layouts.page_spec import PageSpec

_STEPS = (
    (
        "Import recordings",
        "Files of a logger or an analyser; or have some simulated, to try it out.",
        "/data-generation",
        "box-arrow-in-down",
    ),
    ("Train a classifier", "Split by bearing or recording, choose a network.", "/experiment/new", "cpu"),
    ("Diagnose a recording", "See the class, its probabilities and limits.", "/diagnose", "activity"),
)


def build_layout(**_query: Any) -> Component:
    """Return the page."""
    return html.Div(
        [
            dcc.Store(id=HomeId.PAGE, data={}),
            build_page_header("Start", "From recordings to a diagnosis you can check."),
            html.Div(id=HomeId.STEPS),
            html.Div(
                [
                    html.Div([_area("Running now", HomeId.RUNNING), _area("Datasets", HomeId.DATASETS)]),
                    _area("Last results", HomeId.RESULTS),
                ],
                className="grid-2 home-grid",
            ),
        ],
        className="page",
    )


def _area(title: str, area_id: str) -> html.Section:
    return build_card(title, html.Div(build_skeleton(3), id=area_id), flush=True)


def build_steps(done: Sequence[bool]) -> html.Section | None:
    """Return the three next steps, ticked where done; nothing once all are."""
    if all(done):
        return None
    current = list(done).index(False)
    items = [
        _build_step(index, step, done=done[index], current=index == current)
        for index, step in enumerate(_STEPS)
    ]
    return html.Section(html.Ol(items, className="steps"), **{"aria-label": "Next steps"})


def _build_step(index: int, step: tuple[str, str, str, str], *, done: bool, current: bool) -> html.Li:
    title, sentence, path, icon = step
    mark = build_icon("check-lg") if done else str(index + 1)
    side = html.Span("done", className="step-done") if done else None
    action = build_button_link("Start", path, icon=icon, needs="engineer") if current else side
    words = html.Div([html.H2(title, className="step-title"), html.P(sentence, className="step-sentence")])
    state = "is-done" if done else "is-current" if current else "is-later"
    return html.Li(
        [html.Span(mark, className="step-mark", **{"aria-hidden": "true"}), words, html.Div(action)],
        className=f"step surface {state}",
    )


def build_running(jobs: Sequence[dict[str, Any]]) -> Component:
    """Return the jobs under way."""
    if not jobs:
        return build_empty_state(
            "Nothing runs", "Imports, trainings and diagnoses show here.", icon="pause-circle"
        )
    rows = [build_job_row(job, with_cancel=False) for job in jobs]
    return html.Ul(rows, className="job-list padded")


def build_datasets(datasets: Sequence[dict[str, Any]]) -> Component:
    """Return the newest datasets."""
    if not datasets:
        return build_empty_state(
            "No datasets yet",
            "A dataset is a set of recordings with their labels. Import or generate one to begin.",
            icon="database",
        )
    return html.Div([_build_dataset_row(dataset) for dataset in datasets], className="link-list")


def _build_dataset_row(dataset: dict[str, Any]) -> Component:
    counts = f"{count_of(dataset['n_recordings'], 'recording')} · version {dataset['version']}"
    return build_link_row(
        f"/datasets/{dataset['dataset_id']}", dataset["name"], counts, format_age(dataset["created_at"])
    )


def build_results(experiments: Sequence[dict[str, Any]]) -> Component:
    """Return the newest experiments with their recording-level test accuracy."""
    if not experiments:
        return build_empty_state(
            "No results yet", "Finished trainings show their test accuracy here.", icon="graph-up"
        )
    return html.Div([_build_result_row(experiment) for experiment in experiments], className="link-list")


def _build_result_row(experiment: dict[str, Any]) -> Component:
    detail = f"{experiment['network_title']} on {experiment['dataset']}, split {experiment['split']}"
    test = experiment["test"]
    if test is None:
        side: Any = build_job_state_badge(experiment["status"])
    else:
        level = test["recording_level"]
        side = [
            html.Div(format_percent(level["accuracy"]), className="result-number"),
            html.Div(f"recording-level, n = {level['n']}", className="row-detail"),
        ]
    return build_link_row(f"/experiment/{experiment['experiment_id']}", experiment["name"], detail, side)


PAGE = PageSpec(module="layouts.pages.home", path="/", title="Start", layout=build_layout, icon="house")
