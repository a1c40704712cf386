"""A folder for the shards that a job writes: kept when the job succeeds, else gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard_config import get_settings
from utils.exceptions import ServiceUnavailableError, StorageFullError
from utils.ids import new_storage_name


@contextmanager
def open_shard_folder(prefix: str, job_id: int) -> Iterator[Path]:
    """Make a folder in the signal store; what earlier attempts of the job left behind is swept away.

    It stays when the block ends well. It also stays when nobody can tell whether the version became visible:
    the next attempt looks, and tidies up.
    """
    signals = get_settings().signals_dir
    signals.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in signals.glob(f"{prefix}-{job_id}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = signals / f"{prefix}-{job_id}-{new_storage_name()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except ServiceUnavailableError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def require_room(n_bytes: int, folder: Path) -> None:
    """Refuse work that the disk has no room for.

    Raises:
        StorageFullError: Too little room, the reserve of the settings kept.
    """
    needed = n_bytes + get_settings().storage_reserve_bytes
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageFullError(
            f"This needs {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are free. Nothing was "
            "changed; free some space and try again."
        )
