"""Imports of a gigabyte of CSV, MATLAB and HDF5 against the plain reading of pandas, scipy and h5py.

Usage: ``python -m benchmarks.import_speed [--mb 1000] [--rounds 3] [--folder F] [CASE ...]``. Prints a table
and writes ``benchmarks/results/import_speed.json``.

An import is all that the product does: a job that looks into the file, reads every signal through the limited
reader process, checks, hashes and stores the samples (synced to the disk) and writes the database. The other
contestant reads the same file into memory and does nothing else. Each measurement is a process of its own,
the two take turns, the files are in the page cache for both; what counts is the median. The memory is the
sum of the peaks (VmHWM) of all processes that take part in the import.

``mat`` and ``hdf5`` are packed as MATLAB's ``save`` and most loggers write them (deflate); ``mat_plain`` and
``hdf5_plain`` hold the same samples unpacked, where reading is hardly more than copying memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

RESULT = Path(__file__).parent / "results" / "import_speed.json"
REPOSITORY = Path(__file__).parents[1]
N_CHANNELS = 8
RATE_HZ = 51_200.0
GOALS = {"csv": 1.5, "mat": 3.0, "hdf5": 3.0}
BESIDES = ("mat_plain", "hdf5_plain")
READERS = {"csv": "pandas", "mat": "scipy", "mat_plain": "scipy", "hdf5": "h5py", "hdf5_plain": "h5py"}
MEMORY_GOAL_MB = 1024.0
SUFFIXES = {"csv": ".csv", "mat": ".mat", "mat_plain": ".mat", "hdf5": ".h5", "hdf5_plain": ".h5"}


def make_signals(n_samples: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make what a 16-bit logger stores of a shaft, a resonance and noise: volts in steps of its converter."""
    time_s = np.arange(n_samples) / RATE_HZ
    rng = np.random.default_rng(11)
    rows = []
    for channel in range(N_CHANNELS):
        signal = 0.4 * np.sin(2 * np.pi * (29.0 + channel) * time_s) + 0.3 * rng.standard_normal(n_samples)
        rows.append(np.round(signal * 3_276.8) / 3_276.8)
    return np.array(rows)


def write_csv(path: Path, n_bytes: int) -> None:
    """Write a table with a header; one made block again and again, as text is slow to make."""
    block = make_signals(100_000).T
    lines = [",".join(f"{value:.6f}" for value in row) for row in block]
    body = ("\n".join(lines) + "\n").encode()
    head = f"# sample_rate_hz: {RATE_HZ:g}\n" + ",".join(f"ch{at + 1} [V]" for at in range(N_CHANNELS)) + "\n"
    with path.open("wb") as file:
        file.write(head.encode())
        for _ in range(max(n_bytes // len(body), 1)):
            file.write(body)


def write_mat(path: Path, n_bytes: int, *, packed: bool) -> None:
    """Write one variable per channel, as doubles."""
    import scipy.io

    signals = make_signals(n_bytes // 8 // N_CHANNELS)
    named: dict[str, Any] = {f"ch{at + 1}": row[:, np.newaxis] for at, row in enumerate(signals)}
    scipy.io.savemat(path, {**named, "fs": RATE_HZ}, do_compression=packed)


def write_hdf5(path: Path, n_bytes: int, *, packed: bool) -> None:
    """Write one dataset per channel, as doubles."""
    import h5py

    storage = {"compression": "gzip", "shuffle": True, "chunks": (1 << 16,)} if packed else {}
    with h5py.File(path, "w") as file:
        for at, row in enumerate(make_signals(n_bytes // 8 // N_CHANNELS)):
            file.create_dataset(f"run/ch{at + 1}", data=row, **storage).attrs["sample_rate_hz"] = RATE_HZ


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv,
    "mat": lambda path, n_bytes: write_mat(path, n_bytes, packed=True),
    "mat_plain": lambda path, n_bytes: write_mat(path, n_bytes, packed=False),
    "hdf5": lambda path, n_bytes: write_hdf5(path, n_bytes, packed=True),
    "hdf5_plain": lambda path, n_bytes: write_hdf5(path, n_bytes, packed=False),
}


# --- one measurement, in a process of its own --------------------------------------------------------------


def read_plainly(case: str, path: Path) -> dict[str, Any]:
    """Read a file with the other contestant."""
    if case == "csv":
        import pandas as pd

        started, cpu = time.perf_counter(), cpu_s()
        n_values = pd.read_csv(path, skiprows=1).size
    elif case.startswith("mat"):
        import scipy.io

        started, cpu = time.perf_counter(), cpu_s()
        found = scipy.io.loadmat(path)
        n_values = sum(np.size(value) for name, value in found.items() if name.startswith("ch"))
    else:
        import h5py

        started, cpu = time.perf_counter(), cpu_s()
        with h5py.File(path) as file:
            n_values = sum(file[f"run/{name}"][()].size for name in file["run"])
    return {
        "seconds": time.perf_counter() - started,
        "cpu_s": cpu_s() - cpu,
        "n_values": int(n_values),
        "memory_mb": peak_mb("self"),
    }


def peak_mb(process: int | str) -> float:
    """Return the largest memory that a process ever had, in MB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


class ChildWatch(threading.Thread):
    """Notes the peak memory of every child of this process while it lives."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peaks: dict[int, float] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        """Look twenty times a second: a peak is a high-water mark and does not go back."""
        children = Path("/proc/self/task")
        while not self.ended.wait(0.05):
            for task in children.iterdir():
                for pid in _list_children(task):
                    self.peaks[int(pid)] = max(self.peaks.get(int(pid), 0.0), peak_mb(int(pid)))


def _list_children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:
        return []  # a thread that has just ended


def cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def import_once(path: Path) -> dict[str, Any]:
    """Import a file as a job does, into a new database."""
    from database.migrate import migrate
    from services.dataset_service import DatasetService
    from services.jobs import board

    migrate()
    watch = ChildWatch()
    watch.start()
    started, cpu = time.perf_counter(), cpu_s()
    asked = DatasetService.import_dataset([{"path": str(path), "name": path.name}], {}, "speed")
    if not asked["success"]:
        raise RuntimeError(asked["error"])
    DatasetService.run_import_job(asked["job_id"], "benchmark")
    seconds, cpu = time.perf_counter() - started, cpu_s() - cpu
    watch.ended.set()
    job = board.get_job(asked["job_id"])
    if job is None or job["state"] != "done":
        raise RuntimeError(job["error"] if job else "the job is gone")
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"]) or {}
    rows = DatasetService.list_signals(details["dataset_id"])["items"]
    n_values = sum(row["n_samples"] for row in rows)
    return {
        "seconds": seconds,
        "cpu_s": cpu,
        "n_values": n_values,
        "memory_mb": peak_mb("self") + sum(watch.peaks.values()),
    }


def measure(kind: str, case: str, path: Path) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    with tempfile.TemporaryDirectory(dir=path.parent) as home:
        environment = {**os.environ, "DATA_DIR": home, "PFD_ENV_FILE": "", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.import_speed", "--measure", kind, case, str(path)]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- the table ---------------------------------------------------------------------------------------------


def run_case(case: str, folder: Path, n_bytes: int, n_rounds: int) -> dict[str, Any]:
    """Measure one kind of file, the contestants taking turns."""
    path = folder / f"speed{SUFFIXES[case]}"
    WRITERS[case](path, n_bytes)
    reads, imports = [], []
    for _ in range(n_rounds):
        reads.append(measure("read", case, path))
        imports.append(measure("import", case, path))
    if reads[0]["n_values"] != imports[0]["n_values"]:
        raise RuntimeError(
            f"{case}: {reads[0]['n_values']} values were read, {imports[0]['n_values']} imported"
        )
    size_mb = path.stat().st_size / 1e6
    path.unlink()
    read_s, import_s = ([one["seconds"] for one in every] for every in (reads, imports))
    ratios = [mine / theirs for mine, theirs in zip(import_s, read_s, strict=True)]
    return {
        "against": READERS[case],
        "file_mb": round(size_mb),
        "n_values": reads[0]["n_values"],
        "read_s": _describe(read_s),
        "import_s": _describe(import_s),
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "cpu_ratio": round(
            statistics.median(one["cpu_s"] for one in imports)
            / statistics.median(one["cpu_s"] for one in reads),
            2,
        ),
        "goal": GOALS.get(case),
        "import_memory_mb": round(max(one["memory_mb"] for one in imports)),
        "read_memory_mb": round(max(one["memory_mb"] for one in reads)),
    }


def _describe(seconds: Sequence[float]) -> dict[str, float]:
    found = {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}
    return {name: round(value, 2) for name, value in found.items()}


def holds(rows: dict[str, dict[str, Any]]) -> bool:
    """Whether every row with a goal keeps it, and all of them the memory."""
    fast = all(row["goal"] is None or row["ratio"] <= row["goal"] for row in rows.values())
    return fast and all(row["import_memory_mb"] <= MEMORY_GOAL_MB for row in rows.values())


def write_result(rows: dict[str, dict[str, Any]], options: argparse.Namespace, load: Sequence[float]) -> None:
    """Write the JSON that is kept."""
    result = {
        "row": "import_speed",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": "1 per library",
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m benchmarks.import_speed --mb {options.mb} --rounds {options.rounds}",
        "load_average": [round(value, 2) for value in load],
        "contestants": rows,
        "ratio": max(row["ratio"] / row["goal"] for row in rows.values() if row["goal"]),
        "goal": "within 1.5 times pandas reading CSV, 3 times scipy and h5py reading; at most 1 GB of memory",
        "holds": holds(rows),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def show(rows: dict[str, dict[str, Any]]) -> None:
    """Print the table."""
    print("| file | against | reading s | import s | ratio | cpu ratio | goal | import's memory MB |")
    print("|---" * 8 + "|")
    for name, row in rows.items():
        goal = f"≤ {row['goal']}" if row["goal"] else "–"
        ratios = f"{row['ratio']} | {row['cpu_ratio']}"
        print(
            f"| {name} ({row['file_mb']} MB) | {row['against']} | {row['read_s']['median']} | "
            f"{row['import_s']['median']} | {ratios} | {goal} | {row['import_memory_mb']} |"
        )


def main(arguments: Sequence[str] = ()) -> None:
    """Measure every kind of file and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="With room for three times the file.")
    parser.add_argument("--no-result", action="store_true", help="Only print.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(WRITERS))
    options = parser.parse_args(arguments)
    rows = {}
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for case in options.cases or WRITERS:
            rows[case] = run_case(case, Path(folder), options.mb * 1_000_000, options.rounds)
            show({case: rows[case]})
    show(rows)
    if not options.no_result:
        write_result(rows, options, load)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _, _, kind, case, file = sys.argv
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        answer = read_plainly(case, Path(file)) if kind == "read" else import_once(Path(file))
        print(json.dumps(answer))
    else:
        main(sys.argv[1:])
