"""The queue of record on both databases."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from database.connection import get_db_session
from models.job import JobCommand, JobState, Worker
from models.user import Role
from services.jobs import board, queue, workers
from services.jobs.queue import LeaseWatch
from services.jobs.runner import JobHandle, JobPaused, execute_job
from services.shared.actors import SYSTEM
from tests.factories.jobs import add_job, add_person
from utils.clock import utc_now
from utils.exceptions import InvalidInputError, LeaseLostError, ServiceUnavailableError

pytestmark = pytest.mark.usefixtures("each_database")


def state_of(job_id: int) -> str:
    job = board.get_job(job_id)
    assert job is not None
    return str(job["state"])


def test_ten_deliveries_of_one_message_run_the_job_once() -> None:
    job_id, runs = add_job(), []

    def handler(handle: JobHandle) -> dict[str, int]:
        runs.append(handle.attempt)
        time.sleep(0.05)
        return {"answer": 42}

    threads = [
        threading.Thread(target=execute_job, args=(job_id, handler), kwargs={"worker": f"w{i}"})
        for i in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = board.get_job(job_id)
    assert runs == [1]
    assert job is not None
    assert (job["state"], job["result"], job["progress"]) == ("done", {"answer": 42}, 1.0)


def test_a_late_write_of_a_lost_attempt_is_refused() -> None:
    job_id = add_job()
    first = queue.claim_job(job_id, "frozen")
    assert first is not None
    assert queue.give_up_lost(job_id, first.fence) is JobState.QUEUED
    second = queue.claim_job(job_id, "next")
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(LeaseLostError):
        queue.finish_job(job_id, first.fence, {"from": "the dead"})
    queue.finish_job(job_id, second.fence, {"from": "the living"})
    job = board.get_job(job_id)
    assert job is not None
    assert job["result"] == {"from": "the living"}


def test_a_job_lost_three_times_is_dead_and_says_what_to_do() -> None:
    job_id = add_job()
    for _ in range(3):
        claimed = queue.claim_job(job_id, "poisoned")
        assert claimed is not None
        queue.give_up_lost(job_id, claimed.fence)
    job = board.get_job(job_id)
    assert job is not None
    assert job["state"] == "dead"
    assert job["error_code"] == "job_lost"
    assert "memory" in job["error"]
    assert queue.claim_job(job_id, "again") is None


def test_only_an_attempt_whose_heartbeat_stands_still_is_lost() -> None:
    job_id = add_job()
    claimed = queue.claim_job(job_id, "w")
    assert claimed is not None
    watch = LeaseWatch()
    assert watch.find_lost(now_s=0.0) == []
    queue.renew_lease(job_id, claimed.fence, 0.5, "half")
    assert watch.find_lost(now_s=1_000.0) == []
    assert watch.find_lost(now_s=1_029.0) == []
    assert watch.find_lost(now_s=1_031.0) == [(job_id, claimed.fence)]


def test_the_jobs_own_error_is_kept_with_its_code() -> None:
    job_id = add_job()

    def handler(_: JobHandle) -> dict[str, int]:
        raise InvalidInputError("The file holds no samples; choose another one.")

    assert execute_job(job_id, handler, worker="w") == "failed"
    job = board.get_job(job_id)
    assert job is not None
    assert (job["error"], job["error_code"]) == (
        "The file holds no samples; choose another one.",
        "invalid_input",
    )


def test_an_unexpected_error_shows_a_reference_and_no_detail() -> None:
    job_id = add_job()

    def handler(_: JobHandle) -> dict[str, int]:
        raise ZeroDivisionError("secret detail")

    assert execute_job(job_id, handler, worker="w") == "failed"
    job = board.get_job(job_id)
    assert job is not None
    assert job["reference_id"] in job["error"]
    assert "secret detail" not in job["error"]


def test_a_passing_fault_is_tried_again_later_and_at_last_fails() -> None:
    job_id = add_job()

    def handler(_: JobHandle) -> dict[str, int]:
        raise ServiceUnavailableError("The database is away.")

    states = [execute_job(job_id, handler, worker="w") for _ in range(3)]
    assert states == ["queued", "queued", "failed"]


def test_a_job_waits_for_its_back_off_before_it_is_published_again() -> None:
    job_id = add_job()
    claimed = queue.claim_job(job_id, "w")
    assert claimed is not None
    queue.give_up_lost(job_id, claimed.fence)
    assert queue.list_publishable(10) == []


def test_a_message_under_way_is_not_sent_twice_until_it_is_thought_lost() -> None:
    job_id = add_job()
    assert queue.list_publishable(10) == [(job_id, "train", "train")]
    queue.mark_published(job_id)
    assert queue.list_publishable(10) == []
    queue.forget_published()
    assert queue.list_publishable(10) == [(job_id, "train", "train")]


def test_a_long_queue_is_published_a_few_at_a_time_oldest_first() -> None:
    ids = [add_job() for _ in range(5)]
    assert [job_id for job_id, _, _ in queue.list_publishable(2)] == ids[:2]


def test_cancelling_a_waiting_job_is_at_once_and_a_running_one_within_a_second() -> None:
    waiting = add_job()
    assert board.cancel_job(waiting)["success"]
    assert state_of(waiting) == "cancelled"

    running, started = add_job(), threading.Event()

    def handler(handle: JobHandle) -> dict[str, int]:
        started.set()
        for _ in range(500):
            handle.raise_if_interrupted()
            time.sleep(0.01)
        return {}

    thread = threading.Thread(target=execute_job, args=(running, handler), kwargs={"worker": "w"})
    thread.start()
    started.wait(5)
    assert board.cancel_job(running)["success"]
    thread.join(timeout=2)
    assert state_of(running) == "cancelled"


def test_a_pause_keeps_the_attempt_count_and_resume_queues_again() -> None:
    job_id = add_job()

    def handler(handle: JobHandle) -> JobPaused:
        board.command_job(handle.job_id, JobCommand.PAUSE, actor=SYSTEM)
        while handle.command() != JobCommand.PAUSE:
            time.sleep(0.05)
        return JobPaused()

    assert execute_job(job_id, handler, worker="w") == "paused"
    assert board.resume_job(job_id, actor=SYSTEM)["job"]["state"] == "queued"
    claimed = queue.claim_job(job_id, "w")
    assert claimed is not None
    assert claimed.attempt == 1


@pytest.mark.parametrize(
    ("command", "state", "left"),
    [("resume", "queued", None), ("cancel", "cancelled", None), ("stop", "queued", "stop")],
)
def test_what_is_asked_while_a_pause_is_being_stored_is_obeyed(
    command: str, state: str, left: str | None
) -> None:
    person = add_person()
    job_id = add_job(actor=person)

    def handler(handle: JobHandle) -> JobPaused:
        board.command_job(job_id, JobCommand.PAUSE, actor=SYSTEM)
        if command == "resume":
            board.resume_job(job_id, actor=SYSTEM)
        else:
            board.command_job(job_id, JobCommand(command), actor=SYSTEM)
        return JobPaused()

    assert execute_job(job_id, handler, worker="w") == state
    job = board.get_job(job_id)
    assert job is not None
    assert (job["state"], job["command"], job["attempt"]) == (state, left, 0)
    told = [toast["title"] for toast in board.take_toasts(actor=person)]
    assert told == (["Cancelled: Train something"] if state == "cancelled" else [])


def test_the_rest_is_estimated_from_an_unbroken_run_only() -> None:
    job_id = add_job()

    def find_rest_s() -> float | None:
        claimed = queue.claim_job(job_id, "w")
        assert claimed is not None
        queue.renew_lease(job_id, claimed.fence, 0.5, None)
        job = board.get_job(job_id)
        assert job is not None
        board.command_job(job_id, JobCommand.PAUSE, actor=SYSTEM)
        assert queue.release_job(job_id, claimed.fence) is JobState.PAUSED
        return job["eta_s"]

    assert find_rest_s() is not None
    board.resume_job(job_id, actor=SYSTEM)
    assert find_rest_s() is None


def test_stopping_a_paused_job_queues_it_with_the_command_for_its_next_run() -> None:
    job_id = add_job()
    board.command_job(job_id, JobCommand.PAUSE, actor=SYSTEM)
    assert state_of(job_id) == "paused"
    board.command_job(job_id, JobCommand.STOP, actor=SYSTEM)
    claimed = queue.claim_job(job_id, "w")
    assert claimed is not None
    assert claimed.command == "stop"


def test_a_worker_that_shuts_down_gets_its_job_back_into_the_queue_uncounted() -> None:
    job_id = add_job()

    def handler(handle: JobHandle) -> JobPaused:
        assert queue.ask_yield("w-closing") == 1
        while handle.command() != JobCommand.YIELD:
            time.sleep(0.05)
        return JobPaused()

    assert execute_job(job_id, handler, worker="w-closing") == "queued"
    assert queue.list_publishable(10) == [(job_id, "train", "train")]


def test_an_ended_job_takes_no_more_commands() -> None:
    job_id = add_job()
    execute_job(job_id, lambda _: {}, worker="w")
    answer = board.cancel_job(job_id)
    assert (answer["success"], answer["error_code"]) == (False, "job_state")
    assert board.cancel_job(job_id + 1000)["error_code"] == "not_found"


def test_viewers_may_look_but_not_cancel() -> None:
    job_id, viewer = add_job(), add_person(Role.VIEWER)
    assert board.get_job(job_id, actor=viewer) is not None
    assert board.cancel_job(job_id, actor=viewer)["error_code"] == "forbidden"


def test_the_owner_hears_of_the_end_exactly_once() -> None:
    ann, bob = add_person(), add_person(email="bob@example.org")
    execute_job(add_job(ann), lambda _: {}, worker="w")
    assert [board.has_toasts(actor=ann), board.has_toasts(actor=bob)] == [True, False]
    assert [toast["level"] for toast in board.take_toasts(actor=ann)] == ["success"]
    assert (board.has_toasts(actor=ann), board.take_toasts(actor=ann)) == (False, [])
    assert board.take_toasts(actor=bob) == []


def test_the_banner_names_what_is_missing() -> None:
    assert "dispatcher" in board.get_queue_health()["banner"]
    workers.beat("d", workers.DISPATCHER, {"broker_alive": False})
    assert "Redis" in board.get_queue_health()["banner"]
    workers.beat("d", workers.DISPATCHER, {"broker_alive": True})
    assert "trainings, imports and diagnoses" in board.get_queue_health()["banner"]
    workers.beat("w/train", "train")
    assert "no worker is running for imports and diagnoses. They" in board.get_queue_health()["banner"]
    workers.beat("w/quick", "quick")
    assert board.get_queue_health()["banner"] is None
    workers.sign_off("w")
    assert "no worker" in board.get_queue_health()["banner"]


def test_a_job_whose_worker_has_fallen_silent_is_said_to_have_lost_it() -> None:
    job_id = add_job()
    queue.claim_job(job_id, "far-away-7")
    workers.beat("far-away-7/train", "train")
    assert board.has_lost_worker(job_id) is False
    with get_db_session() as session:
        session.execute(update(Worker).values(heartbeat_at=utc_now() - timedelta(minutes=1)))
        session.commit()
    assert board.has_lost_worker(job_id) is True


def test_a_job_that_waits_has_no_worker_to_lose() -> None:
    assert board.has_lost_worker(add_job()) is False
