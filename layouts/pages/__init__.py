"""All pages, written down once: navigation, titles, roles and routes come from this list."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dash
from dash.development.base_component import Component

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

Layout = Callable[..., Component]

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


def register_pages(wraps: Mapping[str, Callable[[Layout], Layout]] | None = None) -> None:
    """Give Dash's process-wide page registry exactly these pages, in this order.

    ``wraps`` holds by module what makes another layout function of a page's own.
    """
    dash.page_registry.clear()
    for order, page in enumerate(PAGES):
        wrap = (wraps or {}).get(page.module)
        dash.register_page(
            page.module,
            path=page.path,
            path_template=page.path_template,
            name=page.title,
            title=f"{page.title} · LSTM-PFD",
            description="",
            order=order,
            layout=wrap(page.layout) if wrap else page.layout,
        )
