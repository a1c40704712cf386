from __future__ import annotations

from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import signals
from layouts.figures.theme import class_colour
from services.dataset_service import DatasetService
from tests.unit.layouts.tree import find_text


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "current_actor", lambda: "somebody")


def have_datasets(monkeypatch: pytest.MonkeyPatch, *datasets: tuple[int, str]) -> None:
    items = [{"dataset_id": number, "name": name} for number, name in datasets]
    monkeypatch.setattr(DatasetService, "list_datasets", lambda **_: {"items": items, "total": len(items)})


def make_channel(channel: str, bearing: str, *flags: str) -> dict[str, Any]:
    return {
        "signal_id": 1, "channel": channel, "bearing": bearing, "sample_rate_hz": 12000.0, "n_samples": 24000,
        "duration_s": 2.0, "quality": [{"name": name} for name in flags],
    }  # fmt: skip


def test_the_newest_dataset_is_shown_unless_another_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    have_datasets(monkeypatch, (4, "New"), (1, "Old"))
    assert signals.show_datasets({"dataset": ""})[1::2] == (False, "4")
    assert signals.show_datasets({"dataset": "1"})[3] == "1"


def test_a_dataset_beyond_the_list_can_still_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    have_datasets(monkeypatch, (4, "New"))
    archived = {"dataset_id": 2, "name": "Archived"}
    monkeypatch.setattr(
        DatasetService, "get_dataset_details", lambda number, **_: archived if number == 2 else None
    )
    _state, _hidden, options, value = signals.show_datasets({"dataset": "2"})
    assert value == "2"
    assert [each["label"] for each in options] == ["New", "Archived"]
    assert signals.show_datasets({"dataset": "77"})[3] == "4"


def test_before_the_first_import_the_page_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    have_datasets(monkeypatch)
    state, hidden, *_rest = signals.show_datasets({"dataset": ""})
    assert hidden is True
    assert "Import recordings" in find_text(state)


def test_a_recording_is_one_row_with_all_its_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    recording = {
        "recording_id": 9, "recording": "IR007_0", "dataset_id": 4, "fault_classes": ["inner_race"],
        "load": "0", "shaft_speed_rpm": 1797.0, "machine": None,
        "signals": [make_channel("DE", "6205-2RS", "clipping"), make_channel("FE", "6203-2RS", "clipping")],
    }  # fmt: skip

    def list_recordings(dataset_id: int, **kwargs: Any) -> dict[str, Any]:
        asked.update(kwargs, dataset_id=dataset_id)
        return {"items": [recording], "total": 31}

    monkeypatch.setattr(DatasetService, "list_recordings", list_recordings)
    request = {"startRow": 50, "endRow": 100, "sortModel": [{"colId": "load", "sort": "desc"}]}
    response, count = signals.list_recordings(request, "4", " IR ", "all")
    (row,) = response["rowData"]
    assert (response["rowCount"], count) == (31, "31 recordings")
    assert (row["href"], row["channels"], row["bearings"]) == ("/signals/4/9", "DE, FE", "6205-2RS, 6203-2RS")
    assert (row["flags"], row["class_colour"]) == ("clipping", class_colour("inner_race"))
    assert (asked["dataset_id"], asked["page"], asked["sort"]) == (4, 2, "-load")
    assert asked["filters"] == {"q": "IR"}


def test_the_table_waits_for_a_dataset() -> None:
    with pytest.raises(PreventUpdate):
        signals.list_recordings({"startRow": 0, "endRow": 50}, None, "", "all")
