"""Random window reads against h5py and memory, and how busy the loader keeps a training.

Usage: ``OMP_NUM_THREADS=1 python -m benchmarks.window_reads``. Prints two tables and writes
``benchmarks/results/window_reads.json``.

Reads: 400 recordings of 5 s at 20,480 Hz lie three times over: as a training lays them out, in an HDF5 file
with the chunks that h5py chooses by itself, and in memory. Contestants take turns in every round and read the
same windows at random places, 32 at a time, as a training does; memory is read window by window, by plain
copying. What they read is compared before it is timed. What counts is the median of the rounds, of the
processor time, which on an idle machine is the elapsed time and on a busy one depends less on what else runs;
both stand in the result. All have been read through once before, as in a training from its second epoch on.

Busy: trainings with the product's own loop on recordings of that kind, with the usual options and with every
change of windows switched on. Busy is the share of an epoch in which the network did not wait for windows.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.registry import NETWORKS
from core.training.hooks import SilentHooks
from core.training.preprocessing import Preprocessing
from core.training.run import train_classifier
from core.training.signals import LabelledSignal, WindowBank

RESULT = Path(__file__).parent / "results" / "window_reads.json"
RATE_HZ = 20_480.0
N_RECORDINGS = 400
N_SAMPLES = 102_400
LENGTHS = (2_048, 5_120, 20_480)
N_BATCH = 32
N_BATCHES = 40
N_ROUNDS = 9
GOALS = {"h5py": 15.0, "memory": 0.6, "busy": 0.95}
# Number of recordings for each network: those that read whole recordings need more of them for an epoch.
TRAINED = {"cnn_lstm": 20, "cnn1d": 20, "wdcnn": 20, "spectral_net": 132}
N_VALIDATED = 4
N_EPOCHS = 3
USUAL: dict[str, Any] = {"epochs": N_EPOCHS, "patience": 100}
EVERY_CHANGE: dict[str, Any] = {
    "rate_variation": 0.05, "gain_drift_db": 3.0, "white_noise_share": 0.5, "pink_noise_share": 0.5,
    "mains_noise_share": 0.5, "tone_share": 0.5, "segment_dropout": 0.2, "healthy_mixing": 0.5, "mixup": 0.2,
}  # fmt: skip

Read = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


def make_signal(number: int, values: NDArray[np.float32], class_index: int = 0) -> LabelledSignal:
    """Wrap samples as a training takes them."""
    return LabelledSignal(str(number), number, "A", class_index, RATE_HZ, 1800.0, lambda: values)


class Unfiltered(Preprocessing):
    """Leaves the samples as they are."""

    def resample(
        self,
        signal: NDArray[np.floating],
        sample_rate_hz: float,  # noqa: ARG002 -- the form of the method
    ) -> NDArray[np.float32]:
        """Return the samples."""
        return np.asarray(signal, dtype=np.float32)


def list_contestants(
    records: NDArray[np.float32], dataset: h5py.Dataset, length: int, folder: Path
) -> dict[str, Read]:
    """Return what reads windows, each by recordings and starts."""
    signals = [make_signal(number, values) for number, values in enumerate(records)]
    bank = WindowBank(signals, Unfiltered(RATE_HZ, length / RATE_HZ, 1 / RATE_HZ), folder, lambda: None)
    per_recording = N_SAMPLES - length + 1
    flat = records.ravel()

    def read_memory(rows: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        found = np.empty((len(rows), length), np.float32)
        for window, start in zip(found, (rows * N_SAMPLES + starts).tolist(), strict=True):
            window[:] = flat[start : start + length]
        return found

    def read_h5py(rows: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.stack(
            [dataset[row, start : start + length] for row, start in zip(rows, starts, strict=True)]
        )

    return {
        "product": lambda rows, starts: bank.read_windows(rows * per_recording + starts),
        "h5py": read_h5py,
        "memory": read_memory,
    }


def time_reads(contestants: dict[str, Read], length: int) -> dict[str, Any]:
    """Let the contestants take turns; return milliseconds per batch of windows."""
    rng = np.random.default_rng(length)
    cpu_ms: dict[str, list[float]] = {name: [] for name in contestants}
    wall_ms: dict[str, list[float]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        for row in range(N_RECORDINGS):
            starts = np.arange(0, N_SAMPLES - length, length)
            contestant(np.full(len(starts), row), starts)
    for _ in range(N_ROUNDS):
        batches = [
            (rng.integers(0, N_RECORDINGS, N_BATCH), rng.integers(0, N_SAMPLES - length, N_BATCH))
            for _ in range(N_BATCHES)
        ]
        read = [contestant(*batches[0]) for contestant in contestants.values()]
        assert all(np.array_equal(read[0], other) for other in read[1:])
        for name, contestant in contestants.items():
            began_s, cpu_began_s = time.perf_counter(), time.process_time()
            for batch in batches:
                contestant(*batch)
            cpu_ms[name].append(1000 * (time.process_time() - cpu_began_s) / N_BATCHES)
            wall_ms[name].append(1000 * (time.perf_counter() - began_s) / N_BATCHES)
    medians = {name: statistics.median(values) for name, values in cpu_ms.items()}
    return {
        "window_samples": length,
        "median_cpu_ms": {name: round(value, 4) for name, value in medians.items()},
        "range_cpu_ms": {name: [round(min(each), 4), round(max(each), 4)] for name, each in cpu_ms.items()},
        "median_elapsed_ms": {name: round(statistics.median(each), 4) for name, each in wall_ms.items()},
        "times_h5py": round(medians["h5py"] / medians["product"], 1),
        "share_of_memory": round(medians["memory"] / medians["product"], 3),
    }


def measure_reads() -> list[dict[str, Any]]:
    """Time reads of every length."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = np.random.default_rng(0).standard_normal((N_RECORDINGS, N_SAMPLES), dtype=np.float32)
        with h5py.File(folder / "chunked.h5", "w") as file:
            file.create_dataset("signals", data=records, chunks=True)
        with h5py.File(folder / "chunked.h5") as file:
            dataset = file["signals"]
            return [
                time_reads(list_contestants(records, dataset, length, folder), length) for length in LENGTHS
            ]


def make_recordings(n_recordings: int) -> tuple[list[LabelledSignal], list[LabelledSignal]]:
    """Return training and validation recordings of two classes."""
    rng = np.random.default_rng(1)
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    signals = []
    for number in range(n_recordings):
        tone = np.sin(2 * np.pi * 157.0 * time_s) * (number % 2)
        values = (tone + rng.standard_normal(N_SAMPLES)).astype(np.float32)
        signals.append(make_signal(number, values, number % 2))
    return signals[:-N_VALIDATED], signals[-N_VALIDATED:]


def measure_busy(network: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Train and return how busy the network was in each epoch."""
    train, validation = make_recordings(TRAINED[network])
    with tempfile.TemporaryDirectory() as folder:
        outcome = train_classifier(
            network, {**USUAL, **changes}, train, validation, ("healthy", "imbalance"),
            seed=0, run_folder=Path(folder), hooks=SilentHooks(),
        )  # fmt: skip
    shares = [1.0 - row["waiting_s"] / row["duration_s"] for row in outcome.history]
    return {
        "network": network,
        "changes": "every" if changes else "usual",
        "epoch_s": round(statistics.median(row["duration_s"] for row in outcome.history), 2),
        "busy": [round(share, 4) for share in shares],
        "median_busy": round(statistics.median(shares), 4),
    }


def build_result(reads: list[dict[str, Any]], busy: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the numbers together and say what holds."""
    held = {
        "times_h5py": min(row["times_h5py"] for row in reads) >= GOALS["h5py"],
        "share_of_memory": min(row["share_of_memory"] for row in reads) >= GOALS["memory"],
        "busy": min(row["median_busy"] for row in busy) >= GOALS["busy"],
    }
    return {
        "row": "window_reads",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch on one thread",
        "load": [round(each, 2) for each in os.getloadavg()],
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.window_reads",
        "versions": {"h5py": h5py.__version__, "numpy": np.__version__, "torch": torch.__version__},
        "goal": "15 times h5py's own chunks, 60 % of memory, training busy 95 %",
        "rounds": N_ROUNDS,
        "windows_per_batch": N_BATCH,
        "reads": reads,
        "busy": busy,
        "held": held,
        "holds": all(held.values()),
    }


def print_tables(result: dict[str, Any]) -> None:
    """Print what was measured."""
    print("| window | product ms | h5py ms | memory ms | times h5py | share of memory |")
    print("|---|---|---|---|---|---|")
    for row in result["reads"]:
        ms = row["median_cpu_ms"]
        print(
            f"| {row['window_samples']:,} | {ms['product']:.3f} | {ms['h5py']:.3f} | {ms['memory']:.3f} "
            f"| {row['times_h5py']} | {row['share_of_memory']} |"
        )
    print("\n| network | changes | epoch s | busy |\n|---|---|---|---|")
    for row in result["busy"]:
        print(
            f"| {row['network']} | {row['changes']} | {row['epoch_s']} | {100 * row['median_busy']:.1f} % |"
        )
    print(f"\nHolds: {result['held']}")


def main(argv: Sequence[str] = ()) -> int:
    """Measure, print, write."""
    if argv:
        print(__doc__, file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    reads = measure_reads()
    chosen = [name for name in TRAINED if name in NETWORKS]
    busy = [measure_busy(name, changes) for name in chosen for changes in ({}, EVERY_CHANGE)]
    result = build_result(reads, busy)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print_tables(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
