"""Rename, archive and delete datasets; what experiments stand on is not deleted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.diagnosis import Diagnosis
from models.experiment import Experiment
from models.recording import Recording, Signal
from services.datasets.rows import find_dataset
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from services.shared.texts import check_text
from utils.clock import utc_now
from utils.exceptions import ConflictError, InvalidInputError

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
        session.execute(update(Diagnosis).where(Diagnosis.signal_id.in_(own)).values(signal_id=None))
        record_audit(
            session, actor, "dataset.delete", f"dataset {dataset_id}", details={"name": dataset.name}
        )
        session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        session.commit()
    if delete_file:
        _remove_unused(sorted(shards))


def _refuse_while_used(session: Session, dataset: Dataset) -> None:
    names = session.scalars(
        select(Experiment.name)
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .where(DatasetVersion.dataset_id == dataset.id)
        .order_by(Experiment.id)
        .limit(_MAX_NAMED + 1)
    ).all()
    if names:
        shown = ", ".join(f"'{name}'" for name in names[:_MAX_NAMED])
        more = " and others" if len(names) > _MAX_NAMED else ""
        raise ConflictError(
            f"'{dataset.name}' is used by the experiments {shown}{more}. Delete them first, or archive "
            "the dataset."
        )


def _remove_unused(shards: Sequence[str]) -> None:
    """Delete the shards that no row names any more; a folder goes with its last one."""
    used: set[str] = set()
    with get_db_session(read_only=True) as session:
        for batch in split_batches(shards):
            used |= set(session.scalars(select(Signal.shard).where(Signal.shard.in_(batch)).distinct()))
    for shard in set(shards) - used:
        path = get_settings().signals_dir / shard
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
