"""Diagnoses by physical evidence, alone and beside a classifier, on both databases."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat
from sqlalchemy import update

from core.datasets.store import hash_signal
from dashboard_config import Settings, get_settings
from database.connection import get_db_session
from models.job import Job
from services.diagnoses.removal import drop_stray_samples
from services.diagnoses.samples import load_judged
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import train
from tests.factories.vibrations import RATE_HZ, simulate_journal, simulate_rolling
from utils.exceptions import DataDamagedError, NotFoundError

# The bearing and speed of `simulate_rolling`'s records, told by geometry.
KNOWN = {"geometry": "n=9,d=7.94,D=39.04", "shaft_speed_rpm": 1797.0, "sample_rate_hz": RATE_HZ}
BPFO, BPFI = 3.5848, 5.4152


def ask(**asked: Any) -> dict[str, Any]:
    if isinstance(asked.get("samples"), np.ndarray):
        asked["samples"] = asked["samples"].tolist()
    request = ExperimentService.request_diagnosis(**asked)
    assert request["success"], request["error"]
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "done"
    found = ExperimentService.get_diagnosis(request["diagnosis_id"])
    assert found is not None
    return found


def answer_of(**asked: Any) -> dict[str, Any]:
    return dict(ask(**asked)["answer"])


@pytest.fixture
def small(database: Settings) -> SmallDataset:
    return add_small_dataset()


def test_a_rig_that_no_training_has_seen_is_diagnosed_from_geometry_and_speed(
    each_database: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "outer.mat"
    savemat(path, {"x": simulate_rolling(BPFO, seed=3).astype(float)})
    found = ask(path=str(path), **KNOWN)
    answer = found["answer"]
    verdict = answer["verdict"]
    assert (verdict["status"], verdict["fault_class"], verdict["decided_by"]) == (
        "diagnosed", "outer_race", "evidence",
    )  # fmt: skip
    assert "consistent with" in verdict["sentence"]
    assert any("calibrated on simulated recordings" in limit for limit in answer["limits"])
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    first = next(line for line in answer["evidence"] if line["supports"] == "outer_race")
    assert first["found_hz"] == pytest.approx(BPFO * 29.95, rel=0.02)
    assert first["snr_db"] > first["needed_db"]
    assert first["harmonics"] >= 2
    assert answer["decision"]["orders"]["bpfo"] == pytest.approx(BPFO, abs=1e-3)
    assert answer["decision"]["orders_source"] == "from the geometry n=9,d=7.94,D=39.04"
    assert (answer["classifier"], answer["windows"], answer["opinion"]) == (None, None, None)
    assert (found["experiment_id"], found["asked_experiment_id"]) == (None, None)
    assert answer["recording"]["sha256"] == found["signal_sha256"]


def test_the_same_recording_gets_the_same_words_and_numbers_again(database: Settings) -> None:
    samples = simulate_rolling(BPFI, seed=4)
    first, second = (answer_of(samples=samples, **KNOWN) for _ in range(2))
    assert second["similar_cases"][0]["same_samples"] is True
    assert second["similar_cases"][0]["distance"] == 0.0
    for answer in (first, second):
        del answer["diagnosis_id"], answer["similar_cases"]
    assert first == second


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "not known which bearings"),
        ({"bearing": "nobody's 77"}, "fault orders of the bearing 'nobody's 77' are unknown"),
        ({"bearing": "6205-2RS"}, "shaft speed is unknown"),
    ],
)
def test_what_is_missing_for_the_lines_is_said_and_nothing_is_guessed(
    database: Settings, known: dict[str, Any], words: str
) -> None:
    answer = answer_of(samples=simulate_rolling(BPFO, seed=3), sample_rate_hz=RATE_HZ, **known)
    assert answer["verdict"]["status"] == "refused"
    assert words in answer["verdict"]["sentence"]
    assert words in answer["evidence_missing"]
    assert (answer["probabilities"], answer["evidence"], answer["decision"]) == ({}, [], None)


def make_strange(kind: str, n_samples: int = 24_000) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what is no recording of a machine."""
    times = np.arange(n_samples) / RATE_HZ
    return {
        "sine": np.sin(2 * np.pi * BPFI * 29.95 * times),
        "silence": 1e-3 * (np.arange(n_samples) % 2),
        "noise": np.random.default_rng(8).standard_normal(n_samples),
    }[kind]


@pytest.mark.parametrize("kind", ["sine", "silence", "noise"])
def test_what_is_no_recording_is_never_named_a_fault_for_either_kind_of_machine(
    database: Settings, kind: str
) -> None:
    samples = make_strange(kind)
    rolling = answer_of(samples=samples, **KNOWN)
    journal = answer_of(samples=samples, machine_kind="journal", sample_rate_hz=RATE_HZ)
    for answer in (rolling, journal):
        verdict = answer["verdict"]
        assert verdict["status"] in ("refused", "undecided")
        assert verdict["fault_class"] is None
        assert (answer["checks"]["passed"], verdict["decided_by"]) == (False, "checks")
        assert answer["checks"]["sentence"][1:] in verdict["sentence"]


@pytest.mark.parametrize("kind", ["sine", "silence", "noise"])
def test_a_classifier_that_names_a_fault_changes_nothing_about_what_is_no_recording(
    small: SmallDataset, kind: str
) -> None:
    experiment_id = train(small)
    samples = make_strange(kind, 4000)
    answer = answer_of(experiment_id=experiment_id, samples=samples, sample_rate_hz=2000.0)
    assert answer["verdict"]["fault_class"] is None
    assert answer["verdict"]["status"] in ("refused", "undecided")
    assert answer["opinion"]["fault_class"] in ("healthy", "inner_race")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_wrong_sample_rate_is_never_named_a_fault(database: Settings, factor: float) -> None:
    rate = {"sample_rate_hz": RATE_HZ * factor}
    rolling = answer_of(samples=simulate_rolling(BPFO, seed=3), **{**KNOWN, **rate})
    misaligned = simulate_journal("misalignment", seed=2, seconds=4.0)
    journal = answer_of(
        samples=misaligned, machine_kind="journal", sample_rate_hz=20_480.0 * factor, shaft_speed_rpm=3600.0
    )
    for answer in (rolling, journal):
        assert answer["verdict"]["fault_class"] in (None, "healthy"), answer["verdict"]


def test_a_journal_bearing_is_read_by_its_own_lines(database: Settings) -> None:
    answer = answer_of(
        samples=simulate_journal("misalignment", seed=2, shaft_hz=57.0, seconds=5.0),
        machine_kind="journal",
        sample_rate_hz=20_480.0,
        shaft_speed_rpm=3420.0,
    )
    assert answer["decision"]["machine_kind"] == "journal"
    assert not any("calibrated on simulated" in limit for limit in answer["limits"])
    assert any("nothing has calibrated them" in limit for limit in answer["limits"])
    assert answer["verdict"]["fault_class"] == "misalignment"
    assert answer["decision"]["orders"] is None


def test_evidence_and_classifier_speak_with_one_voice_and_disagree_in_the_open(small: SmallDataset) -> None:
    experiment_id = train(small)
    agreed = answer_of(experiment_id=experiment_id, signal_id=small.signal_ids["inner_race", 3])
    assert agreed["verdict"]["decided_by"] == "both"
    assert agreed["contradictions"] == []
    assert agreed["opinion"]["standing"] == "home"
    sides = (agreed["decision"]["probabilities"], agreed["opinion"]["probabilities"])
    expected = np.sqrt(
        np.prod([[side[name] for name in ("healthy", "inner_race")] for side in sides], axis=0)
    )
    shares = [agreed["probabilities"][name] for name in ("healthy", "inner_race")]
    assert shares[1] / shares[0] == pytest.approx(expected[1] / expected[0], rel=1e-3)

    answer = answer_of(experiment_id=experiment_id, samples=simulate_rolling(BPFO, seed=3), **KNOWN)
    assert answer["verdict"]["fault_class"] == "outer_race"
    assert "never learned outer race" in answer["verdict"]["sentence"]
    assert "but the classifier says" in answer["contradictions"][0]


def test_where_the_classifier_cannot_judge_the_lines_still_can(small: SmallDataset) -> None:
    experiment_id = train(small, options={"n_trees": 20, "window_s": 1.0})
    samples = simulate_rolling(BPFO, seed=3)[: int(0.95 * RATE_HZ)]
    answer = answer_of(experiment_id=experiment_id, samples=samples, **KNOWN)
    assert answer["verdict"]["fault_class"] == "outer_race"
    assert "classifier could not judge" in answer["limits"][0]
    assert "window" in answer["opinion"]["refused"]


def test_a_classifier_from_another_machine_decides_nothing(small: SmallDataset) -> None:
    experiment_id = train(small)
    signal_id = small.signal_ids["inner_race", 3]
    answer = answer_of(experiment_id=experiment_id, signal_id=signal_id, machine="Pump 7")
    assert answer["opinion"]["standing"] == "elsewhere"
    assert answer["verdict"]["decided_by"] == "evidence"
    assert answer["probabilities"] == answer["decision"]["probabilities"]


def test_an_experiment_in_the_trash_is_not_asked(small: SmallDataset) -> None:
    experiment_id = train(small)
    signal_id = small.signal_ids["inner_race", 3]
    waiting = ExperimentService.request_diagnosis(experiment_id=experiment_id, signal_id=signal_id)
    assert ExperimentService.trash_experiments([experiment_id])["success"]
    refused = ExperimentService.request_diagnosis(experiment_id=experiment_id, signal_id=signal_id)
    assert refused["error_code"] == "conflict"
    assert "in the trash" in refused["error"]
    assert ExperimentService.run_diagnosis_job(waiting["job_id"], "w") == "failed"


def test_a_diagnosis_outlives_its_experiment_as_it_was(each_database: Settings) -> None:
    small = add_small_dataset()
    experiment_id = train(small)
    found = ask(experiment_id=experiment_id, signal_id=small.signal_ids["inner_race", 3])
    removal = ExperimentService.describe_experiment_removal([experiment_id])
    assert removal["n_diagnoses"] == 1
    waiting = ExperimentService.request_diagnosis(
        experiment_id=experiment_id, signal_id=small.signal_ids["inner_race", 3]
    )
    assert ExperimentService.delete_experiment(experiment_id)["success"]
    kept = ExperimentService.get_diagnosis(found["diagnosis_id"])
    assert kept == {**found, "experiment_id": None}
    assert ExperimentService.list_diagnoses()["items"][1]["verdict"] == found["answer"]["verdict"]
    assert ExperimentService.run_diagnosis_job(waiting["job_id"], "w") == "failed"
    job = board.get_job(waiting["job_id"])
    assert job is not None
    assert "experiment has been deleted" in job["error"]


def test_judged_samples_are_kept_once_and_go_with_their_last_diagnosis(database: Settings) -> None:
    samples = simulate_rolling(BPFO, seed=3)
    first, second = (ask(samples=samples, **KNOWN) for _ in range(2))
    sha256 = first["signal_sha256"]
    assert sha256 == hash_signal(samples)
    assert [path.name for path in database.diagnoses_dir.iterdir()] == [f"{sha256}.f32"]
    assert np.array_equal(load_judged(sha256), samples)
    assert ExperimentService.delete_diagnosis(first["diagnosis_id"])["success"]
    assert ExperimentService.get_diagnosis(first["diagnosis_id"]) is None
    assert ExperimentService.get_diagnosis(second["diagnosis_id"])["samples_kept"] is True  # type: ignore[index]
    assert ExperimentService.delete_diagnosis(second["diagnosis_id"])["success"]
    assert list(database.diagnoses_dir.iterdir()) == []
    with pytest.raises(NotFoundError):
        load_judged(sha256)
    assert ExperimentService.delete_diagnosis(second["diagnosis_id"])["error_code"] == "not_found"


def test_damaged_samples_are_not_passed_off_as_those_that_were_judged(database: Settings) -> None:
    found = ask(samples=simulate_rolling(BPFO, seed=3), **KNOWN)
    path = next(database.diagnoses_dir.iterdir())
    content = bytearray(path.read_bytes())
    content[7] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataDamagedError):
        load_judged(found["signal_sha256"])


def test_samples_that_no_diagnosis_stands_on_are_tidied_away(database: Settings) -> None:
    found = ask(samples=simulate_rolling(BPFO, seed=3), **KNOWN)
    failed = ExperimentService.request_diagnosis(samples=[1.0] * 3000, sample_rate_hz=RATE_HZ)
    assert ExperimentService.run_diagnosis_job(failed["job_id"], "w") == "failed"
    stray = get_settings().diagnoses_dir / "left-by-a-kill.part"
    stray.write_bytes(b"x")
    assert drop_stray_samples() == 0
    for path in database.diagnoses_dir.iterdir():
        os.utime(path, (time.time() - 7200,) * 2)
    assert drop_stray_samples() == 2
    assert [path.stem for path in database.diagnoses_dir.iterdir()] == [found["signal_sha256"]]


def test_a_diagnosis_under_way_is_not_deleted(database: Settings) -> None:
    request = ExperimentService.request_diagnosis(samples=simulate_rolling(BPFO, seed=3).tolist(), **KNOWN)
    refused = ExperimentService.delete_diagnosis(request["diagnosis_id"])
    assert refused["error_code"] == "job_state"
    with get_db_session() as session:
        session.execute(update(Job).where(Job.id == request["job_id"]).values(state="cancelled"))
        session.commit()
    assert ExperimentService.delete_diagnosis(request["diagnosis_id"])["success"]


def test_a_recording_too_short_to_be_read_at_another_rate_is_judged_as_stated(database: Settings) -> None:
    answer = answer_of(samples=simulate_rolling(BPFO, seed=3)[:2000], **KNOWN)
    assert answer["verdict"]["status"] in ("diagnosed", "undecided")
    assert answer["checks"]["name"] is None
