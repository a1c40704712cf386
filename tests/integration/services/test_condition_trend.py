"""A condition trend from stored recordings: computed by a job once, read many times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard_config import Settings, get_settings
from models.user import Role
from services.data_service import DataService
from services.shared.actors import Actor
from tests.factories.imports import make_noise, run_import, write_canonical_file

N_RUNS = 60
GROWS_FROM = 40


def import_run_to_failure(path: Path) -> int:
    """Import 60 recordings of one bearing whose level grows from the 40th on."""
    levels = np.where(np.arange(N_RUNS) < GROWS_FROM, 1.0, 1.35 ** (np.arange(N_RUNS) - GROWS_FROM + 3))
    signals = {
        f"run_{index + 1}/DE": (levels[index] * make_noise(index, 4_000)).astype("f4")
        for index in range(N_RUNS)
    }
    job = run_import(
        [write_canonical_file(path, signals, sample_rate_hz=10_000.0, unit="g", bearing="6205")],
        {},
        "Life",
    )
    assert job["state"] == "done", job["error"]
    dataset_id: int = job["result"]["dataset_id"]
    return dataset_id


@pytest.fixture
def life(database: Settings, tmp_path: Path) -> int:
    return import_run_to_failure(tmp_path / "life.h5")


def compute(dataset_id: int) -> None:
    asked = DataService.request_condition_trend(dataset_id)
    assert DataService.run_trend_job(asked["job_id"], "test") == "done"


def test_a_growing_level_is_found_where_it_begins(life: int) -> None:
    compute(life)
    trend = DataService.get_condition_trend(life, indicator="rms", reference=(0.0, 0.5))
    assert trend["ready"], trend
    assert trend["n_observations"] == N_RUNS
    assert trend["points"]["recordings"][:3] == ["run_1", "run_2", "run_3"]
    assert trend["points"]["recordings"][9] == "run_10"
    assert trend["points"]["values"][0] == pytest.approx(1.0, rel=0.05)
    assert trend["onset"]["index"] == GROWS_FROM
    assert GROWS_FROM <= trend["change_point"]["index"] < N_RUNS
    assert trend["change_point"]["significant"]
    assert trend["alarm"]["value"] > trend["alert"]["value"] > 1.0
    assert trend["alarm"]["n_above"] >= N_RUNS - GROWS_FROM
    assert trend["unit"] == "g"


def test_asking_twice_gives_one_job_and_afterwards_none(life: int) -> None:
    before = DataService.get_condition_trend(life)
    assert (before["ready"], before["job"]) == (False, None)
    first, second = (DataService.request_condition_trend(life) for _ in range(2))
    assert first["job_id"] == second["job_id"]
    assert DataService.get_condition_trend(life)["job"]["state"] == "queued"
    DataService.run_trend_job(first["job_id"], "test")
    assert DataService.request_condition_trend(life)["ready"]


def test_a_damaged_file_is_computed_anew_and_never_shown(life: int) -> None:
    compute(life)
    (stored,) = get_settings().trends_dir.glob("*.trend")
    stored.write_bytes(stored.read_bytes()[:-100])
    assert not DataService.get_condition_trend(life)["ready"]
    compute(life)
    assert DataService.get_condition_trend(life)["ready"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"indicator": "mood"}, "Unknown indicator"),
        ({"indicator": "outer_race"}, "shaft speed"),
        ({"reference": (0.5, 0.5)}, "reference period"),
        ({"reference": (0.0, 0.1)}, "at least 10"),
        ({"alarm_rate": 0.02}, "must rise"),
        ({"channel": "nowhere"}, "no such series"),
    ],
)
def test_what_cannot_be_is_refused_in_words(life: int, asked: dict[str, Any], words: str) -> None:
    compute(life)
    refused = DataService.get_condition_trend(life, **asked)
    assert not refused["success"]
    assert words in refused["error"]


def test_a_viewer_reads_but_does_not_start_the_job(life: int) -> None:
    viewer = Actor(user_id=1, role=Role.VIEWER, name="Vi")
    assert DataService.get_condition_trend(life, actor=viewer)["success"]
    assert DataService.request_condition_trend(life, actor=viewer)["error_code"] == "forbidden"


@pytest.mark.usefixtures("database")
def test_the_last_tenth_of_a_real_run_to_failure_is_above_the_alarm(real_data: Path) -> None:
    path = real_data / "femto_bearing1_1" / "Bearing1_1_every10th.npz"
    job = run_import([path], {}, "FEMTO")
    dataset_id = job["result"]["dataset_id"]
    compute(dataset_id)
    trend = DataService.get_condition_trend(dataset_id, indicator="rms", reference=(0.2, 0.45))
    assert trend["n_observations"] == 282
    assert [int(name.split("/")[-1]) for name in trend["points"]["recordings"]] == [*range(1, 2802, 10), 2803]
    last = np.array(trend["points"]["values"][-28:])
    assert (last > trend["alarm"]["value"]).all()
    assert 127 <= trend["onset"]["index"] < 254
    assert trend["axis"] == "elapsed"
