"""The leak check on ten thousand recordings: signatures, the comparison of all pairs, the split's colours.

Usage: ``python -m benchmarks.leak_check [N_RECORDINGS]``. Prints a table and writes
``benchmarks/results/leak_check.json``.

Recordings of one kind of machine at nearly one speed (2 s at 12 kHz: shaft lines, impulses with slip, noise)
are stored as an import stores them. Among them are disguised copies: gain, offset, noise at 10 dB, cut,
resampling, and gain with noise and cut; half of them lie in the test part. Timed are what the first check of
a dataset does (signatures from the samples, then all pairs, then the split) and every later one, for which
the comparison is kept. The answer is compared with what was planted before a time counts.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from core.datasets.leaks import LeakReport, check_split
from core.datasets.shared_pairs import ComparedSignal, PairScan, find_shared_pairs
from core.datasets.signature_store import load_signatures
from core.datasets.splits import SplitRow
from core.datasets.store import hash_signal, open_signal, write_shard

RESULT = Path(__file__).parent / "results" / "leak_check.json"
N_RECORDINGS = 10_000
N_PLANTED = 60
RATE_HZ = 12_000.0
N_SAMPLES = 24_000
PER_SHARD = 2_500
GOAL_S = 60.0
_RING = np.exp(-800 * np.arange(240) / RATE_HZ) * np.sin(2 * np.pi * 3_000 * np.arange(240) / RATE_HZ)


@dataclass(frozen=True, slots=True)
class Stored:
    """A recording in the store."""

    name: str
    shard: str
    sha256: str
    sample_rate_hz: float
    n_samples: int
    part: str


def simulate(seed: int) -> NDArray[np.float32]:
    """Return one recording; every tenth machine is healthy."""
    random = np.random.default_rng(seed)
    times = np.arange(N_SAMPLES) / RATE_HZ
    speed_hz = 29.95 * (1 + 0.0005 * random.standard_normal())
    signal = 0.3 * np.sin(2 * np.pi * speed_hz * times + random.uniform(0, 6)) + 0.1 * random.standard_normal(
        N_SAMPLES
    )
    if seed % 10:
        period = RATE_HZ / (3.585 * speed_hz)
        starts = np.arange(random.uniform(0, period), N_SAMPLES - 300, period)
        for start in (starts + random.normal(0, 0.01 * period, len(starts))).clip(0).astype(int):
            signal[start : start + 240] += _RING
    return signal.astype(np.float32)


def disguise(values: NDArray[np.float32], kind: int) -> tuple[NDArray[np.float32], float]:
    """Return a copy under one of six disguises, and its sample rate."""
    random = np.random.default_rng(kind)
    noise = values.std() * 10 ** (-10 / 20) * random.standard_normal(len(values))
    copies: list[tuple[Any, float]] = [
        (2.5 * values, RATE_HZ),
        (values + 4.0, RATE_HZ),
        (values + noise, RATE_HZ),
        (values[2_400:] * 1.01, RATE_HZ),
        (scipy.signal.resample_poly(values, 5, 6), RATE_HZ * 5 / 6),
        (0.4 * (values + noise)[1_500:] + 1.0, RATE_HZ),
    ]
    copy, rate = copies[kind % len(copies)]
    return np.asarray(copy, np.float32), rate


def store(folder: Path, n_recordings: int) -> tuple[list[Stored], set[frozenset[str]]]:
    """Store the recordings, the last of them copies; return them and the pairs that were planted."""
    n_planted = min(N_PLANTED, n_recordings // 4)
    stored: list[Stored] = []
    planted: set[frozenset[str]] = set()
    for first in range(0, n_recordings, PER_SHARD):
        batch = []
        for index in range(first, min(first + PER_SHARD, n_recordings)):
            values, rate = simulate(index), RATE_HZ
            if index >= n_recordings - n_planted:
                original = index - (n_recordings - n_planted)
                values, rate = disguise(simulate(original), index)
                planted.add(frozenset((f"r{original}", f"r{index}")))
            batch.append((f"r{index}", hash_signal(values), values, rate))
        shard = write_shard(folder, [(sha256, values) for _, sha256, values, _ in batch])
        for name, sha256, values, rate in batch:
            index = int(name[1:])
            in_test = index % 5 == 0 or (index >= n_recordings - n_planted and index % 2 == 0)
            part = "test" if in_test else "train"
            stored.append(Stored(name, shard, sha256, rate, len(values), part))
    return stored, planted


def gather(folder: Path, stored: Sequence[Stored]) -> list[ComparedSignal]:
    """Return what the comparison needs; signatures that are not kept yet are taken."""
    signals = []
    for shard in sorted({one.shard for one in stored}):
        own = [one for one in stored if one.shard == shard]
        signatures = load_signatures(folder, shard, [(one.sha256, one.sample_rate_hz) for one in own])
        for one in own:
            view = open_signal(folder, shard, one.sha256)
            signature = signatures[one.sha256, one.sample_rate_hz]
            signals.append(
                ComparedSignal(
                    one.sha256,
                    one.sample_rate_hz,
                    one.n_samples,
                    view.fingerprints.copy(),
                    signature,
                    lambda folder=folder, one=one: open_signal(folder, one.shard, one.sha256).read(),
                )
            )
    return signals


def judge(stored: Sequence[Stored], scan: PairScan) -> LeakReport:
    """Return the colours of the split."""
    rows = [SplitRow(one.sha256, "", one.name, None, None, "ball") for one in stored]
    return check_split(rows, {one.sha256: one.part for one in stored}, scan.pairs)


def measure(n_recordings: int) -> dict[str, Any]:
    """Store, check and time it once; raise where the answer is not the planted one."""
    with tempfile.TemporaryDirectory(prefix="pfd-leak-check-") as place:
        folder = Path(place)
        stored, planted = store(folder, n_recordings)
        cpu_started = time.process_time()
        started = time.perf_counter()
        gather(folder, stored)
        signatures_s = time.perf_counter() - started
        started = time.perf_counter()
        scan = find_shared_pairs(gather(folder, stored))
        pairs_s = time.perf_counter() - started
        started = time.perf_counter()
        report = judge(stored, scan)
        split_s = time.perf_counter() - started
        cpu_s = time.process_time() - cpu_started
    name_of = {one.sha256: one.name for one in stored}
    part_of = {one.name: one.part for one in stored}
    found = {frozenset((name_of[pair.left], name_of[pair.right])) for pair in scan.pairs}
    across = sum(len({part_of[name] for name in pair}) == 2 for pair in planted)
    if (
        found != planted
        or report.counts.get("near_duplicate", 0) + report.counts.get("overlapping_signal", 0) != across
    ):
        raise SystemExit(
            f"wrong answer: missed {sorted(map(sorted, planted - found))}, invented {len(found - planted)}"
        )
    return {
        "n_recordings": n_recordings,
        "n_planted": len(planted),
        "n_found": len(found),
        "n_across_parts": across,
        "signatures_s": round(signatures_s, 2),
        "comparison_s": round(pairs_s, 2),
        "split_s": round(split_s, 4),
        "first_check_s": round(signatures_s + pairs_s + split_s, 2),
        "first_check_cpu_s": round(cpu_s, 2),
        "later_check_s": round(split_s, 4),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write the result."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    measured = measure(int(arguments[0]) if arguments else N_RECORDINGS)
    ratio = round(GOAL_S / measured["first_check_s"], 2)
    document = {
        "row": "leak_check",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.leak_check", *arguments]),
        "contestants": {"first check of a dataset": measured},
        "ratio": ratio,
        "goal": f"10,000 recordings checked in less than {GOAL_S:g} s",
        "holds": measured["first_check_s"] < GOAL_S,
    }
    for name, value in measured.items():
        print(f"{name:>16}  {value}")
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0 if document["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
