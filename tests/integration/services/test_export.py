"""Exports come back bit by bit with all that was known; nothing is left of one that failed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from sqlalchemy import select

from core.datasets.writers import archive
from core.datasets.writers.registry import WRITERS
from dashboard_config import Settings, get_settings
from database.connection import get_db_session
from models.export import Export
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.datasets import download_links, exporting
from services.datasets.rows import find_version, load_rows
from services.jobs import board
from services.shared import old_exports
from services.shared.actors import Actor
from services.shared.housekeeping import tidy_up
from tests.factories.imports import make_noise, run_import, write_canonical_file
from utils.clock import utc_now

ANN, BOB = Actor(1, Role.VIEWER, "Ann"), Actor(2, Role.ENGINEER, "Bob")
KEPT = (
    *("recording", "channel", "sample_rate_hz", "n_samples", "sha256", "unit", "shaft_speed_rpm", "load"),
    *("machine", "measurement_point", "bearing", "fault_class", "severity", "group", "given_part"),
    "acquired_at",
)
ORDERS = "bpfo=3.123456789,bpfi=4.876543211,bsf=2.1,ftf=0.39"
EXTREMES = np.array(
    [0.1, -1 / 3, 1e-38, 3.4e38, -0.0, 1.17549435e-38, 16_777_217, np.pi, 5.0, 2**-149], np.float32
)


def _write_source(path: Path) -> Path:
    """Write recordings with every field filled, with names and texts that files find hard."""
    full = {
        "unit": "g",
        "shaft_speed_rpm": 1797.25,
        "load": "-2",
        "machine": '=Rig, "north"; 1',
        "measurement_point": "drive end",
        "bearing": "6205-2RS",
        "fault_class": "inner_race",
        "severity": "007",
        "group": "'b-1",
        "acquired_utc": "2026-03-01T12:30:00.250000+00:00",
        "part": "train",
    }
    write_canonical_file(
        path,
        {
            "run 1/DE": np.concatenate([make_noise(1), EXTREMES]),
            "run 1/FE": make_noise(2, 4_010),
            "IR007@6_0 (ä)/DE": make_noise(3, 7_777),
        },
        **full,
    )
    with h5py.File(path, "r+") as file:
        file["signals/run 1/FE"].attrs.update(
            {"fault_class": "healthy", "bearing": "6203-2RS", "group": "b-2"}
        )
        bare = file.create_dataset("signals/bare/2 x", data=make_noise(4, 2_000))
        bare.attrs.update({"sample_rate_hz": 97_656.25, "bearing": "own make", "orders": ORDERS})
        slashed = file.create_dataset("signals/slashed/x", data=make_noise(5, 3_000))
        slashed.attrs.update({"sample_rate_hz": 10.5, "recording_id": "day 1/run 2", "part": "test"})
    return path


@pytest.fixture
def dataset_id(database: Settings, tmp_path: Path) -> int:
    job = run_import([_write_source(tmp_path / "source.h5")], {}, "Odd / names")
    assert job["state"] == "done", job["error"]
    return int(job["result"]["dataset_id"])


def _rows(dataset_id: int) -> list[dict[str, Any]]:
    with get_db_session(read_only=True) as session:
        return load_rows(session, find_version(session, dataset_id).id)


def _export(dataset_id: int, file_format: str, **options: Any) -> dict[str, Any]:
    started = DatasetService.export_dataset(dataset_id, file_format, **options)
    assert started["success"], started["error"]
    DatasetService.run_export_job(started["job_id"], "test")
    job = board.get_job(started["job_id"])
    assert job is not None
    return job


def _open(export_id: int, actor: Actor = BOB) -> Path:
    export = DatasetService.get_export(export_id, actor=actor)
    assert export is not None
    opened = DatasetService.open_export(export_id, **export["link"], actor=actor)
    assert opened["success"], opened["error"]
    return Path(opened["path"])


def _import_again(path: Path, folder: Path) -> int:
    """Import an export the way a person would: unpack it, and name its table."""
    if path.suffix == ".h5":
        files, mapping = [{"path": str(path), "name": "again.h5"}], {}
    else:
        zipfile.ZipFile(path).extractall(folder)
        members = sorted((folder / "signals").iterdir())
        files = [{"path": str(one), "name": f"signals/{one.name}"} for one in members]
        mapping = {"metadata_csv": (folder / "metadata.csv").read_text(encoding="utf-8")}
    started = DatasetService.import_dataset(files, mapping, "Again", strict=True)
    assert started["success"], started["error"]
    DatasetService.run_import_job(started["job_id"], "test")
    job = board.get_job(started["job_id"])
    assert job is not None
    assert job["state"] == "done", job["error"]
    return int(job["result"]["dataset_id"])


@pytest.mark.parametrize("file_format", WRITERS)
def test_an_export_comes_back_bit_by_bit_with_all_metadata(
    dataset_id: int, tmp_path: Path, file_format: str
) -> None:
    job = _export(dataset_id, file_format)
    assert job["state"] == "done", job["error"]
    again = _import_again(_open(job["result"]["export_id"]), tmp_path / "unpacked")
    before, after = _rows(dataset_id), _rows(again)
    assert [{name: row[name] for name in KEPT} for row in after] == [
        {name: row[name] for name in KEPT} for row in before
    ]
    assert len(before) == 5
    manifests = [DatasetService.get_dataset_details(each)["manifest_sha256"] for each in (dataset_id, again)]
    assert manifests[0] == manifests[1]
    own = next(row["signal_id"] for row in after if row["bearing"] == "own make")
    assert DatasetService.get_signal(own)["bearing_orders"]["bpfo"] == 3.123456789
    for one, other in zip(before, after, strict=True):
        left = DataService.load_signal_data(dataset_id, one["signal_id"])
        right = DataService.load_signal_data(again, other["signal_id"])
        assert left is not None
        assert right is not None
        assert left.tobytes() == right.tobytes()


def test_scipy_reads_the_matlab_files_with_their_metadata(dataset_id: int, tmp_path: Path) -> None:
    path = _open(_export(dataset_id, "mat")["result"]["export_id"])
    zipfile.ZipFile(path).extractall(tmp_path / "m")
    (file,) = (tmp_path / "m" / "signals").glob("*run_1*")
    content: Any = scipy.io.loadmat(file, squeeze_me=True, struct_as_record=False)
    np.testing.assert_array_equal(content["DE"], np.concatenate([make_noise(1), EXTREMES]))
    assert (content["DE"].dtype, content["sample_rate_hz"]) == (np.float32, 2_000)
    assert (content["metadata"].FE.fault_class, content["metadata"].DE.severity) == ("healthy", "007")


def test_cells_that_look_like_formulas_are_marked_as_text(dataset_id: int) -> None:
    path = _open(_export(dataset_id, "csv")["result"]["export_id"])
    with zipfile.ZipFile(path) as unpacked:
        table = unpacked.read("metadata.csv").decode()
        facts = json.loads(unpacked.read("dataset.json"))
    assert "\"'=Rig, " in table
    assert ",''b-1," in table
    assert ",-2," in table
    assert f'"{ORDERS}"' in table
    assert (facts["name"], facts["version"], facts["n_signals"]) == ("Odd / names", 1, 5)


def test_an_export_is_listed_with_size_hash_and_end(dataset_id: int) -> None:
    job = _export(dataset_id, "parquet")
    (listed,) = DatasetService.list_exports(dataset_id, actor=ANN)
    path = _open(listed["export_id"], ANN)
    assert (listed["file_name"], listed["format"]) == ("Odd-names-v1-parquet.zip", "parquet")
    assert (listed["n_bytes"], listed["sha256"]) == (path.stat().st_size, job["result"]["sha256"])
    assert listed["downloadable"]
    assert listed["job"]["state"] == "done"
    assert path.parent == get_settings().exports_dir
    assert job["link"] == f"/datasets/{dataset_id}?tab=export"


def test_a_link_is_for_one_person_and_for_ten_minutes(
    dataset_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = _export(dataset_id, "hdf5")["result"]["export_id"]
    export = DatasetService.get_export(export_id, actor=ANN)
    assert export is not None
    link = export["link"]
    assert DatasetService.open_export(export_id, **link, actor=ANN)["success"]
    for changed, actor in (
        (link, BOB),
        ({**link, "expires": link["expires"] + 60}, ANN),
        ({**link, "signature": "x" * 43}, ANN),
    ):
        refused = DatasetService.open_export(export_id, **changed, actor=actor)
        assert (refused["success"], refused["error_code"]) == (False, "forbidden")
    assert not DatasetService.open_export(export_id + 1, **link, actor=ANN)["success"]
    monkeypatch.setattr(download_links, "utc_now", lambda: utc_now() + timedelta(seconds=601))
    late = DatasetService.open_export(export_id, **link, actor=ANN)
    assert (late["success"], late["error_code"]) == (False, "forbidden")


def test_an_export_goes_when_its_time_is_over(dataset_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    export_id = _export(dataset_id, "csv")["result"]["export_id"]
    path = _open(export_id)
    assert tidy_up()["exports"] == 0
    assert path.is_file()
    for module in (exporting, old_exports):
        monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(hours=49))
    export = DatasetService.get_export(export_id)
    assert export is not None
    assert (export["downloadable"], export["link"]) == (False, None)
    assert tidy_up()["exports"] == 1
    assert not path.exists()
    assert DatasetService.get_export(export_id) is None


def test_a_file_that_no_row_names_goes_after_a_while(database: Settings) -> None:
    folder = database.exports_dir
    folder.mkdir(parents=True)
    (folder / ".export-9-abc.h5.1234.part").write_bytes(b"half")
    assert tidy_up()["exports"] == 0
    old = time.time() - 7 * 3600
    os.utime(folder / ".export-9-abc.h5.1234.part", (old, old))
    assert tidy_up()["exports"] == 1
    assert not list(folder.iterdir())


@pytest.mark.parametrize("file_format", WRITERS)
def test_a_full_disk_fails_the_export_and_leaves_nothing(
    dataset_id: int, file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_after(2, monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    job = _export(dataset_id, file_format)
    assert (job["state"], job["error_code"]) == ("failed", "storage_full")
    assert "disk is full" in job["error"].lower()
    assert not list(get_settings().exports_dir.iterdir())
    (listed,) = DatasetService.list_exports(dataset_id)
    assert not listed["downloadable"]


def _break_after(n_signals: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    original: Callable[..., Any] = exporting._tell

    def tell(handle: Any, done: int, total: int) -> None:
        original(handle, done, total)
        if done == n_signals:
            raise error

    monkeypatch.setattr(exporting, "_tell", tell)


def test_too_little_room_is_said_before_anything_is_written(
    dataset_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(exporting.shutil, "disk_usage", lambda _folder: usage._replace(free=1_000))
    job = _export(dataset_id, "hdf5")
    assert (job["state"], job["error_code"]) == ("failed", "storage_full")


def test_a_cancelled_export_leaves_nothing(dataset_id: int) -> None:
    started = DatasetService.export_dataset(dataset_id, "csv")
    board.cancel_job(started["job_id"])
    DatasetService.run_export_job(started["job_id"], "test")
    folder = get_settings().exports_dir
    assert not folder.exists() or not list(folder.iterdir())


def test_a_second_attempt_sweeps_what_the_first_left(dataset_id: int) -> None:
    started = DatasetService.export_dataset(dataset_id, "hdf5")
    folder = get_settings().exports_dir
    folder.mkdir(parents=True)
    for name in (f"export-{started['job_id']}-old.h5", f".export-{started['job_id']}-old.h5.99.part"):
        (folder / name).write_bytes(b"half")
    DatasetService.run_export_job(started["job_id"], "test")
    assert len(list(folder.iterdir())) == 1


def test_a_script_may_name_a_folder_and_nobody_else(dataset_id: int, tmp_path: Path) -> None:
    job = _export(dataset_id, "hdf5", output_dir=str(tmp_path))
    assert Path(job["result"]["path"]) == tmp_path / "Odd-names-v1.h5"
    assert (tmp_path / "Odd-names-v1.h5").stat().st_size == job["result"]["n_bytes"]
    refused = DatasetService.export_dataset(dataset_id, "hdf5", str(tmp_path), actor=BOB)
    assert (refused["success"], refused["error_code"]) == (False, "forbidden")
    assert not DatasetService.export_dataset(dataset_id, "hdf5", str(tmp_path / "none"))["success"]


def test_what_can_not_be_exported_is_refused(dataset_id: int) -> None:
    wrong = DatasetService.export_dataset(dataset_id, "xlsx")
    assert wrong["error"] == "'xlsx' is no export format. Formats: hdf5, mat, csv, parquet."
    assert DatasetService.export_dataset(99)["error_code"] == "not_found"
    assert DatasetService.export_dataset(dataset_id, version=7)["error_code"] == "not_found"
    assert DatasetService.export_dataset(dataset_id, actor=ANN)["error_code"] == "forbidden"
    with get_db_session(read_only=True) as session:
        assert session.scalars(select(Export)).all() == []


def test_a_member_is_named_so_that_every_system_takes_it() -> None:
    assert archive.name_member(3, "../ü:*", suffix=".csv") == "00003_u.csv"
    assert archive.name_member(4, "..", suffix=".csv") == "00004.csv"
