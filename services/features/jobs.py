"""The jobs of the feature service: extract, rank, project."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.feature_set import FeatureSet
from models.job import Job, JobKind, JobQueue, JobState
from services.features import analyses
from services.features.config import FeatureConfig, hash_config, parse_config
from services.features.extraction import ExtractionPlan, extract, plan_extraction
from services.features.sets import add_set, find_by_config, load_set
from services.features.storage import read_analysis
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import InvalidInputError, StorageFullError

EXTRACT, RANK, PROJECT = "extract", "rank", "project"
_SHARE_EXTRACT = 0.9
_WAITING = (JobState.QUEUED, JobState.RUNNING)


def enqueue(
    actor: Actor, action: str, title: str, payload: Mapping[str, Any], link: str | None = None
) -> int:
    """Enqueue a job, or return the one that already does the same."""
    wanted = {"action": action, **payload}
    with get_db_session() as session:
        waiting = session.scalars(
            select(Job).where(Job.kind == JobKind.FEATURES, Job.state.in_(_WAITING))
        ).all()
        for job in waiting:
            if job.payload == wanted:
                return job.id
        job = enqueue_job(
            session,
            kind=JobKind.FEATURES,
            queue=JobQueue.QUICK,
            title=title,
            payload=wanted,
            actor=actor,
            link=link,
        )
        record_audit(session, actor, f"features.{action}", f"job {job.id}")
        session.commit()
        return job.id


def identify(plan: ExtractionPlan) -> dict[str, Any]:
    """Return what makes an extraction the same as another one of the same version."""
    return {
        **plan.config.describe(),
        "analysis_rate_hz": plan.analysis_rate_hz,
        "feature_names": list(plan.feature_names),
    }


def find_stored(session: Session, version_id: int, plan: ExtractionPlan) -> FeatureSet | None:
    """Return the set that this plan would compute, where it is stored already."""
    return find_by_config(session, version_id, hash_config(identify(plan)))


def describe_config(plan: ExtractionPlan) -> dict[str, Any]:
    """Return what is kept of a plan beside the values."""
    described = plan.config.describe()
    return {
        **described,
        "analysis_rate_hz": plan.analysis_rate_hz,
        "missing": list(plan.missing),
        "n_signals": len(plan.rows),
        "kind": "extraction",
    }


def store(
    plan: ExtractionPlan,
    version_id: int,
    created_by: int | None,
    *,
    handle: JobHandle | None = None,
) -> int:
    """Compute a plan and keep it; return the set's id.

    Raises:
        StorageFullError: The disk is nearly full.
    """
    settings = get_settings()
    settings.features_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    needed = plan.count_windows() * len(plan.feature_names) * 4
    if shutil.disk_usage(settings.features_dir).free < settings.storage_reserve_bytes + needed:
        raise StorageFullError("The disk is nearly full. Free some space, then extract the features again.")

    def tell(done: int, n_all: int) -> None:
        if handle is not None:
            handle.report(_SHARE_EXTRACT * done / n_all, f"{done} of {n_all} signals")
            handle.raise_if_interrupted()

    features = extract(plan, tell)
    return add_set(
        version_id,
        features,
        domain=plan.config.domain,
        config=describe_config(plan),
        identity=identify(plan),
        name=None,
        actor=None,
        created_by=created_by,
        handle=handle,
    )


def run_features(handle: JobHandle) -> dict[str, Any]:
    """Do what the job's payload asks for and return its result."""
    work = {EXTRACT: _extract, RANK: _rank, PROJECT: _project}[handle.payload["action"]]
    return work(handle)


def _extract(handle: JobHandle) -> dict[str, Any]:
    payload = handle.payload
    config = read_config(payload["config"])
    with get_db_session(read_only=True) as session:
        version = session.get(DatasetVersion, payload["version_id"])
        if version is None:
            raise InvalidInputError("The dataset version has gone.")
        plan = plan_extraction(session, version.id, config)
        stored = find_stored(session, version.id, plan)
    set_id = stored.id if stored else store(plan, version.id, handle.actor_id, handle=handle)
    row = load_set(set_id)
    if read_analysis(row, analyses.TSNE) is None and row.n_rows >= 3 and len(row.feature_names) >= 2:
        handle.report(_SHARE_EXTRACT, "laying out the windows by t-SNE")
        handle.raise_if_interrupted()
        analyses.project(row)
    return {
        "feature_set_id": set_id,
        "dataset_id": version.dataset_id,
        "version": version.number,
        "n_rows": row.n_rows,
        "n_features": len(row.feature_names),
        "missing": list(plan.missing),
    }


def _rank(handle: JobHandle) -> dict[str, Any]:
    payload = handle.payload
    request = analyses.check_ranking(payload["request"])
    handle.report(0.1, f"{request['kind']} by {request['method'].replace('_', ' ')}")
    analyses.rank_features(load_set(payload["feature_set_id"]), request)
    return {"feature_set_id": payload["feature_set_id"], **request}


def _project(handle: JobHandle) -> dict[str, Any]:
    handle.report(0.1, "laying out the windows by t-SNE")
    analyses.project(load_set(handle.payload["feature_set_id"]))
    return {"feature_set_id": handle.payload["feature_set_id"]}


def read_config(described: Mapping[str, Any]) -> FeatureConfig:
    """Return a request from its own description."""
    fields = {name: value for name, value in described.items() if name != "features_version"}
    return parse_config(str(fields.pop("domain")), fields)
