"""Tasks of datasets."""

from __future__ import annotations

from services.dataset_service import DatasetService
from tasks.celery_app import celery_app, worker_name
from tasks.names import TaskName


@celery_app.task(name=TaskName.IMPORT)
def run_import(job_id: int) -> None:
    """Run one import job."""
    DatasetService.run_import_job(job_id, worker_name())
