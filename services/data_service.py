"""DataService: datasets as records, and their signals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from database.connection import get_db_session
from models.recording import Recording, Signal
from models.user import Role
from services.datasets import cached, listing, removal, trends
from services.datasets.inspection import inspect_files, open_reader
from services.datasets.mapping import ImportMapping
from services.datasets.planning import PlannedSignal, build_plan
from services.datasets.requests import request_import
from services.datasets.rows import UNLABELLED, find_version, load_rows_by_id
from services.datasets.sources import resolve_sources
from services.datasets.table import find_signal_ids
from services.datasets.trend_answer import (
    DEFAULT_ALARM_RATE,
    DEFAULT_ALERT_RATE,
    DEFAULT_REFERENCE,
    build_trend,
    list_indicators,
)
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from services.shared.signal_store import load_samples
from utils.exceptions import InvalidInputError, NotFoundError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_MAX_LISTED = 200


def _no_list() -> list[dict[str, Any]]:
    return []


class DataService:
    """Datasets as records, and their signals."""

    @staticmethod
    @returns_data(_no_list)
    def list_datasets(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return the newest 200 datasets that are not archived.

        Example:
            >>> for dataset in DataService.list_datasets():
            ...     print(dataset["name"], dataset["n_recordings"])
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            page = listing.list_datasets(session, limit=_MAX_LISTED, offset=0, query=None, sort="-created_at")
        items: list[dict[str, Any]] = page["items"]
        return items

    @staticmethod
    @returns_data(none)
    def get_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return one dataset with what its newest version holds, or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return listing.load_details(session, dataset_id, None)

    @staticmethod
    @returns_data(none)
    def get_dataset_stats(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return level and shape of the signals per fault class and channel (cached), or None."""
        require_role(actor, Role.VIEWER)
        return cached.get_statistics(dataset_id, None)

    @staticmethod
    @returns_data(_no_list)
    def load_signals(
        dataset_id: int,
        fault_filter: str | Sequence[str] | None = None,
        limit: int | None = None,
        *,
        version: int | None = None,
        actor: Actor = SYSTEM,
    ) -> list[dict[str, Any]]:
        """Return a dataset's signals with all that is known of each, but without samples.

        Args:
            dataset_id: Which.
            fault_filter: One fault class or several; "unlabelled" for those without.
            limit: At most so many.
            version: By default the newest.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        wanted = [fault_filter] if isinstance(fault_filter, str) else list(fault_filter or ())
        with get_db_session(read_only=True) as session:
            found = find_version(session, dataset_id, version)
            ids = find_signal_ids(session, found, filters={"fault_classes": wanted}, limit=limit)[0]
            return load_rows_by_id(session, found.id, ids)

    @staticmethod
    @returns_data(none)
    def load_signal_data(
        dataset_id: int, signal_id: int, *, actor: Actor = SYSTEM
    ) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """Return the samples of one signal: float32, shape ``(n_samples,)``, in the signal's unit.

        None where the dataset has no such signal or its stored file is damaged; `SignalService.get_view` says
        why in a sentence.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            signal = session.scalar(
                select(Signal)
                .join(Recording, Recording.id == Signal.recording_id)
                .where(Signal.id == signal_id, Recording.dataset_id == dataset_id)
            )
        if signal is None:
            raise NotFoundError("The dataset has no such signal.")
        return load_samples(signal)

    @staticmethod
    @returns_result
    def create_dataset(
        name: str,
        description: str,
        fault_types: Sequence[str],
        severity_levels: Sequence[str],
        file_path: str | Path,
        num_signals: int,
        created_by: int | None = None,
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Make a dataset from one file that says everything about its signals itself; a job does the work.

        Args:
            name: Of the dataset.
            description: In words.
            fault_types: The fault classes that the file must hold.
            severity_levels: The severities that it must hold; empty: any.
            file_path: A file on this machine; only scripts here may name one.
            num_signals: How many signals it must hold.
            created_by: The user on whose behalf a script calls.
            actor: Who asks.

        Returns:
            ``job_id, dataset_name``.

        Errors: ``invalid_input`` where the file holds something else than was said, file and sample-rate
        codes.
        """
        require_role(actor, Role.ENGINEER)
        files = [{"path": str(file_path)}]
        _check_promise(_plan(files, actor), set(fault_types), set(severity_levels), num_signals)
        owner = Actor(created_by, actor.role, actor.name) if created_by is not None else actor
        job_id, dataset_name = request_import(files, {}, name, actor, description=description, owner=owner)
        return ok(job_id=job_id, dataset_name=dataset_name)

    @staticmethod
    @returns_result
    def delete_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete a dataset and the samples that no other one shares.

        Errors: ``not_found``; ``conflict`` while experiments use it (the sentence names them).
        """
        require_role(actor, Role.ENGINEER)
        removal.delete_dataset(dataset_id, actor, delete_file=True)
        return ok(dataset_id=dataset_id)

    # --- condition trend -------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def list_trend_series(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return the series of a version that are long enough for a trend: one channel of one bearing each.

        Returns:
            ``series``: ``channel, group, n``, the longest first; ``n_too_short``, ``least``.

        Errors: ``not_found``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**trends.list_series(dataset_id, version))

    @staticmethod
    @returns_result
    def request_condition_trend(
        dataset_id: int,
        version: int | None = None,
        *,
        channel: str | None = None,
        group: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Have the condition indicators of a series computed by a job, unless they are there already.

        Returns:
            ``ready`` and, where not, ``job_id``; asking twice gives the same job.

        Errors: ``not_found``, ``invalid_input`` (no series of 20 observations or more).
        """
        require_role(actor, Role.ENGINEER)
        job_id = trends.request_trend(trends.find_series(dataset_id, version, channel, group), actor)
        return ok(ready=job_id is None, job_id=job_id)

    @staticmethod
    def run_trend_job(job_id: int, worker: str) -> str | None:
        """Run a trend job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, trends.run_trend, worker=worker)

    @staticmethod
    @returns_result
    def get_condition_trend(
        dataset_id: int,
        version: int | None = None,
        *,
        channel: str | None = None,
        group: str | None = None,
        indicator: str = "rms",
        reference: Sequence[float] = DEFAULT_REFERENCE,
        alert_rate: float = DEFAULT_ALERT_RATE,
        alarm_rate: float = DEFAULT_ALARM_RATE,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return an indicator over time, with limits of a stated false-alarm rate, onset and change point.

        Args:
            dataset_id: The dataset.
            version: Its newest one by default.
            channel: With ``group``, the series; by default the longest.
            group: The physical bearing of the series, or None for recordings without one.
            indicator: See ``indicators`` of the answer.
            reference: From and to which share of the series the condition was the reference.
            alert_rate: Expected share of false alerts per observation.
            alarm_rate: Expected share of false alarms per observation.
            actor: Who asks.

        Returns:
            ``ready``; where not, the ``job`` under way or None. Where ready: ``points``, ``reference``,
            ``alert`` and ``alarm``, ``onset``, ``change_point``, ``indicators``, ``notes``.

        Errors: ``not_found``, ``invalid_input``.
        """
        require_role(actor, Role.VIEWER)
        series = trends.find_series(dataset_id, version, channel, group)
        about = {
            "dataset_id": dataset_id,
            "version": series.number,
            "channel": series.channel,
            "group": series.group,
        }
        table = trends.load_trend(series)
        if table is None:
            job = trends.describe_work(series)
            return ok(**about, ready=False, job=job, indicators=list_indicators(None))
        return ok(
            **about,
            ready=True,
            job=None,
            indicators=list_indicators(table),
            **build_trend(table, indicator, reference, alert_rate, alarm_rate),
        )


def _plan(files: Sequence[dict[str, Any]], actor: Actor) -> list[PlannedSignal]:
    with get_db_session(read_only=True) as session:
        sources = resolve_sources(session, files, actor)
    with open_reader() as reader:
        plan = build_plan(inspect_files(reader, sources, ImportMapping()), ImportMapping())
    if plan.problem is not None:
        raise plan.problem
    return plan.signals


def _check_promise(
    signals: Sequence[PlannedSignal], classes: set[str], severities: set[str], num_signals: int
) -> None:
    if len(signals) != num_signals:
        raise InvalidInputError(f"The file holds {len(signals)} signals, not {num_signals}.")
    found = {signal.fault_class or UNLABELLED for signal in signals}
    if found != classes:
        raise InvalidInputError(
            f"The file holds the classes {', '.join(sorted(found))}; correct fault_types."
        )
    held = {signal.severity for signal in signals if signal.severity}
    if severities and held != severities:
        raise InvalidInputError(
            f"The file holds the severities {', '.join(sorted(held)) or 'none'}; correct severity_levels."
        )
