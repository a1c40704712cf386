"""The rows of feature sets: found, listed, added, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.feature_set import FeatureSet
from services.datasets.rows import find_version
from services.features.config import hash_config
from services.features.storage import StoredFeatures, remove_features, write_features
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.clock import to_iso
from utils.exceptions import ConflictError, NotFoundError

_MOST_LISTED = 200


def find_set(session: Session, feature_set_id: int) -> FeatureSet:
    """Return a set's row.

    Raises:
        NotFoundError: There is none.
    """
    row = session.get(FeatureSet, feature_set_id)
    if row is None:
        raise NotFoundError("There is no such feature set.")
    return row


def load_set(feature_set_id: int) -> FeatureSet:
    """Return a set's row from a session of its own."""
    with get_db_session(read_only=True) as session:
        return find_set(session, feature_set_id)


def build_link(row: FeatureSet, page: str = "/feature-engineering") -> str:
    """Return the address of a page with this set chosen."""
    with get_db_session(read_only=True) as session:
        version = session.get_one(DatasetVersion, row.dataset_version_id)
    return f"{page}?dataset={version.dataset_id}&version={version.number}&set={row.id}"


def find_by_config(session: Session, version_id: int, config_sha256: str) -> FeatureSet | None:
    """Return the set that was computed with these settings, or None."""
    return session.scalar(
        select(FeatureSet).where(
            FeatureSet.dataset_version_id == version_id, FeatureSet.config_sha256 == config_sha256
        )
    )


def list_sets(session: Session, dataset_id: int, number: int | None) -> list[dict[str, Any]]:
    """Return the sets of a dataset, or of one version, the newest first; at most 200.

    Raises:
        NotFoundError: No such dataset or version.
    """
    version = find_version(session, dataset_id, number)
    chosen = (
        select(FeatureSet, DatasetVersion.number, Dataset.id, Dataset.name)
        .join(DatasetVersion, DatasetVersion.id == FeatureSet.dataset_version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(Dataset.id == dataset_id)
        .order_by(FeatureSet.id.desc())
        .limit(_MOST_LISTED)
    )
    if number is not None:
        chosen = chosen.where(FeatureSet.dataset_version_id == version.id)
    return [_describe(*found) for found in session.execute(chosen)]


def describe_set(session: Session, feature_set_id: int) -> dict[str, Any]:
    """Return one set as plain data.

    Raises:
        NotFoundError: There is none.
    """
    row = find_set(session, feature_set_id)
    version = session.get_one(DatasetVersion, row.dataset_version_id)
    dataset = session.get_one(Dataset, version.dataset_id)
    return _describe(row, version.number, dataset.id, dataset.name)


def _describe(row: FeatureSet, number: int, dataset_id: int, dataset_name: str) -> dict[str, Any]:
    return {
        "feature_set_id": row.id,
        "name": row.name,
        "dataset_id": dataset_id,
        "dataset_name": dataset_name,
        "version": number,
        "domain": row.domain,
        "config": row.config,
        "n_rows": row.n_rows,
        "n_features": len(row.feature_names),
        "feature_names": row.feature_names,
        "sha256": row.sha256,
        "created_at": to_iso(row.created_at),
    }


def add_set(
    version_id: int,
    features: StoredFeatures,
    *,
    domain: str,
    config: Mapping[str, Any],
    identity: Mapping[str, Any],
    name: str | None,
    actor: Actor | None,
    created_by: int | None,
    handle: JobHandle | None = None,
) -> int:
    """Write a set's file, then make it visible; one with the same identity that came first wins.

    Args:
        version_id: Of the dataset.
        features: The values.
        domain: What kind they are.
        config: What they were computed with.
        identity: What makes the set the same as another one.
        name: Under which people keep it; None for a plain extraction.
        actor: Noted in the audit log; None in a job, whose request was noted.
        created_by: Whose it is.
        handle: The job that does it; a lost attempt writes nothing.
    """
    relative_path, sha256 = write_features(features)
    digest = hash_config(identity)
    try:
        with get_db_session() as session:
            if handle is not None:
                handle.fenced(session)
            there = find_by_config(session, version_id, digest)
            if there is not None:
                remove_features(relative_path)
                return there.id
            row = FeatureSet(
                dataset_version_id=version_id,
                name=name,
                domain=domain,
                config=dict(config),
                config_sha256=digest,
                n_rows=len(features.values),
                feature_names=list(features.feature_names),
                relative_path=relative_path,
                sha256=sha256,
                created_by=created_by,
            )
            session.add(row)
            session.flush()
            if actor is not None:
                record_audit(session, actor, "features.save", f"feature set {row.id}", details={"name": name})
            session.commit()
            return row.id
    except IntegrityError:
        remove_features(relative_path)
        raise ConflictError("The dataset version has gone. Choose another one.") from None
    except BaseException:
        remove_features(relative_path)
        raise


def delete_set(feature_set_id: int, actor: Actor) -> None:
    """Delete a set with its values and all that was worked out of them."""
    with get_db_session() as session:
        row = find_set(session, feature_set_id)
        relative_path = row.relative_path
        session.delete(row)
        record_audit(
            session, actor, "features.delete", f"feature set {feature_set_id}", details={"name": row.name}
        )
        session.commit()
    remove_features(relative_path)
