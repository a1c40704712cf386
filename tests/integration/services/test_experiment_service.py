"""Experiments on both databases: creation, training, commands, results, diagnosis."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from sqlalchemy import func, select, update

from core.datasets.canonical import CanonicalSignal, write_canonical
from database.connection import get_db_session
from models.experiment import Experiment, Prediction
from models.job import Job
from models.recording import Signal
from models.split import SplitMember
from models.user import Role
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board, queue
from tests.factories.datasets import SmallDataset, add_small_dataset, simulate
from tests.factories.jobs import add_person
from utils.clock import utc_now

FOREST = {"n_trees": 20, "window_s": 0.1}
TINY_NETWORK = {"epochs": 3, "window_s": 0.1, "hidden_size": 8, "n_filters": 4, "batch_size": 8}


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def trained(small: SmallDataset) -> int:
    return train(small)


def create(small: SmallDataset, network: str = "random_forest", **more: object) -> dict[str, list[int]]:
    options = FOREST if network == "random_forest" else TINY_NETWORK
    config = {"network": network, "split_id": small.split_id, "options": options, **more}
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    return created


def train(small: SmallDataset, network: str = "random_forest", **more: object) -> int:
    created = create(small, network, **more)
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    return created["experiment_ids"][0]


def count_rows() -> tuple[int, int]:
    with get_db_session(read_only=True) as session:
        experiments = session.scalar(select(func.count()).select_from(Experiment))
        return int(experiments or 0), int(session.scalar(select(func.count()).select_from(Job)) or 0)


def diagnose(experiment_id: int, **source: object) -> dict[str, object]:
    request = ExperimentService.request_diagnosis(experiment_id=experiment_id, **source)  # type: ignore[arg-type]
    assert request["success"], request["error"]
    ExperimentService.run_diagnosis_job(request["job_id"], "w")
    found = ExperimentService.get_diagnosis(request["diagnosis_id"])
    assert found is not None
    return found


def test_a_forest_learns_and_is_judged_at_both_levels(small: SmallDataset) -> None:
    experiment_id = train(small)
    experiment = ExperimentService.get_experiment(experiment_id)
    results = ExperimentService.get_results(experiment_id)
    assert experiment is not None
    assert results is not None
    assert experiment["status"] == "done"
    assert experiment["test_evaluations"] == 1
    assert results["test"]["recording_level"]["n"] == 2
    assert results["test"]["recording_level"]["accuracy"] == 1.0
    assert results["test"]["window_level"]["n"] == 2 * 19
    assert results["split_colour"] == "amber"
    assert results["split_accepted_reason"] == "known"
    predictions = ExperimentService.list_predictions(experiment_id, "test")
    assert {row["recording"] for row in predictions} == {"healthy_3", "inner_race_3"}
    assert all(row["correct"] for row in predictions)
    wrong = ExperimentService.list_predictions(
        experiment_id, "test", target="healthy", predicted="inner_race"
    )
    assert wrong == []


def test_a_training_that_was_judged_is_not_done_again_when_its_worker_died_late(small: SmallDataset) -> None:
    created = create(small)
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    assert ExperimentService.run_training_job(job_id, "w") == "done"
    before = ExperimentService.get_results(experiment_id)
    with get_db_session() as session:
        session.execute(update(Job).where(Job.id == job_id).values(state="queued", result=None))
        session.commit()
    assert ExperimentService.run_training_job(job_id, "w") == "done"
    experiment, job = ExperimentService.get_experiment(experiment_id), board.get_job(job_id)
    assert experiment is not None
    assert job is not None
    assert experiment["test_evaluations"] == 1
    assert job["result"] == ExperimentService.get_results(experiment_id) == before


@pytest.mark.parametrize(("n_windows", "cell"), [(3, "healthy"), (60, "inner_race")])
def test_a_cell_opens_whole_recordings_by_their_pooled_answer(
    trained: int, small: SmallDataset, n_windows: int, cell: str
) -> None:
    """A second channel says inner race with 0.9; it turns the recording only with enough windows."""
    with get_db_session() as session:
        first = session.get_one(Signal, small.signal_ids["healthy", 3])
        facts = {
            name: getattr(first, name) for name in ("recording_id", "sample_rate_hz", "n_samples", "shard")
        }
        second = Signal(channel="FE", sha256="f" * 64, **facts)
        session.add(second)
        session.flush()
        known = session.scalars(select(Prediction).where(Prediction.signal_id == first.id)).one()
        known.probabilities, known.n_windows = [0.9, 0.1], 20
        session.add(
            Prediction(
                experiment_id=trained,
                signal_id=second.id,
                part="test",
                target="healthy",
                predicted="inner_race",
                probabilities=[0.1, 0.9],
                n_windows=n_windows,
                n_windows_correct=0,
            )
        )
        session.commit()
    for answer in ("healthy", "inner_race"):
        found = ExperimentService.list_predictions(trained, "test", target="healthy", predicted=answer)
        assert [row["channel"] for row in found] == (["DE", "FE"] if answer == cell else [])


def test_a_network_leaves_one_history_row_per_epoch(small: SmallDataset) -> None:
    experiment_id = train(small, "cnn_lstm")
    history = ExperimentService.get_training_history(experiment_id)
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(np.isfinite(row["train_loss"]) for row in history)
    assert ExperimentService.get_training_history(experiment_id, since_epoch=2) == history[2:]


def test_seeds_make_a_group_in_one_transaction(small: SmallDataset) -> None:
    created = create(small, seeds=[0, 1, 2])
    for job_id in created["job_ids"]:
        ExperimentService.run_training_job(job_id, "w")
    group = ExperimentService.get_group_summary(str(created["group_key"]))
    assert group is not None
    assert (group["n_seeds"], group["n_finished"]) == (3, 3)
    low, high = group["test_recording_accuracy_interval"]
    assert low <= group["test_recording_accuracy_mean"] <= high


def test_the_job_of_a_named_experiment_has_its_name(small: SmallDataset) -> None:
    ids = create(small, name="After the repair", seeds=[3])["job_ids"] + create(small)["job_ids"]
    titles = [job["title"] for job in map(board.get_job, ids) if job]
    assert titles == ["Train After the repair (seed 3)", "Train Random forest on Small rig (seed 0)"]


def test_too_few_seeds_get_no_interval(small: SmallDataset) -> None:
    created = create(small, seeds=[0])
    group = ExperimentService.get_group_summary(str(created["group_key"]))
    assert group is not None
    assert group["test_recording_accuracy_interval"] is None
    assert "too few seeds" in group["note"]


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"network": "resnet999"}, "unknown_network", "cnn_lstm"),
        ({"options": {"n_treees": 3}}, "unknown_option", "n_trees"),
        ({"options": {"n_trees": 0}}, "invalid_input", "n_trees"),
        ({"options": {"window_s": 5.0}}, "recording_too_short", "shorter than one window"),
        ({"options": {"analysis_rate_hz": 50_000.0}}, "sample_rate_too_low", "50000 Hz"),
        ({"split_id": 999_999}, "not_found", "split"),
        ({"split_id": None}, "invalid_input", "split"),
        ({"channel": "FE"}, "class_without_training", "channel"),
        ({"seeds": []}, "invalid_input", "seeds"),
        ({"seeds": ["x"]}, "invalid_input", "Seeds"),
        ({"colour": "blue"}, "invalid_input", "colour"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_nothing_is_written(
    small: SmallDataset, change: dict[str, object], code: str, word: str
) -> None:
    config = {"network": "random_forest", "split_id": small.split_id, **change}
    answer = ExperimentService.create_experiment(config)
    assert (answer["success"], answer["error_code"]) == (False, code)
    assert word in answer["error"]
    assert count_rows() == (0, 0)


def test_viewers_may_look_but_not_train(trained: int, small: SmallDataset) -> None:
    viewer = add_person(Role.VIEWER)
    assert ExperimentService.get_experiment(trained, actor=viewer) is not None
    config = {"network": "random_forest", "split_id": small.split_id}
    assert ExperimentService.create_experiment(config, actor=viewer)["error_code"] == "forbidden"
    assert ExperimentService.stop(trained, actor=viewer)["error_code"] == "forbidden"


def test_pause_and_resume_end_in_the_same_weights_as_an_undisturbed_run(small: SmallDataset) -> None:
    options = {**TINY_NETWORK, "epochs": 8}
    calm = train(small, "cnn_lstm", options=options)
    created = create(small, "cnn_lstm", options=options)
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    assert ExperimentService.pause(experiment_id)["success"]
    thread.join(timeout=10)
    paused = ExperimentService.get_experiment(experiment_id)
    assert paused is not None
    assert paused["status"] in {"paused", "done"}
    if paused["status"] == "paused":
        assert ExperimentService.resume(experiment_id)["success"]
        assert ExperimentService.run_training_job(job_id, "w") == "done"
    strip = [
        [
            {key: value for key, value in row.items() if key != "duration_s"}
            for row in ExperimentService.get_training_history(number)
        ]
        for number in (calm, experiment_id)
    ]
    assert strip[0] == strip[1]


def test_stop_ends_with_the_best_checkpoint_and_says_so(small: SmallDataset) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    started = time.monotonic()
    assert ExperimentService.stop(experiment_id)["success"]
    thread.join(timeout=20)
    assert time.monotonic() - started < 5
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    assert (experiment["status"], experiment["stopped_early"]) == ("done", True)
    assert experiment["test"] is not None


def test_cancel_leaves_no_result_and_no_folder(small: SmallDataset, each_database: object) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    assert ExperimentService.cancel(experiment_id)["success"]
    thread.join(timeout=20)
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    assert experiment["status"] == "cancelled"
    assert ExperimentService.get_results(experiment_id) is None
    folders = list(Path(each_database.experiments_dir).glob("*"))  # type: ignore[attr-defined]
    assert folders == []


def test_an_attempt_that_was_given_up_writes_no_results(small: SmallDataset) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    ended: list[str | None] = []
    thread = threading.Thread(
        target=lambda: ended.append(ExperimentService.run_training_job(job_id, "frozen"))
    )
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    queue.give_up_claim(job_id)
    thread.join(timeout=20)
    assert ended == [None]
    job = board.get_job(job_id)
    assert job is not None
    assert job["state"] == "queued"
    assert ExperimentService.get_results(experiment_id) is None


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


@pytest.mark.parametrize(
    ("content", "facts", "code", "word"),
    [
        ({"x": np.ones(50) * np.arange(50)}, {}, "sample_rate_missing", "never guessed"),
        ({"x": np.arange(50.0)}, {"sample_rate_hz": 2000.0}, "recording_too_short", "window"),
        ({"x": np.arange(5000.0)}, {"sample_rate_hz": 500.0}, "sample_rate_too_low", "500 Hz"),
        ({"x": np.full(5000, np.nan)}, {"sample_rate_hz": 2000.0}, "non_finite_signal", ""),
        ({"note": "no vector"}, {"sample_rate_hz": 2000.0}, "no_usable_vector", "no vector"),
        (
            {"a": np.arange(5000.0), "b": np.arange(5000.0)},
            {"sample_rate_hz": 2000.0},
            "no_usable_vector",
            "name one of them",
        ),
    ],
)
def test_a_file_that_cannot_be_judged_is_refused_in_plain_words(
    trained: int, tmp_path: Path, content: dict[str, object], facts: dict[str, float], code: str, word: str
) -> None:
    path = tmp_path / "odd.mat"
    savemat(path, content)
    request = ExperimentService.request_diagnosis(experiment_id=trained, path=str(path), **facts)  # type: ignore[arg-type]
    assert request["success"], request["error"]
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "failed"
    job = board.get_job(request["job_id"])
    assert job is not None
    assert job["error_code"] == code, job["error"]
    assert word in job["error"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"samples": [1.0, float("nan")], "sample_rate_hz": 2000.0}, "non_finite_signal"),
        ({"samples": [], "sample_rate_hz": 2000.0}, "empty_signal"),
        ({"samples": [1.0, 2.0]}, "sample_rate_missing"),
        ({"samples": [1.0, 2.0], "sample_rate_hz": -1.0}, "sample_rate_invalid"),
        ({"samples": [1.0], "sample_rate_hz": 2000.0, "shaft_speed_rpm": 0.0}, "invalid_input"),
        ({"samples": [1.0], "sample_rate_hz": 2000.0, "machine": "a\x00b"}, "invalid_input"),
        ({}, "invalid_input"),
        ({"signal_id": 999_999}, "not_found"),
    ],
)
def test_a_request_that_cannot_be_answered_makes_no_job(
    trained: int, facts: dict[str, object], code: str
) -> None:
    before = count_rows()
    answer = ExperimentService.request_diagnosis(experiment_id=trained, **facts)  # type: ignore[arg-type]
    assert (answer["success"], answer["error_code"]) == (False, code)
    assert count_rows() == before


def test_samples_and_the_same_stored_recording_get_equal_numbers(trained: int, small: SmallDataset) -> None:
    values = [float(value) for value in simulate("healthy", seed=30)]
    sent = diagnose(trained, samples=values, sample_rate_hz=2000.0)["answer"]
    stored = diagnose(trained, signal_id=small.signal_ids["healthy", 3])["answer"]
    assert isinstance(sent, dict)
    assert isinstance(stored, dict)
    assert sent["probabilities"] == stored["probabilities"]


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


def test_deleting_takes_the_classifier_along_but_not_while_it_trains(
    small: SmallDataset, each_database: object
) -> None:
    created = create(small)
    experiment_id = created["experiment_ids"][0]
    assert ExperimentService.delete_experiment(experiment_id)["error_code"] == "job_state"
    ExperimentService.run_training_job(created["job_ids"][0], "w")
    assert ExperimentService.delete_experiment(experiment_id)["success"]
    assert ExperimentService.get_experiment(experiment_id) is None
    assert list(Path(each_database.experiments_dir).glob("*")) == []  # type: ignore[attr-defined]


def test_the_list_filters_sorts_and_pages_in_a_fixed_number_of_statements(
    small: SmallDataset, count_statements: object
) -> None:
    create(small, seeds=list(range(12)), name="Many seeds")
    create(small, name="Another")
    with count_statements() as few:  # type: ignore[operator]
        page = ExperimentService.list_experiments(per_page=2)
    with count_statements() as many:  # type: ignore[operator]
        ExperimentService.list_experiments(per_page=13)
    assert page["total"] == 13
    assert len(few) == len(many) <= 5
    named = ExperimentService.list_experiments("many rig", sort="seed", per_page=3)
    assert [item["seed"] for item in named["items"]] == [0, 1, 2]
    assert ExperimentService.list_experiments(status="done")["total"] == 0


def test_a_clone_repeats_the_request(trained: int, small: SmallDataset) -> None:
    config = ExperimentService.clone(trained)["config"]
    again = ExperimentService.create_experiment(config)
    assert again["success"], again["error"]


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
