"""What DatasetService gives people to take away: exports and the links to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from database.connection import get_db_session
from models.user import Role
from services.datasets import exporting
from services.datasets.download_links import DownloadLink, check_download, sign_download
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from utils.exceptions import NotFoundError


def _no_list() -> list[dict[str, Any]]:
    return []


class DatasetExports:
    """The exporting part of DatasetService."""

    @staticmethod
    @returns_result
    def export_dataset(
        dataset_id: int,
        format: str = "hdf5",
        output_dir: str | None = None,
        *,
        version: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Start to write a dataset version into a file.

        Args:
            dataset_id: Which.
            format: hdf5 (canonical, one file), mat, csv or parquet (a ZIP with an import table).
            output_dir: For scripts: a folder to write to. Else the file waits two days for its download.
            version: By default the newest.
            actor: Who asks.

        Returns:
            ``export_id, job_id``; the job's result has ``file_name, n_bytes, sha256`` (``path`` in a folder).

        Errors: ``invalid_input`` (format, folder), ``not_found``, ``forbidden``; the job's own:
        ``storage_full`` (nothing is left), ``data_damaged``.
        """
        require_role(actor, Role.ENGINEER)
        export_id, job_id = exporting.request_export(dataset_id, format, version, output_dir, actor)
        return ok(export_id=export_id, job_id=job_id)

    @staticmethod
    def run_export_job(job_id: int, worker: str) -> str | None:
        """Run an export job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, exporting.run_export, worker=worker)

    @staticmethod
    @returns_data(_no_list)
    def list_exports(dataset_id: int, *, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return the exports of a dataset with their jobs, newest first."""
        require_role(actor, Role.VIEWER)
        return exporting.list_exports(dataset_id)

    @staticmethod
    @returns_data(none)
    def get_export(export_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return an export with its job and, where it can be downloaded, ``link: {expires, signature}``.

        The link works for ten minutes and for this actor only.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            described, path = exporting.load_export(session, export_id)
        link = None
        if path is not None:
            signed = sign_download(export_id, actor)
            link = {"expires": signed.expires, "signature": signed.signature}
        return {**described, "link": link}

    @staticmethod
    @returns_result
    def open_export(export_id: int, expires: int, signature: str, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return the file of an export for a signed link: ``path, file_name, n_bytes, sha256``.

        Errors: ``forbidden`` (the link is over, changed, or somebody else's), ``not_found``.
        """
        require_role(actor, Role.VIEWER)
        check_download(export_id, actor, DownloadLink(expires, signature))
        with get_db_session(read_only=True) as session:
            described, path = exporting.load_export(session, export_id)
        if path is None or not Path(path).is_file():
            raise NotFoundError("The file of this export is no longer there. Start the export again.")
        facts = {name: described[name] for name in ("file_name", "n_bytes", "sha256")}
        return ok(path=str(path), **facts)
