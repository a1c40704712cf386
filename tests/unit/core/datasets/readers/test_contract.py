"""What every registered reader must do, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from core.datasets.canonical import CanonicalSignal, write_canonical
from core.datasets.readers import base, csv_text, hdf5_safety, matlab
from core.datasets.readers.registry import READERS, open_file, preview_file, sniff
from utils.exceptions import ErrorCode, FileRefusedError

VALUES = np.random.default_rng(4).standard_normal((4, 2_500)).astype("f4")


def _canonical(path: Path) -> None:
    signals = [CanonicalSignal(f"r{i}", "acc", row, 1_000.0) for i, row in enumerate(VALUES)]
    write_canonical(path, "set", signals, created_utc=datetime(2026, 1, 1, tzinfo=UTC))


def _matrix(prefix: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with h5py.File(path, "w") as file:
            file[f"{prefix}signals"], file[f"{prefix}labels"] = VALUES, [0, 1, 2, 3]

    return make


MAKERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "matlab5": (".mat", lambda path: scipy.io.savemat(path, {f"v{i}": row for i, row in enumerate(VALUES)})),
    "canonical_hdf5": (".h5", _canonical),
    "split_hdf5": (".h5", _matrix("train/")),
    "flat_hdf5": (".h5", _matrix("")),
    "csv": (".csv", lambda path: np.savetxt(path, VALUES.T, fmt="%.9g", delimiter=",")),
}


@pytest.fixture(params=sorted(READERS))
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    suffix, make = MAKERS[request.param]
    path = tmp_path / f"a{suffix}"
    make(path)
    return request.param, path


def test_its_files_are_recognised_by_content(made: tuple[str, Path]) -> None:
    name, path = made
    assert sniff(path.rename(path.with_suffix(""))) == name


def test_the_preview_announces_what_reading_gives(made: tuple[str, Path]) -> None:
    name, path = made
    preview = preview_file(path)
    assert (preview.format, len(preview.variables)) == (name, 4)
    with open_file(path) as file:
        for entry, expected in zip(preview.variables, VALUES, strict=True):
            values = base.collect(file.read_blocks(entry.name))
            assert values.dtype == np.float32
            assert entry.n_samples == len(values)
            np.testing.assert_array_equal(values, expected)


def test_several_signals_at_once_equal_one_after_the_other(made: tuple[str, Path]) -> None:
    with open_file(made[1]) as file:
        names = [entry.name for entry in file.preview().variables]
        together: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for name, block in file.read_many(names):
            together[name].append(block)
    for name, expected in zip(names, VALUES, strict=True):
        np.testing.assert_array_equal(np.concatenate(together[name]), expected)


def test_small_blocks_give_the_same_samples(made: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (hdf5_safety, matlab):
        monkeypatch.setattr(module, "BLOCK_SAMPLES", 700)
    monkeypatch.setattr(csv_text, "_CHUNK_BYTES", 5_000)
    with open_file(made[1]) as file:
        blocks = list(file.read_blocks(file.preview().variables[2].name))
    assert len(blocks) > 3
    np.testing.assert_array_equal(np.concatenate(blocks), VALUES[2])


def test_an_unknown_name_is_refused_with_the_names_that_exist(made: tuple[str, Path]) -> None:
    with open_file(made[1]) as file, pytest.raises(FileRefusedError) as caught:
        list(file.read_blocks("no such signal"))
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.9])
def test_a_cut_file_never_gives_samples_that_were_not_there(made: tuple[str, Path], keep: float) -> None:
    path = made[1]
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw))])
    if made[0] == "csv":
        return  # a text file has no stated length: its first rows are still its rows
    with pytest.raises(FileRefusedError), open_file(path) as file:
        for entry in file.preview().variables:
            base.collect(file.read_blocks(entry.name))


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 600], ids=["empty", "blank", "zeros"])
def test_a_file_of_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FileRefusedError):
        preview_file(tmp_path / "a")


def test_a_missing_file_and_a_matlab_7_3_file_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="No such file"):
        preview_file(tmp_path / "nowhere.mat")
    header = (
        b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384) + b"\x89HDF\r\n\x1a\n" + bytes(600)
    )
    (tmp_path / "a.mat").write_bytes(header)
    with pytest.raises(FileRefusedError, match="-v7"):
        preview_file(tmp_path / "a.mat")
