"""Check what is asked for and write experiments with their jobs, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session, joinedload

from core.networks.registry import get_network_spec, validate_options
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.experiment import Experiment
from models.job import JobKind, JobQueue
from models.split import Split
from services.experiments.material import check_material, count_parts, load_material
from services.jobs.queue import enqueue_job
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError
from utils.ids import new_storage_name

MAX_SEEDS = 20
_KNOWN = {"name", "network", "dataset_id", "split_id", "channel", "options", "seeds", "notes"}


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """A checked request: what will be trained on what."""

    name: str
    notes: str
    network: str
    options: dict[str, Any]
    channel: str | None
    seeds: tuple[int, ...]
    split: Split
    class_names: list[str]
    counts: dict[str, Any]


def check_request(config: Mapping[str, Any]) -> TrainingRequest:
    """Return the checked request, or raise the reason why it can't be trained; nothing is written."""
    unknown = sorted(set(config) - _KNOWN)
    if unknown:
        raise InvalidInputError(
            f"'{unknown[0]}' is not part of a training request. Known: {', '.join(sorted(_KNOWN))}."
        )
    network = str(config.get("network") or "")
    options = validate_options(network, config.get("options") or {})
    channel = config.get("channel") or None
    with get_db_session(read_only=True) as session:
        split = _find_split(session, config.get("split_id"), config.get("dataset_id"))
        rows = load_material(session, split, channel)
    class_names = check_material(rows, options)
    name = str(config.get("name") or "").strip()
    return TrainingRequest(
        name=(name or f"{get_network_spec(network).title} on {_dataset_name(split)}")[:160],
        notes=str(config.get("notes") or ""),
        network=network,
        options=options,
        channel=channel,
        seeds=_check_seeds(config.get("seeds", (0,))),
        split=split,
        class_names=class_names,
        counts=count_parts(rows),
    )


def _find_split(session: Session, split_id: Any, dataset_id: Any) -> Split:
    if not isinstance(split_id, int) or isinstance(split_id, bool):
        raise InvalidInputError("Choose a split: a training needs one that passed the leak check.")
    version = joinedload(Split.dataset_version).joinedload(DatasetVersion.dataset)
    split = session.get(Split, split_id, options=[version])
    if split is None or (dataset_id is not None and split.dataset_version.dataset_id != dataset_id):
        raise NotFoundError("There is no such split of this dataset.")
    if split.dataset_version.dataset.trashed_at is not None:
        raise ConflictError(f"'{_dataset_name(split)}' is in the trash; restore it before training on it.")
    return split


def _dataset_name(split: Split) -> str:
    return split.dataset_version.dataset.name


def _check_seeds(seeds: Any) -> tuple[int, ...]:
    try:
        numbers = tuple(dict.fromkeys(int(seed) for seed in seeds))
    except (TypeError, ValueError):
        raise InvalidInputError("Seeds are whole numbers, for example 0, 1, 2.") from None
    if not numbers or len(numbers) > MAX_SEEDS or min(numbers) < 0 or max(numbers) >= 2**31:
        raise InvalidInputError(f"Give 1 to {MAX_SEEDS} seeds, each from 0 to {2**31 - 1}.")
    return numbers


def write_experiments(request: TrainingRequest, actor: Actor) -> tuple[str, list[tuple[int, int]]]:
    """Write one experiment and one job per seed, all or none; return group and ``(experiment, job)`` ids."""
    group_key = new_storage_name()
    written = []
    with get_db_session() as session:
        for seed in request.seeds:
            experiment = _write_one(session, request, seed, group_key, actor)
            written.append((experiment.id, experiment.job_id))
        session.commit()
    return group_key, written


def _write_one(
    session: Session, request: TrainingRequest, seed: int, group_key: str, actor: Actor
) -> Experiment:
    job = enqueue_job(
        session,
        kind=JobKind.TRAIN,
        queue=JobQueue.TRAIN,
        title=f"Train {request.name} (seed {seed})",
        payload={},
        actor=actor,
    )
    experiment = Experiment(
        name=request.name,
        notes=request.notes,
        network=request.network,
        options=request.options,
        channel=request.channel,
        seed=seed,
        group_key=group_key,
        dataset_version_id=request.split.dataset_version_id,
        split_id=request.split.id,
        job_id=job.id,
        class_names=request.class_names,
        folder=new_storage_name(),
        created_by=actor.user_id,
    )
    session.add(experiment)
    session.flush()
    job.payload = {"experiment_id": experiment.id}
    job.link = f"/experiment/{experiment.id}"
    record_audit(session, actor, "experiment.create", f"experiment {experiment.id}")
    return experiment
