"""Uploads: streamed, private, within a quota, and nothing left behind."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from dashboard_config import Settings
from models.user import Role
from services.dataset_service import DatasetService
from services.jobs import board
from tests.conftest import Configure
from tests.factories.imports import RATE_HZ, make_noise, write_mat
from tests.factories.jobs import add_person


class BrokenStream(io.BytesIO):
    """A connection that breaks after its first block."""

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(10)
        if not block:
            raise ConnectionResetError("gone")
        return block


def list_files(settings: Settings) -> list[str]:
    """Return the names of the files in the upload folder."""
    return [path.name for path in settings.uploads_dir.glob("*")] if settings.uploads_dir.exists() else []


def test_an_upload_is_stored_under_a_name_of_ours_readable_by_us_only(each_database: Settings) -> None:
    person = add_person()
    stored = DatasetService.stage_upload(io.BytesIO(b"abc"), "../../etc/\x00pass‮wd.mat", actor=person)
    assert stored["success"], stored["error"]
    assert list_files(each_database) == [f"{stored['upload_id']}.bin"]
    mode = (each_database.uploads_dir / f"{stored['upload_id']}.bin").stat().st_mode
    assert mode & 0o077 == 0
    assert "\x00" not in stored["file_name"]
    assert [one["upload_id"] for one in DatasetService.list_uploads(actor=person)] == [stored["upload_id"]]


def test_a_name_of_any_length_is_shortened(database: Settings) -> None:
    stored = DatasetService.stage_upload(io.BytesIO(b"abc"), "x" * 3000 + ".mat", actor=add_person())
    assert len(stored["file_name"]) == 400
    assert stored["file_name"].endswith(".mat")


def test_an_upload_above_the_limit_is_refused_and_leaves_nothing(
    database: Settings, configure: Configure
) -> None:
    settings = configure(UPLOAD_MAX_BYTES=2000)
    refused = DatasetService.stage_upload(io.BytesIO(b"x" * 2001), "a.mat", actor=add_person())
    assert refused["error_code"] == "too_large"
    assert list_files(settings) == []


def test_the_quota_counts_what_waits_and_frees_what_is_discarded(
    database: Settings, configure: Configure
) -> None:
    settings = configure(UPLOAD_QUOTA_BYTES=5000)
    person, other = add_person(), add_person(email="bob@example.org")
    first = DatasetService.stage_upload(io.BytesIO(b"x" * 4000), "a.mat", actor=person)
    refused = DatasetService.stage_upload(io.BytesIO(b"x" * 2000), "b.mat", actor=person)
    assert refused["error_code"] == "quota_exceeded"
    assert DatasetService.stage_upload(io.BytesIO(b"x" * 2000), "b.mat", actor=other)["success"]
    assert DatasetService.discard_upload(first["upload_id"], actor=person)["success"]
    assert DatasetService.stage_upload(io.BytesIO(b"x" * 2000), "b.mat", actor=person)["success"]
    assert len(list_files(settings)) == 2


def test_a_full_disk_is_said_and_leaves_nothing(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=10))
    refused = DatasetService.stage_upload(io.BytesIO(b"x" * 2001), "a.mat", actor=add_person())
    assert refused["error_code"] == "storage_full"
    assert list_files(database) == []


def test_a_broken_connection_leaves_nothing(database: Settings) -> None:
    person = add_person()
    assert not DatasetService.stage_upload(BrokenStream(b"x" * 50), "a.mat", actor=person)["success"]
    assert list_files(database) == []
    assert DatasetService.list_uploads(actor=person) == []


def test_an_empty_file_is_refused(database: Settings) -> None:
    refused = DatasetService.stage_upload(io.BytesIO(b""), "a.mat", actor=add_person())
    assert refused["error_code"] == "file_refused"
    assert list_files(database) == []


def test_another_persons_upload_is_as_unknown_as_a_missing_one(database: Settings) -> None:
    owner, other = add_person(), add_person(email="bob@example.org")
    stored = DatasetService.stage_upload(io.BytesIO(b"abc"), "a.mat", actor=owner)
    answers = [
        DatasetService.discard_upload(upload_id, actor=other) for upload_id in (stored["upload_id"], "0" * 32)
    ] + [
        DatasetService.import_dataset([upload_id], {}, "Rig", actor=other)
        for upload_id in (stored["upload_id"], "0" * 32)
    ]
    assert {(answer["error_code"], answer["error"]) for answer in answers} == {
        ("not_found", answers[0]["error"])
    }


def test_a_viewer_can_not_upload(database: Settings) -> None:
    refused = DatasetService.stage_upload(io.BytesIO(b"abc"), "a.mat", actor=add_person(Role.VIEWER))
    assert refused["error_code"] == "forbidden"


def test_an_import_reads_uploads_and_uses_them_up(each_database: Settings, tmp_path: Path) -> None:
    person = add_person()
    file = write_mat(tmp_path / "IR.mat", x=make_noise(1))
    with file.open("rb") as stream:
        stored = DatasetService.stage_upload(stream, "day 1/IR.mat", actor=person)
    mapping = {"defaults": {"sample_rate_hz": RATE_HZ}, "map": {"IR": "inner_race"}, "label_from": "filename"}
    plan = DatasetService.plan_import([stored["upload_id"]], mapping, actor=person)
    assert (plan["ready"], plan["classes"]) == (True, {"inner_race": 1})
    preview = DatasetService.preview_import([stored["upload_id"]], actor=person)
    assert preview["files"][0]["variables"][0]["n_samples"] == 4_000
    started = DatasetService.import_dataset([stored["upload_id"]], mapping, "Rig", actor=person)
    assert DatasetService.run_import_job(started["job_id"], "test") == "done"
    job = board.get_job(started["job_id"])
    assert job is not None
    assert job["link"] == f"/datasets/{job['result']['dataset_id']}"
    assert list_files(each_database) == []
    assert DatasetService.list_uploads(actor=person) == []


def test_a_failed_import_keeps_the_uploads_for_another_try(database: Settings, tmp_path: Path) -> None:
    person = add_person()
    file = write_mat(tmp_path / "a.mat", x=make_noise(1))
    stored = DatasetService.stage_upload(io.BytesIO(file.read_bytes()), "a.mat", actor=person)
    started = DatasetService.import_dataset([stored["upload_id"]], {}, "Rig", actor=person)
    assert DatasetService.run_import_job(started["job_id"], "test") == "failed"
    assert len(DatasetService.list_uploads(actor=person)) == 1
