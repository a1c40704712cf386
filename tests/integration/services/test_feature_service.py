"""FeatureService: values stored once, rankings of training rows only, sets, and what the explorer shows."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, update

from core.features.registry import compute_features
from dashboard_config import Settings, get_settings
from database.connection import get_db_session
from models.feature_set import FeatureSet
from models.recording import Recording
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.feature_service import FeatureService
from services.jobs import board
from services.shared.housekeeping import tidy_up
from tests.factories.datasets import SHAFT_SPEED_RPM, SmallDataset, add_small_dataset
from tests.factories.jobs import add_person

WINDOWS = {"window_s": 0.25}


@pytest.fixture
def rig(each_database: Settings) -> SmallDataset:
    return add_small_dataset(classes=("healthy", "inner_race", "outer_race"))


@pytest.fixture
def small(database: Settings) -> SmallDataset:
    return add_small_dataset(classes=("healthy", "inner_race", "outer_race"))


def run_job(job_id: int) -> dict[str, Any]:
    assert FeatureService.run_features_job(job_id, "tester") is not None
    job = board.get_job(job_id)
    assert job is not None
    return job


def extract(dataset_id: int, domain: str = "all", **config: Any) -> dict[str, Any]:
    found = FeatureService.extract_features(dataset_id, domain, {**WINDOWS, **config}, as_job=False)
    assert found["success"], found["error"]
    return found


def test_an_extraction_holds_what_core_computes_of_the_stored_samples(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "time")
    assert len(found["features"]) == found["n_rows"] == 12 * 4
    assert found["feature_names"][0] == "rms"
    signal_id = small.signal_ids["healthy", 0]
    samples = DataService.load_signal_data(small.dataset_id, signal_id)
    assert samples is not None
    expected = compute_features(samples.reshape(4, 500), 2000.0, feature_set="time").values
    np.testing.assert_allclose(found["features"][:4], expected, rtol=5e-5)  # single precision, as stored
    assert found["labels"][:4] == ["healthy"] * 4
    assert set(found["groups"]) == {f"{name} bearing" for name in ("healthy", "inner_race", "outer_race")}


def test_the_same_extraction_is_stored_once_and_used_again(rig: SmallDataset) -> None:
    first = extract(rig.dataset_id, "time")
    again = extract(rig.dataset_id, "time")
    other = extract(rig.dataset_id, "time", hop_s=0.125)
    assert not first["reused"]
    assert again["reused"]
    assert again["feature_set_id"] == first["feature_set_id"] != other["feature_set_id"]
    assert again["features"] == first["features"]
    assert len(list(get_settings().features_dir.iterdir())) == 2


def test_all_features_know_speed_and_bearing_and_say_what_is_missing(small: SmallDataset) -> None:
    known = extract(small.dataset_id)
    assert {"line_1x_db", "envelope_line_bpfo_db"} <= set(known["feature_names"])
    assert known["missing"] == []
    column = known["feature_names"].index("envelope_line_bpfo_db")
    heights = np.array(known["features"])[:, column]
    by_class = {name: heights[np.array(known["labels"]) == name].mean() for name in set(known["labels"])}
    assert by_class["outer_race"] > by_class["healthy"]
    with get_db_session() as session:
        session.execute(update(Recording).where(Recording.id == 1).values(shaft_speed_rpm=None))
        session.commit()
    still = extract(small.dataset_id)
    assert "line_1x_db" not in still["feature_names"]
    assert "shaft speed of 1 of 12" in still["missing"][0]
    refused = FeatureService.extract_features(small.dataset_id, "order", WINDOWS)
    assert refused["error_code"] == "invalid_input"
    assert "shaft speed" in refused["error"]


def test_no_former_sample_rate_can_be_read_off_resampled_signals(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "frequency", analysis_rate_hz=1000)
    assert any("above 400 Hz" in sentence for sentence in found["missing"])
    spectra = FeatureService.get_class_spectra(found["feature_set_id"])
    frequencies = np.array(spectra["frequencies_hz"])
    for each in spectra["classes"]:
        level_db = np.array(each["p50_db"])
        assert level_db[frequencies > 420].max() < level_db[frequencies < 300].mean() - 50


def test_a_job_extracts_lays_out_and_reports(rig: SmallDataset) -> None:
    ann = add_person()
    asked = FeatureService.extract_features(rig.dataset_id, "all", WINDOWS, as_job=True, actor=ann)
    twice = FeatureService.extract_features(rig.dataset_id, "all", WINDOWS, as_job=True, actor=ann)
    assert asked["features"] is None
    assert asked["job_id"] == twice["job_id"]
    job = run_job(asked["job_id"])
    assert job["state"] == "done"
    assert job["result"]["n_rows"] == 48
    assert job["link"] == f"/feature-engineering?dataset={rig.dataset_id}"
    stored = FeatureService.extract_features(rig.dataset_id, "all", WINDOWS, as_job=True)
    assert stored["reused"]
    assert stored["feature_set_id"] == job["result"]["feature_set_id"]
    layout = FeatureService.get_projection(stored["feature_set_id"], "tsne")
    assert layout["ready"]
    assert layout["n_shown"] == 48


def test_a_cancelled_extraction_leaves_nothing(small: SmallDataset) -> None:
    asked = FeatureService.extract_features(small.dataset_id, "all", WINDOWS, as_job=True)
    assert board.cancel_job(asked["job_id"])["success"]
    FeatureService.run_features_job(asked["job_id"], "tester")
    assert FeatureService.list_feature_sets(small.dataset_id) == []
    assert not get_settings().features_dir.exists() or not list(get_settings().features_dir.iterdir())


@pytest.mark.parametrize(
    ("domain", "config", "code"),
    [
        ("colour", {}, "invalid_input"),
        ("all", {"window": 1}, "invalid_input"),
        ("all", {"domain": "time"}, "invalid_input"),
        ("all", {"window_s": "long"}, "invalid_input"),
        ("all", {"window_s": float("nan")}, "invalid_input"),
        ("all", {"hop_s": 0}, "invalid_input"),
        ("all", {"channel": "Z"}, "invalid_input"),
        ("all", {"max_windows_per_signal": 0}, "invalid_input"),
        ("all", {"window_s": 2}, "recording_too_short"),
        ("all", {"window_s": 0.01}, "recording_too_short"),
        ("all", {"analysis_rate_hz": 4000}, "sample_rate_too_low"),
    ],
)
def test_what_cannot_be_extracted_is_refused_with_its_reason(
    small: SmallDataset, domain: str, config: dict[str, Any], code: str
) -> None:
    refused = FeatureService.extract_features(small.dataset_id, domain, config)
    assert refused["error_code"] == code
    assert refused["error"]
    assert FeatureService.extract_features(999)["error_code"] == "not_found"


def test_viewers_look_and_do_not_extract(small: SmallDataset) -> None:
    set_id = extract(small.dataset_id, "time")["feature_set_id"]
    vera = add_person(Role.VIEWER, "vera@example.org")
    assert FeatureService.extract_features(small.dataset_id, actor=vera)["error_code"] == "forbidden"
    assert FeatureService.delete_feature_set(set_id, actor=vera)["error_code"] == "forbidden"
    assert FeatureService.get_distribution(set_id, "rms", actor=vera)["success"]


def test_windows_beyond_the_limit_are_spread_over_the_signal(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "time", window_s=0.1, max_windows_per_signal=3)
    page = FeatureService.get_feature_set(found["feature_set_id"], per_page=3)
    assert page is not None
    assert page["n_rows"] == 36
    np.testing.assert_allclose([row["start_s"] for row in page["rows"]], [0.0, 0.4, 0.9], atol=0.11)


def test_importance_and_selection_read_the_training_part_only(
    small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = extract(small.dataset_id, "all")
    seen: list[int] = []
    from services.features import analyses

    inner = analyses.compute_importance

    def spy(values: Any, labels: Any, method: str, **kwargs: Any) -> Any:
        seen.append(len(values))
        return inner(values, labels, method, **kwargs)

    monkeypatch.setattr(analyses, "compute_importance", spy)
    asked = FeatureService.rank_features(found["feature_set_id"], small.split_id, method="random_forest")
    job = run_job(asked["job_id"])
    assert job["state"] == "done", job["error"]
    split = DatasetService.get_split(small.split_id)
    assert split is not None
    assert seen == [split["counts"]["train"]["n_signals"] * 4]
    (ranking,) = FeatureService.list_rankings(found["feature_set_id"])
    assert ranking["split"] == "by load"
    assert len(ranking["items"]) == len(found["feature_names"])
    again = FeatureService.rank_features(found["feature_set_id"], small.split_id, method="random_forest")
    assert again["job_id"] is None
    assert again["ranking"]["items"] == ranking["items"]


def test_a_selection_can_be_kept_under_a_name(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "all")
    asked = FeatureService.rank_features(
        found["feature_set_id"], small.split_id, kind="selection", method="mrmr", num_features=4
    )
    assert run_job(asked["job_id"])["state"] == "done"
    (ranking,) = FeatureService.list_rankings(found["feature_set_id"])
    names = [item["feature"] for item in ranking["items"]]
    assert len(names) == 4
    kept = FeatureService.save_selection(found["feature_set_id"], "Four", names)
    assert FeatureService.save_selection(found["feature_set_id"], "Four", names) == kept
    described = FeatureService.get_feature_set(kept["feature_set_id"], per_page=1)
    assert described is not None
    assert (described["name"], described["feature_names"]) == ("Four", names)
    columns = [found["feature_names"].index(name) for name in names]
    np.testing.assert_allclose(described["rows"][0]["values"], np.array(found["features"])[0, columns])
    unknown = FeatureService.save_selection(found["feature_set_id"], "x", ["colour"])
    assert unknown["error_code"] == "invalid_input"


def test_a_split_of_another_version_is_refused(small: SmallDataset) -> None:
    set_id = extract(small.dataset_id, "time")["feature_set_id"]
    other = add_small_dataset("Other rig")
    assert FeatureService.rank_features(set_id, other.split_id)["error_code"] == "not_found"
    assert FeatureService.rank_features(set_id, 1, method="magic")["error_code"] == "invalid_input"


def test_own_values_are_kept_and_written_as_a_table(small: SmallDataset, tmp_path: Path) -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.5], [5.0, 6.0]])
    saved = FeatureService.save_feature_set(
        small.dataset_id, values, ["a", "b", None], ["=x", "y"], "own", {"by": "hand"}, tmp_path, name="Mine"
    )
    assert saved["success"], saved["error"]
    found = FeatureService.get_feature_set(saved["feature_set_id"], per_page=10)
    assert found is not None
    assert [row["values"] for row in found["rows"]] == values.tolist()
    assert [row["fault_class"] for row in found["rows"]] == ["a", "b", None]
    table = list(csv.reader(io.StringIO(Path(saved["path"]).read_text())))
    assert table[0][5:] == ["'=x", "y"]
    assert [float(cell) for cell in table[2][5:]] == [3.0, 4.5]
    ann = add_person()
    refused = FeatureService.save_feature_set(
        small.dataset_id, values, ["a", "b", "c"], ["x", "y"], "own", None, tmp_path, actor=ann
    )
    assert refused["error_code"] == "forbidden"


@pytest.mark.parametrize("method", ["mutual_info", "random_forest", "permutation"])
def test_importance_finds_the_feature_that_tells_and_repeats_itself(method: str) -> None:
    rng = np.random.default_rng(0)
    labels = ["a", "b"] * 60
    values = rng.standard_normal((120, 5))
    values[:, 3] += np.where(np.array(labels) == "a", -2, 2)
    names = [f"f{index}" for index in range(5)]
    groups = [f"g{index // 4}" for index in range(120)]
    first = FeatureService.compute_feature_importance(values, labels, names, method, groups=groups)
    again = FeatureService.compute_feature_importance(values.tolist(), labels, names, method, groups=groups)
    assert first["items"][0]["feature"] == "f3"
    assert first == again


@pytest.mark.parametrize("method", ["mrmr", "variance", "mutual_info", "rfe"])
def test_selection_takes_what_tells_and_mrmr_no_copy_of_it(method: str) -> None:
    rng = np.random.default_rng(1)
    targets = np.repeat([0, 1, 2], 50)
    values = rng.standard_normal((150, 6)) * 0.3
    values[:, 1] += targets == 1
    values[:, 2] = values[:, 1] + 1e-3 * rng.standard_normal(150)
    values[:, 4] += targets == 2
    labels = [f"class {target}" for target in targets]
    names = [f"f{index}" for index in range(6)]
    found = FeatureService.select_features(values, labels, names, method, num_features=2)
    assert found["success"], found["error"]
    assert len(found["selected"]) == 2
    if method == "mrmr":
        assert found["selected"] in (["f1", "f4"], ["f4", "f1"], ["f2", "f4"], ["f4", "f2"])
    if method != "variance":
        assert set(found["selected"]) <= {"f1", "f2", "f4"}
    constant = FeatureService.select_features(np.ones((9, 6)), labels[::17], names, "variance")
    assert constant["error_code"] == "invalid_input"


def test_correlation_equals_numpys_and_is_zero_for_a_constant() -> None:
    values = np.random.default_rng(2).standard_normal((40, 3))
    with_constant = np.column_stack([values, np.full(40, 7.0)])
    found = FeatureService.compute_feature_correlation(with_constant, ["a", "b", "c", "d"])
    np.testing.assert_allclose(np.array(found["correlation"])[:3, :3], np.corrcoef(values.T), atol=1e-12)
    assert found["correlation"][3] == [0.0, 0.0, 0.0, 1.0]
    wrong = FeatureService.compute_feature_correlation([[1.0, float("nan")]], ["a", "b"])
    assert wrong["error_code"] == "invalid_input"


def test_the_explorer_shows_the_stored_values_and_nothing_else(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "all")
    set_id = found["feature_set_id"]
    rms = np.array(found["features"])[:, 0]
    labels = np.array(found["labels"])
    shown = FeatureService.get_distribution(set_id, "rms")
    assert shown["feature"]["unit"] == "g"
    for each in shown["classes"]:
        own = rms[labels == each["fault_class"]]
        assert each["n_windows"] == len(own)
        assert each["percentiles"]["p50"] == pytest.approx(np.median(own), rel=1e-6)
        assert sum(each["shares"]) == pytest.approx(1.0)
    points = FeatureService.get_projection(set_id, "pca")
    assert points["n_shown"] == 48
    assert points["href"][0].startswith(f"/signals/{small.dataset_id}/")
    assert 0 < points["explained"][1] <= points["explained"][0] < 1
    assert not FeatureService.get_projection(set_id, "tsne")["ready"]
    run_job(FeatureService.request_projection(set_id)["job_id"])
    assert FeatureService.get_projection(set_id, "tsne")["ready"]
    spectra = FeatureService.get_class_spectra(set_id)
    assert {each["fault_class"] for each in spectra["classes"]} == set(labels)
    faulty = next(each for each in spectra["classes"] if each["fault_class"] == "inner_race")
    assert spectra["frequencies_hz"][int(np.argmax(faulty["p50_db"]))] == pytest.approx(600, abs=80)
    assert all(low <= high for low, high in zip(faulty["p10_db"], faulty["p90_db"], strict=True))
    closest = FeatureService.get_correlation(set_id)["closest"][0]
    assert abs(closest["correlation"]) > 0.99


def test_a_recording_shows_its_features_without_storing_them(small: SmallDataset) -> None:
    found = FeatureService.get_recording_features(1, domain="time", window_s=0.5)
    assert found["success"], found["error"]
    assert [window["start_s"] for window in found["windows"]] == [0.0, 0.5]
    assert found["features"][0] == {
        "name": "rms",
        "domain": "time",
        "meaning": "Root mean square",
        "unit": "g",
    }
    assert FeatureService.get_recording_features(1)["window_s"] == 1.0
    assert FeatureService.get_recording_features(99)["error_code"] == "not_found"
    assert FeatureService.get_recording_features(1, channel="Z")["error_code"] == "not_found"
    assert FeatureService.list_feature_sets(small.dataset_id) == []


def test_damaged_values_are_found_out(small: SmallDataset) -> None:
    set_id = extract(small.dataset_id, "time")["feature_set_id"]
    with get_db_session(read_only=True) as session:
        row = session.get_one(FeatureSet, set_id)
    path = get_settings().features_dir / row.relative_path
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    from services.features.storage import _read

    _read.cache_clear()
    assert FeatureService.get_distribution(set_id, "rms")["error_code"] == "data_damaged"


def test_a_deleted_set_takes_its_files_along(small: SmallDataset) -> None:
    set_id = extract(small.dataset_id, "time")["feature_set_id"]
    assert FeatureService.delete_feature_set(set_id)["success"]
    assert FeatureService.list_feature_sets(small.dataset_id) == []
    assert list(get_settings().features_dir.iterdir()) == []
    assert FeatureService.get_feature_set(set_id) is None
    assert FeatureService.delete_feature_set(set_id)["error_code"] == "not_found"


def test_the_speed_of_the_factory_is_the_one_that_lines_are_measured_at(small: SmallDataset) -> None:
    found = extract(small.dataset_id, "order", window_s=1.0)
    samples = DataService.load_signal_data(small.dataset_id, small.signal_ids["inner_race", 1])
    assert samples is not None
    expected = compute_features(
        samples[None], 2000.0, feature_set="order", shaft_frequency_hz=SHAFT_SPEED_RPM / 60
    )
    row = 4 + 1  # by recording: healthy 0 to 3, inner_race 0 to 3
    for name in ("share_1x", "line_2x_db"):
        got = found["features"][row][found["feature_names"].index(name)]
        assert got == pytest.approx(expected.values[0, expected.names.index(name)], rel=1e-4)


def test_folders_that_no_set_names_are_swept_away(small: SmallDataset) -> None:
    kept = extract(small.dataset_id, "time")
    extract(small.dataset_id, "envelope")
    folders = {path.name for path in get_settings().features_dir.iterdir()}
    with get_db_session() as session:
        row = session.get_one(FeatureSet, kept["feature_set_id"])
        session.execute(delete(FeatureSet).where(FeatureSet.id != row.id))
        session.commit()
    assert tidy_up()["features"] == 0
    for name in folders:
        os.utime(get_settings().features_dir / name, (0, 0))
    assert tidy_up()["features"] == 1
    assert [path.name for path in get_settings().features_dir.iterdir()] == [row.relative_path.split("/")[0]]
