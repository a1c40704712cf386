"""The short-time Fourier transform of a batch of windows beside SciPy's two and PyTorch's.

Usage: ``OMP_NUM_THREADS=1 python -m benchmarks.stft``. Prints a table and writes
``benchmarks/results/stft.json``.

All get the same float32 windows of 20,480 samples and give the same complex64 numbers: no padding, no
scaling, periodic Hann window. Outputs are compared before the clock starts; one process, one thread, rounds
interleaved, median of each. What is measured is processor time, the kernel's share for new memory included:
on a quiet machine the same as elapsed time, and on a busy one still of use.

Ours runs twice: with a new array for the result, and with ``out=`` the array of the batch before, as a loop
over the batches of a dataset does and the others can't; the latter is the ratio that is stated. What counts
is a batch of 256 windows or more in half-overlapping segments of 8 and of 12.5 ms. The rest stands beside:
of segments of 50 ms the transform itself, SciPy's as in two of the others, takes nearly all the time; 64
windows fit into memory that the allocator hands out again, where PyTorch's transform is the quickest of all.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import scipy.signal
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.signal.spectral_windows import build_window
from core.signal.time_frequency import compute_stft

RESULT = Path(__file__).parent / "results" / "stft.json"
N_ROUNDS = 15
WINDOW_SAMPLES = 20_480
GOAL = 2.0
OURS, OURS_REUSING = "compute_stft", "compute_stft, out="


@dataclass(frozen=True, slots=True)
class Size:
    """A batch: how many windows, samples per segment and from one segment to the next."""

    n_windows: int
    n_segment: int
    hop: int
    counts: bool = True


SIZES = (
    Size(256, 160, 80),
    Size(256, 256, 128),
    Size(1024, 256, 128),
    Size(256, 512, 128, counts=False),
    Size(256, 1024, 256, counts=False),
    Size(64, 256, 128, counts=False),
)

Answer = Callable[[], Any]


def list_contestants(size: Size) -> dict[str, tuple[Answer, Callable[[Any], NDArray[Any]]]]:
    """Return per contestant what is timed, and what brings its answer to (windows, segments, bins)."""
    windows = np.random.default_rng(0).standard_normal((size.n_windows, WINDOW_SAMPLES)).astype(np.float32)
    weights = build_window("hann", size.n_segment).astype(np.float32)
    tensor, weights_tensor = torch.from_numpy(windows), torch.from_numpy(weights)
    overlap = size.n_segment - size.hop
    n_segments = (WINDOW_SAMPLES - size.n_segment) // size.hop + 1
    first = size.n_segment // 2 // size.hop  # ShortTimeFFT counts from the middle of a segment
    short = scipy.signal.ShortTimeFFT(weights, size.hop, 1.0, phase_shift=None)

    def torch_stft() -> torch.Tensor:
        return torch.stft(
            tensor, size.n_segment, size.hop, window=weights_tensor, center=False, return_complex=True
        )

    def scipy_stft() -> NDArray[Any]:
        return scipy.signal.stft(
            windows, window=weights, nperseg=size.n_segment, noverlap=overlap, boundary=None, padded=False
        )[2]

    scale = float(weights.sum())  # scipy.signal.stft divides by it
    place = compute_stft(windows, size.n_segment, size.hop)
    return {
        OURS: (lambda: compute_stft(windows, size.n_segment, size.hop), lambda answer: answer),
        OURS_REUSING: (
            lambda: compute_stft(windows, size.n_segment, size.hop, out=place),
            lambda answer: answer,
        ),
        "torch.stft": (torch_stft, lambda answer: answer.numpy().swapaxes(1, 2)),
        "scipy.signal.stft": (scipy_stft, lambda answer: answer.swapaxes(1, 2) * scale),
        "scipy.signal.ShortTimeFFT": (
            lambda: short.stft(windows, p0=first, p1=first + n_segments),
            lambda answer: answer.swapaxes(1, 2),
        ),
    }


def compare_outputs(contestants: dict[str, tuple[Answer, Callable[[Any], NDArray[Any]]]]) -> float:
    """Return the largest difference between an answer and ours, as a share of the largest number."""
    ours = contestants[OURS][0]()
    highest = float(np.abs(ours).max())
    worst = 0.0
    for name, (answer, reshape) in contestants.items():
        theirs = reshape(answer())
        assert theirs.shape == ours.shape, (name, theirs.shape, ours.shape)
        worst = max(worst, float(np.abs(theirs - ours).max()) / highest)
    assert worst < 1e-5, f"the outputs differ by {worst:g}"
    return worst


def measure(size: Size) -> dict[str, Any]:
    """Time all contestants on one size in interleaved rounds."""
    contestants = list_contestants(size)
    difference = compare_outputs(contestants)
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(N_ROUNDS):
        for name, (answer, _) in contestants.items():
            began_s = time.process_time()
            answer()
            times[name].append((time.process_time() - began_s) * 1000)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    best = min((name for name in medians if not name.startswith(OURS)), key=lambda name: medians[name])
    return {
        "windows": size.n_windows,
        "segment": size.n_segment,
        "hop": size.hop,
        "counts": size.counts,
        "outputs_differ_by": float(f"{difference:.1e}"),
        "median_ms": {name: round(value, 2) for name, value in medians.items()},
        "range_ms": {name: [round(min(taken), 2), round(max(taken), 2)] for name, taken in times.items()},
        "best_other": best,
        "ratio": round(medians[best] / medians[OURS_REUSING], 2),
        "ratio_new_result": round(medians[best] / medians[OURS], 2),
    }


def write_result(runs: Sequence[dict[str, Any]], load: Sequence[float]) -> None:
    """Keep the numbers and print them as a table."""
    ratio = min(run["ratio"] for run in runs if run["counts"])
    document = {
        "row": "stft",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "load_before_and_after": [round(value, 2) for value in load],
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.stft",
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__},
        "rounds": N_ROUNDS,
        "measured": "processor time, median of the rounds",
        "contestants": {
            f"{run['windows']} windows, segment {run['segment']}, hop {run['hop']}": run for run in runs
        },
        "ratio": ratio,
        "goal": f">= {GOAL:g} times the best of the others, batches of 256 windows and more",
        "holds": ratio >= GOAL,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print("| windows | segment / hop | " + " | ".join(runs[0]["median_ms"]) + " | ratio to the best other |")
    print("|---" * (len(runs[0]["median_ms"]) + 3) + "|")
    for run in runs:
        cells = " | ".join(f"{value:.1f} ms" for value in run["median_ms"].values())
        beside = "" if run["counts"] else " (beside)"
        print(
            f"| {run['windows']}{beside} | {run['segment']} / {run['hop']} | {cells} | {run['ratio']:.1f} |"
        )
    print(f"least ratio {ratio:.2f}, goal {GOAL:g}: {'holds' if document['holds'] else 'MISSED'}")


def main(argv: Sequence[str] = ()) -> None:
    """Measure every size."""
    if argv:
        sys.exit("This benchmark takes no arguments.")
    torch.set_num_threads(1)
    before = os.getloadavg()[0]
    with threadpool_limits(1):
        runs = [measure(size) for size in SIZES]
    write_result(runs, (before, os.getloadavg()[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
