"""What DatasetService tells of datasets: lists, cards, versions, recordings, previews, statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from database.connection import get_db_session
from models.user import Role
from services.datasets import cached, comparing, listing, removal
from services.datasets.rows import find_version
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result


def _no_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 50}


class DatasetCatalogue:
    """The reading part of DatasetService."""

    @staticmethod
    @returns_data(_no_page)
    def list_datasets(
        limit: int = 100,
        offset: int = 0,
        search_query: str | None = None,
        *,
        sort: str = "-created_at",
        shelf: str = listing.Shelf.ACTIVE,
        include_archived: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return datasets with their newest version: ``{items, total}``.

        Args:
            limit: At most 200.
            offset: How many to pass over.
            search_query: Text in name or description.
            sort: name, created_at, version, n_recordings, n_signals; "-" in front for downwards.
            shelf: active, archived, trash, or all (active and archived).
            include_archived: The same as the shelf all.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return listing.list_datasets(
                session,
                limit=limit,
                offset=offset,
                query=search_query,
                sort=sort,
                shelf=listing.Shelf.ALL if include_archived else shelf,
            )

    @staticmethod
    @returns_data(none)
    def get_dataset_details(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return all that a dataset's card shows, by default of its newest version; None: no such one."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return listing.load_details(session, dataset_id, version)

    @staticmethod
    @returns_data(_no_page)
    def list_recordings(
        dataset_id: int,
        version: int | None = None,
        *,
        page: int = 1,
        per_page: int = 50,
        sort: str = "recording",
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return one page of recordings with their signals: ``{items, total, page, per_page}``.

        Args:
            dataset_id: Which.
            version: By default the newest.
            page: From 1.
            per_page: At most 200.
            sort: A column of a signal's row; "-" in front for downwards.
            filters: q (text), fault_class ("unlabelled" for none), flag (a quality flag's name), channel,
                machine, load, bearing, severity, group, unit, measurement_point ("(none)" for none),
                min_shaft_speed_rpm, max_shaft_speed_rpm, sample_rate_hz, split_id with part.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            found = find_version(session, dataset_id, version)
            return listing.list_recordings(
                session, found, page=page, per_page=per_page, sort=sort, filters=filters
            )

    @staticmethod
    @returns_data(_no_page)
    def list_signals(
        dataset_id: int,
        version: int | None = None,
        *,
        page: int = 1,
        per_page: int = 50,
        sort: str = "recording",
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return one page of signals, one row per channel; arguments as for `list_recordings`."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            found = find_version(session, dataset_id, version)
            return listing.list_signals(
                session, found, page=page, per_page=per_page, sort=sort, filters=filters
            )

    @staticmethod
    @returns_data(_no_page)
    def stream_signals(
        dataset_id: int,
        version: int | None = None,
        *,
        offset: int = 0,
        sort: str = "recording",
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the next thousand signals from an offset on: ``{items, total}``, to download them all.

        Arguments as for `list_recordings`; call it with the offset raised by what came until nothing comes.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            found = find_version(session, dataset_id, version)
            return listing.stream_signals(session, found, offset=offset, sort=sort, filters=filters)

    @staticmethod
    @returns_data(none)
    def get_recording(
        recording_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return one recording with its signals, or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return listing.load_recording(session, recording_id, version)

    @staticmethod
    @returns_data(none)
    def get_signal(
        signal_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return one signal with bearing orders, the other channels, and its neighbours; or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return listing.load_signal(session, signal_id, version)

    @staticmethod
    @returns_data(none)
    def get_dataset_preview(
        dataset_id: int,
        num_samples: int = 3,
        *,
        channel: str | None = None,
        version: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return a few short traces per fault class: ``classes: {class: [{signal_id, time_s, values}]}``.

        Args:
            dataset_id: Which.
            num_samples: How many a class, at most 10.
            channel: Only of this channel.
            version: By default the newest.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        return cached.get_preview(dataset_id, num_samples, channel, version)

    @staticmethod
    @returns_data(none)
    def get_dataset_statistics(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any] | None:
        """Return level and shape of the signals per fault class and channel, read in blocks; stored once.

        A version never changes, so its numbers stay with it. On a large version the first call takes as long
        as reading every sample; `request_statistics` leaves that to a job.
        """
        require_role(actor, Role.VIEWER)
        return cached.get_statistics(dataset_id, version)

    @staticmethod
    @returns_result
    def request_statistics(
        dataset_id: int, version: int | None = None, *, again: bool = False, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return the statistics, or for a large version the job that works them out.

        Args:
            dataset_id: Which.
            version: By default the newest.
            again: Work them out anew: a damaged file may have been restored.
            actor: Who asks.

        Returns:
            ``statistics`` or None, ``job_id`` or None.

        Errors: ``not_found``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**cached.request_statistics(dataset_id, version, actor, again=again))

    @staticmethod
    def run_statistics_job(job_id: int, worker: str) -> str | None:
        """Run a statistics job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, cached.run_statistics, worker=worker)

    @staticmethod
    @returns_result
    def compare_versions(
        dataset_id: int, older: int, newer: int | None = None, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Say what differs between two versions.

        Args:
            dataset_id: Which.
            older: Number of the one.
            newer: Number of the other; by default the newest.
            actor: Who asks.

        Returns:
            ``changes`` (added, removed, relabelled, edited), ``fields`` (signals per field that differs) and
            the first hundred ``rows``: what, recording, channel, ``fields: {field: [before, after]}``.

        Errors: ``not_found``.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return ok(**comparing.compare_versions(session, dataset_id, older, newer))

    @staticmethod
    @returns_data(none)
    def describe_removal(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return what goes with a dataset when it is deleted, and which experiments keep it; or None."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return removal.describe_removal(session, dataset_id)
