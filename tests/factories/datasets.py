"""Small datasets, stored as the import stores them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.store import hash_signal, write_shard
from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.machine import Bearing, Machine
from models.recording import Recording, Signal
from services.dataset_service import DatasetService
from services.datasets.rows import select_rows
from services.datasets.summary import hash_manifest, summarise

SAMPLE_RATE_HZ = 2_000.0
SHAFT_SPEED_RPM = 1_500.0
_FAULT_ORDERS = {"healthy": 0.0, "inner_race": 5.4, "outer_race": 3.6}


@dataclass(frozen=True, slots=True)
class SmallDataset:
    """Ids of a stored dataset with its split: load 3 tests, one recording a class validates."""

    dataset_id: int
    version_id: int
    split_id: int
    signal_ids: dict[tuple[str, int], int]


def simulate(
    fault_class: str, seed: int, seconds: float = 1.0, *, strength: float = 1.0
) -> NDArray[np.float32]:
    """Return noise with the fault's impulses ringing at 600 Hz."""
    random = np.random.default_rng(seed)
    n_samples = int(seconds * SAMPLE_RATE_HZ)
    signal = random.normal(0, 0.2, n_samples)
    order = _FAULT_ORDERS[fault_class]
    if order:
        times = np.arange(int(0.02 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        ring = np.exp(-300 * times) * np.sin(2 * np.pi * 600 * times)
        period = SAMPLE_RATE_HZ / (order * SHAFT_SPEED_RPM / 60)
        for start in np.arange(random.uniform(0, period), n_samples - len(ring), period):
            signal[int(start) : int(start) + len(ring)] += 3 * strength * ring
    return signal.astype(np.float32)


def add_small_dataset(
    name: str = "Small rig",
    classes: tuple[str, ...] = ("healthy", "inner_race"),
    *,
    n_loads: int = 4,
    strength: float = 1.0,
    first_seed: int = 0,
) -> SmallDataset:
    """Store a recording of each class at each of four loads or more, with a split by load."""
    loads = range(n_loads)
    blobs = {
        (fault_class, load): simulate(fault_class, seed=first_seed + 10 * load + index, strength=strength)
        for index, fault_class in enumerate(classes)
        for load in loads
    }
    hashes = {key: hash_signal(values) for key, values in blobs.items()}
    folder = get_settings().signals_dir
    folder.mkdir(parents=True, exist_ok=True)
    shard = write_shard(folder, [(hashes[key], values) for key, values in blobs.items()])
    with get_db_session() as session:
        dataset = Dataset(name=name)
        machine = Machine(name=f"{name} machine")
        session.add_all([dataset, machine])
        session.flush()
        bearing = Bearing(machine_id=machine.id, designation="6205-2RS")
        version = DatasetVersion(
            dataset_id=dataset.id,
            number=1,
            manifest_sha256="",
            n_signals=len(blobs),
            n_recordings=len(blobs),
        )
        session.add_all([bearing, version])
        session.flush()
        signal_ids = {}
        for (fault_class, load), values in blobs.items():
            recording = Recording(
                dataset_id=dataset.id,
                name=f"{fault_class}_{load}",
                source_file=f"{fault_class}_{load}.mat",
                machine_id=machine.id,
                shaft_speed_rpm=SHAFT_SPEED_RPM,
                load=str(load),
            )
            session.add(recording)
            session.flush()
            signal = Signal(
                recording_id=recording.id,
                channel="DE",
                bearing_id=bearing.id,
                unit="g",
                sample_rate_hz=SAMPLE_RATE_HZ,
                n_samples=len(values),
                sha256=hashes[fault_class, load],
                shard=shard,
            )
            session.add(signal)
            session.flush()
            signal_ids[fault_class, load] = signal.id
            session.add(
                ManifestRow(
                    dataset_version_id=version.id,
                    signal_id=signal.id,
                    fault_class=fault_class,
                    physical_bearing=f"{fault_class} bearing",
                )
            )
        session.flush()
        rows = [dict(row) for row in session.execute(select_rows(version.id)).mappings()]
        version.summary, version.manifest_sha256 = summarise(rows), hash_manifest(rows)
        session.commit()
    split = DatasetService.create_split(
        dataset.id, "by load", "load", ["3"], accept_amber="known", validation_fraction=0.3
    )
    assert split["success"], split["error"]
    return SmallDataset(dataset.id, version.id, split["split_id"], signal_ids)
