"""The comparison of a dataset's signals: made once, kept, run by a job where it is long, and reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard_config import Settings, get_settings
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.datasets import leak_scans
from services.jobs import board
from services.shared.actors import Actor
from tests.factories.imports import run_import, write_canonical_file
from tests.factories.vibrations import add_noise, simulate_rolling

ENGINEER, VIEWER = Actor(None, Role.ENGINEER, "an engineer"), Actor(None, Role.VIEWER, "a viewer")


def _import_rig(folder: Path, name: str = "Rig", copy: bool = True) -> int:
    """Import three healthy and three faulty recordings; one faulty one is a disguised copy of another."""
    folder.mkdir(exist_ok=True)
    signals = {f"healthy_{k}/DE": simulate_rolling(0.0, seed=k) for k in range(3)}
    signals |= {f"inner_race_{k}/DE": simulate_rolling(5.4, seed=10 + k) for k in range(3)}
    if copy:
        signals["inner_race_2/DE"] = add_noise(0.5 * signals["inner_race_0/DE"][2_000:], 12)
    path = write_canonical_file(folder / "rig.h5", signals, machine="rig", unit="g")
    mapping = {
        "overrides": [
            {"file": "*", "variable": f"{label}_{k}/DE", "fault_class": label, "load": str(k)}
            for label in ("healthy", "inner_race")
            for k in range(3)
        ],
    }
    job = run_import([path], mapping, name)
    assert job["state"] == "done", job["error"]
    return int(job["result"]["dataset_id"])


@pytest.fixture
def rig(database: Settings, tmp_path: Path) -> int:
    return _import_rig(tmp_path)


@pytest.fixture
def long_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every comparison count as one that takes long."""
    monkeypatch.setattr(leak_scans, "_INLINE_S", -1.0)


def test_a_disguised_copy_across_the_parts_is_refused_and_inside_a_part_is_not(rig: int) -> None:
    across = DatasetService.check_split(rig, "load", ["2"], validation_fraction=0)
    assert across["colour"] == "red"
    (found,) = [each for each in across["findings"] if each["kind"] == "near_duplicate"]
    assert found["evidence"]["gain"] == pytest.approx(0.5, abs=0.02)
    assert found["evidence"]["lag_s"] == pytest.approx(-2_000 / 2_000, abs=1e-3)
    refused = DatasetService.create_split(rig, "leaks", "load", ["2"], accept_amber="I know")
    assert (refused["success"], refused["error_code"]) == (False, "split_leaks")
    fine = DatasetService.create_split(rig, "fine", "load", ["1"], validation_fraction=0)
    assert fine["success"], fine["error"]


def test_copies_are_drawn_into_one_part(rig: int) -> None:
    for seed in range(6):
        drawn = DatasetService.check_split(rig, "recording", seed=seed, test_fraction=0.4)
        assert drawn["success"], drawn["error"]
        assert "near_duplicate" not in {finding["kind"] for finding in drawn["findings"]}


def test_signals_are_compared_once_for_all_splits(rig: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    original: Callable[..., Any] = leak_scans.find_shared_pairs

    def count(signals: Any, progress: Any) -> Any:
        compared.append(len(signals))
        return original(signals, progress)

    monkeypatch.setattr(leak_scans, "find_shared_pairs", count)
    for test_value in ("0", "1", "2"):
        assert DatasetService.check_split(rig, "load", [test_value])["success"]
    assert compared == [6]
    assert len(list(get_settings().leak_scans_dir.glob("*.json"))) == 1


def test_a_torn_comparison_is_made_again(rig: int) -> None:
    first = DatasetService.check_split(rig, "load", ["2"], validation_fraction=0)
    (path,) = get_settings().leak_scans_dir.glob("*.json")
    path.write_text(path.read_text()[:50])
    assert DatasetService.check_split(rig, "load", ["2"], validation_fraction=0) == first


def test_signatures_lie_beside_the_samples_and_go_with_them(rig: int) -> None:
    DatasetService.check_split(rig, "load", ["2"], validation_fraction=0)
    signals = get_settings().signals_dir
    (kept,) = signals.rglob("*.signatures-*.npy")
    assert len(np.load(kept)) == 6
    assert DatasetService.delete_dataset(rig, True)["success"]
    assert DataService.get_dataset(rig) is None


def test_lost_signatures_are_taken_again(rig: int) -> None:
    first = DatasetService.check_split(rig, "load", ["2"], validation_fraction=0)
    (kept,) = get_settings().signals_dir.rglob("*.signatures-*.npy")
    kept.write_bytes(b"torn")
    for path in get_settings().leak_scans_dir.glob("*.json"):
        path.unlink()
    assert DatasetService.check_split(rig, "load", ["2"], validation_fraction=0) == first
    assert len(np.load(kept)) == 6


@pytest.mark.usefixtures("long_scans")
def test_a_long_comparison_is_a_job_that_an_engineers_question_starts(rig: int) -> None:
    asked = DatasetService.check_split(rig, "load", ["1"], actor=VIEWER)
    assert (asked["success"], asked["error_code"]) == (False, "leak_check_running")
    assert board.list_jobs(kind="leak_check")["total"] == 0
    for _ in range(2):
        asked = DatasetService.check_split(rig, "load", ["1"], actor=ENGINEER)
        assert "6 signals of this dataset are being compared" in asked["error"]
    (job,) = board.list_jobs(kind="leak_check")["items"]
    assert (job["title"], job["queue"]) == ("Leak check of 'Rig', version 1", "quick")
    assert DatasetService.run_leak_check_job(job["id"], "test") == "done"
    finished = board.get_job(job["id"])
    assert finished is not None
    assert (finished["result"]["n_signals"], finished["result"]["n_pairs"]) == (6, 1)
    assert (
        DatasetService.check_split(rig, "load", ["1"], validation_fraction=0, actor=ENGINEER)["colour"]
        == "note"
    )
    assert DatasetService.start_leak_check(rig, actor=ENGINEER)["job_id"] is None


def test_a_comparison_that_turns_out_long_becomes_a_job(rig: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_scans, "_PATIENCE_S", -1.0)
    asked = DatasetService.check_split(rig, "load", ["1"], actor=ENGINEER)
    assert asked["error_code"] == "leak_check_running"
    (job,) = board.list_jobs(kind="leak_check")["items"]
    assert DatasetService.run_leak_check_job(job["id"], "test") == "done"
    assert DatasetService.check_split(rig, "load", ["1"], actor=ENGINEER)["success"]


@pytest.mark.usefixtures("long_scans")
def test_a_cancelled_comparison_leaves_nothing(rig: int) -> None:
    job_id = DatasetService.start_leak_check(rig, actor=ENGINEER)["job_id"]
    assert DatasetService.start_leak_check(rig, actor=ENGINEER)["job_id"] == job_id
    board.cancel_job(job_id)
    DatasetService.run_leak_check_job(job_id, "test")
    assert DatasetService.get_leak_report(rig)["state"] == "missing"
    assert not list(get_settings().leak_scans_dir.glob("*"))


def test_the_report_names_the_recordings_of_every_pair(rig: int) -> None:
    split = DatasetService.create_split(rig, "fine", "load", ["1"], validation_fraction=0)
    assert split["success"], split["error"]
    report = DatasetService.get_leak_report(rig, split_id=split["split_id"])
    assert report is not None
    assert (report["state"], report["colour"]) == ("done", "note")
    assert report["counts"] == {"one_machine": 1, "one_healthy_bearing": 1}
    assert report["part_counts"]["test"]["n_recordings"] == 2
    whole = DatasetService.get_leak_report(rig)
    assert whole is not None
    (pair,) = [each for each in whole["findings"] if each["kind"] == "near_duplicate"]
    assert {pair["left"]["recording"], pair["right"]["recording"]} == {"inner_race_0", "inner_race_2"}
    assert whole["scan"]["n_pairs"] == 1


def test_there_is_no_report_of_what_is_not_there(rig: int, tmp_path: Path) -> None:
    other = _import_rig(tmp_path / "other", "Other", copy=False)
    split = DatasetService.create_split(rig, "fine", "load", ["1"], validation_fraction=0)
    assert split["success"], split["error"]
    assert DatasetService.get_leak_report(rig, split_id=split["split_id"]) is not None
    assert DatasetService.get_leak_report(other, split_id=split["split_id"]) is None
    assert DatasetService.get_leak_report(rig, 7) is None
    assert DatasetService.get_leak_report(99) is None
