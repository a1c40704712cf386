"""Rename, archive, throw away, restore and delete datasets; what experiments stand on is not deleted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.diagnosis import Diagnosis
from models.experiment import Experiment
from models.explanation import Explanation
from models.recording import Recording, Signal
from models.split import Split
from services.datasets import table
from services.datasets.cached import forget_dataset
from services.datasets.rows import find_dataset
from services.shared.actors import SYSTEM, Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from services.shared.texts import check_text
from utils.clock import utc_now
from utils.constants import TRASH_KEPT_DAYS
from utils.exceptions import ConflictError, InvalidInputError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_MAX_NAMED = 5
_MAX_NAME = 120


def check_name(name: str, noun: str = "dataset") -> str:
    """Return the name of a dataset or split without blanks around it.

    Raises:
        InvalidInputError: Empty, too long, or not printable.
    """
    text = name.strip()
    if not 0 < len(text) <= _MAX_NAME or not text.isprintable():
        raise InvalidInputError(f"Give the {noun} a name of 1 to {_MAX_NAME} printable characters.")
    return text


def change_dataset(dataset_id: int, actor: Actor, *, name: str | None, description: str | None) -> None:
    """Give a dataset another name or description.

    Raises:
        ConflictError: The name is taken.
    """
    check_text(description, "description")
    try:
        with get_db_session() as session:
            dataset = find_dataset(session, dataset_id)
            if name is not None:
                dataset.name = check_name(name)
            if description is not None:
                dataset.description = description
            record_audit(session, actor, "dataset.update", f"dataset {dataset_id}")
            session.commit()
    except IntegrityError:
        raise ConflictError(f"There is already a dataset called '{name}'. Choose another name.") from None


def set_archived(dataset_id: int, actor: Actor, *, archived: bool) -> None:
    """Take a dataset out of the lists, or back in; nothing of it is lost."""
    with get_db_session() as session:
        dataset = find_dataset(session, dataset_id)
        dataset.archived_at = utc_now() if archived else None
        word = "archive" if archived else "unarchive"
        record_audit(session, actor, f"dataset.{word}", f"dataset {dataset_id}")
        session.commit()


# --- trash -----------------------------------------------------------------------------------------------


def describe_removal(session: Session, dataset_id: int) -> dict[str, Any]:
    """Return what goes with a dataset, and which experiments keep it.

    Raises:
        NotFoundError: There is none.
    """
    dataset = find_dataset(session, dataset_id)
    versions = select(DatasetVersion.id).where(DatasetVersion.dataset_id == dataset_id)
    newest = session.scalars(
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(DatasetVersion.number.desc())
        .limit(1)
    ).first()
    n_splits = session.scalar(select(func.count(Split.id)).where(Split.dataset_version_id.in_(versions)))
    return {
        "dataset_id": dataset_id,
        "name": dataset.name,
        "n_versions": newest.number if newest else 0,
        "n_recordings": newest.n_recordings if newest else 0,
        "n_bytes": newest.summary.get("n_bytes") if newest else 0,
        "n_splits": n_splits or 0,
        "experiments": _list_users(session, dataset_id),
        "kept_days": TRASH_KEPT_DAYS,
    }


def throw_away(dataset_id: int, actor: Actor) -> None:
    """Move a dataset to the trash, from where it can be restored for 30 days.

    Raises:
        ConflictError: Experiments use it; the sentence names them.
    """
    with get_db_session() as session:
        dataset = find_dataset(session, dataset_id)
        _refuse_while_used(session, dataset)
        if dataset.trashed_at is None:
            dataset.trashed_at = utc_now()
            record_audit(
                session, actor, "dataset.trash", f"dataset {dataset_id}", details={"name": dataset.name}
            )
            session.commit()


def refuse_trashed(session: Session, name: str) -> None:
    """Raise where the dataset of this name is in the trash: nothing is added to it there.

    Raises:
        ConflictError: It is.
    """
    if session.scalar(select(Dataset.trashed_at).where(Dataset.name == name)) is not None:
        raise ConflictError(
            f"A dataset called '{name}' is in the trash. Restore it or delete it, or choose another name."
        )


def restore(dataset_id: int, actor: Actor) -> None:
    """Take a dataset out of the trash, as it was."""
    with get_db_session() as session:
        dataset = find_dataset(session, dataset_id)
        if dataset.trashed_at is not None:
            dataset.trashed_at = None
            record_audit(session, actor, "dataset.restore", f"dataset {dataset_id}")
            session.commit()


def purge_trash() -> int:
    """Delete what has been in the trash for longer than it is kept; return how many datasets went.

    What an experiment uses by now stays.
    """
    limit = utc_now() - timedelta(days=TRASH_KEPT_DAYS)
    with get_db_session(read_only=True) as session:
        due = session.scalars(select(Dataset.id).where(Dataset.trashed_at < limit)).all()
    gone = 0
    for dataset_id in due:
        try:
            delete_dataset(dataset_id, SYSTEM, delete_file=True)
        except ConflictError:
            logger.info("a dataset stays in the trash: experiments use it", extra={"dataset_id": dataset_id})
        else:
            gone += 1
    return gone


# --- for good --------------------------------------------------------------------------------------------


def delete_dataset(dataset_id: int, actor: Actor, *, delete_file: bool) -> None:
    """Delete a dataset with its versions, recordings and splits.

    Args:
        dataset_id: Which.
        actor: Who asks; noted in the audit log.
        delete_file: Also delete the samples that no other dataset shares.

    Raises:
        ConflictError: Experiments use it; the sentence names them.
    """
    with get_db_session() as session:
        dataset = find_dataset(session, dataset_id)
        _refuse_while_used(session, dataset)
        own = select(Signal.id).join(Recording).where(Recording.dataset_id == dataset_id)
        shards = set(session.scalars(select(Signal.shard).where(Signal.id.in_(own)).distinct()))
        versions = session.scalars(
            select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id)
        ).all()
        session.execute(update(Diagnosis).where(Diagnosis.signal_id.in_(own)).values(signal_id=None))
        session.execute(delete(Explanation).where(Explanation.signal_id.in_(own)))
        record_audit(
            session, actor, "dataset.delete", f"dataset {dataset_id}", details={"name": dataset.name}
        )
        session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        session.commit()
    table.drop_indexes(versions)
    forget_dataset(dataset_id)
    if delete_file:
        _remove_unused(sorted(shards))


def _refuse_while_used(session: Session, dataset: Dataset) -> None:
    names = _list_users(session, dataset.id)
    if names:
        shown = ", ".join(f"'{name}'" for name in names[:_MAX_NAMED])
        more = " and others" if len(names) > _MAX_NAMED else ""
        raise ConflictError(
            f"'{dataset.name}' is used by the experiments {shown}{more}. Delete them first, or archive "
            "the dataset."
        )


def _list_users(session: Session, dataset_id: int) -> list[str]:
    """Return the names of experiments on a dataset, one more than are named in a sentence at most."""
    return list(
        session.scalars(
            select(Experiment.name)
            .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
            .where(DatasetVersion.dataset_id == dataset_id)
            .order_by(Experiment.id)
            .limit(_MAX_NAMED + 1)
        )
    )


def _remove_unused(shards: Sequence[str]) -> None:
    """Delete the shards that no row names any more; a folder goes with its last one."""
    used: set[str] = set()
    with get_db_session(read_only=True) as session:
        for batch in split_batches(shards):
            used |= set(session.scalars(select(Signal.shard).where(Signal.shard.in_(batch)).distinct()))
    for shard in set(shards) - used:
        path = get_settings().signals_dir / shard
        for file in (path, *path.parent.glob(f"{path.stem}.signatures-*.npy")):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
