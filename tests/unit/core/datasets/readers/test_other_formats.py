"""What each format says beside its samples, and what it leaves to a person."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.datasets.readers import csv_text
from core.datasets.readers.base import ReadOptions
from core.datasets.readers.registry import open_file, preview_file, read_file
from tests.data.formats import RATE_HZ, VALUES, make_fixture, mat73_array, mat73_text, write_mat73
from utils.exceptions import FileRefusedError

RNG = np.random.default_rng(8)


def read_as(path: Path, arrangement: str) -> dict[str, np.ndarray[Any, Any]]:
    """Read every signal of a file that a person has said something about."""
    with open_file(path, None, ReadOptions(arrangement)) as file:
        names = [entry.name for entry in file.preview().variables]
        return {name: np.concatenate(list(file.read_blocks(name))) for name in names}


# --- MATLAB 7.3 ---


def test_structs_cells_and_matrices_of_v73_are_named_as_in_level_5(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        bearing = file.create_group("bearing")
        mat73_array(bearing, "gs", VALUES[0][:, None])
        mat73_array(bearing, "sr", 97_656.0)
        mat73_text(bearing, "unit", "g")
        mat73_array(file, "m", VALUES[1:3].T)
        refs = file.create_group("#refs#")
        parts = [mat73_array(refs, name, row) for name, row in (("a", VALUES[3]), ("b", VALUES[0][:500]))]
        cell = file.create_dataset("c", (2, 1), h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
        cell[:, 0] = [part.ref for part in parts]
        runs = file.create_group("runs")
        field = runs.create_dataset("acc", (2, 1), h5py.ref_dtype)
        field[:, 0] = [part.ref for part in parts]
        file.create_dataset("empty", data=np.array([0, 0], "u8")).attrs["MATLAB_empty"] = 1
        file["z"] = np.zeros((1, 9), [("real", "f8"), ("imag", "f8")])

    write_mat73(tmp_path / "a.mat", fill)
    preview = preview_file(tmp_path / "a.mat")
    found = {entry.name: entry for entry in preview.variables}
    assert set(found) == {"bearing.gs", "m[0]", "m[1]", "c{1}", "c{2}", "runs(1).acc", "runs(2).acc"}
    assert (found["bearing.gs"].sample_rate_hz, found["bearing.gs"].unit) == (97_656.0, "g")
    assert found["c{1}"].sample_rate_hz is None
    assert any("'z' is left out" in note for note in preview.notes)
    read = read_file(tmp_path / "a.mat", ["*"])
    np.testing.assert_array_equal(read["m[1]"], VALUES[2])
    np.testing.assert_array_equal(read["runs(2).acc"], VALUES[0][:500])


# --- HDF5 ---


@pytest.mark.parametrize("chunks", [None, (300, 2), (2_500, 4)])
def test_any_hdf5_matrix_is_offered_by_channel_with_the_names_of_its_attributes(
    tmp_path: Path, chunks: tuple[int, int] | None
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["operator"] = "Ann"
        group = file.create_group("day 1")
        group.attrs["sampling_frequency"] = 5_000
        node = group.create_dataset("table", data=VALUES.T, chunks=chunks)
        node.attrs["channel_names"] = ["DE", "FE", "BA", "GB"]
        group["speed"] = 1_500.0
    preview = preview_file(tmp_path / "a.h5")
    assert preview.format == "hdf5"
    assert [entry.attributes["channel"] for entry in preview.variables] == ["DE", "FE", "BA", "GB"]
    assert {entry.sample_rate_hz for entry in preview.variables} == {5_000.0}
    assert preview.scalars["day 1/speed"] == 1_500.0
    found = read_file(tmp_path / "a.h5", ["day 1/table[[]2]"])
    np.testing.assert_array_equal(found["day 1/table[2]"], VALUES[2])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("suffix", [".npy", ".h5", ".mat"])
def test_a_matrix_is_read_as_a_person_says_its_sides_are(tmp_path: Path, suffix: str, order: str) -> None:
    matrix = np.asarray(RNG.standard_normal((40, 100)), order=order)
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, matrix)
    elif suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["array"] = matrix
    else:
        import scipy.io

        scipy.io.savemat(path, {"array": matrix})
    with pytest.raises(FileRefusedError, match="does not tell"):
        preview_file(path)
    for arrangement, rows in (("channels_in_rows", matrix), ("channels_in_columns", matrix.T)):
        found = read_as(path, arrangement)
        np.testing.assert_array_equal(found["array[7]"], rows[7].astype("f4"))
    for arrangement, rows in (("recordings_in_rows", matrix), ("recordings_in_columns", matrix.T)):
        found = read_as(path, arrangement)
        assert len(found) == len(rows)
        np.testing.assert_array_equal(found["array/39"], rows[39].astype("f4"))


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_snapshots_are_recordings_wherever_their_axis_is(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    block = RNG.standard_normal((30, 400, 2)).astype("f4")  # snapshots, samples, channels
    stamps = 1_700_000_000.0 + 60.0 * np.arange(30)
    np.savez(tmp_path / "a.npz", acc=block.transpose(axes), time=stamps, load=np.arange(30) % 3, sr=RATE_HZ)
    preview = preview_file(tmp_path / "a.npz")
    assert len(preview.variables) == 60
    one = next(entry for entry in preview.variables if entry.name == "acc/12[1]")
    assert (one.n_samples, one.sample_rate_hz) == (400, RATE_HZ)
    assert {key: one.attributes[key] for key in ("recording_id", "unix_s", "load")} == {
        "recording_id": "12", "unix_s": stamps[12], "load": 0,
    }  # fmt: skip
    found = read_file(tmp_path / "a.npz", ["acc/12[[]1]", "acc/29[[]0]"])
    np.testing.assert_array_equal(found["acc/12[1]"], block[12, :, 1])
    np.testing.assert_array_equal(found["acc/29[0]"], block[29, :, 0])


def test_a_clock_that_goes_wrong_once_is_mended_from_the_numbers_and_said(tmp_path: Path) -> None:
    block = RNG.standard_normal((50, 600)).astype("f4")
    numbers = np.arange(1, 501, 10)
    times = 100.0 + 10.0 * numbers
    times[20] = 3.0
    np.savez(tmp_path / "a.npz", acc=block, index=numbers, time_s=times)
    preview = preview_file(tmp_path / "a.npz", None, ReadOptions("recordings_in_rows"))
    elapsed = [entry.attributes["elapsed_s"] for entry in preview.variables]
    assert elapsed[20] == pytest.approx(100.0 + 10.0 * numbers[20])
    assert elapsed[:20] == times[:20].tolist()
    assert any("not at 201" in note for note in preview.notes)
    assert preview.variables[20].attributes["recording_id"] == "201"


# --- text ---


def _write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_titles_and_values_above_a_table_give_its_rate(tmp_path: Path) -> None:
    rows = [f"{value:.4f};{value + 1:.4f}".replace(".", ",") for value in RNG.standard_normal(60)]
    path = _write(
        tmp_path / "a.csv", "Device;Logger 7", "Sample rate [kHz];25,6", "", "Drive;Gear", "[g];[mm/s]", *rows
    )
    preview = preview_file(path)
    assert [(entry.name, entry.unit, entry.sample_rate_hz) for entry in preview.variables] == [
        ("Drive", "g", 25_600.0),
        ("Gear", "mm/s", 25_600.0),
    ]
    assert preview.variables[0].n_samples == 60


def test_dates_in_the_first_column_give_rate_and_beginning(tmp_path: Path) -> None:
    stamps = np.datetime64("2026-03-01T10:00:00") + np.arange(300) * np.timedelta64(2, "ms")
    rows = [f"{stamp},{value:.5f}" for stamp, value in zip(stamps, RNG.standard_normal(300), strict=True)]
    (entry,) = preview_file(_write(tmp_path / "a.csv", "timestamp,acc", *rows)).variables
    assert (entry.name, entry.sample_rate_hz, entry.n_samples) == ("acc", 500.0, 300)
    assert entry.attributes["unix_s"] == stamps[0].astype("datetime64[s]").astype(int)


def test_a_hundred_and_fifty_channels_are_read(tmp_path: Path) -> None:
    table = RNG.standard_normal((40, 150)).astype("f4")
    np.savetxt(tmp_path / "a.txt", table, delimiter="\t", fmt="%.9g")
    found = read_file(tmp_path / "a.txt", ["*"])
    assert len(found) == 150
    np.testing.assert_array_equal(found["column_150"], table[:, 149].astype("f4"))


def test_long_tables_are_parsed_side_by_side_and_their_faults_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_text, "_LONG_BYTES", 1_000)
    monkeypatch.setattr(csv_text, "_CHUNK_BYTES", 4_096)
    table = RNG.standard_normal((5_000, 3)).astype("f4")
    np.savetxt(tmp_path / "a.csv", table, delimiter=",", fmt="%.9g")
    found = read_file(tmp_path / "a.csv", ["*"])
    np.testing.assert_array_equal(np.stack(list(found.values()), axis=1), table.astype("f4"))
    with open_file(tmp_path / "a.csv", None, ReadOptions(exact_lengths=False)) as file:
        assert file.preview().variables[0].n_samples == pytest.approx(5_000, rel=0.05)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    lines[3_999] = "1.0,much,2.0"
    with pytest.raises(FileRefusedError, match="Line 4000, column 'column_2' holds 'much'"):
        read_file(_write(tmp_path / "b.csv", *lines), ["*"])


# --- the others ---


def test_parquet_tells_its_metadata_and_the_rate_of_its_time_column(tmp_path: Path) -> None:
    preview = preview_file(make_fixture("Parquet", tmp_path))
    assert preview.variables[0].attributes == {"machine": "rig 3"}
    assert [entry.name for entry in preview.variables] == ["v0", "v1", "v2", "v3"]


def test_tdms_tells_channel_and_start(tmp_path: Path) -> None:
    entry = preview_file(make_fixture("TDMS", tmp_path)).variables[1]
    assert (entry.name, entry.attributes["channel"]) == ("rig/v1", "v1")
    assert str(entry.attributes["acquired_utc"]).startswith("2026-03-01T10:00:00")


def test_a_universal_file_tells_its_date_and_leaves_spectra_out(tmp_path: Path) -> None:
    path = make_fixture("UFF 58", tmp_path)
    assert preview_file(path).variables[0].attributes["acquired_utc"] == "2026-03-01T10:00:00+00:00"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"\n    1         0", b"\n    4         0", 1))  # the first becomes an FRF
    preview = preview_file(path)
    assert [entry.name for entry in preview.variables] == ["v1", "v2", "v3"]
    assert "1 functions are left out" in preview.notes[0]


def test_sound_says_that_full_scale_is_no_unit(tmp_path: Path) -> None:
    assert "no physical unit" in preview_file(make_fixture("WAV", tmp_path)).notes[0]


def test_a_wav_of_24_bits_is_read_to_the_bit(tmp_path: Path) -> None:
    steps = RNG.integers(-(1 << 23), 1 << 23, 900)
    raw = b"".join(struct.pack("<i", int(step) << 8)[1:] for step in steps)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 24_000, 3, 24)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(raw), b"WAVE") + form
    (tmp_path / "a.wav").write_bytes(head + struct.pack("<4sI", b"data", len(raw)) + raw)
    found = read_file(tmp_path / "a.wav", ["*"])["channel_1"]
    np.testing.assert_array_equal(found, (steps / (1 << 23)).astype("f4"))
