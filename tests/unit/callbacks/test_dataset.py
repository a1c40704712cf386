"""The page of one dataset."""

from __future__ import annotations

import pytest

from callbacks import dataset
from services.dataset_service import DatasetService
from services.shared.actors import SYSTEM
from tests.unit.callbacks.viewer_spies import replace


@pytest.mark.parametrize(
    ("details", "disabled"),
    [
        (None, [True, True, True, True]),
        ({"trashed_at": "2026-03-01T10:00:00Z"}, [True, True, False, False]),
        ({"trashed_at": None}, [False, False, False, False]),
    ],
)
def test_only_what_is_there_can_be_archived_or_thrown_away(
    monkeypatch: pytest.MonkeyPatch, details: dict[str, str | None] | None, disabled: list[bool]
) -> None:
    monkeypatch.setattr(dataset, "current_actor", lambda: SYSTEM)
    monkeypatch.setattr(dataset, "may_write", lambda: True)
    replace(monkeypatch, DatasetService, "get_dataset_details", details)
    found = dataset.allow_changes({"dataset_id": "9"}, None)
    assert list(found[::2]) == disabled
    assert all(bool(reason) is blocked for blocked, reason in zip(disabled, found[1::2], strict=True))
