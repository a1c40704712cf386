"""Imports through the real reader, store and database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.datasets.store import hash_signal
from dashboard_config import Settings
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.datasets import commit, importing, merging
from services.jobs import board, queue
from services.jobs.runner import JobHandle
from tests.factories.imports import (
    FAULT_MAPPING,
    RATE_HZ,
    import_faults,
    make_noise,
    name_files,
    run_import,
    write_canonical_file,
    write_fault_files,
    write_mat,
)
from utils.exceptions import JobCancelledError, ServiceUnavailableError

RATE: dict[str, Any] = {"defaults": {"sample_rate_hz": RATE_HZ}}


def list_store(settings: Settings) -> list[str]:
    """Return every file below the folders of signals and uploads."""
    folders = (settings.signals_dir, settings.uploads_dir)
    return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_files_become_recordings_with_machine_bearings_speed_and_labels(
    each_database: Settings, tmp_path: Path
) -> None:
    dataset_id = import_faults(tmp_path)
    details = DatasetService.get_dataset_details(dataset_id)
    assert details is not None
    assert (details["n_recordings"], details["n_signals"], details["version"]) == (9, 18, 1)
    assert details["channel_classes"]["DE"] == {"healthy": 3, "inner_race": 3, "outer_race": 3}
    assert details["channel_classes"]["FE"] == {"healthy": 9}
    assert details["shaft_speed_rpm"] == {"min": 1760.0, "max": 1800.0}
    orders = {entry["bearing"]: entry["orders"]["bpfo"] for entry in details["bearings"]}
    assert orders["6205-2RS"] == pytest.approx(3.5848, abs=1e-3)
    assert orders["6203-2RS"] == pytest.approx(3.0530, abs=1e-3)


def test_stored_samples_are_those_of_the_file(each_database: Settings, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path, loads=(1,))
    rows = {(row["recording"], row["channel"]): row for row in DataService.load_signals(dataset_id)}
    samples = DataService.load_signal_data(dataset_id, rows["IR_1", "FE"]["signal_id"])
    assert samples is not None
    np.testing.assert_array_equal(samples, make_noise(112))
    assert rows["IR_1", "FE"]["sha256"] == hash_signal(make_noise(112))


def test_an_import_into_an_existing_name_makes_the_next_version(
    each_database: Settings, tmp_path: Path
) -> None:
    dataset_id = import_faults(tmp_path / "first", loads=(0,))
    before = DatasetService.get_dataset_details(dataset_id)
    assert import_faults(tmp_path / "second", loads=(1, 2)) == dataset_id
    after = DatasetService.get_dataset_details(dataset_id)
    assert before is not None
    assert after is not None
    assert (after["version"], after["n_recordings"]) == (2, 9)
    assert DatasetService.get_dataset_details(dataset_id, 1) == {
        **before,
        "versions": after["versions"],
    }
    assert after["manifest_sha256"] != before["manifest_sha256"]


def test_a_channel_that_comes_later_joins_its_recording(database: Settings, tmp_path: Path) -> None:
    files = write_fault_files(tmp_path, loads=(0,))
    drive, fan = ([rule] for rule in FAULT_MAPPING["channels"])
    assert run_import(files, {**FAULT_MAPPING, "channels": drive})["state"] == "done"
    job = run_import(files, {**FAULT_MAPPING, "channels": fan})
    assert job["state"] == "done", job["error"]
    page = DatasetService.list_recordings(job["result"]["dataset_id"])
    assert [len(item["signals"]) for item in page["items"]] == [2, 2, 2]


def test_the_same_content_in_another_dataset_shares_its_samples(database: Settings, tmp_path: Path) -> None:
    import_faults(tmp_path, "One")
    stored = list_store(database)
    job = run_import(write_fault_files(tmp_path), FAULT_MAPPING, "Two")
    assert job["state"] == "done", job["error"]
    assert list_store(database) == stored
    assert any("shared" in note for note in job["result"]["notes"])


def test_samples_stay_until_the_last_dataset_that_shares_them_is_deleted(
    each_database: Settings, tmp_path: Path
) -> None:
    first, second = import_faults(tmp_path, "One"), import_faults(tmp_path, "Two")
    assert DatasetService.delete_dataset(first, True)["success"]
    row = DataService.load_signals(second)[0]
    assert DataService.load_signal_data(second, row["signal_id"]) is not None
    assert DatasetService.delete_dataset(second, True)["success"]
    assert list_store(each_database) == []
    assert DatasetService.get_dataset_details(second) is None


def test_rates_and_lengths_may_differ_within_one_dataset(database: Settings, tmp_path: Path) -> None:
    files = [
        write_mat(tmp_path / "slow.mat", x=make_noise(1, 3_000)),
        write_mat(tmp_path / "fast.mat", x=make_noise(2, 50_000)),
    ]
    mapping = {**RATE, "overrides": [{"file": "fast*", "sample_rate_hz": 48_000}]}
    job = run_import(files, mapping)
    rows = DataService.load_signals(job["result"]["dataset_id"])
    assert {row["recording"]: (row["sample_rate_hz"], row["n_samples"]) for row in rows} == {
        "slow": (RATE_HZ, 3_000),
        "fast": (48_000.0, 50_000),
    }


def test_a_canonical_file_says_everything_itself(database: Settings, tmp_path: Path) -> None:
    file = write_canonical_file(
        tmp_path / "all.h5",
        {"run 1/DE": make_noise(1), "run 2/DE": make_noise(2)},
        unit="g",
        machine="Mill",
        bearing="6203",
        fault_class="ball",
        group="b1",
        shaft_speed_rpm=1500.0,
        acquired_utc="2026-01-02T03:04:05Z",
    )
    job = run_import([file], {})
    assert job["state"] == "done", job["error"]
    first, _ = DataService.load_signals(job["result"]["dataset_id"])
    wanted = {
        "recording": "run 1",
        "channel": "DE",
        "machine": "Mill",
        "bearing": "6203",
        "fault_class": "ball",
        "group": "b1",
        "acquired_at": "2026-01-02T03:04:05.000Z",
        "sample_rate_hz": RATE_HZ,
    }
    assert {name: first[name] for name in wanted} == wanted


def test_the_parts_of_a_split_file_are_kept_as_given(each_database: Settings, tmp_path: Path) -> None:
    path = tmp_path / "bench.h5"
    with h5py.File(path, "w") as file:
        file.attrs["sampling_rate"] = RATE_HZ
        for index, (part, labels) in enumerate({"train": (0, 1, 7), "val": (1,), "test": (0, 7)}.items()):
            rows = np.stack([make_noise(10 * index + label, 1500) for label in range(len(labels))])
            file.create_dataset(f"{part}/signals", data=rows)
            file.create_dataset(f"{part}/labels", data=np.array(labels))
    job = run_import([path], {})
    assert job["state"] == "done", job["error"]
    made = DatasetService.create_split(job["result"]["dataset_id"], "as given", "given")
    assert made["success"], made["error"]
    counts = {part: entry["n_signals"] for part, entry in made["counts"].items()}
    assert counts == {"train": 3, "validation": 1, "test": 2}
    assert made["class_names"] == ["healthy", "misalignment", "oil_whirl"]


def test_signals_without_a_label_are_taken_and_counted_as_unlabelled(
    database: Settings, tmp_path: Path
) -> None:
    job = run_import([write_mat(tmp_path / "a.mat", x=make_noise(1))], RATE)
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"])
    assert details is not None
    assert details["classes"] == {"unlabelled": 1}
    assert any("no fault class" in note for note in job["result"]["notes"])


def test_a_broken_file_is_reported_and_the_rest_is_imported(database: Settings, tmp_path: Path) -> None:
    good = write_mat(tmp_path / "good.mat", x=make_noise(1))
    broken = tmp_path / "broken.mat"
    broken.write_bytes(good.read_bytes()[:300])
    job = run_import([broken, good], RATE)
    assert job["state"] == "done"
    assert [entry["file"] for entry in job["result"]["skipped"]] == ["broken.mat"]
    assert job["result"]["n_signals"] == 1


def test_a_job_that_is_run_again_after_its_commit_imports_nothing_twice(
    each_database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_fault_files(tmp_path, loads=(0,))
    started = DatasetService.import_dataset(name_files(files), FAULT_MAPPING, "Rig")

    def lose_connection(*_: Any) -> None:
        raise ServiceUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "finish_job", lose_connection)
        patch.setattr("dashboard_config.Settings.job_retry_s", 0.0, raising=False)
        assert DatasetService.run_import_job(started["job_id"], "test") == "queued"
    assert DatasetService.run_import_job(started["job_id"], "test") == "done"
    job = board.get_job(started["job_id"])
    assert job is not None
    assert (job["result"]["version"], job["attempt"]) == (1, 2)
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"])
    assert details is not None
    assert [version["number"] for version in details["versions"]] == [1]


@pytest.mark.parametrize("blind", [False, True])
def test_two_imports_into_one_name_at_once_make_two_versions(
    blind: bool, each_database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one worked out its change on a dataset that was not there yet (and, blind, did not look)."""
    dataset_id = import_faults(tmp_path / "first", loads=(0,))
    true_base, look = commit.load_base, commit._look_again
    calls: list[str] = []

    def load_stale(session: Any, name: str) -> Any:
        calls.append(name)
        return merging.VersionBase(None, None, 0, ()) if len(calls) == 1 else true_base(session, name)

    monkeypatch.setattr(commit, "load_base", load_stale)
    monkeypatch.setattr(commit, "_look_again", lambda *a: None if blind and len(calls) == 1 else look(*a))
    assert import_faults(tmp_path / "second", loads=(1,)) == dataset_id
    details = DatasetService.get_dataset_details(dataset_id)
    assert details is not None
    assert (details["version"], details["n_recordings"], len(calls)) == (2, 6, 2)


def test_a_cancelled_import_leaves_nothing(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(_handle: JobHandle) -> None:
        raise JobCancelledError("The job was cancelled.")

    monkeypatch.setattr(importing, "commit_import", lambda handle, _staged: cancel(handle))
    job = run_import(write_fault_files(tmp_path, loads=(0,)), FAULT_MAPPING)
    assert job["state"] == "cancelled"
    assert list_store(database) == []
    assert DatasetService.list_datasets()["total"] == 0


def test_what_a_killed_attempt_left_behind_is_swept_away(database: Settings, tmp_path: Path) -> None:
    started = DatasetService.import_dataset(
        name_files(write_fault_files(tmp_path, loads=(0,))), FAULT_MAPPING, "Rig"
    )
    left = [
        database.signals_dir / place / f"import-{started['job_id']}-first" / "part"
        for place in ("", "staging")
    ]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    claimed = queue.claim_job(started["job_id"], "killed")
    assert claimed is not None
    queue.release_job(started["job_id"], claimed.fence)
    assert DatasetService.run_import_job(started["job_id"], "test") == "done"
    assert not any(path.parent.exists() for path in left)
    assert len(list_store(database)) == 1


def test_a_full_disk_is_said_and_changes_nothing(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    job = run_import(write_fault_files(tmp_path, loads=(0,)), FAULT_MAPPING)
    assert (job["state"], job["error_code"]) == ("failed", "storage_full")
    assert list_store(database) == []


def test_real_cwru_files_come_in_with_both_channels(database: Settings, real_data: Path) -> None:
    files = sorted((real_data / "cwru_12k_de").glob("*.mat"))
    mapping = {
        "pattern": r"(?P<label>Normal|IR|B|OR)(?P<severity>\d{3})?(@6)?_(?P<load>\d)",
        "map": {"IR": "inner_race", "OR": "outer_race", "B": "ball"},
        "defaults": {"sample_rate_hz": 12_000, "unit": "g", "machine": "CWRU 2 hp rig"},
        "channels": [
            {"variable": "*_DE_time", "bearing": "6205-2RS"},
            {"variable": "*_FE_time", "bearing": "6203-2RS"},
        ],
        "overrides": [
            {"file": "Normal*", "sample_rate_hz": 48_000},
            {"file": "*", "variable": "*_FE_time", "fault_class": "healthy"},
        ],
    }
    job = run_import(files, mapping, "CWRU")
    assert job["state"] == "done", job["error"]
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"])
    assert details is not None
    assert (details["n_recordings"], details["n_signals"]) == (30, 60)
    assert details["channel_classes"]["DE"] == {"ball": 9, "healthy": 3, "inner_race": 9, "outer_race": 9}
    assert details["sample_rates_hz"] == [12_000.0, 48_000.0]
