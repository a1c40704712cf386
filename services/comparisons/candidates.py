"""Finished experiments to add to a comparison, those tested on the same recordings first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.networks.registry import NETWORKS
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.experiment import Experiment
from models.split import Split

MAX_CANDIDATES = 60


def list_candidates(experiment_ids: Sequence[int], query: str | None) -> list[dict[str, Any]]:
    """Return the chosen ones, then others that match ``query``: same split and channel first, then newest."""
    with get_db_session(read_only=True) as session:
        chosen = _load(session, [Experiment.id.in_(experiment_ids)], [], len(experiment_ids))
        places = {(each.split_id, each.channel) for each in chosen}
        others = _load(
            session,
            [Experiment.id.not_in(experiment_ids), *_match(query)],
            [_rank(places)] if places else [],
            MAX_CANDIDATES,
        )
    order = {experiment_id: place for place, experiment_id in enumerate(experiment_ids)}
    chosen.sort(key=lambda each: order[each.id])
    return [
        {**_describe(each), "chosen": each in chosen, "same_test": (each.split_id, each.channel) in places}
        for each in [*chosen, *others]
    ]


def list_seeds(experiment_ids: Sequence[int]) -> list[int]:
    """Return the finished experiments of the groups that these belong to, in the order of the groups."""
    groups = select(Experiment.group_key).where(Experiment.id.in_(experiment_ids))
    chosen = (
        select(Experiment.id, Experiment.group_key)
        .where(
            Experiment.group_key.in_(groups),
            Experiment.test_recording_accuracy.is_not(None),
            Experiment.trashed_at.is_(None),
        )
        .order_by(Experiment.seed, Experiment.id)
    )
    with get_db_session(read_only=True) as session:
        found = session.execute(chosen).all()
    group_of = {row.id: row.group_key for row in found}
    order = list(dict.fromkeys(group_of[each] for each in experiment_ids if each in group_of))
    return [row.id for group in order for row in found if row.group_key == group]


def _load(
    session: Session, conditions: list[ColumnElement[bool]], ranks: list[ColumnElement[int]], limit: int
) -> list[Experiment]:
    found = (
        select(Experiment)
        .join(Split, Split.id == Experiment.split_id)
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(Experiment.test_recording_accuracy.is_not(None), Experiment.trashed_at.is_(None), *conditions)
        .options(
            joinedload(Experiment.split),
            selectinload(Experiment.dataset_version).joinedload(DatasetVersion.dataset),
        )
        .order_by(*ranks, Experiment.id.desc())
        .limit(limit)
    )
    return list(session.scalars(found))


def _rank(places: set[tuple[int, str | None]]) -> ColumnElement[int]:
    same = [
        (Experiment.split_id == split_id)
        & (Experiment.channel.is_(None) if channel is None else Experiment.channel == channel)
        for split_id, channel in places
    ]
    return case((or_(*same), 0), else_=1)


def _match(query: str | None) -> list[ColumnElement[bool]]:
    columns = (Experiment.name, Experiment.network, Dataset.name, Split.name)
    return [
        or_(*(column.icontains(word, autoescape=True) for column in columns))
        for word in (query or "").split()
    ]


def _describe(experiment: Experiment) -> dict[str, Any]:
    version = experiment.dataset_version
    network = NETWORKS.get(experiment.network)
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "network_title": network.title if network else experiment.network,
        "seed": experiment.seed,
        "group_key": experiment.group_key,
        "dataset": version.dataset.name,
        "dataset_version": version.number,
        "split": experiment.split.name,
        "channel": experiment.channel,
        "test_recording_accuracy": experiment.test_recording_accuracy,
    }
