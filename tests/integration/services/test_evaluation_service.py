"""Evaluations on both databases: what is said of a judged experiment, and what meets its test part again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score
from sqlalchemy import func, select, update

from database.connection import get_db_session
from layouts.components import evaluation_trust as trust
from models.dataset import ManifestRow
from models.evaluation import Evaluation
from models.experiment import Experiment
from models.job import Job
from models.user import Role
from services.evaluation_service import EvaluationService
from services.evaluations.kinds import JOB_KINDS, QUICK_KINDS
from services.experiment_service import ExperimentService
from services.experiments.judged import JUDGED_NAME
from services.experiments.runs import get_run_folder
from services.jobs import board
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.evaluations import CLASSES, add_faint_dataset, evaluate, train_forest
from tests.factories.jobs import add_person
from tests.unit.layouts.tree import find_text

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def faint(each_database: object) -> tuple[SmallDataset, int]:
    return add_faint_dataset()


@pytest.fixture
def trained(faint: tuple[SmallDataset, int]) -> int:
    return train_forest(faint[1])


@pytest.fixture
def trained_here(database: object) -> tuple[SmallDataset, int]:
    small, split_id = add_faint_dataset()
    return small, train_forest(split_id)


def get_quick(experiment_id: int, kind: str, **config: Any) -> dict[str, Any]:
    found = EvaluationService.get_evaluation(experiment_id, kind, config)
    assert found is not None
    json.dumps(found, allow_nan=False)
    return dict(found["results"])


def count_test_evaluations(experiment_id: int) -> int:
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    return int(experiment["test_evaluations"])


def run_job(experiment_id: int, kind: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(evaluate(experiment_id, kind, config))


def test_quick_kinds_agree_with_the_results_and_with_references(
    trained: int, count_statements: Counting
) -> None:
    results = ExperimentService.get_results(trained)
    stored = EvaluationService.load_experiment_predictions(trained)
    assert results is not None
    assert stored is not None
    level = stored["parts"]["test"]["recording_level"]
    targets, probabilities = np.array(level["targets"]), np.array(level["probabilities"])

    roc = get_quick(trained, "roc")
    for index, row in enumerate(roc["recording_level"]["per_class"]):
        scores = probabilities[:, index]
        assert row["auc"] == pytest.approx(roc_auc_score(targets == index, scores))
        assert row["average_precision"] == pytest.approx(average_precision_score(targets == index, scores))
    assert roc["window_level"]["n_groups"] == roc["recording_level"]["n"]

    errors = get_quick(trained, "errors")
    for name in ("recording_level", "window_level"):
        assert errors[name]["confusion"] == results["test"][name]["confusion"]
        one = stored["parts"]["test"][name]
        assert errors[name]["confusion"] == confusion_matrix(one["targets"], one["predicted"]).tolist()
        assert sum(cell["n"] for cell in errors[name]["cells"]) == errors[name]["n_wrong"] > 0
    cell = errors["recording_level"]["cells"][0]
    listed = ExperimentService.list_predictions(trained, "test", cell["target"], cell["predicted"])
    assert {row["recording_id"] for row in cell["recordings"]} == {row["recording_id"] for row in listed}

    slices = {each["by"]: each for each in get_quick(trained, "slices")["slices"]}
    n = results["test"]["recording_level"]["n"]
    for by in ("fault_class", "load", "speed", "snr_estimated", "channel"):
        rows = slices[by]["rows"]
        assert sum(row["recording_level"]["n"] for row in rows) == n, by
        assert sum(row["window_level"]["n"] for row in rows) == results["test"]["window_level"]["n"]
        n_correct = sum(row["recording_level"]["n_correct"] for row in rows)
        assert n_correct / n == pytest.approx(results["test"]["recording_level"]["accuracy"])
    assert slices["severity"]["reason"] == "No severity is known of these recordings."
    assert slices["snr_known"]["rows"] == []

    with count_statements() as sent:
        again = EvaluationService.get_evaluation(trained, "roc")
    assert again is not None
    assert again["results"] == roc
    assert len(sent) <= 8
    assert count_test_evaluations(trained) == 1


def test_calibration_is_fitted_on_validation_and_measured_on_test(trained: int) -> None:
    results = ExperimentService.get_results(trained)
    assert results is not None
    found = get_quick(trained, "calibration")
    for name, key in (("recording_level", "recording"), ("window_level", "window")):
        level, kept = found[name], results["calibration"][key]
        validation = results["validation"][name]
        wrong = round(validation["n"] * (1 - validation["accuracy"]))
        assert (level["n_validation"], level["n_validation_errors"]) == (validation["n"], wrong)
        assert wrong > 0, "the dataset is too easy for this test"
        assert level["temperature"] == kept["temperature"]
        assert level["before"]["ece"] == pytest.approx(results["test"][name]["ece_uncalibrated"])
        assert level["after"]["ece"] == pytest.approx(results["test"][name]["ece"])
        assert level["after"]["log_loss"] < level["before"]["log_loss"]
    predictions = ExperimentService.list_predictions(trained, "test")
    stored = EvaluationService.load_experiment_predictions(trained)
    assert stored is not None
    level = stored["parts"]["test"]["recording_level"]
    by_recording = {
        row["recording_id"]: values
        for row, values in zip(level["recordings"], level["probabilities"], strict=True)
    }
    for row in predictions:
        np.testing.assert_allclose(row["probabilities"], by_recording[row["recording_id"]], rtol=1e-9)
    assert level["probabilities"] != level["uncalibrated_probabilities"]


def test_conformal_sets_are_set_on_validation_and_say_when_there_are_too_few(trained_once: int) -> None:
    trained = trained_once
    found = get_quick(trained, "conformal", coverage=0.8)
    level = found["recording_level"]
    stored = EvaluationService.load_experiment_predictions(trained)
    assert stored is not None
    validation = stored["parts"]["validation"]["recording_level"]
    of_label = [
        row[target] for row, target in zip(validation["probabilities"], validation["targets"], strict=True)
    ]
    rank = int(np.ceil((len(of_label) + 1) * 0.8))
    assert level["threshold"] == pytest.approx(sorted(of_label, reverse=True)[rank - 1])
    assert level["n_covered"] == sum(row["covered"] for row in level["sets"])
    assert all((row["target"] in row["set"]) is row["covered"] for row in level["sets"])
    assert level["band_n"][0] <= level["n_covered"] <= level["band_n"][1] and level["inside"] is True
    assert "no promise at window level" in find_text(trust.build_conformal(found, "window_level"))
    strict = get_quick(trained, "conformal", coverage=0.99)["recording_level"]
    assert strict["possible"] is False
    assert f"needs at least 99 validation recordings; there are {len(of_label)}" in strict["sentence"]
    assert [row["possible"] for row in found["curve"]] == [True, True, False, False]
    fitted = (ExperimentService.get_results(trained) or {})["calibration"]["recording"]["temperature"]
    assert any("Validation also chose the temperature" in note for note in found["notes"]) is (
        fitted is not None
    )
    refused = EvaluationService.request_evaluation(trained, "conformal", {"part": "validation"})
    assert refused["error_code"] == "invalid_input"


def test_a_sweep_counts_every_pass_and_is_worked_out_once(trained: int) -> None:
    config = {"noise_types": ["white", "gain"], "noise_levels": [-10.0], "gain_levels": [12.0]}
    found = run_job(trained, "robustness", config)
    results = ExperimentService.get_results(trained)
    assert results is not None
    clean = found["results"]["clean"]
    for name in ("recording_level", "window_level"):
        assert clean[name]["accuracy"] == pytest.approx(results["test"][name]["accuracy"])
    noisy, loud = found["results"]["rows"]
    assert (noisy["noise_type"], noisy["level_db"], loud["level_db"]) == ("white", -10.0, 12.0)
    assert noisy["window_level"]["accuracy"] < clean["window_level"]["accuracy"]
    assert loud["recording_level"]["n_changed"] == 0
    assert found["n_test_evaluations"] == 3
    assert count_test_evaluations(trained) == 4
    again = EvaluationService.request_evaluation(trained, "robustness", config)
    assert (again["reused"], again["job_id"]) == (True, None)
    assert again["evaluation"]["evaluation_id"] == found["evaluation_id"]
    once_more = EvaluationService.test_robustness(
        trained, [-10.0], ["white"], part="validation", max_recordings=6
    )
    assert EvaluationService.run_evaluation_job(once_more["job_id"], "w") == "done"
    newest = EvaluationService.get_evaluation(trained, "robustness")
    assert newest is not None
    assert newest["results"]["n_recordings"] == 6
    assert count_test_evaluations(trained) == 4
    use = EvaluationService.get_test_use(trained)
    assert use is not None
    assert use["n_test_evaluations"] == sum(item["n"] for item in use["items"]) == 4


def test_other_recordings_are_judged_as_far_as_they_may_be(
    trained: int, faint: tuple[SmallDataset, int]
) -> None:
    other = add_small_dataset("Other rig", ("healthy", "inner_race"), n_loads=5, first_seed=900)
    found = run_job(trained, "recordings", {"dataset_id": other.dataset_id})["results"]
    assert found["recording_level"]["n"] == 10
    assert {row["target"] for row in found["recordings"]} == {"healthy", "inner_race"}
    assert found["left_out"] == []
    assert count_test_evaluations(trained) == 1
    own = run_job(trained, "recordings", {"dataset_id": faint[0].dataset_id})
    results = ExperimentService.get_results(trained)
    assert results is not None
    test, given = results["test"]["recording_level"], own["results"]["recording_level"]
    assert (given["n"], given["accuracy"]) == (test["n"], pytest.approx(test["accuracy"]))
    (left_out,) = own["results"]["left_out"]
    assert left_out["n"] == 48 - test["n"]
    assert "trained on them or chosen by them" in left_out["reason"]
    assert own["n_test_evaluations"] == 1
    assert count_test_evaluations(trained) == 2


def test_an_unlearned_class_is_left_out_and_named(trained_here: tuple[SmallDataset, int]) -> None:
    _, experiment_id = trained_here
    other = add_small_dataset("Strange rig", ("healthy", "inner_race"), first_seed=900)
    with get_db_session() as session:
        session.execute(
            update(ManifestRow)
            .where(
                ManifestRow.dataset_version_id == other.version_id, ManifestRow.fault_class == "inner_race"
            )
            .values(fault_class="ball")
        )
        session.commit()
    found = run_job(experiment_id, "recordings", {"dataset_id": other.dataset_id})["results"]
    assert [(row["reason"], row["n"]) for row in found["left_out"]] == [
        ("The classifier has not learned ball.", 4)
    ]
    assert found["recording_level"]["n"] == 4


def test_open_set_is_chosen_on_held_out_classes_and_put_to_use(
    trained_here: tuple[SmallDataset, int],
) -> None:
    small, experiment_id = trained_here
    assert EvaluationService.apply_open_set(experiment_id)["error_code"] == "not_found"
    found = run_job(experiment_id, "open_set")
    results = found["results"]
    assert [fold["held_out"] for fold in results["folds"]] == list(CLASSES)
    for fold in results["folds"]:
        for row in results["scores"]:
            assert 0.0 <= fold["recording_level"][row["score"]]["auroc"] <= 1.0
            # the evidence is that of whole recordings
            if row["score"] not in {"fused_doubt", "evidence_doubt"}:
                assert 0.0 <= fold["window_level"][row["score"]]["auroc"] <= 1.0
    means = {
        row["score"]: np.mean([fold["recording_level"][row["score"]]["auroc"] for fold in results["folds"]])
        for row in results["scores"]
    }
    assert results["scores"][0]["score"] == results["chosen"] == max(means, key=lambda name: means[name])
    assert results["possible"] is False
    assert "too few for 5%" in results["sentence"]
    assert results["test"]["recording_level"]["n"] > 0
    assert "too few for 5%" in find_text(trust.build_open_set(results, "window_level"))

    refused = EvaluationService.apply_open_set(experiment_id)
    assert refused["error_code"] == "invalid_input"
    assert "too few validation recordings" in refused["error"]
    found = run_job(experiment_id, "open_set", {"false_alarms": 0.1})
    assert found["results"]["possible"] is True
    applied = EvaluationService.apply_open_set(experiment_id)
    assert applied["success"], applied["error"]
    assert applied["open_set"]["evaluation_id"] == found["evaluation_id"]
    assert EvaluationService.get_applied_open_set(experiment_id) == applied["open_set"]
    times = np.arange(2000) / 2000.0
    rumble = np.convolve(np.random.default_rng(3).normal(0, 0.4, 2000), np.ones(8) / 8, "same")
    strange = (np.sin(2 * np.pi * 90 * times) + np.sin(2 * np.pi * 210 * times) + rumble).tolist()
    answer = diagnose(experiment_id, samples=strange, sample_rate_hz=2000.0)
    assert answer["verdict"]["status"] == "unknown"
    assert answer["open_set"]["value"] > answer["open_set"]["threshold"]
    assert any("unlike them is called unknown" in limit for limit in answer["limits"])
    assert sum(answer["uncalibrated_probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
    common = diagnose(experiment_id, signal_id=small.signal_ids["inner_race", 3])
    assert common["open_set"]["rejected"] is False
    assert common["verdict"]["status"] != "unknown"

    assert EvaluationService.withdraw_open_set(experiment_id)["success"]
    assert EvaluationService.get_applied_open_set(experiment_id) is None
    assert diagnose(experiment_id, samples=strange, sample_rate_hz=2000.0)["verdict"]["status"] != "unknown"


def diagnose(experiment_id: int, **source: Any) -> dict[str, Any]:
    asked = ExperimentService.request_diagnosis(experiment_id=experiment_id, **source)
    assert asked["success"], asked["error"]
    assert ExperimentService.run_diagnosis_job(asked["job_id"], "w") == "done"
    found = ExperimentService.get_diagnosis(asked["diagnosis_id"])
    assert found is not None
    return dict(found["answer"])


def test_folds_that_are_done_are_not_trained_again_after_a_shutdown(
    trained_here: tuple[SmallDataset, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    import services.evaluations.open_set as open_set

    _, experiment_id = trained_here
    asked = EvaluationService.request_evaluation(experiment_id, "open_set")
    trained: list[int] = []
    original = open_set._train_fold

    def train_fold(work: Any, folder: Any, *rest: Any) -> Any:
        trained.append(int(folder.name))
        if trained == [0, 1]:
            with get_db_session() as session:
                session.execute(update(Job).where(Job.id == asked["job_id"]).values(command="yield"))
                session.commit()
            work.handle._exchange()
        return original(work, folder, *rest)

    monkeypatch.setattr(open_set, "_train_fold", train_fold)
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "queued"
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "done"
    assert trained == [0, 1, 1, 2]
    with get_db_session(read_only=True) as session:
        folder = get_run_folder(session.get_one(Experiment, experiment_id).folder)
    assert not (folder / "open_set").exists()


def test_open_set_needs_three_classes(database: object) -> None:
    small = add_small_dataset()
    experiment_id = train_forest(small.split_id)
    asked = EvaluationService.request_evaluation(experiment_id, "open_set")
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "failed"
    job = board.get_job(asked["job_id"])
    assert job is not None
    assert "three classes or more are needed" in job["error"]
    assert EvaluationService.get_evaluation(experiment_id, "open_set") is None


def test_latency_and_architectures_are_measured(database: object) -> None:
    split_id = add_faint_dataset()[1]
    trained, larger = train_forest(split_id), train_forest(split_id, n_trees=60)
    before = EvaluationService.compare_architectures([trained, larger])
    assert before["missing_latency"] == [trained, larger]
    timed = run_job(trained, "latency", {"n_runs": 5})["results"]
    assert 0 < timed["recording_ms"]["p50"] <= timed["recording_ms"]["p95"] <= timed["recording_ms"]["p99"]
    assert timed["window_ms"]["p50"] > 0
    assert timed["n_windows"] == 7
    found = EvaluationService.compare_architectures([trained, larger])
    assert found["missing_latency"] == [larger]
    small_row, large_row = found["rows"]
    assert small_row["latency"]["recording_ms_p50"] == timed["recording_ms"]["p50"]
    assert large_row["n_parameters"] > 2 * small_row["n_parameters"] > 0
    assert large_row["n_bytes"] > small_row["n_bytes"] > 0
    results = ExperimentService.get_results(trained)
    assert results is not None
    for level in ("recording_level", "window_level"):
        assert small_row[level]["accuracy"] == results["test"][level]["accuracy"]
    assert small_row["pareto"] or large_row["pareto"]
    assert count_test_evaluations(trained) == 1


def test_predictions_that_were_not_kept_are_asked_for_and_kept_again(
    trained_here: tuple[SmallDataset, int],
) -> None:
    _, experiment_id = trained_here
    before = get_quick(experiment_id, "errors")
    with get_db_session() as session:
        folder = get_run_folder(session.get_one(Experiment, experiment_id).folder)
        session.execute(update(Evaluation).values(results=None))
        session.commit()
    (folder / JUDGED_NAME).unlink()
    refused = EvaluationService.request_evaluation(experiment_id, "errors")
    assert refused["error_code"] == "no_predictions"
    assert "counts as another evaluation of the test part" in refused["error"]
    again = run_job(experiment_id, "predictions")
    assert again["results"]["parts"]["test"]["n_recordings"] == before["recording_level"]["n"]
    assert get_quick(experiment_id, "errors") == before
    assert count_test_evaluations(experiment_id) == 2


def test_a_request_waits_for_the_job_that_is_there_and_a_cancelled_one_leaves_nothing(
    trained_here: tuple[SmallDataset, int],
) -> None:
    _, experiment_id = trained_here
    first = EvaluationService.request_evaluation(experiment_id, "latency")
    second = EvaluationService.request_evaluation(experiment_id, "latency")
    assert second["job_id"] == first["job_id"]
    assert second["reused"] is True
    (listed,) = EvaluationService.list_evaluations(experiment_id)
    assert (listed["kind"], listed["has_results"], listed["job"]["state"]) == ("latency", False, "queued")
    assert board.cancel_job(first["job_id"])["success"]
    assert EvaluationService.get_evaluation(experiment_id, "latency") is None
    third = EvaluationService.request_evaluation(experiment_id, "latency")
    assert third["job_id"] != first["job_id"]
    assert EvaluationService.run_evaluation_job(third["job_id"], "w") == "done"


@pytest.fixture
def trained_once(trained_here: tuple[SmallDataset, int]) -> int:
    return trained_here[1]


def test_what_cannot_be_asked_is_refused(trained_once: int) -> None:
    for kind, config, says in (
        ("horoscope", None, "There is no evaluation 'horoscope'"),
        ("roc", {"colour": "red"}, "has no setting 'colour'"),
        ("roc", {"part": "train"}, "Nothing of the part 'train' was judged"),
        ("conformal", {"coverage": 1.5}, "between 0 and 1"),
        ("robustness", {"noise_types": ["thunder"]}, "some of white, pink"),
        ("robustness", {"noise_levels": ["loud"]}, "is a number"),
        ("latency", {"n_runs": 2}, "whole number from 5"),
    ):
        refused = EvaluationService.request_evaluation(trained_once, kind, config)
        assert refused["error_code"] == "invalid_input"
        assert says in refused["error"]


def test_roles_and_what_is_not_there(trained_once: int) -> None:
    viewer = add_person(Role.VIEWER, "vi@example.org")
    refused = EvaluationService.request_evaluation(trained_once, "latency", actor=viewer)
    assert refused["error_code"] == "forbidden"
    assert EvaluationService.get_evaluation(trained_once, "errors", actor=viewer) is not None
    assert EvaluationService.request_evaluation(999, "roc")["error_code"] == "not_found"
    assert EvaluationService.get_evaluation(999, "roc") is None
    assert EvaluationService.list_evaluations(999) == []
    with get_db_session() as session:
        session.execute(update(Experiment).values(results=None))
        session.commit()
    assert EvaluationService.request_evaluation(trained_once, "roc")["error_code"] == "not_trained"


def count_rows() -> int:
    with get_db_session(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(Evaluation)) or 0


def test_asking_unusual_questions_stores_nothing(trained_once: int) -> None:
    viewer = add_person(Role.VIEWER, "vi@example.org")
    for kind, config in (("roc", {"n_bootstrap": 200, "seed": 3}), ("conformal", {"coverage": 0.812})):
        found = EvaluationService.get_evaluation(trained_once, kind, config, actor=viewer)
        assert found is not None
        assert found["evaluation_id"] is None
        assert found["results"]["part"] == "test"
        assert found["current"] is True
        json.dumps(found, allow_nan=False)
    asked = EvaluationService.request_evaluation(trained_once, "conformal", {"coverage": 0.812})
    assert asked["evaluation"]["config"] == {"part": "test", "coverage": 0.812}
    assert count_rows() == 0
    for coverage in (0.8, 0.9, 0.9):
        EvaluationService.get_evaluation(trained_once, "conformal", {"coverage": coverage}, actor=viewer)
    assert count_rows() == 2


def test_kept_results_come_back_until_the_classifier_is_another(trained_once: int) -> None:
    kept = EvaluationService.cache_evaluation_results(trained_once, "errors", {"n": 3})
    assert kept["success"], kept["error"]
    assert EvaluationService.get_cached_evaluation(trained_once, "errors") == {"n": 3}
    assert EvaluationService.get_cached_evaluation(trained_once, "roc") is None
    with get_db_session() as session:
        session.execute(update(Experiment).values(classifier_sha256="another"))
        session.commit()
    assert EvaluationService.get_cached_evaluation(trained_once, "errors") is None


def test_evaluations_go_with_their_experiment(trained_once: int) -> None:
    get_quick(trained_once, "roc")
    assert ExperimentService.delete_experiment(trained_once)["success"]
    with get_db_session(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(Evaluation)) == 0


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    good = {"probabilities": [[0.6, 0.4], [0.1, 0.9]], "targets": [0, 1], "class_names": ["a", "b"]}
    assert EvaluationService.generate_roc_data(**good)["roc"]["macro"]["auc"] == 1.0
    errors = EvaluationService.analyze_errors([1, 1], **good)["errors"]
    assert errors["cells"][0]["recordings"] == [{"recording_id": 0}]
    for broken in (
        {"targets": [0]},
        {"targets": [0, 2]},
        {"class_names": ["a"]},
        {"probabilities": [[1], [0, 1]]},
    ):
        refused = EvaluationService.generate_roc_data(**{**good, **broken})
        assert refused["error_code"] == "invalid_input", broken


def test_every_kind_is_quick_or_a_job() -> None:
    assert QUICK_KINDS.isdisjoint(JOB_KINDS)
    assert len(QUICK_KINDS | JOB_KINDS) == 10
