"""The report of a diagnosis as a page."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output

from callbacks.context import current_actor, fills_area, parse_id
from layouts.components import report as parts
from layouts.ids.report import ReportId
from services.experiment_service import ExperimentService


@fills_area
def show_report(place: dict[str, Any]) -> tuple[Any, str, str, Any]:
    """Show the document, or why there is none."""
    number = parse_id(place["diagnosis_id"]) or 0
    report = ExperimentService.get_diagnosis_report(number, actor=current_actor())
    if not report["success"]:
        return parts.build_no_report(report["error"]), "Report", "", []
    return (
        parts.build_report(report),
        report["title"],
        f"{report['asked']}. Made from the stored recording, settings and answer.",
        parts.build_actions(number),
    )


def register(app: dash.Dash) -> None:
    """Wire the page."""
    app.callback(
        Output(ReportId.BODY, "children"),
        Output(ReportId.TITLE, "children"),
        Output(ReportId.SENTENCE, "children"),
        Output(ReportId.ACTIONS, "children"),
        Input(ReportId.PAGE, "data"),
    )(show_report)
