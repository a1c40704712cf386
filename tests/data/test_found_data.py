"""Which recordings a test run uses is decided in the open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.data
from tests.data import find_test_data


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    find_test_data.cache_clear()
    yield
    find_test_data.cache_clear()


def _make_layout(root: Path) -> None:
    for wanted in tests.data._WANTED:
        (root / wanted).parent.mkdir(parents=True, exist_ok=True)
        (root / wanted).touch()


def test_a_named_folder_of_recordings_is_used_and_called_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_layout(tmp_path)
    monkeypatch.setenv("PFD_TEST_DATA", str(tmp_path))
    found = find_test_data()
    assert (found.root, found.kind, found.cwru) == (tmp_path, "real", tmp_path / "cwru_12k_de")
    assert found.describe() == f"recordings: real ({tmp_path})"


def test_a_named_folder_without_recordings_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PFD_TEST_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="PFD_TEST_DATA"):
        find_test_data()


def test_without_recordings_look_alikes_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def make(root: Path) -> None:
        made.append(root)
        _make_layout(root)

    monkeypatch.delenv("PFD_TEST_DATA", raising=False)
    monkeypatch.setattr(tests.data, "_REPOSITORY", tmp_path / "clone")
    monkeypatch.setattr(tests.data.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(tests.data, "make_lookalikes", make)
    first = find_test_data()
    find_test_data.cache_clear()
    assert find_test_data() == first
    assert (first.kind, made) == ("lookalike", [first.root])
