"""One dataset: card, recordings, samples, splits, versions, exports."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.carried_splits import build_carry_dialog
from layouts.components.dataset_export import build_export_area
from layouts.components.dataset_removal import build_removal_dialog, build_trash_note
from layouts.components.dataset_samples import build_preview_area, build_statistics_area
from layouts.components.dataset_versions import build_versions_area
from layouts.components.forms import LATEST, build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.noise_variants import build_noise_area
from layouts.components.recording_edit import FIELDS, build_edit_dialog
from layouts.components.recording_filters import COLUMNS, FILTERS, build_recordings
from layouts.components.splits import build_splits_area
from layouts.components.states import build_button_link, build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.figures.theme import class_colour
from layouts.ids.dataset import DatasetId
from layouts.page_spec import PageSpec

TABS = (
    ("overview", "Overview"),
    ("recordings", "Recordings"),
    ("preview", "Preview"),
    ("statistics", "Statistics"),
    ("splits", "Splits"),
    ("versions", "Versions"),
    ("export", "Export"),
)


def build_layout(
    dataset_id: str | None = None, tab: str = "overview", version: str = LATEST, **query: Any
) -> Component:
    """Return the page."""
    contents = {
        "overview": html.Div(build_skeleton(height="320px"), id=DatasetId.CARD),
        "recordings": build_recordings(query),
        "preview": build_preview_area(),
        "statistics": build_statistics_area(),
        "splits": html.Div([build_splits_area(), build_noise_area()], className="stack"),
        "versions": build_versions_area(),
        "export": build_export_area(),
    }
    return html.Div(
        [
            dcc.Store(id=DatasetId.PAGE, data={"dataset_id": dataset_id, "version": version}),
            dcc.Store(id=DatasetId.CHANGED),
            build_url_store(DatasetId.URL, "tab", *(name for name, _ in FILTERS), "version"),
            build_page_header(
                html.Span("Dataset", id=DatasetId.TITLE),
                html.Span(id=DatasetId.SENTENCE),
                crumbs=[("Datasets", "/datasets")],
                actions=[
                    build_field("Version", build_select(DatasetId.VERSION, [(version, version)], version)),
                    build_button_link(
                        "Trend", f"/datasets/{dataset_id}/trend", icon="graph-up", primary=False
                    ),
                    build_button("Archive", DatasetId.ARCHIVE, icon="archive"),
                    build_button("Delete", DatasetId.TRASH, icon="trash"),
                ],
            ),
            build_trash_note(),
            build_tabs(DatasetId.TABS, TABS, contents, tab),
            build_carry_dialog(),
            build_edit_dialog(),
            build_removal_dialog(),
        ],
        className="page",
    )


def build_row(dataset_id: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return one signal as a row of the table."""
    path = f"/signals/{dataset_id}/{row['recording_id']}?{urlencode({'signal': row['signal_id']})}"
    return {
        **{column.field: row.get(column.field) for column in COLUMNS},
        "signal_id": row["signal_id"],
        "row_id": str(row["signal_id"]),
        "href": path,
        "class_colour": class_colour(row["fault_class"]),
        "flags": ", ".join(flag["name"].replace("_", " ") for flag in row["quality"]),
        "flag_sentences": " ".join(flag["sentence"] for flag in row["quality"]),
        "edited": ", ".join(FIELDS[name].lower() for name in row["edited"]),
    }


PAGE = PageSpec(
    module="layouts.pages.dataset",
    path="/datasets/none",
    path_template="/datasets/<dataset_id>",
    title="Dataset",
    layout=build_layout,
    icon="database",
)
