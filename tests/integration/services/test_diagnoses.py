"""Diagnoses on both databases: what is asked, the answer, and its limits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from sqlalchemy import select, update

from core.datasets.canonical import CanonicalSignal, write_canonical
from database.connection import get_db_session
from models.job import Job
from models.split import SplitMember
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import SmallDataset, add_small_dataset, simulate
from tests.factories.experiments import count_rows, create, train
from tests.factories.jobs import add_person
from utils.clock import utc_now


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def trained(small: SmallDataset) -> int:
    return train(small)


def diagnose(experiment_id: int, **source: object) -> dict[str, object]:
    request = ExperimentService.request_diagnosis(experiment_id=experiment_id, **source)  # type: ignore[arg-type]
    assert request["success"], request["error"]
    ExperimentService.run_diagnosis_job(request["job_id"], "w")
    found = ExperimentService.get_diagnosis(request["diagnosis_id"])
    assert found is not None
    return found


def test_a_stored_recording_is_diagnosed_with_its_limits(trained: int, small: SmallDataset) -> None:
    found = diagnose(trained, signal_id=small.signal_ids["inner_race", 3])
    answer = found["answer"]
    assert isinstance(answer, dict)
    assert answer["verdict"]["fault_class"] == "inner_race"
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    assert len(answer["windows"]["start_s"]) == answer["windows"]["n"] == 19
    text = " ".join(answer["limits"])
    assert "amber split" in text
    assert "2 recordings only" in text
    assert "Another machine" not in text
    assert answer["classifier"]["test"]["recording_level"]["n"] == 2


def test_a_file_from_another_rig_and_rate_says_so(trained: int, tmp_path: Path) -> None:
    path = tmp_path / "other.mat"
    rate_hz = 5_000.0
    values = np.repeat(simulate("inner_race", seed=5), 3)
    savemat(path, {"bearing": {"gs": values.astype(float), "sr": rate_hz}})
    found = diagnose(trained, path=str(path), machine="Pump 7")
    answer = found["answer"]
    assert isinstance(answer, dict)
    assert answer["notes"] == ["resampled from 5000 Hz to 2000 Hz with an anti-alias filter"]
    text = " ".join(answer["limits"])
    assert "Another machine (Pump 7)" in text
    assert "bearing is unknown" in text


def test_a_file_that_cannot_be_judged_is_refused_in_plain_words(trained: int, tmp_path: Path) -> None:
    known = {"sample_rate_hz": 2000.0}
    two = {"a": np.arange(5000.0), "b": np.arange(5000.0)}
    cases: list[tuple[dict[str, object], dict[str, float], str, str]] = [
        ({"x": np.ones(50) * np.arange(50)}, {}, "sample_rate_missing", "never guessed"),
        ({"x": np.arange(50.0)}, known, "recording_too_short", "window"),
        ({"x": np.arange(5000.0)}, {"sample_rate_hz": 500.0}, "sample_rate_too_low", "500 Hz"),
        ({"x": np.full(5000, np.nan)}, known, "non_finite_signal", ""),
        ({"note": "no vector"}, known, "no_usable_vector", "no vector"),
        (dict(two), known, "no_usable_vector", "name one of them"),
    ]
    for content, facts, code, word in cases:
        path = tmp_path / "odd.mat"
        savemat(path, content)
        request = ExperimentService.request_diagnosis(experiment_id=trained, path=str(path), **facts)  # type: ignore[arg-type]
        assert request["success"], request["error"]
        assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "failed"
        job = board.get_job(request["job_id"])
        assert job is not None
        assert job["error_code"] == code, job["error"]
        assert word in job["error"], code


def test_a_request_that_cannot_be_answered_makes_no_job(trained: int) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"samples": [1.0, float("nan")], "sample_rate_hz": 2000.0}, "non_finite_signal"),
        ({"samples": [1.0, 1e200], "sample_rate_hz": 2000.0}, "non_finite_signal"),
        ({"samples": [], "sample_rate_hz": 2000.0}, "empty_signal"),
        ({"samples": [1.0, 2.0]}, "sample_rate_missing"),
        ({"samples": [1.0, 2.0], "sample_rate_hz": -1.0}, "sample_rate_invalid"),
        ({"samples": [1.0], "sample_rate_hz": 2000.0, "shaft_speed_rpm": 0.0}, "invalid_input"),
        ({"samples": [1.0], "sample_rate_hz": 2000.0, "machine": "a\x00b"}, "invalid_input"),
        ({}, "invalid_input"),
        ({"signal_id": 999_999}, "not_found"),
    ]
    before = count_rows()
    for facts, code in cases:
        answer = ExperimentService.request_diagnosis(experiment_id=trained, **facts)  # type: ignore[arg-type]
        assert (answer["success"], answer["error_code"]) == (False, code), facts
        assert count_rows() == before, facts


def test_samples_and_the_same_stored_recording_get_equal_numbers(trained: int, small: SmallDataset) -> None:
    values = [float(value) for value in simulate("inner_race", seed=31)]
    known = {"bearing": "6205-2RS", "shaft_speed_rpm": 1500.0}
    sent = diagnose(trained, samples=values, sample_rate_hz=2000.0, **known)["answer"]
    stored = diagnose(trained, signal_id=small.signal_ids["inner_race", 3])["answer"]
    assert isinstance(sent, dict)
    assert isinstance(stored, dict)
    assert sent["probabilities"] == stored["probabilities"]
    assert sent["evidence"] == stored["evidence"] != []
    assert sent["recording"]["sha256"] == stored["recording"]["sha256"]


def test_a_recording_that_the_classifier_knows_is_said_to_be_known(trained: int, small: SmallDataset) -> None:
    with get_db_session(read_only=True) as session:
        parts = dict(
            session.execute(
                select(SplitMember.part, SplitMember.signal_id).where(SplitMember.split_id == small.split_id)
            ).all()
        )
    first = {
        part: diagnose(trained, signal_id=signal_id)["answer"]["limits"][0]  # type: ignore[index]
        for part, signal_id in parts.items()
    }
    assert "trained on this very recording" in first["train"]
    assert "chosen by this very recording" in first["validation"]
    assert "this very recording" not in first["test"]


def test_a_copy_of_a_known_recording_is_recognised_by_its_samples(trained: int, small: SmallDataset) -> None:
    with get_db_session(read_only=True) as session:
        member = select(SplitMember.signal_id).where(
            SplitMember.split_id == small.split_id, SplitMember.part == "train"
        )
        known = session.scalars(member).first()
    (fault_class, load) = next(key for key, signal_id in small.signal_ids.items() if signal_id == known)
    values = simulate(fault_class, seed=10 * load + ("healthy", "inner_race").index(fault_class))
    answer = diagnose(trained, samples=[float(value) for value in values], sample_rate_hz=2000.0)["answer"]
    assert isinstance(answer, dict)
    assert "trained on this very recording" in answer["limits"][0]


def test_a_dead_sensor_is_never_called_healthy(trained: int) -> None:
    found = diagnose(trained, samples=[1.0] * 2000, sample_rate_hz=2000.0)
    assert found["answer"] is None
    assert "same value" in str(found["error"])


def test_a_doubtful_measurement_is_a_limit_of_its_diagnosis(trained: int) -> None:
    values = simulate("healthy", seed=77)
    values[500:900] = 0.0
    answer = diagnose(trained, samples=[float(value) for value in values], sample_rate_hz=2000.0)["answer"]
    assert isinstance(answer, dict)
    assert "stands still" in answer["limits"][0]


def test_a_sample_rate_that_contradicts_a_stored_recording_is_refused(
    trained: int, small: SmallDataset
) -> None:
    signal_id = small.signal_ids["healthy", 3]
    answer = ExperimentService.request_diagnosis(
        experiment_id=trained, signal_id=signal_id, sample_rate_hz=500.0
    )
    assert answer["error_code"] == "sample_rate_invalid"
    assert "2000 Hz" in answer["error"]


def test_a_diagnosed_upload_waits_no_longer_and_its_answer_survives_another_attempt(
    trained: int, tmp_path: Path
) -> None:
    person = add_person()
    path = tmp_path / "new.mat"
    savemat(path, {"x": simulate("healthy", seed=91).astype(float)})
    with path.open("rb") as stream:
        staged = DatasetService.stage_upload(stream, "new.mat", actor=person)
    request = ExperimentService.request_diagnosis(
        experiment_id=trained, upload_id=staged["upload_id"], sample_rate_hz=2000.0, actor=person
    )
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "done"
    assert DatasetService.list_uploads(actor=person) == []
    first = ExperimentService.get_diagnosis(request["diagnosis_id"])
    with get_db_session() as session:  # as if the worker had died before it could say "done"
        session.execute(update(Job).where(Job.id == request["job_id"]).values(state="queued"))
        session.commit()
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "done"
    assert ExperimentService.get_diagnosis(request["diagnosis_id"]) == first


def test_an_untrained_experiment_is_not_asked(small: SmallDataset) -> None:
    created = create(small)
    answer = ExperimentService.request_diagnosis(
        experiment_id=created["experiment_ids"][0], signal_id=small.signal_ids["healthy", 3]
    )
    assert answer["error_code"] == "not_trained"


def test_a_flipped_byte_in_the_classifier_is_refused(
    trained: int, small: SmallDataset, each_database: object
) -> None:
    weights = next(Path(each_database.experiments_dir).glob("*/classifier/weights-*"))  # type: ignore[attr-defined]
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    request = ExperimentService.request_diagnosis(
        experiment_id=trained, signal_id=small.signal_ids["healthy", 3]
    )
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "failed"
    job = board.get_job(request["job_id"])
    assert job is not None
    assert job["error_code"] == "data_damaged"


def test_a_classifier_that_took_another_ones_place_is_refused(
    trained: int, small: SmallDataset, each_database: object
) -> None:
    other = train(small, seeds=[1])
    folders = {
        f'"experiment_id": {number}' in path.read_text(): path.parent
        for number in (other,)
        for path in Path(each_database.experiments_dir).glob("*/classifier/classifier.json")  # type: ignore[attr-defined]
    }
    shutil.rmtree(folders[False])
    shutil.copytree(folders[True], folders[False])
    request = ExperimentService.request_diagnosis(
        experiment_id=trained, signal_id=small.signal_ids["healthy", 3]
    )
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "failed"
    job = board.get_job(request["job_id"])
    assert job is not None
    assert job["error_code"] == "data_damaged"


def test_a_canonical_file_is_diagnosed_with_what_it_says_of_itself(trained: int, tmp_path: Path) -> None:
    path = tmp_path / "one.h5"
    signal = CanonicalSignal(
        recording_id="r1",
        channel="DE",
        values=simulate("inner_race", seed=77),
        sample_rate_hz=2000.0,
        machine="Small rig machine",
        bearing="6205-2RS",
        shaft_speed_rpm=1500.0,
    )
    write_canonical(path, "one", [signal], created_utc=utc_now())
    answer = diagnose(trained, path=str(path))["answer"]
    assert isinstance(answer, dict)
    assert answer["verdict"]["fault_class"] == "inner_race"
    assert answer["recording"]["machine"] == "Small rig machine"
    assert "Another machine" not in " ".join(answer["limits"])
