"""All pages, written down once: navigation, titles, roles and routes come from this list."""

from __future__ import annotations

import dash

from layouts.page_spec import PageSpec
from layouts.pages import (
    compare,
    condition_trend,
    data_explorer,
    data_generation,
    dataset,
    datasets,
    diagnose,
    evaluation,
    experiment,
    experiments,
    feature_engineering,
    home,
    leaks,
    new_experiment,
    not_found_404,
    report,
    reports,
    signal_viewer,
    signals,
    xai,
)

PAGES: list[PageSpec] = [
    home.PAGE,
    datasets.PAGE,
    condition_trend.PAGE,
    leaks.PAGE,
    dataset.PAGE,
    data_generation.PAGE,
    signals.PAGE,
    signal_viewer.PAGE,
    feature_engineering.PAGE,
    data_explorer.PAGE,
    experiments.PAGE,
    new_experiment.PAGE,
    experiment.PAGE,
    compare.PAGE,
    evaluation.PAGE,
    xai.PAGE,
    diagnose.PAGE,
    reports.PAGE,
    report.PAGE,
    not_found_404.PAGE,
]


def register_pages() -> None:
    """Give Dash's process-wide page registry exactly these pages, in this order."""
    dash.page_registry.clear()
    for order, page in enumerate(PAGES):
        dash.register_page(
            page.module,
            path=page.path,
            path_template=page.path_template,
            name=page.title,
            title=f"{page.title} · LSTM-PFD",
            description="",
            order=order,
            layout=page.layout,
        )
