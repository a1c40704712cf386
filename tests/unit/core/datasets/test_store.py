"""The signal store: what was written comes back bit for bit, or an error does."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.datasets import store
from core.datasets.store import (
    hash_signal,
    list_signals,
    open_signal,
    verify_signal,
    write_shard,
)
from utils.exceptions import DataDamagedError, InvalidInputError, StorageFullError

RNG = np.random.default_rng(6)


def _blobs(*lengths: int) -> list[tuple[str, np.ndarray]]:
    signals = [RNG.standard_normal(length).astype("f4") for length in lengths]
    return [(hash_signal(values), values) for values in signals]


def test_the_hash_is_of_the_little_endian_bytes() -> None:
    values = np.array([1.0, -2.5], ">f4")
    assert hash_signal(values.astype("f4")) == hashlib.sha256(b"\x00\x00\x80\x3f\x00\x00\x20\xc0").hexdigest()


def test_signals_come_back_bit_for_bit(tmp_path: Path) -> None:
    blobs = _blobs(1, 1_000, 70_000)
    shard = write_shard(tmp_path / "signals", blobs)
    assert list_signals(tmp_path / "signals", shard) == [sha256 for sha256, _ in blobs]
    for sha256, values in blobs:
        view = open_signal(tmp_path / "signals", shard, sha256)
        assert (view.sha256, view.n_samples) == (sha256, len(values))
        assert view.read().tobytes() == values.tobytes()
        assert view.read(3, 9).tobytes() == values[3:9].tobytes()
        verify_signal(tmp_path / "signals", shard, sha256)


def test_a_view_can_not_change_the_store(tmp_path: Path) -> None:
    blobs = _blobs(50)
    view = open_signal(tmp_path, write_shard(tmp_path, blobs), blobs[0][0])
    with pytest.raises(ValueError, match="read-only"):
        view.read()[0] = 1


def test_only_long_signals_carry_a_pyramid_and_it_holds_every_extreme(tmp_path: Path) -> None:
    blobs = _blobs(store.PYRAMID_FROM_SAMPLES - 1, store.PYRAMID_FROM_SAMPLES + 77)
    blobs[1][1][40_000] = 99.0
    blobs[1] = (hash_signal(blobs[1][1]), blobs[1][1])
    shard = write_shard(tmp_path, blobs)
    assert open_signal(tmp_path, shard, blobs[0][0]).pyramid is None
    view = open_signal(tmp_path, shard, blobs[1][0])
    assert view.pyramid is not None
    for at, (low, high) in enumerate(view.pyramid):
        piece = blobs[1][1][at * view.factor : (at + 1) * view.factor]
        assert (low, high) == (piece.min(), piece.max())
    assert view.pyramid[40_000 // view.factor, 1] == 99.0


def test_a_repeated_hash_is_written_once(tmp_path: Path) -> None:
    blobs = _blobs(100)
    assert list_signals(tmp_path, write_shard(tmp_path, blobs * 3)) == [blobs[0][0]]


def test_a_shard_is_private_and_plain_hdf5(tmp_path: Path) -> None:
    blobs = _blobs(100)
    shard = write_shard(tmp_path / "new", blobs)
    assert stat.S_IMODE((tmp_path / "new" / shard).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    with h5py.File(tmp_path / "new" / shard) as file:
        np.testing.assert_array_equal(file[f"signals/{blobs[0][0]}"][()], blobs[0][1])


def test_a_failure_in_mid_writing_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, np.ndarray]]:
        yield _blobs(100)[0]
        raise RuntimeError("the source failed")

    with pytest.raises(RuntimeError):
        write_shard(tmp_path, broken())
    with pytest.raises(InvalidInputError):
        write_shard(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_before_it_is_full_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: usage(10, 10, 1_000))
    with pytest.raises(StorageFullError):
        write_shard(tmp_path, _blobs(100))
    assert list(tmp_path.iterdir()) == []


def test_a_flipped_bit_in_the_samples_or_the_pyramid_is_found(tmp_path: Path) -> None:
    blobs = _blobs(70_000)
    for dataset in ("signals", "pyramids"):
        shard = write_shard(tmp_path, blobs)
        with h5py.File(tmp_path / shard) as file:
            offset = file[f"{dataset}/{blobs[0][0]}"].id.get_offset()
        _flip(tmp_path / shard, offset + 13)
        with pytest.raises(DataDamagedError):
            verify_signal(tmp_path, shard, blobs[0][0])


def _flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 4]))


@pytest.mark.parametrize("keep", [0, 7, 700, 0.5, 0.999])
def test_a_truncated_shard_is_damaged_not_shorter(tmp_path: Path, keep: float) -> None:
    blobs = _blobs(5_000, 5_000)
    shard = write_shard(tmp_path, blobs)
    size = (tmp_path / shard).stat().st_size
    os.truncate(tmp_path / shard, int(keep if keep >= 1 else keep * size))
    with pytest.raises(DataDamagedError):
        open_signal(tmp_path, shard, blobs[1][0])


def test_a_missing_shard_a_missing_signal_and_a_strange_name_are_damage(tmp_path: Path) -> None:
    blobs = _blobs(10)
    shard = write_shard(tmp_path, blobs)
    for name, sha256 in ((shard, "0" * 64), ("f" * 32 + ".h5", blobs[0][0]), ("../x.h5", blobs[0][0])):
        with pytest.raises(DataDamagedError):
            open_signal(tmp_path, name, sha256)
