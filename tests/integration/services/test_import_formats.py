"""Imports of every format, of snapshots that make a trend, with a sensitivity, by a template."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.store import hash_signal
from dashboard_config import Settings
from services.data_service import DataService
from services.dataset_service import DatasetService
from tests.data.formats import FIXTURES, RATE_HZ, VALUES, make_fixture
from tests.factories.imports import name_files, run_import

RATE: dict[str, Any] = {"defaults": {"sample_rate_hz": RATE_HZ}}
FEMTO = (
    Path(os.environ.get("PFD_TEST_DATA", Path(__file__).parents[3] / "../shared/data")) / "femto_bearing1_1"
)
FEMTO_NAME = "Bearing1_1_every10th.npz"


def _rows(dataset_id: int) -> list[dict[str, Any]]:
    return DataService.load_signals(dataset_id)


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    """The run to failure of FEMTO where it is; a look-alike of its layout otherwise."""
    if (FEMTO / FEMTO_NAME).is_file():
        return FEMTO / FEMTO_NAME
    numbers = np.arange(1, 2_804, 10)
    noise = (
        np.random.default_rng(6).standard_normal((len(numbers), 2_560, 2))
        * np.exp(numbers / 900)[:, None, None]
    )
    path = tmp_path / FEMTO_NAME
    np.savez_compressed(
        path,
        acc_milli_g=np.clip(noise * 300, -32_767, 32_767).astype("i2"),
        index=numbers,
        time_s=34_779.0 + 10.0 * (numbers - 1),
        fs=25_600,
    )
    return path


def test_every_format_is_imported_with_the_same_samples(database: Settings, tmp_path: Path) -> None:
    mapping = {"overrides": [{"file": "*.npy", "sample_rate_hz": RATE_HZ}]}
    for name in FIXTURES:
        folder = tmp_path / name
        folder.mkdir()
        job = run_import([make_fixture(name, folder)], mapping, name)
        assert job["state"] == "done", (name, job["error"])
        rows = _rows(job["result"]["dataset_id"])
        assert {row["sha256"] for row in rows} == {hash_signal(values) for values in VALUES}, name
        assert {row["sample_rate_hz"] for row in rows} == {RATE_HZ}, name


def test_a_run_to_failure_becomes_a_recording_per_snapshot_in_the_order_of_time(
    database: Settings, snapshots: Path
) -> None:
    mapping = {"defaults": {"sensitivity": "1000", "unit": "g", "shaft_speed_rpm": 1_800}}
    job = run_import([snapshots], mapping, "FEMTO")
    assert job["state"] == "done", job["error"]
    rows = sorted(_rows(job["result"]["dataset_id"]), key=lambda row: (row["channel"], row["acquired_at"]))
    assert (job["result"]["n_recordings"], len(rows)) == (282, 564)
    first = [row for row in rows if row["channel"] == "acc_milli_g[0]"]
    assert [row["recording"] for row in first] == sorted(row["recording"] for row in first)
    assert first[0]["recording"] == "Bearing1_1_every10th/0001"
    assert first[1]["recording"] == "Bearing1_1_every10th/0011"
    moments = np.array([np.datetime64(row["acquired_at"].removesuffix("Z")[:19]) for row in first])
    assert np.median(np.diff(moments).astype(int)) == 100
    with np.load(snapshots) as archive:
        expected = archive["acc_milli_g"][7, :, 1]
    row = rows[282 + 7]
    stored = DataService.load_signal_data(row["dataset_id"], row["signal_id"])
    np.testing.assert_allclose(stored, expected / 1_000.0, rtol=1e-7)
    assert row["unit"] == "g"
    assert any("divided by 1000" in flag["sentence"] for flag in row["quality"])
    assert row["sha256"] == hash_signal(stored)


def test_a_table_that_does_not_tell_its_sides_is_read_as_a_person_says(
    database: Settings, tmp_path: Path
) -> None:
    matrix = np.random.default_rng(2).standard_normal((90, 300)).astype("f4")
    np.save(tmp_path / "m.npy", matrix)
    files = name_files([tmp_path / "m.npy"])
    preview = DatasetService.preview_import(files)["files"][0]
    assert "does not tell" in preview["problem"]
    told = DatasetService.preview_import(files, arrangement="recordings_in_rows")["files"][0]
    assert (told["n_variables"], told["variables"][0]["n_samples"]) == (90, 300)
    job = run_import([tmp_path / "m.npy"], {**RATE, "arrangement": "recordings_in_rows"})
    assert (job["result"]["n_recordings"], job["result"]["n_signals"]) == (90, 90)
    assert hash_signal(matrix[3]) in {row["sha256"] for row in _rows(job["result"]["dataset_id"])}


def test_a_template_is_offered_for_files_of_its_layout_and_imports_them(
    database: Settings, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for folder, seed in (("one", 1), ("two", 2)):
        table = np.random.default_rng(seed).standard_normal((2_000, 2))
        np.savetxt(tmp_path / folder / f"OR_{seed}.csv", table, delimiter=";", header="a;b", comments="")
    mapping = {
        "channels": [{"variable": "a", "channel": "DE", "sensitivity": "100 mV/g"}],
        "defaults": {"sample_rate_hz": 12_800, "machine": "rig 3"},
        "label_from": "filename",
        "map": {"OR": "outer_race"},
        "overrides": [{"file": "OR_1.csv", "load": "2"}],
    }
    first, second = (name_files([*(tmp_path / each).glob("*.csv")]) for each in ("one", "two"))
    assert not any(each["fits"] for each in DatasetService.preview_import(first)["templates"])
    saved = DatasetService.save_import_template("Rig 3 logger", mapping, first)
    assert saved["success"]
    (offered,) = DatasetService.preview_import(second)["templates"]
    assert (offered["name"], offered["fits"]) == ("Rig 3 logger", True)
    assert "overrides" not in offered["mapping"]
    np.save(tmp_path / "other.npy", VALUES[0])
    (other,) = DatasetService.preview_import(name_files([tmp_path / "other.npy"]))["templates"]
    assert not other["fits"]

    job = run_import([tmp_path / "two" / "OR_2.csv"], {"template": "Rig 3 logger", "defaults": {"load": "3"}})
    assert job["state"] == "done", job["error"]
    (row,) = _rows(job["result"]["dataset_id"])
    found = {"channel": "DE", "unit": "g", "sample_rate_hz": 12_800.0, "machine": "rig 3", "load": "3"}
    found["fault_class"] = "outer_race"
    assert {key: row[key] for key in found} == found


def test_templates_are_listed_renamed_and_deleted(database: Settings) -> None:
    made = [DatasetService.save_import_template(name, RATE)["template_id"] for name in ("B", "A")]
    assert [each["name"] for each in DatasetService.list_import_templates()] == ["A", "B"]
    assert DatasetService.rename_import_template(made[0], "A")["error_code"] == "conflict"
    assert DatasetService.rename_import_template(made[0], "C")["success"]
    assert DatasetService.delete_import_template(made[1])["success"]
    assert DatasetService.delete_import_template(made[1])["error_code"] == "not_found"
    assert [each["name"] for each in DatasetService.list_import_templates()] == ["C"]
    refused = DatasetService.plan_import([], {"template": "A"})
    assert (refused["error_code"], "'C'" in refused["error"]) == ("not_found", True)
    assert not DatasetService.save_import_template("D", {"overrides": [{"file": "a", "load": "1"}]})[
        "success"
    ]


def test_a_broken_file_among_many_is_named_and_the_rest_goes_on(database: Settings, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for number in range(40):
        np.savetxt(tmp_path / f"{number:03d}.csv", rng.standard_normal(300))
    (tmp_path / "013.csv").write_bytes(b"\x00\x01 broken")
    (tmp_path / "027.csv").write_text("1.0\n2.0\nnan\n" * 40)
    job = run_import(sorted(tmp_path.glob("*.csv")), RATE)
    assert job["state"] == "done", job["error"]
    result = job["result"]
    assert (result["n_recordings"], result["n_skipped"]) == (38, 2)
    assert {entry["file"] for entry in result["skipped"]} == {"013.csv", "027.csv"}
    assert all(entry["sentence"].endswith(".") for entry in result["skipped"])
