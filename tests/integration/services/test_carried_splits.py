"""Splits that are carried over to a newer version of their dataset, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, select

from dashboard_config import Settings
from database.connection import get_db_session
from models.dataset import DatasetVersion, ManifestRow
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from tests.factories.imports import FAULT_MAPPING, import_faults, make_noise, run_import, write_mat
from tests.factories.jobs import add_person


@pytest.fixture
def rig(each_database: Settings, tmp_path: Path) -> int:
    """Return the id of a dataset of 3 classes at 3 loads with 2 channels, in its first version."""
    return import_faults(tmp_path)


def add_version(folder: Path, labels: Iterable[str] = ("Normal", "IR"), load: int = 5, **changes: Any) -> int:
    """Import further recordings into the rig; return the number of the version that makes."""
    files = []
    for index, label in enumerate(labels):
        samples = changes.get(label, make_noise(900 + 10 * load + index))
        files.append(write_mat(folder / f"{label}_{load}.mat", **{f"X{index}9{load}_DE_time": samples}))
    mapping = {**FAULT_MAPPING, "speed_from": None, "map": {**FAULT_MAPPING["map"], "B": "ball"}}
    mapping["pattern"] = r"(?P<fault_class>Normal|IR|OR|B)_(?P<load>\d)"
    job = run_import(files, {key: value for key, value in mapping.items() if value}, "Rig")
    assert job["state"] == "done", job
    return int(job["result"]["version"])


def split_by_load(dataset_id: int, **options: Any) -> dict[str, Any]:
    made = DatasetService.create_split(dataset_id, "by load", "load", ["2"], channel="DE", **options)
    assert made["success"], made["error"]
    return made


def name_parts(split: dict[str, Any]) -> dict[str, str]:
    """Return the part of each signal of a split, by its hash."""
    hashes = {row["signal_id"]: row["sha256"] for row in DataService.load_signals(split["dataset_id"])}
    return {hashes[signal_id]: part for part, ids in split["parts"].items() for signal_id in ids}


def drop_from_version(dataset_id: int, number: int, recordings: Iterable[str]) -> None:
    """Take recordings out of one version's manifest, as a later clean-up would."""
    gone = [
        row["signal_id"]
        for row in DataService.load_signals(dataset_id)
        if row["recording"] in set(recordings)
    ]
    with get_db_session() as session:
        version_id = session.scalar(
            select(DatasetVersion.id).where(
                DatasetVersion.dataset_id == dataset_id, DatasetVersion.number == number
            )
        )
        session.execute(
            delete(ManifestRow).where(
                ManifestRow.dataset_version_id == version_id, ManifestRow.signal_id.in_(gone)
            )
        )
        session.commit()


def test_every_signal_keeps_its_part_and_new_ones_stay_out(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    assert old["carried_from"] is None
    assert add_version(tmp_path / "more") == 2
    carried = DatasetService.carry_split(old["split_id"])
    assert carried["success"], carried["error"]
    assert (carried["name"], carried["version"], carried["dataset_id"]) == ("by load", 2, rig)
    assert name_parts(carried) == name_parts(old)
    assert carried["carried_from"] == {"split_id": old["split_id"], "version": 1, "n_new": 2, "n_gone": 0}
    rule = ("by", "test_values", "channel", "seed", "counts", "class_names")
    assert {name: carried[name] for name in rule} == {name: old[name] for name in rule}
    stored = DatasetService.get_split(carried["split_id"])
    assert stored is not None
    assert stored["carried_from"] == carried["carried_from"]
    assert DatasetService.get_split(old["split_id"]) == {
        key: value for key, value in old.items() if key not in ("success", "error", "error_code")
    }


def test_signals_that_are_gone_are_counted(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    number = add_version(tmp_path / "more", labels=("OR",))
    drop_from_version(rig, number, ["Normal_2", "IR_2"])
    checked = DatasetService.check_carried_split(old["split_id"])
    assert checked["success"], checked["error"]
    assert (checked["carried_from"]["n_new"], checked["carried_from"]["n_gone"]) == (1, 2)
    assert checked["counts"]["test"]["classes"] == {"outer_race": 1}
    assert {finding["kind"] for finding in checked["findings"]} >= {"class_not_tested"}
    assert len(DatasetService.list_splits(rig)) == 1


def test_a_class_that_lost_its_training_recordings_refuses_the_split(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    number = add_version(tmp_path / "more")
    drop_from_version(rig, number, ["IR_0", "IR_1"])
    refused = DatasetService.carry_split(old["split_id"], accept_amber="please")
    assert refused["error_code"] == "class_without_training"
    assert "inner_race" in refused["error"]
    drop_from_version(rig, number, ["Normal_2", "IR_2", "OR_2"])
    assert DatasetService.carry_split(old["split_id"], accept_amber="please")["error_code"] == "split_leaks"
    assert len(DatasetService.list_splits(rig)) == 1


def test_a_class_that_is_new_stays_out_of_the_class_names(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    add_version(tmp_path / "more", labels=("B",))
    carried = DatasetService.carry_split(old["split_id"])
    assert carried["class_names"] == ["healthy", "inner_race", "outer_race"]
    assert carried["carried_from"]["n_new"] == 1


def test_an_amber_split_asks_for_its_reason_anew(each_database: Settings, tmp_path: Path) -> None:
    files = [
        write_mat(tmp_path / f"{label}_{load}.mat", x=make_noise(10 * index + load))
        for index, label in enumerate(("Normal", "IR"))
        for load in (0, 1, 2)
    ]
    mapping = {
        "pattern": r"(?P<label>Normal|IR)_(?P<load>\d)",
        "map": {"IR": "inner_race"},
        "defaults": {"sample_rate_hz": 2000},
        "overrides": [{"file": "Normal*", "group": "healthy-1"}, {"file": "IR*", "group": "inner-1"}],
    }
    dataset_id = run_import(files, mapping, "Rig")["result"]["dataset_id"]
    old = DatasetService.create_split(dataset_id, "s", "load", ["2"], accept_amber="one rig")
    assert old["colour"] == "amber"
    run_import([write_mat(tmp_path / "IR_3.mat", x=make_noise(77))], mapping, "Rig")
    refused = DatasetService.carry_split(old["split_id"])
    assert refused["error_code"] == "split_needs_acceptance"
    carried = DatasetService.carry_split(old["split_id"], accept_amber="still one rig")
    assert (carried["colour"], carried["accepted_reason"]) == ("amber", "still one rig")
    kept = DatasetService.get_split(old["split_id"])
    assert kept is not None
    assert kept["accepted_reason"] == "one rig"


def test_what_came_since_leaks_nowhere_because_it_is_in_no_part(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    trained = next(sha for sha, part in name_parts(old).items() if part == "train")
    row = next(row for row in DataService.load_signals(rig) if row["sha256"] == trained)
    samples = DataService.load_signal_data(rig, row["signal_id"])
    assert samples is not None
    overlapping = np.concatenate([samples[1_000:], make_noise(4711)])
    add_version(tmp_path / "more", labels=("IR",), IR=overlapping)
    carried = DatasetService.carry_split(old["split_id"])
    assert carried["colour"] != "red"  # what came since is in no part, so it leaks nowhere
    whole = DatasetService.check_split(rig, "load", ["5"], channel="DE")
    assert whole["colour"] == "red"  # while a split anew, with it, would leak


def test_only_a_newer_version_takes_a_split_over(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    same = DatasetService.carry_split(old["split_id"])
    assert same["error_code"] == "invalid_input"
    assert "version 1" in same["error"]
    add_version(tmp_path / "two")
    add_version(tmp_path / "three", load=6)
    second = DatasetService.carry_split(old["split_id"], 2, name="in two")
    assert (second["name"], second["version"]) == ("in two", 2)
    third = DatasetService.carry_split(second["split_id"])
    assert (third["version"], third["carried_from"]["version"]) == (3, 2)
    assert DatasetService.carry_split(third["split_id"], 2)["error_code"] == "invalid_input"
    assert DatasetService.carry_split(old["split_id"], 9)["error_code"] == "not_found"
    assert DatasetService.carry_split(999)["error_code"] == "not_found"
    again = DatasetService.carry_split(old["split_id"], 2, name="in two")
    assert again["error_code"] == "conflict"
    assert DatasetService.carry_split(old["split_id"], 2, name=" ")["error_code"] == "invalid_input"


def test_a_viewer_may_look_but_not_carry(rig: int, tmp_path: Path) -> None:
    old = split_by_load(rig)
    add_version(tmp_path / "more")
    viewer = add_person(Role.VIEWER)
    assert DatasetService.check_carried_split(old["split_id"], actor=viewer)["success"]
    assert DatasetService.carry_split(old["split_id"], actor=viewer)["error_code"] == "forbidden"
