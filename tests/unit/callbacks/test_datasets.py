"""The list of datasets, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks import datasets
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from tests.factories.datasets import add_small_dataset
from tests.unit.layouts.tree import find_text


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "current_actor", lambda: SYSTEM)


def ask(start: int, stop: int, search_query: str | None = None, **more: Any) -> dict[str, Any]:
    request = {"startRow": start, "endRow": stop, **more}
    return datasets.list_datasets(request, search_query, more.pop("shelf", "active"))


def test_every_dataset_is_on_one_of_the_pages(database: object) -> None:
    for number in range(5):
        add_small_dataset(f"Rig {number}")
    pages = [ask(start, start + 2) for start in (0, 2, 4)]
    assert [page["rowCount"] for page in pages] == [5, 5, 5]
    names = [row["name"] for page in pages for row in page["rowData"]]
    assert names == [f"Rig {number}" for number in (4, 3, 2, 1, 0)]
    upwards = ask(0, 2, sortModel=[{"colId": "name", "sort": "asc"}])
    assert [row["name"] for row in upwards["rowData"]] == ["Rig 0", "Rig 1"]
    assert ask(0, 50, "rig 3")["rowCount"] == 1


def test_a_row_tells_classes_and_whether_it_is_archived(database: object) -> None:
    small = add_small_dataset()
    (row,) = ask(0, 50)["rowData"]
    assert (row["classes"], row["tag"]) == ("healthy 4, inner race 4", None)
    assert [each["count"] for each in row["class_list"]] == [4, 4]
    assert row["href"] == f"/datasets/{small.dataset_id}"
    DatasetService.archive_dataset(small.dataset_id)
    assert ask(0, 50)["rowCount"] == 0
    assert (
        datasets.list_datasets({"startRow": 0, "endRow": 50}, None, "archived")["rowData"][0]["tag"]
        == "archived"
    )


def test_an_empty_list_says_why(database: object) -> None:
    nothing, hidden, count = datasets.count_datasets({}, "", "active", None)
    assert hidden
    assert "Import recordings" in find_text(nothing)
    assert count == ""
    add_small_dataset()
    assert datasets.count_datasets({}, "", "active", None) == (None, False, "1 dataset")
    nothing, hidden, _count = datasets.count_datasets({}, "pump", "active", None)
    assert hidden
    assert "No dataset matches" in find_text(nothing)
