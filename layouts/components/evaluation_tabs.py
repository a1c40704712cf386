"""What stands in the evaluation's tabs before their callbacks have filled them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.evaluation_models import COST_CHOICES
from layouts.components.evaluation_sweep import NEWEST, QUANTITIES, build_sweep_form
from layouts.components.evaluation_trust import COVERAGES
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.figures.evaluation import MACRO
from layouts.ids.evaluation import EvaluationId

_NOT_YET = "Choose an experiment first."


def _show(component_id: str, content: Any) -> html.Div:
    """Return what is shown when there is something to show; plots inside know their width before."""
    return html.Div(content, id=component_id, className="stack drawn", hidden=True)


def _build_area(component_id: str, height: str = "320px") -> html.Div:
    return html.Div(build_skeleton(height=height), id=component_id)


def build_curves_tab(band: str) -> html.Div:
    """ROC and PR."""
    shown = build_field(
        "95 % band of", build_select(EvaluationId.BAND, [(band, "Mean of the classes")], band)
    )
    roc = build_plot(EvaluationId.ROC, "ROC", height="420px", responsive=True)
    pr = build_plot(EvaluationId.PR, "Precision and recall", height="420px", responsive=True)
    return html.Div(
        [
            _build_area(EvaluationId.CURVES),
            _show(
                EvaluationId.CURVES_SHOWN,
                [
                    html.Div(
                        [shown, html.Span(id=EvaluationId.BASIS, className="muted")], className="filter-bar"
                    ),
                    html.Div([build_card(None, roc), build_card(None, pr)], className="grid-2"),
                    build_card(
                        "Areas under the curves",
                        html.Div(build_skeleton(4), id=EvaluationId.AREAS),
                        flush=True,
                    ),
                ],
            ),
        ],
        className="stack",
    )


def build_errors_tab(cell: str) -> html.Div:
    """Confusions and their recordings."""
    return html.Div(
        [
            dcc.Store(id=EvaluationId.CHOSEN_CELL, data=cell),
            build_card(
                "Confusion matrix: choose a cell to see its recordings",
                _build_area(EvaluationId.ERRORS),
            ),
            build_card("Recordings", html.Div(build_skeleton(4), id=EvaluationId.CELL_LIST), flush=True),
        ],
        className="stack",
    )


def build_slices_tab() -> html.Div:
    """Accuracy by speed, load, severity, noise."""
    return html.Div(_build_area(EvaluationId.SLICES))


def build_robustness_tab(quantity: str) -> html.Div:
    """The form of a sweep, its progress, its curves."""
    quantity = quantity if quantity in dict(QUANTITIES) else QUANTITIES[0][0]
    noise = build_plot(
        EvaluationId.NOISE_PLOT,
        "Under disturbances",
        note="bars: 95 % intervals",
        height="420px",
        responsive=True,
    )
    gain = build_plot(
        EvaluationId.GAIN_PLOT,
        "At other gains",
        note="a level line is what is wanted",
        height="420px",
        responsive=True,
    )
    choices = [
        build_field("Sweep", build_select(EvaluationId.SWEEPS, [(NEWEST, "The newest")], NEWEST)),
        build_field("Quantity", build_select(EvaluationId.QUANTITY, QUANTITIES, quantity)),
    ]
    return html.Div(
        [
            html.Div(id=EvaluationId.SWEEP_JOBS, **{"aria-live": "polite"}),
            _build_area(EvaluationId.SWEEP_STATE, "160px"),
            _show(
                EvaluationId.SWEEP_SHOWN,
                [
                    html.Div(choices, className="filter-bar"),
                    html.Div([build_card(None, noise), build_card(None, gain)], className="grid-2"),
                    html.Div(id=EvaluationId.SWEEP_TABLE),
                ],
            ),
            build_sweep_form(),
        ],
        className="stack",
    )


def build_calibration_tab() -> html.Div:
    """Reliability before and after scaling."""
    plot = build_plot(
        EvaluationId.RELIABILITY,
        "Reliability",
        note="bars: 95 % intervals of the share that is right",
        height="420px",
        responsive=True,
    )
    return html.Div(
        [
            _show(EvaluationId.RELIABILITY_SHOWN, build_card(None, plot)),
            _build_area(EvaluationId.CALIBRATION),
        ],
        className="stack",
    )


def build_conformal_tab(coverage: str) -> html.Div:
    """Sets with a wanted coverage."""
    coverage = coverage if coverage in dict(COVERAGES) else "0.9"
    wanted = build_field("Coverage wanted", build_select(EvaluationId.COVERAGE, COVERAGES, coverage))
    curve = build_plot(
        EvaluationId.COVERAGE_PLOT,
        "Coverage",
        note="recording-level",
        height="340px",
        responsive=True,
    )
    sizes = build_plot(EvaluationId.SIZES_PLOT, "How large the sets are", height="340px", responsive=True)
    return html.Div(
        [
            html.Div(wanted, className="filter-bar"),
            _build_area(EvaluationId.CONFORMAL, "200px"),
            _show(
                EvaluationId.CONFORMAL_SHOWN,
                [
                    html.Div([build_card(None, curve), build_card(None, sizes)], className="grid-2"),
                    html.Div(id=EvaluationId.SETS),
                ],
            ),
        ],
        className="stack",
    )


def build_open_set_tab() -> html.Div:
    """Rejection of what was never learned, tried on classes that are held out."""
    plot = build_plot(
        EvaluationId.OPEN_SET_PLOT,
        "Held-out classes",
        note="0.5 is guessing",
        height="360px",
        responsive=True,
    )
    form = html.Div(
        [
            build_field(
                "Known ones that may be rejected",
                dbc.Input(id=EvaluationId.FALSE_ALARMS, type="number", value=5, min=0.1, max=50, step="any"),
                unit="%",
            ),
            build_button(
                "Try it on held-out classes",
                EvaluationId.OPEN_SET_START,
                icon="play",
                tone="primary",
                disabled_because=_NOT_YET,
            ),
        ],
        className="filter-bar",
    )
    use = html.Div(
        [
            build_button("Use in diagnoses", EvaluationId.APPLY, icon="check2", disabled_because=_NOT_YET),
            build_button("Stop using it", EvaluationId.WITHDRAW, icon="x-lg", disabled_because=_NOT_YET),
            html.Span(id=EvaluationId.APPLIED, role="status"),
        ],
        className="form-actions",
    )
    return html.Div(
        [
            form,
            html.Div(id=EvaluationId.OPEN_SET_JOBS, **{"aria-live": "polite"}),
            _build_area(EvaluationId.OPEN_SET, "200px"),
            _show(
                EvaluationId.OPEN_SET_SHOWN,
                [
                    build_card("In diagnoses", use),
                    build_card(None, plot),
                    html.Div(id=EvaluationId.OPEN_SET_TABLE),
                ],
            ),
        ],
        className="stack",
    )


def build_architectures_tab(cost: str) -> html.Div:
    """Several experiments side by side."""
    cost = cost if cost in dict(COST_CHOICES) else COST_CHOICES[0][0]
    plot = build_plot(
        EvaluationId.ARCHITECTURES_PLOT,
        "Accuracy and cost",
        note="recording-level; bars: 95 % intervals",
        height="440px",
        responsive=True,
    )
    others = dbc.Checklist(id=EvaluationId.OTHERS, options=[], value=[], class_name="pick-list")
    tools = [
        build_field("Cost", build_select(EvaluationId.COST, COST_CHOICES, cost)),
        build_button(
            "Measure missing latencies", EvaluationId.MEASURE, icon="stopwatch", disabled_because=_NOT_YET
        ),
    ]
    return html.Div(
        [
            build_card("Experiments to put side by side", build_group("Finished experiments", others)),
            html.Div(id=EvaluationId.LATENCY_JOBS, **{"aria-live": "polite"}),
            _build_area(EvaluationId.ARCHITECTURES, "200px"),
            _show(
                EvaluationId.ARCHITECTURES_SHOWN,
                [
                    html.Div(tools, className="filter-bar"),
                    build_card(None, plot),
                    html.Div(id=EvaluationId.ARCHITECTURES_TABLE),
                ],
            ),
        ],
        className="stack",
    )


def build_contents(asked: Mapping[str, str]) -> dict[str, Component]:
    """Return every tab's content by its key; ``asked`` is what the address says."""
    return {
        "roc": build_curves_tab(asked["band"] or MACRO),
        "errors": build_errors_tab(asked["cell"]),
        "slices": build_slices_tab(),
        "robustness": build_robustness_tab(asked["quantity"]),
        "calibration": build_calibration_tab(),
        "conformal": build_conformal_tab(asked["coverage"]),
        "open_set": build_open_set_tab(),
        "architectures": build_architectures_tab(asked["cost"]),
    }
