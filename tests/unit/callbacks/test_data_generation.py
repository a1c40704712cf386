"""The files of the import wizard."""

from __future__ import annotations

import pytest

from callbacks import data_generation as callbacks
from services.shared.results import failure, ok
from utils.exceptions import NotFoundError, StorageFullError


@pytest.fixture
def discarded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Upload ids that were discarded."""
    gone: list[str] = []

    def discard(upload_id: str, *, actor: object) -> dict:
        gone.append(upload_id)
        return ok()

    monkeypatch.setattr(callbacks.DatasetService, "discard_upload", discard)
    monkeypatch.setattr(callbacks, "current_actor", lambda: None)
    monkeypatch.setattr(callbacks, "show_toast", lambda *_words: None)
    return gone


def upload(upload_id: str, name: str = "a.mat", content: str = "00") -> dict:
    return {"upload_id": upload_id, "file_name": name, "n_bytes": 5, "sha256": content * 32}


def item(upload_id: str, name: str = "a.mat", content: str = "00", *, used: bool = True) -> dict:
    return callbacks._describe(upload(upload_id, name, content), used=used)


def test_a_file_that_is_here_already_is_not_kept_twice(discarded: list[str]) -> None:
    items = callbacks._add([item("1", used=False)], [upload("2"), upload("3", "b.mat", "11")])
    assert [(each["upload_id"], each["used"]) for each in items] == [("1", True), ("3", True)]
    assert discarded == ["2"]


def test_another_file_of_the_same_name_is_kept(discarded: list[str]) -> None:
    assert len(callbacks._add([item("1")], [upload("2", content="11")])) == 2
    assert discarded == []


def test_removing_a_file_deletes_its_upload(discarded: list[str]) -> None:
    items = [item("1"), item("2", "b.mat")]
    assert callbacks._discard_some(items, ["2"]) == items[:1]
    assert discarded == ["2"]


def test_a_file_that_is_gone_already_counts_as_removed(monkeypatch, discarded) -> None:
    gone = failure(NotFoundError("It is no longer there."))
    monkeypatch.setattr(callbacks.DatasetService, "discard_upload", lambda *_a, **_k: gone)
    assert callbacks._discard_some([item("1")], ["1"]) == []


def test_a_file_that_could_not_be_deleted_is_told(monkeypatch, discarded) -> None:
    full = failure(StorageFullError("The disk is full."))
    monkeypatch.setattr(callbacks.DatasetService, "discard_upload", lambda *_a, **_k: full)
    with pytest.raises(Exception, match="disk is full"):
        callbacks._discard_some([item("1")], ["1"])


def test_only_files_of_earlier_visits_are_offered() -> None:
    words, hidden = callbacks.show_waiting([item("1"), item("2", "old.mat", used=False)])
    assert "old.mat" in words and "a.mat" not in words
    assert not hidden
    assert callbacks.show_waiting([item("1")])[1]


def test_a_glob_follows_the_files_until_somebody_changes_it() -> None:
    before = [{"channel": "DE", "glob": "X097_DE_time"}, {"channel": "FE", "glob": "X097_FE_time"}]
    ids = [{"index": f"{key}|variable"} for key in ("DE", "FE")]
    kept = callbacks._keep_rules(before, ids, ["X097_DE_time", "X*_FE_time"])
    assert kept == {"DE": {}, "FE": {"variable": "X*_FE_time"}}
