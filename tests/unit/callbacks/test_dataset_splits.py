"""Splits of a dataset: carrying one over to a newer version."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import dataset_splits
from layouts.ids.dataset import DatasetId
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from tests.factories.imports import import_faults
from tests.unit.layouts.tree import find_text
from utils.exceptions import LstmPfdError

Toasts = list[tuple[str, str | None]]


@pytest.fixture
def toasts(monkeypatch: pytest.MonkeyPatch) -> Toasts:
    """Return the toasts that are shown, as (title, link)."""
    shown: Toasts = []
    monkeypatch.setattr(dataset_splits, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(dataset_splits, "may_write", lambda: True)
    monkeypatch.setattr(dataset_splits, "show_toast", lambda title, level, link: shown.append((title, link)))
    return shown


@pytest.fixture
def split(database: object, tmp_path: Path, toasts: Toasts) -> dict[str, Any]:
    """Return a split of the first of two versions."""
    dataset_id = import_faults(tmp_path / "one", loads=(0, 1, 2))
    made = DatasetService.create_split(dataset_id, "by load", "load", ["2"], channel="DE")
    import_faults(tmp_path / "two", loads=(3,))
    return made


def show(split: dict[str, Any], version: str = "latest") -> str:
    place = {"dataset_id": str(split["dataset_id"])}
    return find_text(dataset_splits.show_splits(place, version, None, None))


def click(monkeypatch: pytest.MonkeyPatch, trigger: Any) -> tuple[Any, ...]:
    index = trigger["index"] if isinstance(trigger, dict) else None
    monkeypatch.setattr(dataset_splits, "ctx", SimpleNamespace(triggered_id=trigger))
    monkeypatch.setattr(dataset_splits, "triggered_index", lambda: index)
    return dataset_splits.ask_to_carry([1], None, None)


def test_an_old_split_is_carried_over_through_the_dialog(
    split: dict[str, Any], toasts: Toasts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Carry over to version 2" in show(split)
    assert "Carry over to version 2" in show(split, "1")
    is_open, title, findings, checked, name, *_rest = click(
        monkeypatch, {"type": DatasetId.CARRY.value, "index": split["split_id"]}
    )
    assert (is_open, name) == (True, "by load")
    assert "version 2" in title
    assert "3 labelled signals" in find_text(findings)
    assert dataset_splits.allow_create(checked, name, False, "") == (False, None)
    made = dataset_splits.carry(1, checked, "by load, again", "")
    ((words, link),) = toasts
    assert "by load, again" in words
    assert link == f"/experiment/new?split_id={made['split_id']}"
    assert "Carry over" not in show(split)
    assert "carried over from version 1" in show(split)
    stored = DatasetService.get_split(made["split_id"])
    assert stored is not None
    assert stored["version"] == 2
    assert click(monkeypatch, DatasetId.CARRIED)[0] is False


def test_a_viewer_is_offered_nothing(split: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_splits, "may_write", lambda: False)
    assert "by load" in show(split)
    assert "Carry over" not in show(split)


def test_a_button_that_only_appears_opens_nothing(
    split: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_splits, "ctx", SimpleNamespace(triggered_id={"type": "x", "index": 1}))
    monkeypatch.setattr(dataset_splits, "triggered_index", lambda: None)
    with pytest.raises(PreventUpdate):
        dataset_splits.ask_to_carry([None], None, None)


def test_a_name_that_is_taken_is_said_and_nothing_is_stored(split: dict[str, Any]) -> None:
    checked = {"split_id": split["split_id"], "version": 2, "colour": "clear"}
    dataset_splits.carry(1, checked, "again", None)
    with pytest.raises(LstmPfdError, match="again"):
        dataset_splits.carry(1, checked, "again", None)
    assert len(DatasetService.list_splits(split["dataset_id"])) == 2
