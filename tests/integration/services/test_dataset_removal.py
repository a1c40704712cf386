"""Trash, restoring and deleting datasets; statistics and previews beside damaged files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from dashboard_config import Settings, get_settings
from database.connection import get_db_session
from models.audit import AuditEvent
from models.dataset import Dataset
from models.recording import Recording, Signal
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.datasets import rows
from services.datasets.removal import purge_trash
from services.datasets.rows import find_version
from services.datasets.table import locate_index
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.factories.imports import (
    FAULT_MAPPING,
    import_faults,
    name_files,
    run_import,
    write_fault_files,
)
from tests.factories.jobs import add_person
from utils.clock import utc_now


def list_names(shelf: str) -> list[str]:
    return [item["name"] for item in DatasetService.list_datasets(shelf=shelf, sort="name")["items"]]


def list_shards() -> list[Path]:
    return sorted(get_settings().signals_dir.rglob("*.h5"))


def test_a_dataset_goes_to_the_trash_and_comes_back_as_it_was(
    each_database: Settings, tmp_path: Path
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    before, shards = DatasetService.get_dataset_details(rig), list_shards()
    assert DatasetService.trash_dataset(rig, actor=add_person(Role.ENGINEER))["success"]
    assert (list_names("active"), list_names("all"), list_names("trash")) == ([], [], ["Rig"])
    thrown = DatasetService.get_dataset_details(rig)
    assert thrown is not None
    assert thrown["trashed_at"] < thrown["kept_until"]
    refused = DatasetService.edit_recordings(rig, {"load": "7"}, "why")
    assert (refused["error_code"], "trash" in refused["error"]) == ("conflict", True)
    files = name_files(write_fault_files(tmp_path / "more", loads=(5,)))
    late = DatasetService.import_dataset(files, FAULT_MAPPING, "Rig")
    assert (late["error_code"], "trash" in late["error"]) == ("conflict", True)
    assert DatasetService.restore_dataset(rig)["success"]
    assert DatasetService.get_dataset_details(rig) == before
    assert list_shards() == shards
    with get_db_session(read_only=True) as session:
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert [action for action in actions if "trash" in action or "restore" in action] == [
        "dataset.trash",
        "dataset.restore",
    ]


def test_the_trash_is_emptied_after_thirty_days_and_shared_samples_stay(
    database: Settings, tmp_path: Path
) -> None:
    files = write_fault_files(tmp_path, loads=(0,))
    first = run_import(files, FAULT_MAPPING, "First")["result"]["dataset_id"]
    run_import([*files, *write_fault_files(tmp_path / "own", loads=(1,))], FAULT_MAPPING, "Second")
    third = import_faults(tmp_path / "third", "Third", loads=(2,))
    assert len(list_shards()) == 3
    with get_db_session(read_only=True) as session:
        index = locate_index(find_version(session, third))
    assert index.exists()
    for dataset_id in (first, third):
        assert DatasetService.trash_dataset(dataset_id)["success"]
    assert purge_trash() == 0
    with get_db_session() as session:
        session.execute(
            update(Dataset)
            .where(Dataset.id == third)
            .values(trashed_at=utc_now() - timedelta(days=30, minutes=1))
        )
        session.commit()
    assert purge_trash() == 1
    assert (list_names("trash"), list_names("active")) == (["First"], ["Second"])
    assert len(list_shards()) == 2
    assert not index.exists()
    assert DatasetService.delete_dataset(first, True)["success"]
    assert len(list_shards()) == 2  # the second dataset shares them
    for row in DataService.load_signals(2):
        assert DataService.load_signal_data(2, row["signal_id"]) is not None


def test_what_experiments_use_is_neither_thrown_away_nor_deleted_and_they_are_named(
    database: Settings,
) -> None:
    small = add_small_dataset()
    config = {"name": "Forest one", "network": "random_forest", "split_id": small.split_id}
    assert ExperimentService.create_experiment(config)["success"]
    for refused in (
        DatasetService.trash_dataset(small.dataset_id),
        DatasetService.delete_dataset(small.dataset_id, True),
        DataService.delete_dataset(small.dataset_id),
    ):
        assert (refused["error_code"], "Forest one" in refused["error"]) == ("conflict", True)
    named = DatasetService.describe_removal(small.dataset_id)
    assert named is not None
    assert (named["experiments"], named["n_recordings"], named["n_splits"]) == (["Forest one"], 8, 1)
    other = add_small_dataset("Other")
    assert DatasetService.trash_dataset(other.dataset_id)["success"]
    late = ExperimentService.create_experiment({**config, "split_id": other.split_id})
    assert late["error_code"] == "conflict"


def test_only_engineers_throw_away_restore_and_delete(database: Settings) -> None:
    small, viewer = add_small_dataset(), add_person(Role.VIEWER)
    refusals = (
        DatasetService.trash_dataset(small.dataset_id, actor=viewer),
        DatasetService.restore_dataset(small.dataset_id, actor=viewer),
        DatasetService.delete_dataset(small.dataset_id, actor=viewer),
    )
    assert {refused["error_code"] for refused in refusals} == {"forbidden"}
    assert DatasetService.trash_dataset(99)["error_code"] == "not_found"


def damage_first_shard() -> None:
    path = list_shards()[0]
    path.write_bytes(path.read_bytes()[:2_000])


def test_damaged_files_are_counted_and_the_rest_is_measured_and_shown(
    database: Settings, tmp_path: Path
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    run_import(write_fault_files(tmp_path / "more", loads=(1,)), FAULT_MAPPING)
    damage_first_shard()
    statistics = DatasetService.get_dataset_statistics(rig)
    assert statistics is not None
    assert (statistics["n_signals"], statistics["n_damaged"]) == (12, 6)
    assert sum(entry["n_signals"] for entry in statistics["per_class"]) == 6
    preview = DatasetService.get_dataset_preview(rig)
    assert preview is not None
    assert {len(held) for held in preview["classes"].values()} <= {1, 2, 3}
    (listed,) = DatasetService.list_datasets()["items"]
    assert listed["damaged"]
    with get_db_session(read_only=True) as session:
        dated = session.scalars(select(Signal.damaged_at).join(Recording)).all()
    assert sum(moment is not None for moment in dated) == 6


def test_a_flipped_bit_is_found_by_the_statistics_and_marks_the_dataset(
    database: Settings, tmp_path: Path
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    (signal_id,) = [row["signal_id"] for row in DataService.load_signals(rig) if row["recording"] == "IR_0"][
        :1
    ]
    samples = DataService.load_signal_data(rig, signal_id)
    assert samples is not None
    path, needle = list_shards()[0], samples[100:110].tobytes()
    whole = bytearray(path.read_bytes())
    assert whole.count(needle) == 1
    whole[whole.index(needle) + 2] ^= 4
    path.write_bytes(bytes(whole))
    statistics = DatasetService.get_dataset_statistics(rig)
    assert statistics is not None
    assert (statistics["n_signals"], statistics["n_damaged"]) == (6, 1)
    details = DatasetService.get_dataset_details(rig)
    assert details is not None
    assert details["n_damaged"] == 1
    (flagged,) = DatasetService.list_signals(rig, filters={"flag": "damaged"})["items"]
    assert flagged["signal_id"] == signal_id
    assert DataService.load_signal_data(rig, signal_id + 1) is not None


def test_statistics_are_read_once_and_stored_with_the_version(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    first = DatasetService.get_dataset_statistics(rig)
    for path in list_shards():
        path.unlink()
    assert DatasetService.get_dataset_statistics(rig) == first
    again = DatasetService.request_statistics(rig, again=True)
    assert again["statistics"]["n_damaged"] == 6


def test_statistics_of_a_large_version_come_from_one_job(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = import_faults(tmp_path, loads=(0, 1))
    monkeypatch.setattr(rows, "INLINE_BYTES", 1_000)
    viewer = add_person(Role.VIEWER)
    asked = [DatasetService.request_statistics(rig, actor=viewer) for _ in range(2)]
    assert asked[0]["statistics"] is None
    assert asked[0]["job_id"] == asked[1]["job_id"]
    assert DatasetService.run_statistics_job(asked[0]["job_id"], "test") == "done"
    job = board.get_job(asked[0]["job_id"])
    assert job is not None
    assert job["result"] == {"dataset_id": rig, "version": 1, "n_signals": 12, "n_damaged": 0}
    found: dict[str, Any] = DatasetService.request_statistics(rig)["statistics"]
    samples = [
        DataService.load_signal_data(rig, row["signal_id"])
        for row in DataService.load_signals(rig, "inner_race")
    ]
    levels = [float(np.std(np.asarray(each, float))) for each in samples]
    entry = next(one for one in found["per_class"] if one["fault_class"] == "inner_race")
    assert entry["rms"]["max"] == pytest.approx(max(levels), rel=1e-6)
