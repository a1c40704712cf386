"""The part of FeatureService about stored sets and what the explorer shows of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from database.connection import get_db_session
from models.user import Role
from services.datasets.removal import check_name
from services.datasets.rows import find_version
from services.features import jobs, saving, sets, views
from services.features.matrices import Matrix, check_matrix
from services.features.storage import read_features
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result

_MAX_ROWS = 1000


def _no_list() -> list[dict[str, Any]]:
    return []


class FeatureCollection:
    """Stored feature sets: kept, found, shown."""

    @staticmethod
    @returns_result
    def save_feature_set(
        dataset_id: int,
        features: Matrix,
        labels: Sequence[str | None],
        feature_names: Sequence[str],
        domain: str,
        metadata: Mapping[str, Any] | None = None,
        output_dir: str | Path | None = None,
        *,
        name: str | None = None,
        version: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Keep feature values of one's own with a dataset version.

        Args:
            dataset_id: Whose windows these are.
            features: One list per window.
            labels: The class of each.
            feature_names: Of the columns.
            domain: A word for what they are, at most 24 characters.
            metadata: Kept with the set; JSON.
            output_dir: Also write them as ``NAME.csv`` into this folder of this machine; scripts only.
            name: Under which people find it; by default the domain.
            version: By default the newest.
            actor: Who asks.

        Returns:
            ``feature_set_id``, and ``path`` of the table where one was asked for.

        Errors: ``not_found``, ``invalid_input``, ``forbidden`` (somebody else than a script names a folder),
        ``storage_full``.
        """
        require_role(actor, Role.ENGINEER)
        values = check_matrix(features, feature_names)
        checked = check_name(name or domain, "feature set")
        folder = saving.check_folder(output_dir, actor)
        with get_db_session(read_only=True) as session:
            found = find_version(session, dataset_id, version)
        set_id = saving.save_given(
            dataset_id, found.id, values, labels, feature_names, domain, metadata, checked, actor
        )
        path = None if folder is None else saving.write_table(set_id, folder / f"{checked}.csv")
        return ok(feature_set_id=set_id, path=path)

    @staticmethod
    @returns_result
    def save_selection(
        feature_set_id: int, name: str, feature_names: Sequence[str], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Keep some features of a stored set as a set of their own, under a name.

        Returns:
            ``feature_set_id`` of the new set; the same choice under the same name is kept once.

        Errors: ``not_found``, ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        checked = check_name(name, "feature set")
        return ok(feature_set_id=saving.save_selection(feature_set_id, checked, feature_names, actor))

    @staticmethod
    @returns_data(none)
    def get_feature_set(
        feature_set_id: int,
        *,
        page: int = 1,
        per_page: int = 0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return one set with what its features mean, or None.

        Args:
            feature_set_id: Which.
            page: From 1.
            per_page: Also so many ``rows`` of values (at most 1000); 0: none.
            actor: Who asks.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            described = sets.describe_set(session, feature_set_id)
            row = sets.find_set(session, feature_set_id)
        values = read_features(row)
        described["features"] = views.describe_features(values.feature_names, values.signals)
        described["n_signals"] = len(values.signals)
        described["n_recordings"] = len({signal["recording_id"] for signal in values.signals})
        if per_page > 0:
            size = min(per_page, _MAX_ROWS)
            described["rows"] = saving.list_rows(values, (max(page, 1) - 1) * size, size)
        return described

    @staticmethod
    @returns_data(_no_list)
    def list_feature_sets(
        dataset_id: int, version: int | None = None, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return the sets of a dataset (of one version, where it is given), the newest first."""
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return sets.list_sets(session, dataset_id, version)

    @staticmethod
    @returns_data(none)
    def get_feature_table(feature_set_id: int, *, actor: Actor = SYSTEM) -> Iterator[str] | None:
        """Return a set as pieces of CSV text: recording, channel, window, class, group, features; or None."""
        require_role(actor, Role.VIEWER)
        return saving.iterate_table(feature_set_id)

    @staticmethod
    @returns_result
    def delete_feature_set(feature_set_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete a set; an extraction can be made again. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        sets.delete_set(feature_set_id, actor)
        return ok()

    # --- explorer --------------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def get_distribution(feature_set_id: int, feature: str, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return one feature's ``edges`` and per class the ``shares`` of the windows, percentiles and mean.

        Errors: ``not_found``, ``invalid_input``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**views.build_distribution(sets.load_set(feature_set_id), feature))

    @staticmethod
    @returns_result
    def get_correlation(feature_set_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return the correlation of a stored set's features, and its ``closest`` pairs."""
        require_role(actor, Role.VIEWER)
        return ok(**views.build_correlation(sets.load_set(feature_set_id)))

    @staticmethod
    @returns_result
    def get_projection(feature_set_id: int, method: str = "pca", *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return a stored projection (pca, tsne), a point per window with its recording.

        Returns:
            ``x, y, fault_class, recording, channel, href, start_s`` per point, ``n_shown, n_rows, explained,
            perplexity``; ``ready`` is False where t-SNE was not computed yet.

        Errors: ``not_found``, ``invalid_input``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        found = views.build_projection(sets.load_set(feature_set_id), method)
        return ok(ready=found is not None, **(found or {}))

    @staticmethod
    @returns_result
    def request_projection(feature_set_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Lay a set out by t-SNE in a job: ``job_id``. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        row = sets.load_set(feature_set_id)
        title = f"t-SNE of feature set {feature_set_id}"
        link = sets.build_link(row, "/data-explorer") + "&tab=projection&method=tsne"
        return ok(job_id=jobs.enqueue(actor, jobs.PROJECT, title, {"feature_set_id": row.id}, link))

    @staticmethod
    @returns_result
    def get_class_spectra(feature_set_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return per class the 10th, 50th and 90th percentile of its signals' power density, in dB.

        Returns:
            ``frequencies_hz, resolution_hz, unit, classes``: ``{fault_class, n_signals, n_recordings, p10_db,
            p50_db, p90_db}``.

        Errors: ``not_found``, ``invalid_input``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        return ok(**views.build_spectra(sets.load_set(feature_set_id)))
