from __future__ import annotations

import pytest

from layouts.components.tables import Column, build_column, build_column_menu, build_table


def test_the_unit_stands_in_the_header() -> None:
    assert (
        build_column(Column("sample_rate_hz", "Sample rate", unit="Hz"))["headerName"] == "Sample rate (Hz)"
    )
    assert build_column(Column("name", "Name"))["headerName"] == "Name"


def test_numbers_align_right_and_are_formatted_by_a_named_function() -> None:
    column = build_column(Column("x", "X", kind="number", digits=3))
    assert column["type"] == "rightAligned"
    assert column["valueFormatter"] == {"function": "pfd.formatNumber(params.value, 3)"}
    assert column["filter"] == "agNumberColumnFilter"


@pytest.mark.parametrize(
    ("kind", "renderer"), [("link", "PfdLink"), ("class", "PfdClass"), ("state", "PfdState")]
)
def test_special_cells_have_a_renderer_of_ours(kind, renderer) -> None:
    assert build_column(Column("x", "X", kind=kind))["cellRenderer"] == renderer


def test_rows_come_from_the_server_block_by_block() -> None:
    grid = build_table("some-table", [Column("x", "X")], label="Things", page_size=25).children
    assert grid.rowModelType == "infinite"
    assert grid.dashGridOptions["cacheBlockSize"] == 25
    assert not hasattr(grid, "rowData")


def test_a_pinned_column_can_not_be_hidden() -> None:
    menu = build_column_menu("some-table", [Column("a", "A", pinned=True), Column("b", "B")])
    fields = [getattr(item, "data-field") for item in menu.children[1].children]
    assert fields == ["b"]
