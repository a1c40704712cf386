"""What costs reading the samples of a version: kept in the cache, for a version never changes."""

from __future__ import annotations

from typing import Any

from dashboard_config import CACHE_TTL_LONG
from database.connection import get_db_session
from services.cache_service import CacheService
from services.datasets.rows import find_version, load_rows
from services.datasets.statistics import build_preview, compute_statistics
from utils.constants import CACHE_DATASET_PREVIEW, CACHE_DATASET_STATISTICS

_MAX_PREVIEWS = 10


def get_statistics(dataset_id: int, version: int | None) -> dict[str, Any]:
    """Return level and shape of the signals per fault class and channel.

    Raises:
        NotFoundError: No such dataset or version.
    """
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        key = f"{CACHE_DATASET_STATISTICS}:{dataset_id}:{found.number}"
        stored: dict[str, Any] | None = CacheService.get(key)
        if stored is not None:
            return stored
        computed = compute_statistics(session, load_rows(session, found.id))
    result = {"dataset_id": dataset_id, "version": found.number, **computed}
    CacheService.set(key, result, ttl=CACHE_TTL_LONG)
    return result


def get_preview(dataset_id: int, num_samples: int, channel: str | None) -> dict[str, Any]:
    """Return a few short traces per fault class of the newest version.

    Raises:
        NotFoundError: No such dataset.
    """
    count = min(max(num_samples, 1), _MAX_PREVIEWS)
    with get_db_session(read_only=True) as session:
        version = find_version(session, dataset_id)
        key = f"{CACHE_DATASET_PREVIEW}:{dataset_id}:{version.number}:{count}:{channel or ''}"
        stored: dict[str, Any] | None = CacheService.get(key)
        if stored is not None:
            return stored
        rows = load_rows(session, version.id, {"channel": channel})
        preview = {"version": version.number, "classes": build_preview(session, rows, count)}
    CacheService.set(key, preview, ttl=CACHE_TTL_LONG)
    return preview


def forget_dataset(dataset_id: int) -> None:
    """Drop what is cached of a dataset."""
    for prefix in (CACHE_DATASET_STATISTICS, CACHE_DATASET_PREVIEW):
        CacheService.invalidate_pattern(f"{prefix}:{dataset_id}:*")
