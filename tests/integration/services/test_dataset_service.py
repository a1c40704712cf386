"""Lists, details, splits and changes of stored datasets, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, select

from dashboard_config import Settings
from database.connection import get_db_session, get_engine
from models.recording import Signal
from models.user import Role
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.signal_service import SignalService
from tests.factories.imports import import_faults, make_noise, run_import, write_mat
from tests.factories.jobs import add_person


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Note every statement that is sent meanwhile."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)


@pytest.fixture
def rig(each_database: Settings, tmp_path: Path) -> int:
    """Return the id of an imported dataset: 3 classes at 3 loads with 2 channels."""
    return import_faults(tmp_path)


def test_recordings_are_filtered_sorted_and_paged(rig: int) -> None:
    page = DatasetService.list_recordings(rig, page=1, per_page=2, sort="-recording", filters={"load": "1"})
    assert (page["total"], page["per_page"]) == (3, 2)
    assert [item["recording"] for item in page["items"]] == ["OR_1", "Normal_1"]
    assert [signal["channel"] for signal in page["items"][0]["signals"]] == ["DE", "FE"]


def test_signals_can_be_found_by_text_class_and_channel(rig: int) -> None:
    found = DatasetService.list_signals(rig, filters={"q": "or_", "channel": "DE"}, sort="shaft_speed_rpm")
    assert [item["recording"] for item in found["items"]] == ["OR_2", "OR_1", "OR_0"]
    healthy = DatasetService.list_signals(rig, filters={"fault_class": "healthy"})
    assert healthy["total"] == 3 + 9
    assert DatasetService.list_signals(rig, filters={"fault_class": "unlabelled"})["total"] == 0
    assert DatasetService.list_signals(rig, filters={"q": "100%"})["total"] == 0


def test_a_signal_names_its_siblings_and_neighbours(rig: int) -> None:
    rows = {(row["recording"], row["channel"]): row["signal_id"] for row in DataService.load_signals(rig)}
    signal = DatasetService.get_signal(rows["IR_1", "DE"])
    assert signal is not None
    assert [sibling["channel"] for sibling in signal["siblings"]] == ["DE", "FE"]
    assert (signal["previous_signal_id"], signal["next_signal_id"]) == (
        rows["IR_0", "DE"],
        rows["IR_2", "DE"],
    )
    assert signal["bearing_orders"]["bpfi"] == pytest.approx(5.415, abs=1e-2)
    first = DatasetService.get_signal(rows["IR_0", "DE"])
    assert first is not None
    assert first["previous_signal_id"] is None


def test_lists_cost_the_same_few_queries_for_any_number_of_rows(database: Settings, tmp_path: Path) -> None:
    small = import_faults(tmp_path / "small", "Small", loads=(0,))
    large = import_faults(tmp_path / "large", "Large", loads=tuple(range(1, 8)))
    costs = []
    for dataset_id in (small, large):
        with counted_queries() as statements:
            DatasetService.list_recordings(dataset_id, per_page=200)
            DatasetService.list_signals(dataset_id, per_page=200)
            DatasetService.get_dataset_details(dataset_id)
            DatasetService.list_datasets()
        costs.append(len([text for text in statements if text.startswith("SELECT")]))
    assert costs[0] == costs[1] <= 18


def test_what_does_not_exist_is_none_or_an_empty_page(database: Settings) -> None:
    assert DatasetService.get_dataset_details(99) is None
    assert DatasetService.get_signal(99) is None
    assert DatasetService.get_recording(99) is None
    assert DatasetService.get_split(99) is None
    assert DatasetService.get_dataset_statistics(99) is None
    assert DatasetService.list_recordings(99)["items"] == []
    assert DataService.load_signal_data(99, 99) is None
    assert DatasetService.check_split(99, "load")["error_code"] == "not_found"


def test_datasets_are_searched_sorted_and_archived(each_database: Settings, tmp_path: Path) -> None:
    ids = {
        name: import_faults(tmp_path / name, name, loads=(n,))
        for n, name in enumerate(["Mill", "pump", "Fan"])
    }
    newest = DatasetService.list_datasets(sort="-created_at")["items"][0]
    assert newest["name"] == "Fan"
    assert [item["name"] for item in DatasetService.list_datasets(search_query="PUM")["items"]] == ["pump"]
    assert DatasetService.archive_dataset(ids["Mill"])["success"]
    assert DatasetService.list_datasets()["total"] == 2
    assert DatasetService.list_datasets(include_archived=True)["total"] == 3
    assert DatasetService.unarchive_dataset(ids["Mill"])["success"]
    assert DatasetService.list_datasets(1, 1)["total"] == 3
    taken = DatasetService.update_dataset(ids["Mill"], name="pump")
    assert taken["error_code"] == "conflict"


def test_statistics_agree_with_numpy(rig: int) -> None:
    statistics = DatasetService.get_dataset_statistics(rig)
    assert statistics is not None
    entry = next(
        e for e in statistics["per_class"] if (e["fault_class"], e["channel"]) == ("inner_race", "DE")
    )
    samples = [make_noise(101 + 10 * load).astype(float) for load in (0, 1, 2)]
    rms = [float(np.std(one)) for one in samples]
    assert entry["rms"]["max"] == pytest.approx(max(rms), rel=1e-6)
    assert entry["rms"]["median"] == pytest.approx(float(np.median(rms)), rel=1e-6)
    kurtosis = [float(np.mean(((one - one.mean()) / one.std()) ** 4)) for one in samples]
    assert entry["kurtosis"]["min"] == pytest.approx(min(kurtosis), rel=1e-6)


def test_a_preview_holds_short_traces_of_every_class(rig: int) -> None:
    preview = DatasetService.get_dataset_preview(rig, 2, channel="DE")
    assert preview is not None
    assert {name: len(held) for name, held in preview["classes"].items()} == {
        "healthy": 2,
        "inner_race": 2,
        "outer_race": 2,
    }
    assert len(preview["classes"]["healthy"][0]["values"]) <= 800


def test_a_nul_in_text_is_refused_in_plain_words_on_either_database(rig: int, tmp_path: Path) -> None:
    files = [{"path": str(write_mat(tmp_path / "nul.mat", x=make_noise(1))), "name": "nul.mat"}]
    refusals = [
        DatasetService.import_dataset(files, {"map": {"a\0": "ball"}}, "N"),
        DatasetService.import_dataset(files, {}, "N", description="\0"),
        DatasetService.update_dataset(rig, description="a\0b"),
        DatasetService.create_split(rig, "s", "load", ["2"], accept_amber="\0"),
        DatasetService.create_split(rig, "\0", "load", ["2"]),
    ]
    assert {refused["error_code"] for refused in refusals} == {"invalid_input"}
    assert DatasetService.list_datasets(search_query="\0")["items"] == []
    assert DatasetService.list_signals(rig, filters={"q": "\0"})["items"] == []


# --- splits ----------------------------------------------------------------------------------------------


def test_a_split_by_load_tests_on_that_load_and_is_stored(rig: int) -> None:
    made = DatasetService.create_split(rig, "by load", "load", ["2"], channel="DE")
    assert made["success"], made["error"]
    assert made["counts"]["test"]["classes"] == {"healthy": 1, "inner_race": 1, "outer_race": 1}
    assert made["counts"]["train"]["n_recordings"] + made["counts"]["validation"]["n_recordings"] == 6
    stored = DatasetService.get_split(made["split_id"])
    assert stored is not None
    assert stored["parts"] == made["parts"]
    tested = DatasetService.list_signals(rig, filters={"split_id": made["split_id"], "part": "test"})
    assert {item["load"] for item in tested["items"]} == {"2"}
    assert [split["name"] for split in DatasetService.list_splits(rig)] == ["by load"]
    again = DatasetService.create_split(rig, "by load", "load", ["1"], channel="DE")
    assert again["error_code"] == "conflict"


def test_a_shared_bearing_is_amber_and_needs_a_reason(each_database: Settings, tmp_path: Path) -> None:
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
    dataset_id = run_import(files, mapping)["result"]["dataset_id"]
    checked = DatasetService.check_split(dataset_id, "load", ["2"])
    assert checked["colour"] == "amber"
    refused = DatasetService.create_split(dataset_id, "s", "load", ["2"])
    assert refused["error_code"] == "split_needs_acceptance"
    assert DatasetService.list_splits(dataset_id) == []
    made = DatasetService.create_split(dataset_id, "s", "load", ["2"], accept_amber="one rig is all there is")
    assert (made["colour"], made["accepted_reason"]) == ("amber", "one rig is all there is")
    assert any("healthy-1" in finding["sentence"] for finding in made["findings"])


def test_a_split_that_shares_samples_is_red_and_refused(database: Settings, tmp_path: Path) -> None:
    whole = make_noise(1, 8_000)
    files = [
        write_mat(tmp_path / "a_0.mat", x=whole[:5_000]),
        write_mat(tmp_path / "a_1.mat", x=whole[3_000:]),
        write_mat(tmp_path / "b_0.mat", x=make_noise(2)),
        write_mat(tmp_path / "b_1.mat", x=make_noise(3)),
    ]
    mapping = {
        "pattern": r"(?P<label>a|b)_(?P<load>\d)",
        "map": {"a": "ball", "b": "healthy"},
        "defaults": {"sample_rate_hz": 2000},
    }
    dataset_id = run_import(files, mapping)["result"]["dataset_id"]
    checked = DatasetService.check_split(dataset_id, "load", ["1"])
    assert checked["colour"] == "red"
    refused = DatasetService.create_split(dataset_id, "s", "load", ["1"], accept_amber="please")
    assert refused["error_code"] == "split_leaks"
    assert "a_0" in refused["error"]
    assert "a_1" in refused["error"]
    assert DatasetService.list_splits(dataset_id) == []


def test_a_class_without_training_recordings_is_refused(rig: int) -> None:
    refused = DatasetService.create_split(rig, "s", "fault_class", ["inner_race"], channel="DE")
    assert refused["error_code"] == "class_without_training"
    assert "inner_race" in refused["error"]


def test_a_rule_that_does_not_fit_says_what_would(rig: int) -> None:
    assert "2" in DatasetService.check_split(rig, "load", ["7"])["error"]
    assert "FE" in DatasetService.check_split(rig, "load", channel="XX")["error"]
    assert "recording" in DatasetService.check_split(rig, "colour")["error"]
    assert DatasetService.check_split(rig, "given")["error_code"] == "invalid_input"
    assert DatasetService.check_split(rig, "load", validation_fraction=1.5)["error_code"] == "invalid_input"


# --- damage and removal ----------------------------------------------------------------------------------


def test_a_damaged_file_is_said_flagged_and_the_rest_works(rig: int, tmp_path: Path) -> None:
    other = import_faults(tmp_path / "other", "Other", loads=(7,))
    with get_db_session(read_only=True) as session:
        shard = session.scalar(select(Signal.shard).limit(1))
    from dashboard_config import get_settings

    path = get_settings().signals_dir / str(shard)
    path.write_bytes(path.read_bytes()[:2_000])
    rows = DataService.load_signals(rig)
    seen = SignalService.get_view(rows[0]["signal_id"])
    assert seen["error_code"] == "data_damaged"
    assert DataService.load_signal_data(rig, rows[0]["signal_id"]) is None
    details = DatasetService.get_dataset_details(rig)
    assert details is not None
    assert {"name": "damaged", "severity": "error", "n_signals": 1} in details["quality"]
    assert SignalService.get_view(DataService.load_signals(other)[0]["signal_id"])["success"]


def test_only_engineers_change_datasets(database: Settings, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path, loads=(0,))
    viewer = add_person(Role.VIEWER)
    refusals = (
        DatasetService.delete_dataset(dataset_id, actor=viewer),
        DatasetService.archive_dataset(dataset_id, actor=viewer),
        DatasetService.update_dataset(dataset_id, name="x", actor=viewer),
        DatasetService.create_split(dataset_id, "s", "load", actor=viewer),
    )
    assert {refused["error_code"] for refused in refusals} == {"forbidden"}
    assert DatasetService.get_dataset_details(dataset_id, actor=viewer) is not None
