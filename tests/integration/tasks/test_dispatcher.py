"""One step of the dispatcher, with a broker that changes its mind."""

from __future__ import annotations

import pytest

from dashboard_config import Settings
from services.jobs import board, workers
from tasks import dispatcher
from tasks.dispatcher import Dispatcher
from tests.factories.jobs import add_job


@pytest.fixture
def sent(sqlite_database: Settings, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the jobs that would be published."""
    found: list[int] = []
    monkeypatch.setattr(dispatcher, "publish", lambda job_id, *_: found.append(job_id))
    return found


def test_a_waiting_job_is_published_once(sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "check_broker", lambda: True)
    subject, job_id = Dispatcher("d"), add_job()
    for _ in range(3):
        subject.step()
    assert sent == [job_id]


def test_a_chore_that_fails_ends_neither_the_others_nor_the_dispatcher(
    sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise FileNotFoundError("gone meanwhile")

    monkeypatch.setattr(workers, "check_broker", lambda: True)
    monkeypatch.setattr(dispatcher, "tidy_up", fail)
    monkeypatch.setattr(dispatcher, "drop_stray_samples", lambda: done.append("samples"))
    job_id = add_job()
    Dispatcher("d").step()
    assert (done, sent) == (["samples"], [job_id])


def test_a_broker_that_fell_silent_since_the_last_look_is_sent_nothing(
    sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True, False])
    monkeypatch.setattr(workers, "check_broker", lambda: next(answers))
    add_job()
    Dispatcher("d").step()
    assert sent == []
    health = board.get_queue_health()
    assert health["dispatcher_alive"]
    assert "Redis" in health["banner"]
