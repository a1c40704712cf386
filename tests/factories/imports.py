"""Files to import, and imports that run to their end in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from services.dataset_service import DatasetService
from services.jobs import board

RATE_HZ = 2_000.0


def make_noise(seed: int, n_samples: int = 4_000) -> NDArray[np.float32]:
    """Return noise that no other seed gives."""
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


def write_mat(path: Path, **variables: Any) -> Path:
    """Write a MATLAB 5 file with these variables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, variables)
    return path


def write_fault_files(folder: Path, loads: Sequence[int] = (0, 1, 2)) -> list[Path]:
    """Write Normal_, IR_ and OR_ files at each load, each with a DE and an FE channel and a speed."""
    files = []
    for index, label in enumerate(("Normal", "IR", "OR")):
        for load in loads:
            seed = 100 * index + 10 * load
            number = f"X{index + 1}{load:02d}"
            variables = {
                f"{number}_DE_time": make_noise(seed + 1)[:, np.newaxis],
                f"{number}_FE_time": make_noise(seed + 2)[:, np.newaxis],
                f"{number}RPM": np.array([[1800.0 - 20 * load]]),
            }
            files.append(write_mat(folder / f"{label}_{load}.mat", **variables))
    return files


FAULT_MAPPING: dict[str, Any] = {
    "pattern": r"(?P<fault_class>Normal|IR|OR)_(?P<load>\d)",
    "map": {"IR": "inner_race", "OR": "outer_race"},
    "defaults": {"sample_rate_hz": RATE_HZ, "unit": "g", "machine": "Rig"},
    "channels": [
        {"variable": "*_DE_time", "bearing": "6205-2RS", "measurement_point": "drive end"},
        {"variable": "*_FE_time", "bearing": "6203-2RS", "fault_class": "healthy"},
    ],
    "speed_from": "*RPM",
}


def write_canonical_file(path: Path, signals: Mapping[str, NDArray[Any]], **attributes: Any) -> Path:
    """Write ``/signals/<recording>/<channel>`` with the same attributes on each."""
    with h5py.File(path, "w") as file:
        file.attrs["schema_version"] = 1
        for name, samples in signals.items():
            dataset = file.create_dataset(f"signals/{name}", data=samples)
            dataset.attrs.update({"sample_rate_hz": RATE_HZ, **attributes})
    return path


def name_files(paths: Sequence[Path]) -> list[dict[str, str]]:
    """Return files as a script names them."""
    return [{"path": str(path), "name": path.name} for path in paths]


def run_import(
    paths: Sequence[Path], mapping: Mapping[str, Any], name: str = "Rig", **options: Any
) -> dict[str, Any]:
    """Import files in this process and return the finished job."""
    started = DatasetService.import_dataset(name_files(paths), mapping, name, **options)
    assert started["success"], started["error"]
    DatasetService.run_import_job(started["job_id"], "test")
    job = board.get_job(started["job_id"])
    assert job is not None
    return job


def import_faults(folder: Path, name: str = "Rig", loads: Sequence[int] = (0, 1, 2)) -> int:
    """Import the files of `write_fault_files` and return the dataset's id."""
    job = run_import(write_fault_files(folder, loads), FAULT_MAPPING, name)
    assert job["state"] == "done", job["error"]
    return int(job["result"]["dataset_id"])
