"""Every kind of bad data gets one plain sentence and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard_config import Settings
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.shared.actors import Actor
from tests.data.hostile import make_hostile
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
from tests.factories.jobs import add_person

RATE: dict[str, Any] = {"defaults": {"sample_rate_hz": RATE_HZ}}


def with_gap(seed: int = 1) -> np.ndarray[Any, Any]:
    """Return noise with one NaN."""
    samples = make_noise(seed)
    samples[17] = np.nan
    return samples


def twins(folder: Path) -> list[Path]:
    """Write the same signal under two names."""
    return [write_mat(folder / name, x=make_noise(1)) for name in ("one.mat", "two.mat")]


CASES: dict[str, tuple[Callable[[Path], list[Path]], dict[str, Any], str, str]] = {
    "no sample rate": (
        lambda folder: [write_mat(folder / "a.mat", x=make_noise(1))],
        {},
        "sample_rate_missing",
        "a.mat: The file does not say its sample rate",
    ),
    "a sample rate that the file contradicts": (
        lambda folder: [write_canonical_file(folder / "a.h5", {"r/c": make_noise(1)})],
        {"defaults": {"sample_rate_hz": 12_000}},
        "sample_rate_invalid",
        "declares 2000 Hz, but 12000 Hz",
    ),
    "a negative sample rate": (
        lambda folder: [write_mat(folder / "a.mat", x=make_noise(1))],
        {"defaults": {"sample_rate_hz": -1}},
        "sample_rate_invalid",
        "-1 Hz is not possible",
    ),
    "a file without a usable vector": (
        lambda folder: [write_mat(folder / "a.mat", text="nothing", one=1.0)],
        RATE,
        "no_usable_vector",
        "a.mat",
    ),
    "an empty signal": (
        lambda folder: [write_canonical_file(folder / "a.h5", {"r/c": np.empty(0, np.float32)})],
        {},
        "empty_signal",
        "empty",
    ),
    "a signal with a gap": (
        lambda folder: [write_mat(folder / "a.mat", x=with_gap())],
        RATE,
        "non_finite_signal",
        "a.mat",
    ),
    "two files of the same content": (twins, RATE, "duplicate_content", "one.mat (x) and two.mat (x)"),
    "one bad file of two when strict": (
        lambda folder: [
            write_mat(folder / "a.mat", x=make_noise(1)),
            write_mat(folder / "b.mat", x=with_gap()),
        ],
        {**RATE, "strict": True},
        "non_finite_signal",
        "b.mat",
    ),
    "two files of one name": (
        lambda folder: [write_mat(folder / "d" / "a.mat", x=make_noise(1))],
        {**RATE, "pattern": "(?P<label>Q)"},
        "label_missing",
        "does not fit",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_data_fails_with_a_sentence_and_changes_nothing(
    case: str, database: Settings, tmp_path: Path
) -> None:
    make_files, mapping, code, words = CASES[case]
    mapping = dict(mapping)
    strict = mapping.pop("strict", False)
    job = run_import(make_files(tmp_path), mapping, strict=strict)
    assert (job["state"], job["error_code"]) == ("failed", code)
    assert words in job["error"]
    assert job["error"].endswith(".")
    assert DatasetService.list_datasets()["total"] == 0
    assert [path for path in database.signals_dir.rglob("*") if path.is_file()] == []


def test_a_plan_says_the_same_before_anything_is_started(database: Settings, tmp_path: Path) -> None:
    files = name_files([write_mat(tmp_path / "a.mat", x=make_noise(1))])
    plan = DatasetService.plan_import(files, {})
    assert plan["success"]
    assert (plan["ready"], plan["code"]) == (False, "sample_rate_missing")
    assert plan["rows"][0]["problems"][0]["field"] == "sample_rate_hz"


def test_a_label_column_that_is_missing_is_refused_at_once(database: Settings, tmp_path: Path) -> None:
    files = [write_mat(tmp_path / "a.mat", x=make_noise(1))]
    mapping = {**RATE, "metadata_csv": "file,load\na.mat,1\n", "label_from": "fault_class"}
    job = run_import(files, mapping)
    assert (job["state"], job["error_code"]) == ("failed", "label_missing")
    assert "load" in job["error"]


def test_content_that_the_dataset_already_holds_is_refused_naming_both(
    each_database: Settings, tmp_path: Path
) -> None:
    dataset_id = import_faults(tmp_path)
    copy = write_mat(tmp_path / "copy.mat", x=make_noise(112))
    job = run_import([copy], RATE)
    assert (job["state"], job["error_code"]) == ("failed", "duplicate_content")
    assert "copy.mat" in job["error"]
    assert "IR_1" in job["error"]
    details = DatasetService.get_dataset_details(dataset_id)
    assert details is not None
    assert details["version"] == 1


def test_another_recording_of_a_known_name_is_refused(database: Settings, tmp_path: Path) -> None:
    import_faults(tmp_path / "first")
    other = write_mat(tmp_path / "IR_1.mat", X101_DE_time=make_noise(999))
    job = run_import([other], RATE)
    assert (job["state"], job["error_code"]) == ("failed", "conflict")
    assert "IR_1" in job["error"]


@pytest.mark.parametrize("kind", ["external storage", "looping soft link", "object type"])
def test_a_hostile_file_is_refused_and_the_others_come_in(
    kind: str, database: Settings, tmp_path: Path
) -> None:
    hostile = make_hostile(kind, tmp_path)
    good = write_mat(tmp_path / "good.mat", x=make_noise(1))
    job = run_import([hostile, good], RATE)
    assert job["state"] == "done", job["error"]
    assert [entry["file"] for entry in job["result"]["skipped"]] == [hostile.name]


def test_a_viewer_can_not_import(database: Settings, tmp_path: Path) -> None:
    from models.user import Role

    viewer = add_person(Role.VIEWER)
    refused = DatasetService.import_dataset(["x"], {}, "Rig", actor=viewer)
    assert refused["error_code"] == "forbidden"


def test_a_person_can_not_name_a_path_on_the_server(database: Settings, tmp_path: Path) -> None:
    files = name_files([write_mat(tmp_path / "a.mat", x=make_noise(1))])
    person: Actor = add_person()
    for refused in (
        DatasetService.import_dataset(files, RATE, "Rig", actor=person),
        DatasetService.preview_import(files, actor=person),
        DataService.create_dataset("Rig", "", ["ball"], [], files[0]["path"], 1, actor=person),
    ):
        assert refused["error_code"] == "forbidden"


def test_a_dataset_needs_a_name(database: Settings, tmp_path: Path) -> None:
    files = name_files(write_fault_files(tmp_path, loads=(0,)))
    for name in ("", "  ", "x" * 121, "a\nb"):
        assert DatasetService.import_dataset(files, FAULT_MAPPING, name)["error_code"] == "invalid_input"


def test_create_dataset_refuses_a_file_that_holds_something_else(database: Settings, tmp_path: Path) -> None:
    file = write_canonical_file(tmp_path / "a.h5", {"r/c": make_noise(1)}, fault_class="ball")
    wrong = DataService.create_dataset("Rig", "", ["healthy"], [], file, 1)
    assert wrong["error_code"] == "invalid_input"
    assert "ball" in wrong["error"]
    right = DataService.create_dataset("Rig", "", ["ball"], [], file, 1)
    assert right["success"], right["error"]
