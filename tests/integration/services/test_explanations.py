"""Explanations on both databases: asked for, worked out, kept, found again, forgotten."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from dashboard_config import Settings, get_settings
from database.connection import dispose_engine, get_db_session
from models.experiment import Experiment
from models.explanation import Explanation
from models.job import Job, JobCommand, JobState
from models.recording import Recording, Signal
from models.split import SplitMember
from models.user import Role
from services.dataset_service import DatasetService
from services.diagnoses.opinions import ask_classifier
from services.evaluations.works import open_work
from services.experiment_service import ExperimentService
from services.experiments.given import read_stored
from services.explanation_cache import ExplanationCache
from services.explanations import requests, storing
from services.explanations.material import load_model
from services.explanations.packing import MAX_PACKED_BYTES
from services.jobs import board
from services.reports.attribution import find_explanation
from services.xai_service import XAIService
from tasks.dispatcher import Dispatcher
from tests.factories.datasets import (
    SAMPLE_RATE_HZ,
    SHAFT_SPEED_RPM,
    SmallDataset,
    add_small_dataset,
    simulate,
)
from tests.factories.experiments import train
from tests.factories.explanations import FOREST, explain, work_out
from tests.factories.jobs import add_person
from utils.clock import utc_now
from utils.exceptions import DataDamagedError

Counting = Callable[[], AbstractContextManager[list[str]]]
NETWORK = {"epochs": 1, "window_s": 0.5}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def forest(request: pytest.FixtureRequest) -> tuple[SmallDataset, int]:
    if request.param == "sqlite":
        kept: tuple[SmallDataset, int] = request.getfixturevalue("forest_here")
        return kept
    request.getfixturevalue("postgres_database")
    small = add_small_dataset()
    return small, train(small, options=FOREST)


@pytest.fixture(scope="module")
def trained_once(
    _migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, SmallDataset, int, int]]:
    """Train a forest and a network once; tests take copies of the folder."""
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(_migrated_sqlite, folder / "lstm_pfd.sqlite3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        dispose_engine()
        get_settings.cache_clear()
        small = add_small_dataset()
        trained = train(small, options=FOREST), train(small, "cnn1d", options=NETWORK)
    dispose_engine()
    get_settings.cache_clear()
    yield folder, small, *trained


@pytest.fixture
def forest_here(
    configure: Callable[[], Settings], trained_once: tuple[Path, SmallDataset, int, int]
) -> tuple[SmallDataset, int]:
    folder, small, forest_id, _ = trained_once
    shutil.copytree(folder, configure().data_dir)
    return small, forest_id


@pytest.fixture
def network_here(
    forest_here: tuple[SmallDataset, int], trained_once: tuple[Path, SmallDataset, int, int]
) -> tuple[SmallDataset, int]:
    return forest_here[0], trained_once[3]


def change(explanation_id: int, **values: Any) -> None:
    with get_db_session() as session:
        session.execute(update(Explanation).where(Explanation.id == explanation_id).values(**values))
        session.commit()


def wait_until_seen(explanation_id: int, seconds: float = 20.0) -> None:
    for _ in range(int(seconds / 0.05)):
        with get_db_session(read_only=True) as session:
            if utc_now() - session.get_one(Explanation, explanation_id).last_used_at < timedelta(hours=1):
                return
        time.sleep(0.05)
    raise AssertionError("the look was never written down")


def count_kept() -> int:
    with get_db_session(read_only=True) as session:
        return len(session.scalars(select(Explanation.id)).all())


def test_an_explanation_is_worked_out_once_and_found_again(forest: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest
    signal_id = small.signal_ids["inner_race", 3]
    asked = XAIService.request_explanation(experiment_id, signal_id, "feature_shap")
    assert XAIService.request_explanation(experiment_id, signal_id, "feature_shap") == {
        **asked, "reused": True,
    }  # fmt: skip
    found = work_out(asked)
    json.dumps(found, allow_nan=False)
    summary = found["summary"]
    assert summary["headline"]["predicted"] == summary["target_class"] == "inner_race"
    assert summary["is_complete"] is True
    total = sum(row["attribution"] for row in summary["features"]["rows"])
    window = summary["windows"][0]
    assert total == pytest.approx(window["score_input"] - window["score_baseline"], rel=0.01)
    checks = ["infidelity", "sensitivity", "deletion", "insertion", "randomised_weights"]
    assert [(check["axis"], check["name"]) for check in summary["trust"]] == [
        ("features", "completeness"),
        *(("features", name) for name in checks),
        *(("frequency", name) for name in checks),
    ]
    assert set(summary["trusted"]) == {"features", "frequency"}
    again = XAIService.request_explanation(experiment_id, signal_id, "feature_shap", {"trust": "true"})
    assert again["job_id"] is None and again["reused"]
    assert again["explanation"]["summary"] == summary
    other = XAIService.request_explanation(experiment_id, signal_id, "feature_shap", {"seed": 1})
    assert other["explanation"] is None and other["job_id"] != asked["job_id"]
    assert board.get_job(asked["job_id"])["link"] == (  # type: ignore[index]
        f"/xai?experiment={experiment_id}&signal={signal_id}&method=feature_shap"
        f"&explanation={found['explanation_id']}"
    )
    page = XAIService.list_explanations(experiment_id)
    assert [(item["is_done"], item["job"]["state"]) for item in page["items"]] == [
        (False, "queued"), (True, "done"),
    ]  # fmt: skip
    assert page["items"][1]["headline"] == summary["headline"]
    assert page["items"][1]["recording"] == "inner_race_3"
    assert "summary" not in page["items"][1] and page["items"][0]["headline"] is None
    assert work_out(XAIService.request_explanation(
        experiment_id, signal_id, "feature_shap", again=True
    ))["explanation_id"] == found["explanation_id"]  # fmt: skip


def test_a_classifier_that_was_trained_again_is_explained_again(
    forest_here: tuple[SmallDataset, int],
) -> None:
    small, experiment_id = forest_here
    signal_id = small.signal_ids["healthy", 3]
    found = explain(experiment_id, signal_id)
    waiting = XAIService.explain(experiment_id, signal_id, "occlusion", overlap=0.1)
    with get_db_session() as session:
        session.execute(update(Experiment).values(classifier_sha256="0" * 64))
        session.commit()
    assert XAIService.run_explanation_job(waiting["job_id"], "w") == "failed"
    assert "trained again" in board.get_job(waiting["job_id"])["error"]  # type: ignore[index]
    kept = XAIService.get_explanation(found["explanation_id"])
    assert kept is not None and not kept["current"]
    assert ExplanationCache.get_explanation(experiment_id, signal_id, "occlusion") is None
    assert XAIService.explain(experiment_id, signal_id, "occlusion", trust=False)["explanation"] is None


def test_a_classifier_that_was_changed_is_refused_in_the_same_words_by_all(
    forest_here: tuple[SmallDataset, int],
) -> None:
    small, experiment_id = forest_here
    with get_db_session() as session:
        session.execute(update(Experiment).values(classifier_sha256="0" * 64))
        session.commit()
        experiment = session.get_one(Experiment, experiment_id)
    given = read_stored(small.signal_ids["healthy", 3])
    never: Any = None
    words = f"classifier of experiment {experiment_id} is not the one that was trained"
    for ask in (
        lambda: load_model(experiment_id),
        lambda: open_work(experiment_id, {}, never),
        lambda: ask_classifier(experiment, given, []),
    ):
        with pytest.raises(DataDamagedError, match=words):
            ask()


def test_a_speed_that_is_entered_later_asks_anew(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here
    signal_id = small.signal_ids["inner_race", 3]
    found = explain(experiment_id, signal_id)
    with get_db_session() as session:
        session.execute(update(Recording).values(shaft_speed_rpm=None))
        session.commit()
    without = explain(experiment_id, signal_id)
    assert without["explanation_id"] != found["explanation_id"]
    assert without["summary"]["shaft"]["frequency_hz"] is None and without["summary"]["bands"] == []
    assert "No line of the machine could be placed" in without["summary"]["sentences"][1]
    lost = XAIService.request_what_if(experiment_id, signal_id)
    assert XAIService.run_explanation_job(lost["job_id"], "w") == "failed"
    assert "Name the bands in Hz" in board.get_job(lost["job_id"])["error"]  # type: ignore[index]


def test_what_ifs_do_not_hide_what_the_classifier_looked_at(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here
    signal_id = small.signal_ids["inner_race", 3]
    found = explain(experiment_id, signal_id)
    sha256 = found["classifier_sha256"]
    with get_db_session() as session:
        for number in range(25):
            session.add(
                Explanation(
                    experiment_id=experiment_id, classifier_sha256=sha256, subject=f"signal:{signal_id}",
                    signal_id=signal_id, method="what_if", options={}, options_sha256=str(number), summary={},
                )
            )  # fmt: skip
        session.commit()
    kept = XAIService.find_attribution(experiment_id, signal_id, sha256)
    in_report = find_explanation(experiment_id, signal_id, sha256)
    assert kept is not None and in_report is not None
    assert kept["explanation_id"] == in_report["explanation_id"] == found["explanation_id"]
    assert XAIService.find_attribution(experiment_id, signal_id, "0" * 64) is None
    assert XAIService.find_attribution(experiment_id, small.signal_ids["healthy", 3], sha256) is None


def test_two_who_ask_at_the_same_moment_get_one_job(
    forest: tuple[SmallDataset, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, experiment_id = forest
    signal_id = small.signal_ids["healthy", 0]
    first = XAIService.explain(experiment_id, signal_id, "occlusion")
    answers = iter([None])
    find = requests.find_row
    monkeypatch.setattr(requests, "find_row", lambda *asked: next(answers, find(*asked)))
    second = XAIService.explain(experiment_id, signal_id, "occlusion")
    assert (second["job_id"], second["reused"]) == (first["job_id"], True)
    assert (count_kept(), board.list_jobs(kind="explain")["total"]) == (1, 1)


def test_curves_belong_to_their_window_and_are_thinned_on_request(
    forest_here: tuple[SmallDataset, int],
) -> None:
    small, experiment_id = forest_here
    found = explain(experiment_id, small.signal_ids["inner_race", 3], n_windows=2, start_s=0.2)
    explanation_id = found["explanation_id"]
    assert [window["start_s"] for window in found["summary"]["windows"]] == [0.25, 0.5]
    second = XAIService.get_explanation(explanation_id, window=1, n_points=50)
    assert second is not None
    drawn = second["curves"]["time"]
    assert (drawn["start_s"], drawn["samples_per_point"], len(drawn["waveform"])) == (0.5, 20, 50)
    signal = simulate("inner_race", seed=31)
    window = signal[1000:2000]
    standardised = (window - window.mean()) / window.std()
    whole = XAIService.get_explanation(explanation_id, window=1)["curves"]["time"]["waveform"]  # type: ignore[index]
    assert np.corrcoef(whole, standardised)[0, 1] > 0.9  # but for the band limit
    frequency = found["curves"]["frequency"]
    assert frequency["step_hz"] == 2.0 and len(frequency["density"]) == 501
    assert sum(frequency["density"]) == pytest.approx(1.0, abs=0.01)
    assert found["n_bytes"] <= MAX_PACKED_BYTES + len(json.dumps(found["summary"]))


def test_different_recordings_get_different_explanations(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here
    faulty = explain(experiment_id, small.signal_ids["inner_race", 3])
    healthy = explain(experiment_id, small.signal_ids["healthy", 3])
    assert faulty["summary"]["target_class"] != healthy["summary"]["target_class"]
    assert faulty["curves"]["time"]["attribution"] != healthy["curves"]["time"]["attribution"]
    shares = {band["name"]: band["share"] for band in faulty["summary"]["bands"]}
    assert max(("BPFI", "BPFO", "2×BSF", "FTF"), key=lambda name: shares[name]) == "BPFI"
    shaft = faulty["summary"]["shaft"]
    assert shaft["frequency_hz"] == pytest.approx(SHAFT_SPEED_RPM / 60, rel=0.1)
    assert len(faulty["summary"]["sentences"]) == 4


def test_a_network_is_checked_against_random_weights(network_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = network_here
    asked = XAIService.request_explanation(
        experiment_id, small.signal_ids["inner_race", 3], "occlusion", {"target_class": "inner_race"}
    )
    summary = work_out(asked)["summary"]
    assert summary["target_class"] == "inner_race"
    assert len(summary["agreement"]["random_weights"]) == 3
    assert all(check["passes"] in (True, False) for check in summary["trust"])
    assert summary["headline"]["failed"] == sum(not check["passes"] for check in summary["trust"])


def test_what_if_finds_the_band_that_the_answer_hangs_on(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here
    signal_id = small.signal_ids["inner_race", 3]
    bands = [{"low_hz": 400, "high_hz": 800, "name": "ringing"}, {"low_hz": 900, "high_hz": 950}]
    found = work_out(XAIService.request_what_if(experiment_id, signal_id, {"bands": bands}))["summary"]
    ringing, rest = found["bands"]
    assert ringing["label"] == "ringing" and rest["label"] == "900-950 Hz"
    assert {flip["class_name"] for flip in ringing["flips"]} == {"healthy"} and not rest["flips"]
    assert -60.0 in [flip["gain_db"] for flip in ringing["flips"]]
    place = ringing["gains_db"].index(0.0)
    assert ringing["probabilities"][place] == pytest.approx(rest["probabilities"][place], abs=1e-6)
    assert "ringing moves the probability of inner race furthest" in found["sentences"][0]
    prediction = ExperimentService.list_predictions(experiment_id, target="inner_race")[0]
    assert prediction["predicted"] == found["prediction"]["class_name"]
    own = work_out(XAIService.request_what_if(experiment_id, signal_id))["summary"]
    assert {"BPFI", "BPFO"} <= {band["name"] for band in own["bands"]}
    lost = XAIService.request_what_if(experiment_id, signal_id, {"bands": "1.0-1.5"})
    assert XAIService.run_explanation_job(lost["job_id"], "w") == "failed"
    assert "between two bins" in board.get_job(lost["job_id"])["error"]  # type: ignore[index]


def test_a_part_is_explained_class_by_class(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here
    found = work_out(XAIService.explain_part(experiment_id, "train", "feature_shap"))
    json.dumps(found, allow_nan=False)
    summary = found["summary"]
    assert found["part"] == "train" and found["signal_id"] is None
    assert [entry["fault_class"] for entry in summary["classes"]] == ["healthy", "inner_race"]
    assert (
        summary["n_recordings"]
        == len(summary["recordings"])
        == sum(entry["n_recordings"] for entry in summary["classes"])
    )
    assert {row["signal_id"] for row in summary["recordings"]} <= set(small.signal_ids.values())
    assert all(row["correct"] == (row["target"] == row["predicted"]) for row in summary["recordings"])
    assert set(found["curves"]["orders"]) >= {"healthy", "inner_race", "step"}
    assert all(entry["features"] for entry in summary["classes"])
    one = work_out(XAIService.explain_part(experiment_id, "test", "occlusion", {"max_recordings": 1}))
    assert one["summary"]["n_recordings"] == 1
    assert any("At most 1 recordings" in note for note in one["summary"]["notes"])
    refused = XAIService.explain_part(experiment_id, "nowhere", "occlusion")
    assert refused["error_code"] == "invalid_input"


def test_a_speed_that_is_entered_later_asks_for_a_part_anew(forest_here: tuple[SmallDataset, int]) -> None:
    small, experiment_id = forest_here

    def ask() -> int:
        asked = XAIService.explain_part(experiment_id, "train", "feature_shap")
        assert asked["success"], asked["error"]
        number: int = asked["job_id"]
        return number

    with get_db_session(read_only=True) as session:
        parts = dict(session.execute(select(SplitMember.signal_id, SplitMember.part)).all())  # type: ignore[arg-type]
    first = ask()
    for part, is_anew in (("test", False), ("train", True)):
        own = next(number for number in small.signal_ids.values() if parts.get(number) == part)
        with get_db_session() as session:
            recording = select(Signal.recording_id).where(Signal.id == own).scalar_subquery()
            session.execute(update(Recording).where(Recording.id == recording).values(shaft_speed_rpm=1234.5))
            session.commit()
        assert (ask() != first) is is_anew


def test_what_cannot_be_explained_is_refused_with_its_reason(
    forest_here: tuple[SmallDataset, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, experiment_id = forest_here
    signal_id = small.signal_ids["healthy", 0]

    def ask(method: str = "occlusion", **options: Any) -> tuple[str, str]:
        refused = XAIService.explain(experiment_id, signal_id, method, **options)
        return refused["error_code"], refused["error"]

    assert "no gradient" in ask("integrated_gradients")[1]
    assert ask("weather")[0] == ask(weather=1)[0] == "unknown_option"
    assert "no class 'rust'" in ask(target_class="rust")[1]
    assert ask(n_windows=9)[0] == ask(baseline="silence")[0] == "invalid_input"
    assert XAIService.explain(experiment_id, 999, "occlusion")["error_code"] == "not_found"
    assert XAIService.explain(999, signal_id, "occlusion")["error_code"] == "not_found"
    offers = {each["name"]: each for each in XAIService.list_methods(experiment_id)["methods"]}
    assert not offers["gradcam"]["is_offered"] and "no gradient" in offers["gradcam"]["reason"]
    assert offers["feature_shap"]["is_offered"]
    reasons = {each["name"]: each["reason"] for each in XAIService.list_methods(experiment_id)["baselines"]}
    assert reasons["healthy_mean"] == ""
    viewer = add_person(Role.VIEWER)
    refused = XAIService.request_explanation(experiment_id, signal_id, "occlusion", actor=viewer)
    assert refused["error_code"] == "forbidden"
    assert ExplanationCache.clear_old_explanations(actor=viewer)["error_code"] == "forbidden"
    assert ExperimentService.trash_experiments([experiment_id])["success"]
    assert "trash" in ask()[1]


def test_without_captum_its_methods_say_what_to_install(
    network_here: tuple[SmallDataset, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, experiment_id = network_here
    monkeypatch.setitem(sys.modules, "captum", None)
    refused = XAIService.explain(experiment_id, small.signal_ids["healthy", 0], "integrated_gradients")
    assert refused["error_code"] == "missing_dependency"
    assert "install captum" in refused["error"]
    assert explain(experiment_id, small.signal_ids["healthy", 0])["summary"]["bands"]


def test_a_cancelled_job_leaves_no_answer_and_can_be_asked_again(
    forest_here: tuple[SmallDataset, int],
) -> None:
    _, experiment_id = forest_here
    asked = XAIService.explain_part(experiment_id, "train", "occlusion")
    with get_db_session() as session:
        session.execute(update(Job).where(Job.id == asked["job_id"]).values(command=JobCommand.CANCEL))
        session.commit()
    refused = ExperimentService.trash_experiments([experiment_id])
    assert "explanation is not over" in refused["error"]
    assert XAIService.run_explanation_job(asked["job_id"], "w") == "cancelled"
    (item,) = XAIService.list_explanations(experiment_id)["items"]
    assert not item["is_done"]
    again = XAIService.explain_part(experiment_id, "train", "occlusion")
    assert again["job_id"] != asked["job_id"]
    assert XAIService.delete_explanation(item["explanation_id"])["error_code"] == "job_state"
    assert work_out(again)["explanation_id"] == item["explanation_id"]
    assert XAIService.delete_explanation(item["explanation_id"])["success"]
    assert XAIService.delete_explanation(item["explanation_id"])["error_code"] == "not_found"
    assert XAIService.get_explanation(item["explanation_id"]) is None


class TestCache:
    """What `ExplanationCache` keeps beside what the jobs write."""

    def keep(self, experiment_id: int, signal_id: int, seed: int = 0) -> int:
        data = {"headline": {"failed": 0}, "arrays": {"attribution": [[0.0, 1.0, -2.0]]}}
        kept = ExplanationCache.cache_explanation(
            experiment_id, signal_id, "occlusion", data, options={"seed": seed}
        )
        assert kept["success"], kept["error"]
        return int(kept["explanation_id"])

    def test_it_keeps_what_was_worked_out_elsewhere(
        self, forest: tuple[SmallDataset, int], count_statements: Counting
    ) -> None:
        small, experiment_id = forest
        signal_id = small.signal_ids["healthy", 0]
        assert not ExplanationCache.explanation_exists(experiment_id, signal_id, "occlusion")
        first = self.keep(experiment_id, signal_id)
        assert self.keep(experiment_id, signal_id) == first
        found = ExplanationCache.get_explanation(experiment_id, signal_id, "occlusion")
        assert found is not None and found["summary"] == {"headline": {"failed": 0}}
        assert ExplanationCache.explanation_exists(experiment_id, signal_id, "occlusion", options={"seed": 0})
        assert not ExplanationCache.explanation_exists(
            experiment_id, signal_id, "occlusion", options={"seed": 1}
        )
        shown = XAIService.get_explanation(first)
        assert shown is not None
        assert shown["curves"]["time"]["attribution"] == pytest.approx([0.0, 1.0, -2.0], abs=1e-4)
        ids = [first, *(self.keep(experiment_id, signal_id, seed) for seed in range(1, 6))]
        with count_statements() as sent:
            recent = ExplanationCache.get_recent_explanations(experiment_id, limit=4)
        assert [item["explanation_id"] for item in recent] == ids[:1:-1]
        assert len(sent) <= 6
        statistics = ExplanationCache.get_cache_statistics()
        assert statistics is not None
        assert (statistics["n_explanations"], statistics["by_method"][0]["n"]) == (6, 6)
        assert statistics["n_bytes"] == sum(item["n_bytes"] for item in storing.list_headers()["items"])
        bad = ExplanationCache.cache_explanation(
            experiment_id, signal_id, "occlusion", {"arrays": {"attribution": [float("nan")]}}
        )
        assert bad["error_code"] == "invalid_input"

    def test_what_nobody_looks_at_goes_and_the_longest_unseen_first(
        self, forest: tuple[SmallDataset, int]
    ) -> None:
        small, experiment_id = forest
        signal_id, now = small.signal_ids["healthy", 0], utc_now()
        kept = [self.keep(experiment_id, signal_id, seed) for seed in range(4)]
        change(kept[0], last_used_at=now - timedelta(days=31))
        change(kept[1], last_used_at=now - timedelta(days=29))
        asked = XAIService.explain(experiment_id, signal_id, "occlusion", seed=9)
        (waiting,) = [item for item in storing.list_headers()["items"] if item["job_id"] == asked["job_id"]]
        change(waiting["explanation_id"], last_used_at=now - timedelta(days=99))
        cleared = ExplanationCache.clear_old_explanations()
        assert (cleared["n_old"], cleared["n_unanswered"], cleared["n_evicted"]) == (1, 0, 0)
        assert count_kept() == 4
        assert XAIService.get_explanation(kept[1]) is not None  # a look counts as a use
        wait_until_seen(kept[1])
        assert ExplanationCache.clear_old_explanations(days=1)["n_old"] == 0
        with get_db_session() as session:
            session.execute(update(Job).where(Job.id == asked["job_id"]).values(state=JobState.DEAD))
            session.commit()
        change(waiting["explanation_id"], last_used_at=now - timedelta(days=2))
        assert ExplanationCache.clear_old_explanations()["n_unanswered"] == 1
        change(kept[2], last_used_at=now - timedelta(hours=5))
        size = storing.list_headers()["items"][0]["n_bytes"]
        assert storing.forget_old(30, max_total_bytes=2 * size)["n_evicted"] == 1
        assert {item["explanation_id"] for item in storing.list_headers()["items"]} == {kept[1], kept[3]}
        assert ExplanationCache.clear_old_explanations(days=0)["error_code"] == "invalid_input"

    def test_the_dispatcher_forgets_them(self, forest_here: tuple[SmallDataset, int]) -> None:
        small, experiment_id = forest_here
        old = self.keep(experiment_id, small.signal_ids["healthy", 0])
        new = self.keep(experiment_id, small.signal_ids["healthy", 1])
        change(old, last_used_at=utc_now() - timedelta(days=31))
        Dispatcher(name="dispatcher").step()
        assert [item["explanation_id"] for item in storing.list_headers()["items"]] == [new]

    def test_it_goes_with_its_recording_and_its_experiment(self, forest: tuple[SmallDataset, int]) -> None:
        small, experiment_id = forest
        other = add_small_dataset("Other rig", first_seed=500)
        self.keep(experiment_id, other.signal_ids["healthy", 0])
        self.keep(experiment_id, small.signal_ids["healthy", 0])
        assert DatasetService.delete_dataset(other.dataset_id)["success"]
        assert count_kept() == 1
        assert ExperimentService.delete_experiment(experiment_id)["success"]
        assert count_kept() == 0


class TestInMemory:
    """Explanations of a model in memory."""

    def test_a_model_is_explained_and_checked_without_a_job(
        self, forest_here: tuple[SmallDataset, int]
    ) -> None:
        _, experiment_id = forest_here
        model = XAIService.load_model(experiment_id)
        assert model is not None
        signal = simulate("inner_race", seed=77)
        said = XAIService.get_model_prediction(model, signal, sample_rate_hz=SAMPLE_RATE_HZ)
        assert said is not None and said["class_name"] == "inner_race"
        found = XAIService.generate_shap_explanation(model, signal, method="features", num_samples=64)
        assert found["attribution"]["is_complete"]
        assert len(found["attribution"]["values"][0]) == len(found["attribution"]["feature_names"])
        occluded = XAIService.generate_occlusion(model, signal, n_windows=2)
        assert np.shape(occluded["attribution"]["values"]) == (2, 1000)
        assert XAIService.generate_lime_explanation(model, signal, 8, 64)["success"]
        assert (
            XAIService.generate_shap_explanation(model, signal, method="x")["error_code"] == "invalid_input"
        )
        for refused in (
            XAIService.generate_integrated_gradients(model, signal),
            XAIService.generate_gradcam(model, signal),
        ):
            assert "no gradient" in refused["error"]
        bands = XAIService.compute_band_attribution(
            model, signal, "feature_shap", shaft_speed_rpm=SHAFT_SPEED_RPM
        )
        assert sum(bands["axes"]["frequency"]["density"]) == pytest.approx(1.0)
        checks = XAIService.assess_explanation(model, signal, "occlusion")["trust"]
        assert [check["name"] for check in checks][:2] == ["infidelity", "sensitivity"]
        assert XAIService.get_device() == "cpu"
        assert XAIService.load_model(999) is None
        json.dumps([found, occluded, bands, checks], allow_nan=False)
