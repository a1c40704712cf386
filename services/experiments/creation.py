"""Check what is asked for and write experiments with their jobs, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from services.experiments.requirements import (
    check_needs,
    check_parent,
    check_turns,
    count_windows,
    find_needs,
)
from services.jobs.queue import enqueue_job
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError
from utils.ids import new_storage_name

MAX_SEEDS = 20
BASELINE = "random_forest"
_MAX_NAME_LENGTH = 160
_KNOWN = {
    *("name", "network", "dataset_id", "split_id", "channel", "options", "seeds", "notes"),
    *("parent_id", "baseline"),
}
_SHARED_WITH_BASELINE = ("window_s", "hop_s", "analysis_rate_hz")


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
    windows: dict[str, int]
    cautions: list[str]
    parent_id: int | None
    baseline: BaselineRequest | None

    @property
    def title(self) -> str:
        """The network's name for people."""
        return get_network_spec(self.network).title


@dataclass(frozen=True, slots=True)
class BaselineRequest:
    """The classical model that is trained beside a network: the same windows, once."""

    name: str
    options: dict[str, Any]
    seed: int

    @property
    def title(self) -> str:
        """The model's name for people."""
        return get_network_spec(BASELINE).title


def check_request(config: Mapping[str, Any]) -> TrainingRequest:
    """Return the checked request, or raise the reason why it can't be trained; nothing is written."""
    unknown = sorted(set(config) - _KNOWN)
    if unknown:
        raise InvalidInputError(
            f"'{unknown[0]}' is not part of a training request. Known: {', '.join(sorted(_KNOWN))}."
        )
    network = str(config.get("network") or "")
    options = validate_options(network, config.get("options") or {})
    spec = get_network_spec(network)
    channel = config.get("channel") or None
    seeds = _check_seeds(config.get("seeds", (0,)))
    parent_id = _read_parent(config.get("parent_id"))
    cautions: list[str] = []
    with get_db_session(read_only=True) as session:
        split = find_split(session, config.get("split_id"), config.get("dataset_id"))
        rows = load_material(session, split, channel)
        class_names = check_material(rows, options)
        check_needs(rows, find_needs(spec, options), spec.title)
        check_turns(rows, spec, options, float(options["window_s"] or 0.0))
        if parent_id is not None:
            cautions = check_parent(session, parent_id, split, network, options, class_names)
    name = str(config.get("name") or "").strip() or f"{spec.title} on {_dataset_name(split)}"
    wants_baseline = _read_truth(config.get("baseline", True)) and spec.family == "network"
    return TrainingRequest(
        name=name[:_MAX_NAME_LENGTH],
        notes=str(config.get("notes") or ""),
        network=network,
        options=options,
        channel=channel,
        seeds=seeds,
        split=split,
        class_names=class_names,
        counts=count_parts(rows),
        windows=count_windows(rows, options),
        cautions=cautions,
        parent_id=parent_id,
        baseline=_plan_baseline(name, options, seeds[0]) if wants_baseline else None,
    )


def find_wrong_options(network: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each option that can't have its value; each is judged by itself."""
    wrong = {}
    for name, value in options.items():
        try:
            validate_options(network, {name: value})
        except InvalidInputError as error:
            wrong[name] = error.sentence
    return wrong


def _plan_baseline(name: str, options: Mapping[str, Any], seed: int) -> BaselineRequest:
    shared = {key: options[key] for key in _SHARED_WITH_BASELINE}
    role = f", baseline ({get_network_spec(BASELINE).title})"
    title = name[: _MAX_NAME_LENGTH - len(role)] + role
    return BaselineRequest(title, validate_options(BASELINE, shared), seed)


def _read_parent(value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidInputError("parent_id is the number of the experiment to begin with.") from None


def _read_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInputError("baseline is true or false.")
    return value


def find_split(session: Session, split_id: Any, dataset_id: Any = None) -> Split:
    """Return a split with its dataset.

    Raises:
        NotFoundError: There is none, or not of this dataset.
        ConflictError: Its dataset is in the trash.
    """
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


def write_experiments(request: TrainingRequest, actor: Actor) -> dict[str, Any]:
    """Write one experiment and one job per seed, and the baseline's, all or none.

    Returns ``group_key``, ``experiment_ids``, ``job_ids`` in the order of the seeds, and ``baseline`` with
    the same keys, or None.
    """
    group_key = new_storage_name()
    with get_db_session() as session:
        networks = [_write_one(session, _Row(request, seed, group_key), actor) for seed in request.seeds]
        beside = []
        if request.baseline is not None:
            beside = [_write_one(session, _Row(request, None, new_storage_name(), group_key), actor)]
        session.commit()
    return {**_list_written(networks), "baseline": _list_written(beside) if beside else None}


def _list_written(experiments: Sequence[Experiment]) -> dict[str, Any]:
    return {
        "group_key": experiments[0].group_key,
        "experiment_ids": [each.id for each in experiments],
        "job_ids": [each.job_id for each in experiments],
    }


@dataclass(frozen=True, slots=True)
class _Row:
    """One experiment of a request: the network with a seed, or without one the baseline."""

    request: TrainingRequest
    seed: int | None
    group_key: str
    baseline_of: str | None = None

    def describe(self) -> dict[str, Any]:
        request, beside = self.request, self.request.baseline
        if self.seed is None and beside is not None:
            own = {"name": beside.name, "network": BASELINE, "options": beside.options, "seed": beside.seed}
            return {**own, "notes": "", "parent_id": None}
        return {
            "name": request.name,
            "network": request.network,
            "options": request.options,
            "seed": self.seed,
            "notes": request.notes,
            "parent_id": request.parent_id,
        }


def _write_one(session: Session, row: _Row, actor: Actor) -> Experiment:
    request, facts = row.request, row.describe()
    job = enqueue_job(
        session,
        kind=JobKind.TRAIN,
        queue=JobQueue.TRAIN,
        title=f"Train {facts['name']} (seed {facts['seed']})",
        payload={},
        actor=actor,
    )
    experiment = Experiment(
        **facts,
        channel=request.channel,
        group_key=row.group_key,
        baseline_of=row.baseline_of,
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
