"""Tasks of features."""

from __future__ import annotations

from services.feature_service import FeatureService
from tasks.celery_app import celery_app, worker_name
from tasks.names import TaskName


@celery_app.task(name=TaskName.FEATURES)
def run_features(job_id: int) -> None:
    """Run one job of the feature service."""
    FeatureService.run_features_job(job_id, worker_name())
