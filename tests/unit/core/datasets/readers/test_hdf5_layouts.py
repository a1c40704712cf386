"""The HDF5 layouts: canonical, split and flat."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.datasets.canonical import CanonicalSignal, write_canonical
from core.datasets.readers.registry import preview_file, read_file, sniff
from utils.constants import FAULT_CLASSES
from utils.exceptions import ErrorCode, FileRefusedError, InvalidInputError

RNG = np.random.default_rng(3)
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def _signal(
    recording: str = "IR007_0", channel: str = "DE", n: int = 3_000, **more: object
) -> CanonicalSignal:
    return CanonicalSignal(recording, channel, RNG.standard_normal(n).astype("f4"), 12_000.0, **more)  # type: ignore[arg-type]


def test_a_canonical_file_comes_back_bit_for_bit_with_all_its_metadata(tmp_path: Path) -> None:
    full = {
        "unit": "g", "shaft_speed_rpm": 1797.0, "load": "0 hp", "machine": "rig", "measurement_point": "DE",
        "bearing": "6205-2RS", "fault_class": "inner_race", "severity": "007", "group": "inner_race-007",
        "acquired_utc": "2026-01-02T03:04:05+00:00", "source_file": "Übung \u202e.mat",
    }  # fmt: skip
    signals = [_signal(**full), _signal(channel="FE", n=17), _signal("Normal_0")]
    path = tmp_path / "a.h5"
    assert write_canonical(path, "set", signals, created_utc=NOW, class_names=["healthy", "inner_race"]) == 3
    preview = preview_file(path)
    assert (preview.format, preview.class_names) == ("canonical_hdf5", ["healthy", "inner_race"])
    assert preview.scalars == {"schema_version": 1, "name": "set", "created_utc": NOW.isoformat()}
    first = next(one for one in preview.variables if one.name == "IR007_0/DE")
    assert (first.sample_rate_hz, first.unit, first.n_samples) == (12_000.0, "g", 3_000)
    stated = {key: first.attributes[key] for key in full if key != "unit"}
    assert stated == {key: value for key, value in full.items() if key != "unit"}
    again = read_file(path, ["*"])
    for signal in signals:
        values = again[f"{signal.recording_id}/{signal.channel}"]
        assert values.tobytes() == signal.values.tobytes()


def test_what_is_read_from_a_canonical_file_can_be_written_again_unchanged(tmp_path: Path) -> None:
    first, second = tmp_path / "a.h5", tmp_path / "b.h5"
    write_canonical(first, "set", [_signal(fault_class="ball", load=2.5)], created_utc=NOW)
    entry, values = preview_file(first).variables[0], read_file(first, ["*"])["IR007_0/DE"]
    attributes = {key: value for key, value in entry.attributes.items() if key != "sha256"}
    again = CanonicalSignal(
        values=values, sample_rate_hz=entry.sample_rate_hz or 0, unit=entry.unit, **attributes
    )  # type: ignore[arg-type]
    write_canonical(second, "set", [again], created_utc=NOW)
    assert preview_file(second) == preview_file(first)


def test_a_canonical_signal_that_does_not_match_its_hash_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_canonical(path, "set", [_signal()], created_utc=NOW)
    with h5py.File(path, "r+") as file:
        file["signals/IR007_0/DE"][7] += 1
    with pytest.raises(FileRefusedError, match="SHA-256"):
        read_file(path, ["*"])


def test_names_that_lead_elsewhere_are_not_written_and_nothing_is_left(tmp_path: Path) -> None:
    for recording in ("a/b", "..", ""):
        with pytest.raises(InvalidInputError):
            write_canonical(tmp_path / "a.h5", "set", [_signal(recording)], created_utc=NOW)
    with pytest.raises(InvalidInputError, match="twice"):
        write_canonical(tmp_path / "a.h5", "set", [_signal(), _signal()], created_utc=NOW)
    assert list(tmp_path.iterdir()) == []


def _write_split(path: Path, chunks: tuple[int, int] | None = None) -> dict[str, np.ndarray]:
    matrices = {
        name: RNG.standard_normal((11, 500)).astype("f4") for name in ("train", "val", "test", "test_snr5")
    }
    with h5py.File(path, "w") as file:
        file.attrs.update({"sampling_rate": 20_480, "signal_length": 500})
        for name, matrix in matrices.items():
            packed = {"chunks": chunks, "compression": "gzip"} if chunks else {}
            file.create_dataset(f"{name}/signals", data=matrix, **packed)
            file[f"{name}/labels"] = np.arange(11)
            file[f"{name}/severities"] = ["mild"] * 11
            file[f"{name}/metadata"] = [
                json.dumps({"load": 0.5, "nested": {"x": 1}, "long": "y" * 9_000})
            ] * 11
    return matrices


@pytest.mark.parametrize("chunks", [None, (4, 130)])
def test_a_split_file_keeps_its_parts_labels_and_metadata(
    tmp_path: Path, chunks: tuple[int, int] | None
) -> None:
    matrices = _write_split(tmp_path / "a.h5", chunks)
    preview = preview_file(tmp_path / "a.h5")
    assert preview.format == "split_hdf5"
    assert preview.parts == ["train", "validation", "test", "test_snr5"]
    assert preview.class_names == list(FAULT_CLASSES)
    entry = next(one for one in preview.variables if one.name == "val/7")
    assert (entry.part, entry.sample_rate_hz, entry.n_samples) == ("validation", 20_480.0, 500)
    assert {key: entry.attributes[key] for key in ("label", "fault_class", "severity", "load")} == {
        "label": 7, "fault_class": "oil_whirl", "severity": "mild", "load": 0.5,
    }  # fmt: skip
    found = read_file(tmp_path / "a.h5", ["*"])
    assert len(found) == 44
    for name, values in found.items():
        group, row = name.split("/")
        np.testing.assert_array_equal(values, matrices[group][int(row)])


def test_the_labels_of_a_flat_file_are_not_given_a_meaning(tmp_path: Path) -> None:
    matrix = RNG.integers(-2_000, 2_000, (3, 64), np.int16)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["signals"], file["labels"] = matrix, [2, 0, 1]
    preview = preview_file(tmp_path / "a.h5")
    assert (preview.format, preview.parts) == ("flat_hdf5", [])
    assert [one.attributes for one in preview.variables] == [{"label": 2}, {"label": 0}, {"label": 1}]
    np.testing.assert_array_equal(read_file(tmp_path / "a.h5", ["signals/1"])["signals/1"], matrix[1])


def test_labels_of_another_length_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["signals"], file["labels"] = np.ones((3, 64)), [2, 0]
    with pytest.raises(FileRefusedError, match="3 signals"):
        preview_file(tmp_path / "a.h5")


def test_an_hdf5_file_of_another_layout_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["pictures"] = "of a machine"
    with pytest.raises(FileRefusedError, match="pictures") as caught:
        preview_file(tmp_path / "a.h5")
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


def test_a_name_that_promises_another_format_is_refused(tmp_path: Path) -> None:
    write_canonical(tmp_path / "stored", "set", [_signal()], created_utc=NOW)
    assert sniff(tmp_path / "stored") == "canonical_hdf5"
    with pytest.raises(FileRefusedError, match=r"named \.mat"):
        sniff(tmp_path / "stored", name="run.mat")
