"""Checkpoints are whole or absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.training.checkpoints import (
    CURRENT_NAME,
    PREVIOUS_NAME,
    TrainingState,
    decode_document,
    discard_states,
    encode_document,
    load_state,
    save_state,
)
from utils.exceptions import DataDamagedError


def make_state(number: int) -> TrainingState:
    arrays = {"weights": np.full((3, 2), number, dtype=np.float32), "step": np.asarray(float(number))}
    return TrainingState("run", arrays, {"epoch": number, "best_loss": 0.1 + number, "worst": float("inf")})


def test_arrays_and_values_come_back_exactly() -> None:
    arrays = {
        "a": np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32),
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "scalar": np.asarray(3, dtype=np.int64),
        "empty": np.zeros((0, 2)),
        "bytes": np.arange(5, dtype=np.uint8),
    }
    values = {"third": 1 / 3, "inf": float("inf"), "none": None, "text": "é"}
    found_arrays, found_values = decode_document(encode_document(arrays, values))
    assert found_values == values
    for name, array in arrays.items():
        assert found_arrays[name].dtype == array.dtype
        assert found_arrays[name].shape == array.shape
        np.testing.assert_array_equal(found_arrays[name], array)


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None


def test_the_newest_state_is_read_and_the_one_before_is_kept(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        save_state(tmp_path, make_state(number))
    found = load_state(tmp_path)
    assert found is not None and found.values == make_state(3).values and found.fingerprint == "run"
    assert sorted(path.name for path in tmp_path.iterdir()) == [CURRENT_NAME, PREVIOUS_NAME]
    (tmp_path / CURRENT_NAME).unlink()
    previous = load_state(tmp_path)
    assert previous is not None and previous.values["epoch"] == 2


@pytest.mark.parametrize("position", [0, 12, 50, -1])
def test_a_flipped_bit_is_noticed_and_the_previous_state_used(tmp_path: Path, position: int) -> None:
    save_state(tmp_path, make_state(1))
    save_state(tmp_path, make_state(2))
    content = bytearray((tmp_path / CURRENT_NAME).read_bytes())
    content[position] ^= 1
    (tmp_path / CURRENT_NAME).write_bytes(content)
    found = load_state(tmp_path)
    assert found is not None and found.values["epoch"] == 1


def test_without_a_whole_one_the_damage_is_said(tmp_path: Path) -> None:
    save_state(tmp_path, make_state(1))
    (tmp_path / CURRENT_NAME).write_bytes(b"half")
    with pytest.raises(DataDamagedError):
        load_state(tmp_path)


class Killed(BaseException):
    """Stands for a kill: nothing after it runs."""


def count_calls_then_die(monkeypatch: pytest.MonkeyPatch, fatal_call: int) -> list[int]:
    """Let the n-th operation on the file system be the last one."""
    calls = [0]

    def guard(original: Callable) -> Callable:
        def guarded(*args: object, **kwargs: object) -> object:
            calls[0] += 1
            if calls[0] >= fatal_call:
                raise Killed
            return original(*args, **kwargs)

        return guarded

    for owner, name in (
        (os, "open"),
        (os, "fdopen"),
        (os, "fsync"),
        (Path, "hardlink_to"),
        (Path, "replace"),
        (Path, "unlink"),
    ):
        monkeypatch.setattr(owner, name, guard(getattr(owner, name)))
    return calls


def test_a_kill_at_the_nth_operation_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        calls = count_calls_then_die(patch, 10**9)
        save_state(tmp_path, make_state(1))
        save_state(tmp_path, make_state(2))
        n_operations = calls[0]
    assert n_operations >= 12
    for fatal_call in range(1, n_operations + 2):
        folder = tmp_path / str(fatal_call)
        folder.mkdir()
        reached = 0
        with pytest.MonkeyPatch.context() as patch:
            count_calls_then_die(patch, fatal_call)
            try:
                for number in (1, 2):
                    save_state(folder, make_state(number))
                    reached = number
            except Killed:
                pass
        found = load_state(folder)
        assert (found.values["epoch"] if found else 0) in (reached, reached + 1)
        assert not list(folder.glob("*.tmp"))


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path, make_state(1))

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        save_state(tmp_path, make_state(2))
    monkeypatch.undo()
    found = load_state(tmp_path)
    assert found is not None and found.values["epoch"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT_NAME]


def test_only_the_owner_may_read_a_checkpoint(tmp_path: Path) -> None:
    save_state(tmp_path, make_state(1))
    assert (tmp_path / CURRENT_NAME).stat().st_mode & 0o777 == 0o600


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    save_state(tmp_path, make_state(1))
    save_state(tmp_path, make_state(2))
    discard_states(tmp_path)
    assert list(tmp_path.iterdir()) == []
