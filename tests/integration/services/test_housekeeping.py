"""What is tidied up, and what is left alone."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard_config import Settings
from database.connection import get_db_session
from models.job import Job, JobKind, JobQueue
from models.recording import Signal
from models.upload import Upload
from services.diagnoses.removal import drop_stray_samples
from services.experiment_service import ExperimentService
from services.jobs import board
from services.shared.housekeeping import UPLOAD_KEPT, tidy_up
from tests.factories.datasets import add_small_dataset
from tests.factories.jobs import add_job, add_person
from utils.clock import utc_now


def make_old(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def folder(sqlite_database: Settings) -> Path:
    sqlite_database.uploads_dir.mkdir(parents=True)
    return sqlite_database.uploads_dir


def add_upload(folder: Path, name: str, age: timedelta) -> Path:
    ann = add_person(email=f"{name}@example.org")
    assert ann.user_id is not None
    with get_db_session() as session:
        session.add(
            Upload(
                id=name,
                user_id=ann.user_id,
                file_name="x.mat",
                n_bytes=1,
                sha256="0" * 64,
                created_at=utc_now() - age,
            )
        )
        session.commit()
    path = folder / f"{name}.bin"
    path.write_bytes(b"x")
    return path


def test_old_uploads_go_and_fresh_ones_stay(folder: Path) -> None:
    old = add_upload(folder, "old", UPLOAD_KEPT + timedelta(minutes=1))
    fresh = add_upload(folder, "fresh", timedelta(hours=1))
    assert tidy_up()["uploads"] == 1
    assert not old.exists()
    assert fresh.exists()


def test_half_written_files_go_once_they_are_old(folder: Path) -> None:
    stray, busy = folder / "a.part", folder / "b.part"
    for path in (stray, busy):
        path.write_bytes(b"x")
    make_old(stray, UPLOAD_KEPT.total_seconds() + 60)
    assert tidy_up()["files"] == 1
    assert not stray.exists()
    assert busy.exists()


def test_a_cancelled_trainings_state_goes_and_a_finished_ones_classifier_stays(
    sqlite_database: Settings,
) -> None:
    small = add_small_dataset()
    config = {
        "network": "random_forest",
        "split_id": small.split_id,
        "options": {"n_trees": 5},
        "seeds": [0, 1],
    }
    created = ExperimentService.create_experiment(config)
    ExperimentService.run_training_job(created["job_ids"][0], "w")
    kept = next(sqlite_database.experiments_dir.iterdir())
    board.cancel_job(created["job_ids"][1])
    orphan = sqlite_database.experiments_dir / "nobodys"
    orphan.mkdir()
    make_old(orphan, 7200)
    assert tidy_up()["run_folders"] == 1
    assert kept.is_dir()
    assert not orphan.exists()


def test_what_a_lost_import_wrote_goes_and_what_others_wrote_stays(sqlite_database: Settings) -> None:
    dead, waiting, done, visible = (add_job(kind=JobKind.IMPORT, queue=JobQueue.QUICK) for _ in range(4))
    states = {dead: "dead", waiting: "queued", done: "done", visible: "dead"}
    signals = sqlite_database.signals_dir
    folders = {job_id: signals / f"import-{job_id}-abc" for job_id in states}
    folders |= {-dead: signals / "staging" / f"import-{dead}-abc"}
    small = add_small_dataset()
    with get_db_session() as session:
        for job_id, state in states.items():
            session.get_one(Job, job_id).state = state
        row = session.get_one(Signal, small.signal_ids["healthy", 0])
        row.shard = f"import-{visible}-abc/{row.shard}"
        session.commit()
    for folder in folders.values():
        folder.mkdir(parents=True)
        (folder / "signals.h5").write_bytes(b"x")
    assert tidy_up()["import_folders"] == 0
    for folder in folders.values():
        make_old(folder, 7200)
    assert tidy_up()["import_folders"] == 2
    assert {key for key, folder in folders.items() if folder.exists()} == {waiting, done, visible}


def test_samples_that_vanish_while_they_are_looked_at_are_gone(
    sqlite_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sqlite_database.diagnoses_dir
    kept.mkdir(parents=True)
    left = kept / "left-by-a-kill.part"
    for path in (left, kept / "renamed-meanwhile.part"):
        path.write_bytes(b"x")
        make_old(path, 7200.0)
    listed = list(kept.iterdir())
    (kept / "renamed-meanwhile.part").unlink()
    monkeypatch.setattr(Path, "iterdir", lambda _folder: iter(listed))
    assert drop_stray_samples() == 1
    assert not left.exists()
