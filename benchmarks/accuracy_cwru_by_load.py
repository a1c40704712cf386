"""CWRU drive end: train on 0 and 1 hp, test on 2 hp, every network with its default options.

Usage: ``python -m benchmarks.accuracy_cwru_by_load [FOLDER [SEED ...]]``, where FOLDER holds the .mat files
and their ``metadata.csv``. Prints a table and writes ``benchmarks/results/accuracy_cwru_by_load.json``.

The split is amber: every physical bearing is in training and in test. It shows that the chain works, not
how well a new bearing would be diagnosed.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from benchmarks import find_recordings
from core.datasets.metadata_table import read_metadata_table
from core.datasets.readers.registry import pick_variables, preview_file, read_file
from core.datasets.splits import SplitRow, build_split
from core.datasets.store import hash_signal
from core.networks.registry import NETWORKS
from core.training.classifier import Classifier
from core.training.evaluate import evaluate_classifier
from core.training.hooks import SilentHooks
from core.training.run import train_classifier
from core.training.signals import LabelledSignal

RESULT = Path(__file__).parent / "results" / "accuracy_cwru_by_load.json"


def load_rows(folder: Path) -> list[tuple[SplitRow, LabelledSignal]]:
    """Read every recording that the metadata table names."""
    table = read_metadata_table(folder / "metadata.csv")
    class_names = sorted({str(row.fault_class) for row in table})
    rows = []
    for row in table:
        path = folder / row.file
        variable = pick_variables(preview_file(path), str(row.variable))[0].name
        values = read_file(path, [variable])[variable]
        digest = hash_signal(values)
        split_row = SplitRow(
            digest, row.file, row.file, row.group, row.machine, row.fault_class, {"load": str(row.load)}
        )
        signal = LabelledSignal(
            digest,
            row.file,
            "DE",
            class_names.index(str(row.fault_class)),
            float(row.sample_rate_hz or 0),
            row.shaft_speed_rpm,
            lambda values=values: values,  # type: ignore[misc]  # binds this row
        )
        rows.append((split_row, signal))
    return rows


def run_one(
    network: str, seed: int, rows: list[tuple[SplitRow, LabelledSignal]], class_names: list[str]
) -> dict[str, Any]:
    """Train once and judge on the test recordings."""
    parts = build_split([row for row, _ in rows], by="load", test_values=["2"], seed=0)
    chosen = {
        part: [signal for row, signal in rows if parts[row.signal_sha256] == part]
        for part in ("train", "validation", "test")
    }
    with tempfile.TemporaryDirectory() as folder:
        outcome = train_classifier(
            network,
            {},
            chosen["train"],
            chosen["validation"],
            class_names,
            seed=seed,
            run_folder=Path(folder),
            hooks=SilentHooks(),
        )
        assert outcome.classifier_folder is not None
        metrics = evaluate_classifier(
            Classifier.load(outcome.classifier_folder), chosen["test"], class_names
        ).metrics
    return {
        "network": network,
        "seed": seed,
        "train_cpu_s": round(outcome.train_cpu_s, 1),
        "recordings": metrics["recording_level"]["n"],
        "recording_level_accuracy": metrics["recording_level"]["accuracy"],
        "window_level_accuracy": round(metrics["window_level"]["accuracy"], 4),
    }


def main(folder: Path, seeds: list[int]) -> None:
    """Run every network with every seed."""
    torch.set_num_threads(1)
    rows = load_rows(folder)
    class_names = sorted({str(row.fault_class) for row, _ in rows})
    with threadpool_limits(1):
        found = [run_one(network, seed, rows, class_names) for network in NETWORKS for seed in seeds]
    document = {
        "row": "accuracy_cwru_by_load",
        "split": "by load, test 2 hp; amber: every physical bearing is in training and in test",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread, CPU only",
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m benchmarks.accuracy_cwru_by_load FOLDER {' '.join(map(str, seeds))}",
        "torch": torch.__version__,
        "runs": found,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print("| network | seed | recordings right | window-level | CPU s |\n|---|---|---|---|---|")
    for run in found:
        right = round(run["recording_level_accuracy"] * run["recordings"])
        print(
            f"| {run['network']} | {run['seed']} | {right} of {run['recordings']} "
            f"| {run['window_level_accuracy']:.1%} | {run['train_cpu_s']:.0f} |"
        )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else find_recordings("cwru_12k_de")
    main(folder, [int(text) for text in sys.argv[2:]] or [0, 1, 2])
