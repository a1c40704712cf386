"""Tables: AG Grid with rows fetched page by page from the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_ag_grid as dag
from dash import html

from layouts.components.icons import build_icon

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Sorting and filtering happen in the service.

    ``kind``: text, number, moment (ISO time), link (to the row's ``href``, with its
    ``tag``), class (fault class with its colour, from the row's ``class_colour``), classes (several, from the
    row's ``class_list``), state (job state), or one of the experiments' cells: training
    (state with progress), accuracy (with n and interval), split (with its colour), experiment (a row that
    unfolds), baseline, option. ``digits`` are significant digits; a ``hidden`` column waits in the menu.
    """

    field: str
    header: str
    unit: str = ""
    kind: str = "text"
    digits: int = 5
    sortable: bool = True
    filterable: bool = True
    width: int | None = None
    flex: int | None = None
    pinned: bool = False
    tooltip: str = ""  # another field that says more
    hidden: bool = False


_COLUMN_EVENTS = ("columnMoved", "columnResized", "columnVisible", "sortChanged")
# Columns that a callback changes come with the definitions' own widths: what a person chose goes on top.
_RESTORE_EVENTS = ("firstDataRendered", "newColumnsLoaded")
_RENDERERS = {
    "link": "PfdLink",
    "class": "PfdClass",
    "classes": "PfdClasses",
    "state": "PfdState",
    "training": "PfdTraining",
    "accuracy": "PfdAccuracy",
    "split": "PfdSplit",
    "experiment": "PfdExperiment",
    "baseline": "PfdBaseline",
    "option": "PfdOption",
}
_FORMATTERS = {"number": "pfd.formatNumber(params.value, %d)", "moment": "pfd.formatMoment(params.value)"}


def build_column(column: Column) -> dict[str, Any]:
    """Return AG Grid's definition of a column; a unit stands in the header."""
    definition: dict[str, Any] = {
        "field": column.field,
        "headerName": f"{column.header} ({column.unit})" if column.unit else column.header,
        "sortable": column.sortable,
        "tooltipField": column.tooltip or column.field,
    }
    if column.filterable:
        definition["filter"] = "agNumberColumnFilter" if column.kind == "number" else "agTextColumnFilter"
        definition["filterParams"] = {"maxNumConditions": 1, "debounceMs": 350}
    if column.kind in _RENDERERS:
        definition["cellRenderer"] = _RENDERERS[column.kind]
    if column.kind in _FORMATTERS:
        text = _FORMATTERS[column.kind]
        definition["valueFormatter"] = {"function": text % column.digits if "%d" in text else text}
    if column.kind == "number":
        definition |= {"type": "rightAligned", "cellClass": "number"}
    for name, value in (("width", column.width), ("flex", column.flex)):
        if value is not None:
            definition[name] = value
    if column.pinned:
        definition["pinned"] = "left"
    if column.hidden:
        definition["hide"] = True
    return definition


NOTHING_MATCHES = "Change the search or the filters to see others."


def describe_nothing(title: str, why: str = NOTHING_MATCHES) -> dict[str, Any]:
    """Return AG Grid's options that show the product's empty state in place of its own words."""
    return {
        "noRowsOverlayComponent": "PfdNothing",
        "noRowsOverlayComponentParams": {"title": title, "why": why},
    }


def build_table(
    table_id: Any,
    columns: Sequence[Column],
    *,
    label: str,
    height: str = "520px",
    page_size: int = PAGE_SIZE,
    selectable: bool = False,
    row_id: str | None = None,
    nothing: str = "No row matches",
) -> html.Div:
    """Return a table whose callback answers ``getRowsRequest`` with ``getRowsResponse``.

    Which columns are shown, their order, widths and sorting are remembered in the browser, per table. Rows
    that can be selected need the field that tells them apart, ``row_id``, a
    text. ``nothing`` is said where no row matches.
    """
    options: dict[str, Any] = {
        "cacheBlockSize": page_size,
        "maxBlocksInCache": 40,
        "rowHeight": 34,
        "headerHeight": 36,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressCellFocus": False,
        "tooltipShowDelay": 600,
        "animateRows": False,
        "rowBuffer": 4,  # rows drawn beyond those that are seen
        **describe_nothing(nothing),
    }
    if selectable:
        options["rowSelection"] = {"mode": "multiRow", "headerCheckbox": False}
        options["selectionColumnDef"] = {"headerName": "Select", "width": 74, "pinned": "left"}
    grid = dag.AgGrid(
        id=table_id,
        columnDefs=[build_column(column) for column in columns],
        defaultColDef={"resizable": True, "minWidth": 90, "suppressHeaderMenuButton": False},
        rowModelType="infinite",
        dashGridOptions=options,
        eventListeners={
            **{event: [f"pfd.restoreColumns(params, '{table_id}')"] for event in _RESTORE_EVENTS},
            **{event: [f"pfd.keepColumns(params, '{table_id}')"] for event in _COLUMN_EVENTS},
        },
        className="pfd-grid",
        style={"height": height, "width": "100%"},
    )
    if row_id is not None:
        grid.getRowId = f"params.data.{row_id}"
    return html.Div(grid, className="table-frame", role="region", **{"aria-label": label})


def build_column_menu(table_id: str, columns: Sequence[Column]) -> html.Details:
    """Return the menu that shows and hides columns (`assets/tables.js`); pinned ones always stay."""
    items = [
        html.Button(
            [build_icon("check-lg"), html.Span(column.header)],
            type="button",
            role="switch",
            className="menu-item",
            **{
                "data-action": "toggle-column",
                "data-table": table_id,
                "data-field": column.field,
                "aria-checked": "true",
            },
        )
        for column in columns
        if not column.pinned
    ]
    summary = html.Summary([build_icon("layout-three-columns"), "Columns"], className="btn btn-light action")
    panel = html.Div(items, className="menu-panel", role="group", **{"aria-label": "Columns"})
    return html.Details([summary, panel], className="menu")


def build_plain_table(headers: Sequence[Any], rows: Sequence[Sequence[Any]], *, caption: str) -> html.Div:
    """Return a small table whose rows are all here; cells that are numbers align right."""
    head = html.Thead(html.Tr([html.Th(header, scope="col") for header in headers]))
    body = [html.Tr([_build_cell(cell) for cell in row]) for row in rows]
    words = html.Caption(caption, className="visually-hidden")
    table = html.Table([words, head, html.Tbody(body)], className="plain-table")
    return html.Div(
        table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": caption}
    )


def _build_cell(cell: Any) -> html.Td:
    return html.Td(cell, className="number" if isinstance(cell, int | float) else None)
