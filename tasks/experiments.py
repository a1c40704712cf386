"""Tasks of experiments, their evaluations and explanations."""

from __future__ import annotations

from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService
from services.xai_service import XAIService
from tasks.celery_app import celery_app, worker_name
from tasks.names import TaskName


@celery_app.task(name=TaskName.TRAIN)
def run_training(job_id: int) -> None:
    """Run one training job."""
    ExperimentService.run_training_job(job_id, worker_name())


@celery_app.task(name=TaskName.EVALUATE)
def run_evaluation(job_id: int) -> None:
    """Run one evaluation job."""
    EvaluationService.run_evaluation_job(job_id, worker_name())


@celery_app.task(name=TaskName.EXPLAIN)
def run_explanation(job_id: int) -> None:
    """Run one explanation job."""
    XAIService.run_explanation_job(job_id, worker_name())


@celery_app.task(name=TaskName.DIAGNOSE)
def run_diagnosis(job_id: int) -> None:
    """Run one diagnosis job."""
    ExperimentService.run_diagnosis_job(job_id, worker_name())
