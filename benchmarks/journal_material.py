"""What the journal-bearing accuracies are measured on: generated records, a split, disturbances, budgets."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from core.datasets.readers.registry import preview_file, read_file
from core.datasets.splits import SplitRow, build_split
from core.synthesis.configuration import parse_config
from core.synthesis.noise import make_pink
from core.synthesis.records import list_records, make_record
from core.training.hooks import Command, SilentHooks
from core.training.signals import LabelledSignal
from utils.constants import FAULT_CLASSES

RATE_HZ = 20_480.0
N_SAMPLES = 102_400
PARTS = ("train", "validation", "test")
_PINK_LOWEST_HZ = 0.2
# Each disturbance draws from its own stream, keyed with the record: every contestant sees the same signals.
_STREAMS = {"white": 1, "pink": 2, "tone": 3, "low_tone": 4}


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a signal, with what it is drawn by."""

    signal: LabelledSignal
    number: int
    severity: str

    @property
    def fault_class(self) -> str:
        """Name of its class."""
        return FAULT_CLASSES[self.signal.class_index]


def make_records(folder: Path, n_per_class: int) -> list[Record]:
    """Generate the `benchmark` profile into one file of float32 rows; the shaft speed is told to nobody."""
    config = parse_config({"n_per_class": n_per_class})
    names = list_records(config)
    path = folder / "records.npy"
    rows = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(len(names), config.n_samples))
    records = []
    for number, (fault_class, index) in enumerate(names):
        made = make_record(config, fault_class, index)
        rows[number] = next(iter(made.channels.values()))
        records.append(_as_record(number, rows[number], fault_class, made.severity or "healthy", rows))
    rows.flush()
    return records


def _as_record(
    number: int, values: NDArray[np.float32], fault_class: str, severity: str, rows: NDArray[np.float32]
) -> Record:
    def load() -> NDArray[np.float32]:
        return rows[number]

    digest = hashlib.sha256(values.tobytes()).hexdigest()
    class_index = FAULT_CLASSES.index(fault_class)
    return Record(
        LabelledSignal(digest, number, "vibration", class_index, RATE_HZ, None, load), number, severity
    )


def split_records(records: Sequence[Record], seed: int) -> dict[str, list[Record]]:
    """Split by recording into 70, 15 and 15 %, each severity of each class by itself."""
    rows = [
        SplitRow(
            record.signal.signal_sha256,
            str(record.number),
            str(record.number),
            None,
            None,
            f"{record.fault_class} {record.severity}",
        )
        for record in records
    ]
    part_of = build_split(
        rows, by="recording", validation_fraction=0.15 / 0.85, test_fraction=0.15, seed=seed
    )
    found: dict[str, list[Record]] = {part: [] for part in PARTS}
    for record in records:
        found[part_of[record.signal.signal_sha256]].append(record)
    return found


def keep_per_class(records: Sequence[Record], n_per_class: int, seed: int) -> list[Record]:
    """Keep a few records of each class, drawn."""
    rng = np.random.default_rng(seed)
    kept = []
    for class_index in range(len(FAULT_CLASSES)):
        members = [record for record in records if record.signal.class_index == class_index]
        kept += [members[place] for place in rng.permutation(len(members))[:n_per_class]]
    return kept


def disturb(records: Sequence[Record], kind: str, level: float) -> list[LabelledSignal]:
    """Return the signals with a disturbance: added at an SNR of ``level`` dB, or ``gain`` times ``level``.

    The ratio is that of the record's variance to the disturbance's, in the whole band.
    """
    return [_disturb_one(record, kind, level) for record in records]


def _disturb_one(record: Record, kind: str, level: float) -> LabelledSignal:
    load = record.signal.load

    def load_disturbed() -> NDArray[np.floating]:
        values = load()
        if kind == "gain":
            return values * np.float32(level)
        rng = np.random.default_rng([record.number, _STREAMS[kind]])
        deviation = float(np.sqrt(np.var(values, dtype=np.float64) / 10.0 ** (level / 10.0)))
        return values + _draw(rng, kind, deviation)

    return record.signal if kind == "clean" else replace(record.signal, load=load_disturbed)


def _draw(rng: np.random.Generator, kind: str, deviation: float) -> NDArray[np.floating]:
    if kind == "white":
        return np.float32(deviation) * rng.standard_normal(N_SAMPLES, dtype=np.float32)
    if kind == "pink":
        return make_pink(rng, N_SAMPLES, deviation, RATE_HZ, _PINK_LOWEST_HZ)
    if kind == "tone":
        frequency_hz = rng.uniform(5.0, 0.5 * RATE_HZ)
    else:
        frequency_hz = float(np.exp(rng.uniform(np.log(5.0), np.log(8000.0))))
    angle = 2 * np.pi * frequency_hz * np.arange(N_SAMPLES) / RATE_HZ + rng.uniform(0, 2 * np.pi)
    return (deviation * np.sqrt(2.0) * np.sin(angle)).astype(np.float32)


class BudgetHooks(SilentHooks):
    """Lets a training run for so much processor time, then stops it early with its best epoch."""

    def __init__(self, budget_s: float) -> None:
        self._ends_s = time.process_time() + budget_s
        self.spent = False

    def command(self) -> Command:
        """Stop once the time is up."""
        self.spent = time.process_time() > self._ends_s
        return Command.STOP if self.spent else Command.CONTINUE


def write_split_file(path: Path, parts: dict[str, list[Record]]) -> None:
    """Write the records in the public layout: groups ``train``, ``val`` and ``test``."""
    with h5py.File(path, "w") as file:
        file.attrs["sampling_rate"] = RATE_HZ
        for part, name in zip(PARTS, ("train", "val", "test"), strict=True):
            records = parts[part]
            group = file.create_group(name)
            signals = group.create_dataset(
                "signals", (len(records), N_SAMPLES), dtype="f4", chunks=(1, N_SAMPLES)
            )
            for row, record in enumerate(records):
                signals[row] = record.signal.load()
            group["labels"] = np.asarray([record.signal.class_index for record in records], dtype=np.int64)
            group["metadata"] = [
                json.dumps({"severity": record.severity, "number": record.number}) for record in records
            ]


def read_split_file(path: Path) -> dict[str, list[Record]]:
    """Read the parts back through the product's reader."""
    found: dict[str, list[Record]] = {part: [] for part in PARTS}
    for variable in preview_file(path).variables:
        attributes = variable.attributes
        values = read_file(path, [variable.name])[variable.name]
        signal = LabelledSignal(
            hashlib.sha256(np.ascontiguousarray(values, dtype=np.float32).tobytes()).hexdigest(),
            int(str(attributes["number"])),
            "vibration",
            FAULT_CLASSES.index(str(attributes["fault_class"])),
            float(variable.sample_rate_hz or 0.0),
            None,
            _bind(path, variable.name),
        )
        found[str(variable.part)].append(
            Record(signal, int(str(attributes["number"])), str(attributes["severity"]))
        )
    return found


def _bind(path: Path, name: str) -> Callable[[], NDArray[np.floating]]:
    return lambda: read_file(path, [name])[name]
