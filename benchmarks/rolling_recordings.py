"""Rolling-bearing recordings with their labels, and the models that are trained on them; shared by rows."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.datasets.metadata_table import read_metadata_table
from core.datasets.readers.registry import pick_variables, preview_file, read_file
from core.datasets.splits import SplitRow
from core.datasets.store import hash_signal
from core.networks.registry import ENSEMBLE, NETWORKS
from core.signal.bearings import find_bearing
from core.signal.resampling import resample_signal
from core.training.classifier import Classifier
from core.training.hooks import SilentHooks
from core.training.run import train_classifier
from core.training.signals import LabelledSignal

CLASS_NAMES = ("ball", "healthy", "inner_race", "outer_race")
NOISE_DB = (20.0, 10.0, 5.0)
GAINS = (0.25, 4.0)
_RATE_HZ = 12_000.0
Rows = list[tuple[SplitRow, LabelledSignal]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model of the registry with the options that are not its defaults."""

    label: str
    network: str
    options: dict[str, Any] = field(default_factory=dict)


def list_contestants(chosen: Iterable[str] = ()) -> list[Contestant]:
    """List every model with its defaults, and those that read features with each kind of them, too.

    Left out are models for journal bearings (their window is one recording of 5 s at one range of speeds).
    """
    found = []
    for name, spec in NETWORKS.items():
        if name == ENSEMBLE or spec.name == "spectral_net":
            continue
        defaults = {option.name: option.default for option in spec.options}
        if defaults.get("features") == "noise_floor":
            continue
        found.append(Contestant(name, name))
        if "spectrum_bands" in defaults:
            found.append(Contestant(f"{name} (24 spectrum bands)", name, {"spectrum_bands": 24}))
        if "features" in defaults:
            for features in ("envelope_orders", "general_and_envelope_orders"):
                options = {"features": features, "window_s": 2.0}
                found.append(Contestant(f"{name} ({features})", name, options))
    wanted = set(chosen)
    return [contestant for contestant in found if not wanted or contestant.network in wanted]


def load_rows(folder: Path) -> Rows:
    """Read every recording that the metadata table names; fault orders by the bearing's designation."""
    rows = []
    for row in read_metadata_table(folder / "metadata.csv"):
        path = folder / row.file
        variable = pick_variables(preview_file(path), str(row.variable))[0].name
        values = read_file(path, [variable])[variable]
        digest = hash_signal(values)
        bearing = find_bearing(str(row.bearing))
        conditions = {"load": str(row.load), "severity": str(row.severity or "")}
        split_row = SplitRow(digest, row.file, row.file, row.group, row.machine, row.fault_class, conditions)
        signal = LabelledSignal(
            digest,
            row.file,
            str(row.channel),
            CLASS_NAMES.index(str(row.fault_class)),
            float(row.sample_rate_hz or 0),
            row.shaft_speed_rpm,
            lambda values=values: values,  # type: ignore[misc]  # binds this row
            bearing.orders if bearing else None,
        )
        rows.append((split_row, signal))
    return rows


def train(
    contestant: Contestant,
    train_part: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    seed: int,
) -> tuple[Classifier, float]:
    """Train once; the classifier and the CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = train_classifier(
            contestant.network,
            contestant.options,
            train_part,
            validation,
            CLASS_NAMES,
            seed=seed,
            run_folder=Path(folder),
            hooks=SilentHooks(),
        )
        assert outcome.classifier_folder is not None
        return Classifier.load(outcome.classifier_folder), outcome.train_cpu_s


def change_gain(signal: LabelledSignal, gain: float) -> LabelledSignal:
    """Return a signal as a sensor of another sensitivity gives it."""
    return replace(signal, load=lambda: gain * np.asarray(signal.load(), dtype=np.float64))


def add_noise(signal: LabelledSignal, snr_db: float, seed: int) -> LabelledSignal:
    """Return a signal at 12 kHz with white noise: all recordings get it in the same band."""

    def load() -> Any:
        values = np.asarray(resample_signal(signal.load(), signal.sample_rate_hz, _RATE_HZ), dtype=np.float64)
        rng = np.random.default_rng([seed, int(signal.signal_sha256[:8], 16)])
        return values + values.std() * 10.0 ** (-snr_db / 20.0) * rng.standard_normal(len(values))

    return replace(signal, sample_rate_hz=_RATE_HZ, load=load)


def write_result(path: Path, row: str, command: str, goal: str, holds: bool | None, **facts: Any) -> None:
    """Write the JSON of a row."""
    document = {
        "row": row,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread, CPU only",
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "torch": torch.__version__,
        "goal": goal,
        "holds": holds,
        **facts,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
