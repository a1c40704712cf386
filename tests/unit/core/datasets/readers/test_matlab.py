"""MATLAB level 5: every value as SciPy reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from core.datasets.readers.matlab import MatlabFile
from core.datasets.readers.registry import preview_file, read_file
from tests.data import find_test_data
from utils.exceptions import ErrorCode, FileRefusedError, SignalError

RNG = np.random.default_rng(1)


def _save(path: Path, variables: dict[str, Any], packed: bool = True) -> Path:
    scipy.io.savemat(path, variables, do_compression=packed)
    return path


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i2", "u2", "i1", "u1", "i4", "i8"])
def test_a_vector_of_any_number_type_reads_as_scipy_reads_it(
    tmp_path: Path, dtype: str, packed: bool
) -> None:
    path = _save(tmp_path / "a.mat", {"acc": (100 * RNG.random(5_000)).astype(dtype)}, packed)
    expected = scipy.io.loadmat(path)["acc"].ravel().astype(np.float32)
    np.testing.assert_array_equal(read_file(path, ["acc"])["acc"], expected)


@pytest.mark.real_data
def test_every_file_of_the_test_recordings_reads_as_scipy_reads_it() -> None:
    folders = find_test_data()
    for path in [*sorted(folders.cwru.glob("*_0.mat")), *sorted(folders.mfpt.glob("*_1.mat"))]:
        whole = scipy.io.loadmat(path)
        found = read_file(path, ["*"])
        assert found
        for name, values in found.items():
            expected = whole["bearing"]["gs"][0, 0] if name == "bearing.gs" else whole[name]
            np.testing.assert_array_equal(values, expected.ravel().astype(np.float32))


def test_a_struct_offers_its_vector_its_scalars_and_the_rate_beside_it(tmp_path: Path) -> None:
    bearing = {"sr": np.int32(97_656), "gs": RNG.random((600, 1)), "load": np.uint16(270), "note": "rig 3"}
    preview = preview_file(_save(tmp_path / "a.mat", {"bearing": bearing, "BPFO": 81.125}))
    (variable,) = preview.variables
    assert (variable.name, variable.n_samples, variable.sample_rate_hz) == ("bearing.gs", 600, 97_656.0)
    assert preview.scalars == {
        "bearing.sr": 97_656.0,
        "bearing.load": 270.0,
        "bearing.note": "rig 3",
        "BPFO": 81.125,
    }


def test_a_scalar_that_is_no_rate_is_a_hint_only(tmp_path: Path) -> None:
    preview = preview_file(_save(tmp_path / "a.mat", {"X097_DE_time": RNG.random(50), "X097RPM": 1796}))
    assert preview.variables[0].sample_rate_hz is None
    assert preview.scalars == {"X097RPM": 1796.0}


def test_two_rates_that_differ_are_not_believed(tmp_path: Path) -> None:
    preview = preview_file(_save(tmp_path / "a.mat", {"acc": RNG.random(50), "fs": 100.0, "sr": 200.0}))
    assert preview.variables[0].sample_rate_hz is None


def test_a_matrix_offers_its_columns_or_its_rows_as_channels(tmp_path: Path) -> None:
    matrix = RNG.random((1_000, 3))
    path = _save(tmp_path / "a.mat", {"tall": matrix, "wide": matrix.T})
    found = read_file(path, ["tall[[]*", "wide[[]*"])
    assert list(found) == ["tall[0]", "tall[1]", "tall[2]", "wide[0]", "wide[1]", "wide[2]"]
    for channel in range(3):
        np.testing.assert_array_equal(found[f"tall[{channel}]"], matrix[:, channel].astype("f4"))
        np.testing.assert_array_equal(found[f"wide[{channel}]"], matrix[:, channel].astype("f4"))


def test_struct_arrays_cells_and_nested_structs_are_named_by_their_place(tmp_path: Path) -> None:
    runs = np.zeros((2,), dtype=[("acc", object)])
    runs[0]["acc"], runs[1]["acc"] = np.arange(9.0), np.arange(8.0)
    cell = np.array([np.arange(7.0), np.arange(6.0)], dtype=object)
    path = _save(tmp_path / "a.mat", {"runs": runs, "c": cell, "top": {"mid": {"x": np.arange(5.0)}}})
    lengths = {name: len(values) for name, values in read_file(path, ["*"]).items()}
    assert lengths == {"runs(1).acc": 9, "runs(2).acc": 8, "c{1}": 7, "c{2}": 6, "top.mid.x": 5}


def test_complex_sparse_and_empty_arrays_are_left_out(tmp_path: Path) -> None:
    odd = {
        "z": np.ones(5) * 1j,
        "s": scipy.sparse.eye_array(4).tocsc(),
        "e": np.empty((0, 0)),
        "acc": np.ones(4),
    }
    assert [one.name for one in preview_file(_save(tmp_path / "a.mat", odd)).variables] == ["acc"]


def test_an_empty_signal_is_said_to_be_empty(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mat", {"acc": np.empty((0, 1))})
    with pytest.raises(SignalError) as caught:
        read_file(path, ["acc"])
    assert caught.value.code is ErrorCode.EMPTY_SIGNAL


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mat", {"X097_DE_time": np.ones(9)})
    with pytest.raises(FileRefusedError, match="X097_DE_time") as caught:
        read_file(path, ["*_FE_time"])
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


def test_a_file_without_a_vector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="no vector") as caught:
        preview_file(_save(tmp_path / "a.mat", {"rate": 25.0}))
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


def test_one_flipped_byte_in_packed_samples_is_noticed(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mat", {"acc": RNG.random(20_000)})
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(FileRefusedError), MatlabFile(path) as file:
        list(file.read_blocks("acc"))


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    import struct

    values = np.arange(10, dtype=">f8")

    def element(kind: int, payload: bytes) -> bytes:
        return struct.pack(">II", kind, len(payload)) + payload + bytes(-len(payload) % 8)

    body = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">2i", 10, 1))
    body += element(1, b"acc") + element(9, values.tobytes())
    path = tmp_path / "a.mat"
    path.write_bytes(b"MATLAB 5.0".ljust(116) + bytes(8) + b"\x01\x00MI" + element(14, body))
    np.testing.assert_array_equal(read_file(path, ["acc"])["acc"], np.arange(10))
