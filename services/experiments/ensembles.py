"""Ensembles: finished experiments of one split whose classifiers vote as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.networks.registry import ENSEMBLE
from database.connection import get_db_session
from models.experiment import Experiment
from models.job import JobKind, JobQueue
from services.experiments.classifiers import CLASSIFIER_FOLDER, load_checked
from services.experiments.material import describe_origin
from services.experiments.runs import ExperimentRun
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError
from utils.ids import new_storage_name

if TYPE_CHECKING:
    from core.training.run import TrainingOutcome

MAX_MEMBERS = 20
_MEMBERS = "members"


def is_ensemble(experiment: Experiment) -> bool:
    """Whether an experiment was combined from others rather than trained."""
    return experiment.network == ENSEMBLE.name


def write_ensemble(experiment_ids: Sequence[int], name: str | None, actor: Actor) -> Experiment:
    """Check the members and write an experiment with its job.

    Raises
    ------
    InvalidInputError
        Too few or too many members, or members that can't vote together; the sentence says why.
    NotFoundError
        A member does not exist.
    """
    ids = list(dict.fromkeys(int(each) for each in experiment_ids))
    if not 2 <= len(ids) <= MAX_MEMBERS:
        raise InvalidInputError(f"Choose 2 to {MAX_MEMBERS} finished experiments to vote together.")
    with get_db_session() as session:
        members = _read_members(session, ids)
        ensemble = _write_one(session, members, name, actor)
        session.commit()
    return ensemble


def _read_members(session: Session, ids: Sequence[int]) -> list[Experiment]:
    chosen = select(Experiment).where(Experiment.id.in_(ids)).options(joinedload(Experiment.dataset_version))
    found = {experiment.id: experiment for experiment in session.scalars(chosen)}
    missing = [str(each) for each in ids if each not in found]
    if missing:
        raise NotFoundError(f"There is no experiment {', '.join(missing)}.")
    members = [found[each] for each in ids]
    for member in members:
        _check_member(member)
    first = members[0]
    for other in members[1:]:
        _check_fit(first, other)
    return members


def _check_member(member: Experiment) -> None:
    title = f"'{member.name}' (experiment {member.id})"
    if member.trashed_at is not None:
        raise ConflictError(f"{title} is in the trash; restore it first.")
    if member.results is None or member.classifier_sha256 is None:
        raise ConflictError(f"{title} has no classifier yet: wait until it is done, or leave it out.")
    if is_ensemble(member):
        raise InvalidInputError(f"{title} is an ensemble itself; choose its members instead.")


def _check_fit(first: Experiment, other: Experiment) -> None:
    for what, mine, theirs in (
        ("split", first.split_id, other.split_id),
        ("channel", first.channel, other.channel),
        ("classes", first.class_names, other.class_names),
    ):
        if mine != theirs:
            raise InvalidInputError(
                f"Experiments {first.id} and {other.id} do not share their {what}; classifiers vote together "
                "only where they were trained and are judged on the same recordings."
            )


def _write_one(session: Session, members: Sequence[Experiment], name: str | None, actor: Actor) -> Experiment:
    first = members[0]
    title = (name or "").strip()[:160] or f"Ensemble of {', '.join(str(each.id) for each in members)}"
    job = enqueue_job(
        session,
        kind=JobKind.TRAIN,
        queue=JobQueue.TRAIN,
        title=f"Combine {title}",
        payload={},
        actor=actor,
    )
    ensemble = Experiment(
        name=title,
        network=ENSEMBLE.name,
        options={
            _MEMBERS: [member.id for member in members],
            "analysis_rate_hz": max(member.analysis_rate_hz or 0.0 for member in members),
        },
        channel=first.channel,
        seed=first.seed,
        group_key=new_storage_name(),
        dataset_version_id=first.dataset_version_id,
        split_id=first.split_id,
        job_id=job.id,
        class_names=first.class_names,
        folder=new_storage_name(),
        created_by=actor.user_id,
    )
    session.add(ensemble)
    session.flush()
    job.payload = {"experiment_id": ensemble.id}
    job.link = f"/experiment/{ensemble.id}"
    record_audit(session, actor, "experiment.combine", f"experiment {ensemble.id}")
    return ensemble


def combine_members(run: ExperimentRun, handle: JobHandle) -> TrainingOutcome:
    """Put the members' classifiers into one, as a training would leave its own.

    Raises
    ------
    NotFoundError
        A member has been deleted since.
    DataDamagedError
        A member's stored classifier is not the one that was trained.
    """
    from core.training.ensemble import combine
    from core.training.run import TrainingOutcome

    ids = run.experiment.options[_MEMBERS]
    with get_db_session(read_only=True) as session:
        members = _read_members(session, ids)
    classifiers = []
    for number, member in enumerate(members):
        handle.report(0.5 * number / len(members), f"member {number + 1} of {len(members)}")
        classifiers.append(load_checked(member))
    origin = {
        "experiment_id": run.experiment.id,
        "dataset": run.dataset,
        "dataset_version": run.version,
        "channel": run.experiment.channel,
        "members": ids,
        **run.split_facts,
        **describe_origin(run.rows),
    }
    folder = run.run_folder / CLASSIFIER_FOLDER
    combine(classifiers, origin).save(folder)
    return TrainingOutcome(
        status="done",
        classifier_folder=folder,
        best_epoch=0,
        epochs_run=0,
        train_cpu_s=sum(member.train_cpu_s or 0.0 for member in members),
        history=[],
    )


def describe_members(experiment: Experiment) -> list[int] | None:
    """Return the ids of an ensemble's members; None for what was trained."""
    return list(experiment.options[_MEMBERS]) if is_ensemble(experiment) else None
