"""Tasks that make data."""

from __future__ import annotations

from services.dataset_service import DatasetService
from tasks.celery_app import celery_app, worker_name
from tasks.names import TaskName


@celery_app.task(name=TaskName.GENERATE)
def run_generation(job_id: int) -> None:
    """Make one synthetic dataset."""
    DatasetService.run_generation_job(job_id, worker_name())


@celery_app.task(name=TaskName.NOISE_VARIANTS)
def run_noise_variants(job_id: int) -> None:
    """Add noise to the test part of one split."""
    DatasetService.run_noise_variants_job(job_id, worker_name())
