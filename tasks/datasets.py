"""Tasks of datasets."""

from __future__ import annotations

from services.data_service import DataService
from services.dataset_service import DatasetService
from tasks.celery_app import celery_app, worker_name
from tasks.names import TaskName


@celery_app.task(name=TaskName.IMPORT)
def run_import(job_id: int) -> None:
    """Run one import job."""
    DatasetService.run_import_job(job_id, worker_name())


@celery_app.task(name=TaskName.TREND)
def run_trend(job_id: int) -> None:
    """Run one job that computes the condition indicators of a series."""
    DataService.run_trend_job(job_id, worker_name())


@celery_app.task(name=TaskName.LEAK_CHECK)
def run_leak_check(job_id: int) -> None:
    """Run one job that compares the signals of a dataset with one another."""
    DatasetService.run_leak_check_job(job_id, worker_name())


@celery_app.task(name=TaskName.STATISTICS)
def run_statistics(job_id: int) -> None:
    """Run one statistics job."""
    DatasetService.run_statistics_job(job_id, worker_name())


@celery_app.task(name=TaskName.EDIT)
def run_edit(job_id: int) -> None:
    """Run one edit job."""
    DatasetService.run_edit_job(job_id, worker_name())


@celery_app.task(name=TaskName.EXPORT)
def run_export(job_id: int) -> None:
    """Run one job that writes a dataset into a file."""
    DatasetService.run_export_job(job_id, worker_name())
