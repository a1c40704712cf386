"""Run one claimed job: heartbeat, progress, commands, and an end that is always written down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from sqlalchemy.orm import Session

from dashboard_config import get_settings
from models.job import JobCommand, JobState
from services.jobs import queue
from services.jobs.queue import ClaimedJob
from utils.clock import monotonic_s
from utils.exceptions import (
    ErrorCode,
    JobCancelledError,
    LeaseLostError,
    LstmPfdError,
    ServiceUnavailableError,
    StorageFullError,
    is_disk_full,
)
from utils.ids import new_reference_id
from utils.logger import setup_logger

logger = setup_logger(__name__)

CONTINUE = "continue"
_LOOK_EVERY_S = 0.25


class JobYieldedError(LstmPfdError):
    """The worker shuts down: the job steps back and is queued again."""


class JobPaused:
    """Returned by a handler that has stored its state and waits to be resumed."""


class JobHandle:
    """A handler's view of its own job."""

    def __init__(self, claimed: ClaimedJob) -> None:
        self._claimed = claimed
        self._progress: tuple[float, str | None] | None = None
        self._command = claimed.command or CONTINUE
        self._looked_s = monotonic_s()
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="job-heartbeat", daemon=True)

    @property
    def job_id(self) -> int:
        """The job's id."""
        return self._claimed.job_id

    @property
    def payload(self) -> dict[str, Any]:
        """What the request asked for."""
        return self._claimed.payload

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        return self._claimed.attempt

    @property
    def actor_id(self) -> int | None:
        """Whose job it is."""
        return self._claimed.created_by

    def report(self, progress: float, text: str | None = None) -> None:
        """Note progress from 0 to 1; it is stored with the next heartbeat or look."""
        self._progress = (progress, text)
        self.command()

    def command(self) -> str:
        """Return ``continue``, ``stop``, ``pause``, ``cancel`` or ``yield``.

        Cheap enough for every batch: the database is asked at most four times a second.
        """
        now_s = monotonic_s()
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self._exchange()
        if self._lost:
            raise LeaseLostError(f"Job {self.job_id} belongs to another attempt now.")
        return self._command

    def raise_if_interrupted(self) -> None:
        """Raise where the job was cancelled or its worker shuts down; for jobs without a state to keep."""
        command = self.command()
        if command == JobCommand.CANCEL:
            raise JobCancelledError("The job was cancelled.")
        if command == JobCommand.YIELD:
            raise JobYieldedError("The worker shuts down.")

    def fenced(self, session: Session) -> None:
        """Hold the job's row in ``session``'s transaction: results of a lost attempt are never written."""
        queue.hold_fence(session, self.job_id, self._claimed.fence)

    def _exchange(self) -> None:
        progress, text = self._progress or (None, None)
        try:
            command = queue.renew_lease(self.job_id, self._claimed.fence, progress, text)
        except LeaseLostError:
            self._lost = True
        except ServiceUnavailableError:
            logger.warning("lease not renewed: database away", extra={"job_id": self.job_id})
        else:
            self._command = command or CONTINUE

    def _keep_alive(self) -> None:
        while not self._ended.wait(get_settings().job_heartbeat_s):
            self._exchange()

    def __enter__(self) -> JobHandle:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()


Handler = Callable[[JobHandle], "dict[str, Any] | JobPaused"]


def execute_job(job_id: int, handler: Handler, *, worker: str) -> str | None:
    """Claim and run a job; return its state afterwards, or None where it was not there to claim.

    Whatever happens is written to the row under this attempt's fence: the result, the job's own error with
    a sentence, a cancellation, or another try for a passing fault.
    """
    claimed = queue.claim_job(job_id, worker)
    if claimed is None:
        logger.info("job not claimed", extra={"job_id": job_id})
        return None
    context = {"job_id": job_id, "kind": claimed.kind, "attempt": claimed.attempt}
    logger.info("job started", extra=context)
    try:
        with JobHandle(claimed) as handle:
            outcome = handler(handle)
        state: str | None = _settle(claimed, outcome)
    except LeaseLostError:
        logger.warning("late results dropped", extra=context)
        return None
    except Exception as error:  # noqa: BLE001 -- the task edge: every error ends in the job's row
        state = _settle_error(claimed, error)
    logger.info("job ended", extra={**context, "state": state})
    return state


def _settle(claimed: ClaimedJob, outcome: dict[str, Any] | JobPaused) -> str:
    if isinstance(outcome, JobPaused):
        return queue.release_job(claimed.job_id, claimed.fence)
    queue.finish_job(claimed.job_id, claimed.fence, outcome)
    return JobState.DONE


def _settle_error(claimed: ClaimedJob, error: Exception) -> str | None:
    with suppress(LeaseLostError):
        if isinstance(error, JobCancelledError):
            queue.close_cancelled(claimed.job_id, claimed.fence)
            return JobState.CANCELLED
        if isinstance(error, JobYieldedError):
            return queue.release_job(claimed.job_id, claimed.fence)
        expected, reference_id = _describe(error, claimed)
        if isinstance(expected, ServiceUnavailableError) and queue.retry_later(
            claimed.job_id, claimed.fence, expected
        ):
            return JobState.QUEUED
        queue.fail_job(claimed.job_id, claimed.fence, expected, reference_id)
        return JobState.FAILED
    return None


def _describe(error: Exception, claimed: ClaimedJob) -> tuple[LstmPfdError, str | None]:
    if isinstance(error, LstmPfdError):
        return error, None
    if is_disk_full(error):
        return StorageFullError("The disk is full. Free some space and start the job again."), None
    if isinstance(error, MemoryError):
        sentence = "The job ran out of memory. Try a smaller batch or window, or fewer recordings."
        return LstmPfdError(sentence, code=ErrorCode.OUT_OF_MEMORY), None
    reference_id = new_reference_id()
    context = {"job_id": claimed.job_id, "kind": claimed.kind, "reference_id": reference_id}
    logger.error("unexpected error in a job", exc_info=True, extra=context)
    sentence = f"The job met an unexpected error (reference {reference_id}); the log has the details."
    return LstmPfdError(sentence), reference_id
