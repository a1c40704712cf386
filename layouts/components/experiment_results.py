"""The Results tab of an experiment: how good its classifier is, on what, and where it errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import results
from layouts.components.cards import build_card
from layouts.components.forms import build_field, build_select
from layouts.components.numbers import format_number, format_percent
from layouts.components.plots import build_plot
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.ids.experiment import ExperimentId

PARTS = (("test", "Test"), ("validation", "Validation"))
LEVELS = (("recording_level", "Recording level"), ("window_level", "Window level"))


def build_results(part: str, level: str, cell: str) -> html.Div:
    """Return the tab; its callbacks fill it."""
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
        html.Div(id=ExperimentId.NO_JUDGEMENT),
        html.Div(_build_judgement(), id=ExperimentId.JUDGEMENT, className="stack drawn", hidden=True),
        build_card("Recordings", html.Div(build_skeleton(4), id=ExperimentId.RECORDINGS), flush=True),
    ]


def _build_judgement() -> list[Component]:
    plots = [
        build_plot(ExperimentId.ROC, "ROC", note="mean with its 95 % band", height="360px", responsive=True),
        build_plot(ExperimentId.PR, "Precision and recall", height="360px", responsive=True),
        build_plot(ExperimentId.RELIABILITY, "Calibration", height="360px", responsive=True),
    ]
    words = [html.P(id=ExperimentId.AREAS), html.P(id=ExperimentId.CALIBRATION)]
    return [
        html.Div(
            [*(build_card(None, plot) for plot in plots), build_card("In words", html.Div(words))],
            className="grid-2",
        ),
    ]


def build_areas_line(judged: Mapping[str, Any], experiment_id: int, part: str, level: str) -> Component:
    """Return the mean areas under the curves with their intervals, and the way to the whole evaluation."""
    macro = judged["macro"]
    words = ", ".join(
        f"{name} {_say_area(macro[field], macro[f'{field}_interval'])}"
        for field, name in (("auc", "AUC"), ("average_precision", "average precision"))
    )
    href = f"/evaluation?experiment={experiment_id}&part={part}&level={level}"
    return html.Span([f"Mean of the classes: {words}. ", dcc.Link("The whole evaluation", href=href), "."])


def _say_area(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "unknown (a class is missing)"
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def build_no_judgement(experiment_id: int) -> Component:
    """Return what stands where nothing is stored to draw curves from."""
    state = build_empty_state(
        "No curves yet",
        "What the classifier said of single windows was not kept, or the part was not judged.",
        action=build_button_link(
            "Open the evaluation", f"/evaluation?experiment={experiment_id}", icon="clipboard-data"
        ),
        icon="graph-up",
    )
    return html.Div(state, className="surface")


def build_verdict(
    experiment: Mapping[str, Any], found: Mapping[str, Any], part: str, group: Mapping[str, Any] | None
) -> Component:
    """Return both accuracies, the stamp of the split, and what the seeds say together."""
    judged = found[part]
    cards = [results.build_accuracy(level, judged[level], part) for level in results.LEVELS]
    stamp = results.build_stamp(
        experiment["split_colour"], experiment["split_findings"], experiment["split_accepted_reason"]
    )
    further = [_describe_further(judged, part, experiment["test_evaluations"], found.get("calibration"))]
    if group and group["n_seeds"] > 1:
        further.append(_describe_group(group))
    remarks = html.Div([html.Div(text) for text in further], className="row-detail remarks")
    subsets = found.get("subsets") if part == "test" else None
    variants = [results.build_subsets(subsets)] if subsets else []
    return html.Div([html.Div(cards, className="grid-2"), stamp, remarks, *variants], className="stack")


def _describe_further(
    judged: Mapping[str, Any], part: str, test_evaluations: int, calibration: Mapping[str, Any] | None
) -> str:
    level = judged["recording_level"]
    words = f"Recording-level macro F1 {format_percent(level['macro_f1'])}"
    if level["ece"] is not None:
        words += f", calibration error (ECE) {format_percent(level['ece'])}"
        words += _describe_calibration(level, (calibration or {}).get("recording"))
    else:
        words += "."
    if part == "test":
        times = "once" if test_evaluations == 1 else f"{test_evaluations} times"
        return f"{words} The test part was judged {times}."
    return f"{words} Validation chose the best epoch, so it flatters."


def _describe_calibration(level: Mapping[str, Any], fitted: Mapping[str, Any] | None) -> str:
    """Say whether the probabilities behind an ECE are calibrated; if not, why."""
    if fitted is None:
        return ", not calibrated."
    if fitted["temperature"] is None:
        return f". {fitted['sentence']}"
    before = level.get("ece_uncalibrated")
    was = "" if before is None else f" (before: {format_percent(before)})"
    return f", calibrated with the temperature {format_number(fitted['temperature'], 3)}{was}."


def _describe_group(group: Mapping[str, Any]) -> str:
    words = f"{group['n_finished']} of {group['n_seeds']} seeds of this group are finished"
    mean, interval = group["test_recording_accuracy_mean"], group["test_recording_accuracy_interval"]
    if mean is None:
        return f"{words}."
    words += f"; mean recording-level test accuracy {format_percent(mean)}"
    if interval is None:
        return f"{words}, {group['note']}."
    if interval[1] <= interval[0]:
        return f"{words} in all of them: no spread to make an interval of."
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
