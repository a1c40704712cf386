"""Feature values on disk: one folder per set, with the values and what was worked out of them since."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from dashboard_config import get_settings
from models.feature_set import FeatureSet
from utils.exceptions import DataDamagedError, StorageFullError, is_disk_full
from utils.ids import new_storage_name
from utils.logger import setup_logger

logger = setup_logger(__name__)

_VALUES = "values.h5"
_DAMAGED = "The stored feature values are damaged. Delete the feature set and extract it again."


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """What the file of a set holds.

    Attributes:
        values: float32 ``(n_rows, n_features)``.
        feature_names: Of the columns.
        signal_index: Which of ``signals`` each row is of, ``(n_rows,)``.
        start_s: Where the row's window begins, ``(n_rows,)``.
        signals: Per signal its ids, names, class, severity and group.
        frequencies_hz: Of the spectra, ``(n_bins,)``; empty where none are kept.
        spectra: Mean power density per signal, ``(n_signals, n_bins)``.
        points: First two principal components of every row, ``(n_rows, 2)``; empty where there are none.
        explained: Share of the variance that each of the two shows.
    """

    values: NDArray[np.float32]
    feature_names: tuple[str, ...]
    signal_index: NDArray[np.int32]
    start_s: NDArray[np.float64]
    signals: tuple[Mapping[str, Any], ...]
    frequencies_hz: NDArray[np.float64]
    spectra: NDArray[np.float32]
    points: NDArray[np.float32]
    explained: tuple[float, ...] = ()

    def list_of_rows(self, name: str) -> list[Any]:
        """Return a field of the signals, once per row."""
        column = [signal[name] for signal in self.signals]
        return [column[index] for index in self.signal_index.tolist()]


def write_features(features: StoredFeatures) -> tuple[str, str]:
    """Write a set into a folder of its own; return its path below the feature folder, and its hash.

    Raises:
        StorageFullError: The disk has no room; nothing is left behind.
    """
    root = get_settings().features_dir
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = new_storage_name()
    folder = root / f".{name}.part"
    try:
        folder.mkdir(mode=0o700)
        _fill(folder / _VALUES, features)
        digest = _hash_file(folder / _VALUES)
        folder.rename(root / name)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if is_disk_full(error):
            raise StorageFullError("The disk is full. Free some space, then extract again.") from error
        raise
    return f"{name}/{_VALUES}", digest


def _fill(path: Path, features: StoredFeatures) -> None:
    with h5py.File(path, "w") as file:
        for name in ("values", "signal_index", "start_s", "frequencies_hz", "spectra", "points"):
            file.create_dataset(name, data=getattr(features, name))
        file.create_dataset("explained", data=np.asarray(features.explained, dtype=np.float64))
        described = json.dumps(
            {"feature_names": features.feature_names, "signals": [dict(one) for one in features.signals]}
        )
        file.create_dataset("description", data=np.frombuffer(described.encode(), dtype=np.uint8))
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def read_features(row: FeatureSet) -> StoredFeatures:
    """Read a set; the last few are kept in memory, for they never change.

    Raises:
        DataDamagedError: The file is missing or not what was written.
    """
    return _read(str(get_settings().features_dir / PurePosixPath(row.relative_path)), row.sha256)


@lru_cache(maxsize=2)
def _read(path: str, sha256: str) -> StoredFeatures:
    try:
        if _hash_file(Path(path)) != sha256:
            raise DataDamagedError(_DAMAGED)
        with h5py.File(path, "r") as file:
            arrays = {name: file[name][()] for name in file}
    except OSError as error:
        raise DataDamagedError(_DAMAGED) from error
    described = json.loads(arrays.pop("description").tobytes())
    explained = tuple(arrays.pop("explained").tolist())
    names = tuple(described["feature_names"])
    return StoredFeatures(
        **arrays, feature_names=names, signals=tuple(described["signals"]), explained=explained
    )


def remove_features(relative_path: str) -> None:
    """Delete a set's folder with all that was worked out of it."""
    shutil.rmtree(_folder(relative_path), ignore_errors=True)


def write_analysis(row: FeatureSet, name: str, result: Mapping[str, Any]) -> None:
    """Keep what was worked out of a set beside its values; it appears whole or not at all."""
    folder = _folder(row.relative_path)
    temporary = folder / f".{new_storage_name()}.part"
    try:
        temporary.write_text(json.dumps(result))
        temporary.replace(folder / f"{name}.json")
    except FileNotFoundError as error:
        raise DataDamagedError(_DAMAGED) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_analysis(row: FeatureSet, name: str) -> dict[str, Any] | None:
    """Return what was kept, or None."""
    try:
        found: dict[str, Any] = json.loads((_folder(row.relative_path) / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("stored analysis unreadable", extra={"feature_set_id": row.id, "analysis": name})
        return None
    return found


def list_analyses(row: FeatureSet, prefix: str) -> list[dict[str, Any]]:
    """Return everything kept under names that begin with ``prefix``, the newest first."""
    files = sorted(_folder(row.relative_path).glob(f"{prefix}*.json"), key=lambda path: -path.stat().st_mtime)
    found = [read_analysis(row, path.stem) for path in files]
    return [each for each in found if each is not None]


def _folder(relative_path: str) -> Path:
    return get_settings().features_dir / PurePosixPath(relative_path).parts[0]


def _hash_file(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
