"""Models that read envelopes by shaft order, from a stored dataset to a diagnosis."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from database.connection import get_db_session
from models.recording import Recording, Signal
from services.experiment_service import ExperimentService
from tests.factories.datasets import SmallDataset, add_small_dataset

ORDER_NET = {"epochs": 2, "window_s": 0.8, "n_filters": 4, "batch_size": 4}
FOREST = {"n_trees": 20, "window_s": 0.8, "features": "envelope_orders"}


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def _create(small: SmallDataset, network: str, options: dict[str, object]) -> dict:
    return ExperimentService.create_experiment(
        {"network": network, "split_id": small.split_id, "options": options, "baseline": False}
    )


@pytest.mark.parametrize(("network", "options"), [("order_net", ORDER_NET), ("random_forest", FOREST)])
def test_bearing_and_speed_of_the_dataset_reach_training_test_and_diagnosis(
    small: SmallDataset, network: str, options: dict[str, object]
) -> None:
    created = _create(small, network, options)
    assert created["success"], created["error"]
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"

    experiment_id = created["experiment_ids"][0]
    results = ExperimentService.get_results(experiment_id)
    assert results is not None
    assert results["test"]["recording_level"]["n"] == 2
    request = ExperimentService.request_diagnosis(
        experiment_id=experiment_id, signal_id=small.signal_ids["inner_race", 3]
    )
    assert request["success"], request["error"]
    assert ExperimentService.run_diagnosis_job(request["job_id"], "w") == "done"


@pytest.mark.parametrize(("network", "options"), [("order_net", ORDER_NET), ("random_forest", FOREST)])
def test_short_windows_and_unknown_machines_are_refused_before_anything_is_stored(
    small: SmallDataset, network: str, options: dict[str, object]
) -> None:
    short = _create(small, network, {**options, "window_s": 0.25})
    assert "holds 6.2 turns" in short["error"]
    assert "Set window_s to 0.7 s or more" in short["error"]

    with get_db_session() as session:
        session.execute(update(Signal).values(bearing_id=None))
        session.commit()
    assert "fault orders" in _create(small, network, options)["error"]

    with get_db_session() as session:
        session.execute(update(Recording).values(shaft_speed_rpm=None))
        session.commit()
    assert "shaft speed" in _create(small, network, options)["error"]
