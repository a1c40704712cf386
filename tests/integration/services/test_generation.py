"""Synthetic datasets and noise variants, from the request to the stored samples."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sqlalchemy import select

from core.synthesis.configuration import parse_config
from core.synthesis.records import make_record
from dashboard_config import REPOSITORY_ROOT, Settings, get_settings
from database.connection import get_db_session
from models.dataset import DatasetVersion, ManifestRow
from models.machine import Machine
from models.recording import Recording, Signal
from services.data_service import DataService
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board, queue
from services.shared.signal_store import load_samples
from tests.conftest import Configure

SMALL: dict[str, Any] = {
    "classes": ["healthy", "misalignment", "cavitation"],
    "n_per_class": 6,
    "duration_s": 0.5,
    "seed": 4,
}
REFUSED_NOISE: list[dict[str, Any]] = [
    {"snrs_db": []},
    {"snrs_db": [5, 5]},
    {"snrs_db": [500]},
    {"snrs_db": [5.123456]},
    {"colours": []},
    {"colours": ["blue"]},
    {"seed": -1},
]
LONG: dict[str, Any] = {"n_per_class": 2000, "duration_s": 5.0}


def generate(config: dict[str, Any], name: str = "Made") -> dict[str, Any]:
    started = DatasetService.generate_dataset(config, name)
    assert started["success"], started["error"]
    DatasetService.run_generation_job(started["job_id"], "test")
    return get_job(started["job_id"])


def get_job(job_id: int) -> dict[str, Any]:
    job = board.get_job(job_id)
    assert job is not None
    return job


def list_stored() -> list[tuple[Recording, Signal, ManifestRow]]:
    with get_db_session(read_only=True) as session:
        found = session.execute(
            select(Recording, Signal, ManifestRow)
            .join(Signal, Signal.recording_id == Recording.id)
            .join(ManifestRow, ManifestRow.signal_id == Signal.id)
            .order_by(Recording.name)
        )
        return [(recording, row, manifest) for recording, row, manifest in found]


def find_version(dataset_id: int) -> DatasetVersion:
    with get_db_session(read_only=True) as session:
        version = session.scalar(select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id))
    assert version is not None
    return version


def list_folders() -> list[str]:
    return sorted(path.name for path in get_settings().signals_dir.glob("*-*") if path.is_dir())


def list_children() -> list[psutil.Process]:
    every = psutil.process_iter(["cmdline"])
    return [each for each in every if "core.synthesis.worker_child" in " ".join(each.info["cmdline"] or [])]


def wait_until(done: Callable[[], bool], seconds: float) -> float:
    began_s = time.monotonic()
    while not done():
        assert time.monotonic() - began_s < seconds, "it took too long"
        time.sleep(0.02)
    return time.monotonic() - began_s


def test_a_generated_dataset_holds_the_generator_s_records(database: Settings) -> None:
    job = generate(SMALL)
    assert (job["state"], job["result"]["n_signals"]) == ("done", 18), job["error"]
    assert job["link"] == f"/datasets/{job['result']['dataset_id']}"
    config = parse_config(SMALL)
    for recording, row, manifest in list_stored():
        made = make_record(config, manifest.fault_class or "", int(recording.name[-5:]))
        assert np.array_equal(load_samples(row), made.channels["vibration"])
        assert recording.shaft_speed_rpm == pytest.approx(made.shaft_speed_rpm, abs=1e-3)
        assert recording.load == f"{made.load_percent:.0f} %"
        assert recording.conditions is not None
        assert recording.conditions["temperature_c"] == made.conditions["temperature_c"]
        assert (manifest.severity, manifest.physical_bearing) == (made.severity, recording.name)
    assert [folder.partition("-")[0] for folder in list_folders()] == ["generate"]
    with get_db_session(read_only=True) as session:
        machine = session.scalar(select(Machine))
    assert machine is not None
    assert machine.details == {"bearing_type": "journal"}
    check_card(job["result"]["dataset_id"])
    assert DatasetService.run_generation_job(job["id"], "delivered twice") is None
    assert DatasetService.list_datasets()["total"] == 1


def check_card(dataset_id: int) -> None:
    """It says what the data are and what they are not."""
    version = find_version(dataset_id)
    assert version.origin is not None
    assert version.origin["kind"] == "generate"
    card = version.card
    assert card is not None
    assert card["manifest_sha256"] == version.manifest_sha256
    assert card["title"] == "Journal-bearing generator, benchmark profile"
    assert card["classes"] == {"cavitation": 6, "healthy": 6, "misalignment": 6}
    assert sum(card["severities"].values()) == card["n_recordings"] == 18
    assert parse_config(card["config"]) == parse_config(SMALL)
    assert {"low_frequency", "measurement"} <= {layer["name"] for layer in card["noise_layers"]}
    assert "real machine" in card["not_evidence_for"][0]
    assert len(card["code_sha256"]) == 64
    details = DatasetService.get_dataset_details(dataset_id)
    assert details is not None
    assert details["card"] == card
    (row, *_) = DatasetService.list_signals(dataset_id)["items"]
    found = DatasetService.get_signal(row["signal_id"])
    recording = DatasetService.get_recording(row["recording_id"])
    assert found is not None
    assert recording is not None
    assert found["conditions"] == recording["conditions"]
    assert 40 <= found["conditions"]["temperature_c"] <= 80


def test_the_same_configuration_makes_the_same_dataset_again(database: Settings) -> None:
    tiny = {**SMALL, "n_per_class": 2, "duration_s": 0.1}
    first, second = (generate(tiny, name)["result"]["dataset_id"] for name in ("One", "Two"))
    assert find_version(first).manifest_sha256 == find_version(second).manifest_sha256


@pytest.mark.parametrize(
    ("config", "name", "code"),
    [
        ({"classes": ["gear"]}, "Made", "invalid_input"),
        ({}, "", "invalid_input"),
        ({"n_per_class": "many"}, "Made", "invalid_input"),
        ({"unit": "a\0"}, "Made", "invalid_input"),
    ],
)
def test_what_can_t_be_made_is_refused_at_once(
    database: Settings, config: dict[str, Any], name: str, code: str
) -> None:
    answer = DatasetService.generate_dataset(config, name)
    assert (answer["success"], answer["error_code"]) == (False, code)
    assert board.list_jobs()["total"] == 0


def test_the_name_of_a_dataset_that_is_there_is_refused(database: Settings) -> None:
    waiting = DatasetService.generate_dataset(SMALL, "Made")
    generate(SMALL, "Made")
    assert DatasetService.generate_dataset(SMALL, "Made")["error_code"] == "conflict"
    DatasetService.run_generation_job(waiting["job_id"], "test")
    late = get_job(waiting["job_id"])
    assert (late["state"], late["error_code"]) == ("failed", "conflict")
    assert len(list_folders()) == 1


def test_a_full_disk_refuses_before_the_first_record(database: Settings, configure: Configure) -> None:
    configure(STORAGE_RESERVE_BYTES=1 << 60)
    job = generate(SMALL)
    assert (job["state"], job["error_code"]) == ("failed", "storage_full")
    assert list_folders() == []


def test_a_cancelled_generation_stops_within_5_seconds_and_leaves_nothing(database: Settings) -> None:
    job_id = DatasetService.generate_dataset(LONG, "Long")["job_id"]
    thread = threading.Thread(target=DatasetService.run_generation_job, args=(job_id, "test"))
    thread.start()
    wait_until(lambda: "made" in (get_job(job_id)["progress_text"] or ""), 30)
    wait_until(lambda: bool(get_job(job_id)["progress"]), 30)
    board.cancel_job(job_id)
    took_s = wait_until(lambda: get_job(job_id)["state"] == "cancelled", 5)
    thread.join(timeout=5)
    assert took_s < 5
    assert list_folders() == []
    assert list_children() == []
    assert DatasetService.list_datasets()["total"] == 0


def test_a_killed_generation_starts_again_and_leaves_no_trace_of_the_first(
    database: Settings, tmp_path: Path
) -> None:
    config = {**SMALL, "n_per_class": 300, "duration_s": 2.0}
    job_id = DatasetService.generate_dataset(config, "Killed")["job_id"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tasks.run_one", str(job_id)], cwd=REPOSITORY_ROOT, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: bool(list_folders()) and bool(get_job(job_id)["progress"]), 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not list_children(), 5)
    left = list_folders()
    assert len(left) == 1, "a kill leaves its folder"
    with get_db_session() as session:
        job = session.get_one(queue.Job, job_id)
        job.payload = {**job.payload, "config": SMALL}  # the second attempt may be a short one
        session.commit()
    queue.give_up_claim(job_id)
    with get_db_session() as session:
        session.get_one(queue.Job, job_id).not_before = None
        session.commit()
    DatasetService.run_generation_job(job_id, "test")
    job_row = get_job(job_id)
    assert (job_row["state"], job_row["attempt"]) == ("done", 2), job_row["error"]
    assert len(list_folders()) == 1
    assert list_folders() != left
    assert DatasetService.list_datasets()["total"] == 1


def test_the_preview_is_the_record_that_the_dataset_will_hold(database: Settings) -> None:
    found = DatasetService.preview_generation(SMALL, fault_class="misalignment", index=2, max_hz=500)
    assert found["success"], found["error"]
    values = make_record(parse_config(SMALL), "misalignment", 2).channels["vibration"]
    (channel,) = found["channels"]
    assert (max(channel["values"]), min(channel["values"])) == pytest.approx(
        (values.max(), values.min()), rel=1e-4
    )
    assert len(channel["values"]) <= 2000
    top_hz = channel["frequencies_hz"][int(np.argmax(channel["amplitudes"]))]
    assert top_hz == pytest.approx(2 * found["shaft_speed_rpm"] / 60, abs=2.1)
    assert max(channel["frequencies_hz"]) <= 500
    assert found["estimate"]["n_recordings"] == 18
    assert found["estimate"]["n_bytes"] >= 18 * 10_240 * 4
    assert DatasetService.list_datasets()["total"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"fault_class": "wear"},
        {"severity": "terrible"},
        {"index": 6},
    ],
)
def test_a_preview_of_what_the_dataset_will_not_hold_is_refused(
    database: Settings, asked: dict[str, Any]
) -> None:
    assert DatasetService.preview_generation(SMALL, **asked)["error_code"] == "invalid_input"


def test_the_preview_of_long_records_is_a_shorter_one_and_says_so(database: Settings) -> None:
    found = DatasetService.preview_generation({**SMALL, "duration_s": 400}, fault_class="healthy")
    assert found["success"], found["error"]
    assert "Shown is a shorter one, of 97.7 s" in found["note"]
    assert found["channels"][0]["times_s"][-1] == pytest.approx(97.7, abs=0.1)
    assert found["estimate"]["n_bytes"] > 18 * 400 * 20_480 * 4


def test_configurations_are_kept_under_names(database: Settings) -> None:
    first = DatasetService.save_generator_preset("Quick", SMALL)
    again = DatasetService.save_generator_preset("Quick", {**SMALL, "seed": 8})
    assert first["preset_id"] == again["preset_id"]
    (listed,) = DatasetService.list_generator_presets()
    assert listed["name"] == "Quick"
    kept = DatasetService.get_generator_preset(first["preset_id"])
    assert kept is not None
    assert kept["content"]["seed"] == 8
    assert DatasetService.save_generator_preset("Wrong", {"classes": []})["error_code"] == "invalid_input"
    assert DatasetService.delete_generator_preset(first["preset_id"])["success"]
    assert DatasetService.get_generator_preset(first["preset_id"]) is None
    assert DatasetService.delete_generator_preset(first["preset_id"])["error_code"] == "not_found"


def make_split(dataset_id: int) -> int:
    split = DatasetService.create_split(dataset_id, "random", "recording", test_fraction=0.34)
    assert split["success"], split["error"]
    return int(split["split_id"])


def add_noise(split_id: int, **options: Any) -> dict[str, Any]:
    started = DatasetService.make_noise_variants(split_id, **options)
    assert started["success"], started["error"]
    DatasetService.run_noise_variants_job(started["job_id"], "test")
    return get_job(started["job_id"])


def test_noise_variants_hold_the_split_and_its_noisy_test_parts(database: Settings) -> None:
    base_id = generate(SMALL)["result"]["dataset_id"]
    split_id = make_split(base_id)
    job = add_noise(split_id, snrs_db=[10, 5], colours=["white", "pink"], name="Noisy")
    assert job["state"] == "done", job["error"]
    noisy_id = job["result"]["dataset_id"]
    origin = find_version(noisy_id).origin
    assert origin is not None
    assert (origin["kind"], origin["split_id"], origin["dataset_id"]) == ("noise_variant", split_id, base_id)
    split = DatasetService.create_split(noisy_id, "as given", "given")
    assert split["success"], split["error"]
    assert split["colour"] in ("clear", "note"), split["findings"]
    counts = {part: counted["n_recordings"] for part, counted in split["counts"].items()}
    base = DatasetService.get_split(split_id)
    assert base is not None
    assert counts["train"] == base["counts"]["train"]["n_recordings"]
    for part in ("test", "test_snr10", "test_snr5", "test_pink10", "test_pink5"):
        assert counts[part] == base["counts"]["test"]["n_recordings"], part
    check_copies(base_id, noisy_id)
    check_subsets(split["split_id"], counts["test"])
    gone = DataService.delete_dataset(base_id)
    assert gone["success"], gone["error"]
    for recording, row, _ in list_stored():
        assert recording.dataset_id == noisy_id
        assert load_samples(row).size == row.n_samples


def check_subsets(split_id: int, n_tests: int) -> None:
    """A training on the given split is judged on every variant, beside the clean test part."""
    config = {
        "split_id": split_id,
        "network": "random_forest",
        "seeds": [0],
        "options": {"n_trees": 10, "window_s": 0.25},
    }
    made = ExperimentService.create_experiment(config)
    assert made["success"], made["error"]
    assert ExperimentService.run_training_job(made["job_ids"][0], "test") == "done"
    results = ExperimentService.get_results(made["experiment_ids"][0])
    assert results is not None
    assert set(results["subsets"]) == {"test_snr10", "test_snr5", "test_pink10", "test_pink5"}
    for part, judged in (("test", results["test"]), *results["subsets"].items()):
        assert judged["recording_level"]["n"] == n_tests, part


def check_copies(base_id: int, noisy_id: int) -> None:
    """Each noisy copy has its ratio, its label and its lineage; what is not noisy is shared."""
    stored = list_stored()
    originals = {
        row.sha256: (recording, row) for recording, row, _ in stored if recording.dataset_id == base_id
    }
    copies = [each for each in stored if each[2].given_part == "test_snr5"]
    assert copies
    for recording, row, manifest in copies:
        assert recording.conditions is not None
        before, original = originals[recording.conditions["noise_free_sha256"]]
        assert recording.name == f"{before.name} snr5"
        assert manifest.physical_bearing == before.name
        assert recording.shaft_speed_rpm == before.shaft_speed_rpm
        clean = load_samples(original).astype(float)
        ratio = np.var(clean) / np.var(load_samples(row) - clean)
        assert 10 * np.log10(ratio) == pytest.approx(5.0, abs=0.01)
    trained = {row.shard for recording, row, manifest in stored if manifest.given_part == "train"}
    assert trained <= {row.shard for _, row in originals.values()}, "no sample is copied"


def test_noise_that_can_t_be_added_is_refused(database: Settings) -> None:
    split_id = make_split(generate(SMALL)["result"]["dataset_id"])
    for asked in REFUSED_NOISE:
        answer = DatasetService.make_noise_variants(split_id, **asked)
        assert answer["error_code"] == "invalid_input", asked
    assert DatasetService.make_noise_variants(split_id + 1)["error_code"] == "not_found"
    assert DatasetService.make_noise_variants(split_id, name="Made")["error_code"] == "conflict"
    assert board.list_jobs()["total"] == 1


def test_a_rolling_dataset_knows_its_bearing(database: Settings) -> None:
    job = generate({"kind": "rolling", "n_per_class": 2, "duration_s": 0.5})
    assert (job["state"], job["result"]["n_signals"]) == ("done", 10), job["error"]
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"])
    assert details is not None
    assert details["bearings"][0]["bearing"] == "6205-2RS"
    assert details["card"]["title"] == "Rolling-bearing simulator"


def test_two_probes_are_two_channels_of_one_recording(database: Settings) -> None:
    config = {**SMALL, "profile": "physical", "physical": {"second_probe": True}, "unit": "um"}
    job = generate(config)
    assert (job["result"]["n_recordings"], job["result"]["n_signals"]) == (18, 36)
    assert {row.channel for _, row, _ in list_stored()} == {"x", "y"}
    assert {row.unit for _, row, _ in list_stored()} == {"um"}
