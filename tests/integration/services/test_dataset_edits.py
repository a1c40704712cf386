"""Edits make versions: who, why, what changed; the old ones stay, no sample is copied, all readers see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dashboard_config import Settings, get_settings
from database.connection import get_db_session
from models.audit import AuditEvent
from models.dataset import DatasetVersion, ManifestRow
from models.recording import Recording, Signal
from models.split import Split
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.datasets import edit_jobs
from services.datasets.rows import iterate_rows
from services.datasets.summary import hash_manifest
from services.experiments.material import load_material
from services.jobs import board
from services.signal_service import SignalService
from tests.factories.imports import FAULT_MAPPING, import_faults, run_import, write_fault_files
from tests.factories.jobs import add_person


@pytest.fixture
def rig(database: Settings, tmp_path: Path) -> int:
    """Return the id of an imported dataset: 3 classes at 3 loads with 2 channels."""
    return import_faults(tmp_path)


@pytest.fixture
def rig_on_each(each_database: Settings, tmp_path: Path) -> int:
    """The same, on SQLite and on PostgreSQL."""
    return import_faults(tmp_path)


def find_ids(dataset_id: int, **filters: Any) -> list[int]:
    found = DatasetService.list_signals(dataset_id, filters=filters, per_page=200)
    return [row["signal_id"] for row in found["items"]]


def edit(dataset_id: int, changes: dict[str, Any], reason: str = "checked", **which: Any) -> dict[str, Any]:
    done = DatasetService.edit_recordings(dataset_id, changes, reason, **which)
    assert done["success"], done["error"]
    return done


def test_a_relabelled_row_is_a_new_version_and_the_old_one_stays(rig: int) -> None:
    ann = add_person(Role.ENGINEER)
    shards = sorted(get_settings().signals_dir.rglob("*.h5"))
    (signal_id,) = find_ids(rig, q="IR_1", channel="DE")
    done = edit(rig, {"fault_class": "Outer race"}, "seen when dismantled", signal_ids=[signal_id], actor=ann)
    assert (done["version"], done["job_id"], done["n_signals"]) == (2, None, 1)
    now, before = DatasetService.get_signal(signal_id), DatasetService.get_signal(signal_id, 1)
    assert now is not None
    assert before is not None
    assert (before["fault_class"], now["fault_class"]) == ("inner_race", "outer_race")
    details = DatasetService.get_dataset_details(rig)
    assert details is not None
    newest, first = details["versions"]
    assert (newest["reason"], newest["author"], newest["kind"]) == ("seen when dismantled", ann.name, "edit")
    assert newest["changes"] == {"added": 0, "removed": 0, "relabelled": 1, "edited": 0}
    assert newest["parent"]["version"] == 1
    assert first["changes"]["added"] == 18
    assert first["manifest_sha256"] != newest["manifest_sha256"]
    assert details["classes"] == {"healthy": 9, "inner_race": 2, "outer_race": 4}
    assert sorted(get_settings().signals_dir.rglob("*.h5")) == shards
    with get_db_session(read_only=True) as session:
        assert session.scalar(select(func.count(Signal.id))) == 18
        audit = session.scalars(select(AuditEvent).where(AuditEvent.action == "dataset.edit")).one()
        assert (audit.user_id, audit.details["reason"]) == (ann.user_id, "seen when dismantled")


def test_the_hash_of_an_edited_version_is_that_of_its_rows(rig: int) -> None:
    edit(rig, {"load": "9", "unit": "m/s²", "fault_class": None}, filters={"fault_class": "outer_race"})
    details = DatasetService.get_dataset_details(rig)
    rows = DataService.load_signals(rig)
    assert details is not None
    assert details["manifest_sha256"] == hash_manifest(rows)
    assert details["classes"]["unlabelled"] == 3
    assert details["loads"] == ["0", "1", "2", "9"]
    assert details["units"] == ["g", "m/s²"]


def test_what_belongs_to_the_recording_changes_in_all_its_channels(rig: int) -> None:
    (signal_id,) = find_ids(rig, q="OR_2", channel="DE")
    plan = DatasetService.preview_edit(rig, {"shaft_speed_rpm": 900, "unit": "V"}, signal_ids=[signal_id])
    beyond = {change["field"]: change["n_beyond_selection"] for change in plan["changes"]}
    assert beyond == {"shaft_speed_rpm": 1, "unit": 0}
    assert (plan["n_selected"], plan["n_signals"], plan["n_recordings"]) == (1, 2, 1)
    assert plan["changes"][0]["before"] == [{"value": 1760.0, "n_signals": 2}]
    assert DatasetService.get_dataset_details(rig)["version"] == 1  # type: ignore[index]
    edit(rig, {"shaft_speed_rpm": 900, "unit": "V"}, signal_ids=[signal_id])
    rows = {row["channel"]: row for row in DataService.load_signals(rig) if row["recording"] == "OR_2"}
    assert {name: row["shaft_speed_rpm"] for name, row in rows.items()} == {"DE": 900.0, "FE": 900.0}
    assert {name: row["unit"] for name, row in rows.items()} == {"DE": "V", "FE": "g"}
    assert rows["DE"]["edited"] == ["shaft_speed_rpm", "unit"]


def test_a_class_changes_in_every_channel_of_the_same_physical_bearing(
    database: Settings, tmp_path: Path
) -> None:
    mapping = {**FAULT_MAPPING, "defaults": {**FAULT_MAPPING["defaults"], "group": "B1"}, "channels": []}
    done = run_import(write_fault_files(tmp_path, loads=(0,)), mapping)
    rig = done["result"]["dataset_id"]
    signal_id, *_ = find_ids(rig, q="IR_0")
    edit(rig, {"fault_class": "ball"}, signal_ids=[signal_id])
    assert len(find_ids(rig, fault_class="ball")) == 2
    assert len(find_ids(rig, q="Normal_0", fault_class="healthy")) == 2


def test_every_reader_sees_the_edit(rig_on_each: int) -> None:
    rig = rig_on_each
    split = DatasetService.create_split(rig, "by load", "load", ["2"], channel="DE")
    assert split["success"], split["error"]
    (signal_id,) = find_ids(rig, q="IR_0", channel="DE")
    changes = {"shaft_speed_rpm": 600.0, "machine": "Mill", "bearing": "6203-2RS", "unit": "m/s²"}
    edit(rig, changes, signal_ids=[signal_id])
    signal = DatasetService.get_signal(signal_id)
    assert signal is not None
    assert {name: signal[name] for name in changes} == changes
    assert signal["bearing_orders"]["bpfi"] == pytest.approx(4.9469, abs=1e-3)
    lines = SignalService.get_fault_lines(signal_id)
    assert lines["shaft_frequency_hz"] == pytest.approx(10.0)
    assert SignalService.get_view(signal_id)["unit"] == "m/s²"
    (found,) = DatasetService.list_signals(rig, filters={"machine": "Mill", "channel": "DE"})["items"]
    assert found["signal_id"] == signal_id
    assert DatasetService.list_signals(rig, filters={"machine": "Mill"}, version=1)["total"] == 0
    assert DatasetService.list_signals(rig, filters={"q": "mill"})["total"] == 2
    carried = DatasetService.carry_split(split["split_id"])
    assert carried["success"], carried["error"]
    speeds = []
    for split_id in (split["split_id"], carried["split_id"]):
        with get_db_session(read_only=True) as session:
            stored = session.get(Split, split_id)
            assert stored is not None
            rows = load_material(session, stored, "DE")
            speeds.append({row.signal.id: row.recording.shaft_speed_rpm for row in rows}[signal_id])
    assert speeds == [1800.0, 600.0]


def test_a_later_edit_builds_on_the_one_before_and_an_import_keeps_both(
    rig_on_each: int, tmp_path: Path
) -> None:
    rig = rig_on_each
    (signal_id,) = find_ids(rig, q="IR_0", channel="DE")
    edit(rig, {"unit": "V"}, signal_ids=[signal_id])
    edit(rig, {"measurement_point": "cover"}, signal_ids=[signal_id])
    run_import(write_fault_files(tmp_path / "more", loads=(7,)), FAULT_MAPPING)
    row = DatasetService.get_signal(signal_id)
    assert row is not None
    assert (row["version"], row["unit"], row["measurement_point"]) == (4, "V", "cover")
    details = DatasetService.get_dataset_details(rig)
    assert details is not None
    assert details["manifest_sha256"] == hash_manifest(DataService.load_signals(rig))
    compared = DatasetService.compare_versions(rig, 1)
    assert compared["changes"] == {"added": 6, "removed": 0, "relabelled": 0, "edited": 1}
    assert compared["fields"] == {"unit": 1, "measurement_point": 1}
    changed = compared["rows"][-1]
    assert (changed["recording"], changed["channel"]) == ("IR_0", "DE")
    assert changed["fields"] == {"unit": ["g", "V"], "measurement_point": ["drive end", "cover"]}
    backwards = DatasetService.compare_versions(rig, 4, 3)
    assert backwards["changes"] == {"added": 0, "removed": 6, "relabelled": 0, "edited": 0}
    with get_db_session(read_only=True) as session:
        recording = session.scalar(select(Recording).where(Recording.name == "IR_0"))
        assert recording is not None  # its own row says what it always said
        assert recording.load == "0"
        version = session.scalar(select(DatasetVersion).where(DatasetVersion.number == 2))
        assert version is not None
        hashes = [row["sha256"] for row in iterate_rows(session, version.id)]
        assert hashes == sorted(hashes)
        assert session.scalar(select(func.count(ManifestRow.id))) == 18 * 3 + 24


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"sample_rate_hz": 1}, {}, "invalid_input"),
    ({}, {}, "invalid_input"),
    ({"fault_class": "gremlin"}, {}, "invalid_input"),
    ({"shaft_speed_rpm": -1}, {}, "invalid_input"),
    ({"shaft_speed_rpm": "nan"}, {}, "invalid_input"),
    ({"load": "x" * 61}, {}, "invalid_input"),
    ({"load": "a\0"}, {}, "invalid_input"),
    ({"load": "7"}, {"signal_ids": []}, "invalid_input"),
    ({"load": "7"}, {"signal_ids": [999_999]}, "invalid_input"),
    ({"load": "7"}, {"filters": {"colour": "red"}}, "invalid_input"),
    ({"machine": "Rig"}, {}, "invalid_input"),
    ({"load": "7"}, {"version": 5}, "conflict"),
]


def test_an_edit_that_can_not_be_is_refused_and_nothing_is_stored(database: Settings, tmp_path: Path) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    for changes, which, code in REFUSED:
        for refused in (
            DatasetService.edit_recordings(rig, changes, "why", **which),
            DatasetService.preview_edit(rig, changes, **which),
        ):
            assert (refused["success"], refused["error_code"]) == (False, code), changes
    assert DatasetService.edit_recordings(99, {"load": "7"}, "why")["error_code"] == "not_found"
    assert DatasetService.get_dataset_details(rig)["version"] == 1  # type: ignore[index]


def test_an_edit_needs_a_reason_and_an_engineer(database: Settings, tmp_path: Path) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    assert DatasetService.edit_recordings(rig, {"load": "7"}, "  ")["error_code"] == "invalid_input"
    viewer = add_person(Role.VIEWER)
    assert DatasetService.edit_recordings(rig, {"load": "7"}, "x", actor=viewer)["error_code"] == "forbidden"
    assert DatasetService.preview_edit(rig, {"load": "7"}, actor=viewer)["error_code"] == "forbidden"


def test_a_large_dataset_is_edited_by_a_job(
    database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = import_faults(tmp_path, loads=(0, 1))
    monkeypatch.setattr(edit_jobs, "INLINE_SIGNALS", 3)
    ann = add_person(Role.ENGINEER)
    done = edit(rig, {"severity": "0.2"}, "measured", filters={"fault_class": "inner_race"}, actor=ann)
    assert (done["version"], done["n_signals"]) == (None, 2)
    assert DatasetService.run_edit_job(done["job_id"], "test") == "done"
    job = board.get_job(done["job_id"])
    assert job is not None
    assert job["result"] == {"dataset_id": rig, "version": 2, "n_signals": 2}
    details = DatasetService.get_dataset_details(rig)
    assert details is not None
    assert (details["versions"][0]["author"], details["severities"]) == (ann.name, ["0.2"])
    assert len(find_ids(rig, severity="0.2")) == 2
