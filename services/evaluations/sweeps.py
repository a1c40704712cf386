"""Jobs that run a classifier over its recordings again: disturbed, timed, or simply once more."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.robustness import list_conditions, sweep
from core.evaluation.size import measure_size
from core.training.conditions import build_conditions
from core.training.signals import LabelledSignal
from dashboard_config import get_settings
from services.evaluations.works import Work, choose_recordings
from services.experiments.judging import judge_part, keep_judged, list_test_parts
from services.jobs.runner import JobHandle
from utils.exceptions import InvalidInputError

_WARM_UP = 3
_BUSY_NOTE = "Measured while the machine may have had other work; compare numbers of the same machine only."


def run_robustness(work: Work) -> tuple[dict[str, Any], int]:
    """Judge the recordings under every disturbance of the configuration."""
    config = work.config
    conditions, notes = list_conditions(config["noise_types"], config["noise_levels"], config["gain_levels"])
    part = config["part"]
    signals = choose_recordings(work.build_signals(part), config["max_recordings"], config["seed"])

    def report(done: int, n_all: int, what: str) -> None:
        work.handle.report(done / n_all, what)

    found = sweep(
        work.classifier,
        signals,
        work.experiment.class_names,
        conditions,
        seed=config["seed"],
        report=report,
        command=work.obey,
    )
    n_passes = len(conditions) + 1 if part == "test" else 0
    if n_passes:
        notes.append(
            f"The test part was met {n_passes} times more for this sweep: use it to report, not to choose."
        )
    results = {
        "part": part,
        "class_names": list(work.classifier.class_names),
        "n_recordings": found["clean"]["recording_level"]["n"],
        **found,
        "seed": config["seed"],
        "notes": notes,
    }
    return results, n_passes


def run_predictions(work: Work) -> tuple[dict[str, Any], int]:
    """Judge every part once more and keep what is said of the windows."""
    parts = ["validation", *list_test_parts(work.run)]
    handle: JobHandle = work.handle
    found = {}
    for done, part in enumerate(parts):
        handle.raise_if_interrupted()
        found[part] = judge_part(work.run, part, work.classifier, handle, done / len(parts))
    digest = work.experiment.classifier_sha256
    assert digest is not None  # noqa: S101 -- narrows the type: an untrained one has no work
    keep_judged(work.run, found, digest)
    counts = {
        part: {
            "n_recordings": evaluation.metrics["recording_level"]["n"],
            "n_windows": evaluation.metrics["window_level"]["n"],
        }
        for part, evaluation in found.items()
        if evaluation
    }
    return {"parts": counts, "notes": []}, 1 if found.get("test") else 0


def run_latency(work: Work) -> tuple[dict[str, Any], int]:
    """Time the classifier on a training recording; the test part is not met."""
    signal = work.build_signals("train")[0]
    values = signal.load()
    classifier, n_runs = work.classifier, work.config["n_runs"]

    def judge() -> Any:
        return classifier.predict(values, signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders)

    work.handle.report(0.1, "timing whole recordings")
    n_windows = len(judge().window_probabilities)
    whole_ms, cpu_ms = _time(judge, n_runs, work)
    work.handle.report(0.6, "timing single windows")
    window_ms = _time_windows(signal, values, work)
    size = measure_size(work.folder)
    results = {
        "n_runs": n_runs,
        "threads": get_settings().torch_threads,
        "recording_s": round(len(values) / signal.sample_rate_hz, 6),
        "sample_rate_hz": signal.sample_rate_hz,
        "n_windows": n_windows,
        "recording_ms": whole_ms,
        "window_ms": window_ms,
        "cpu_ms_per_recording": cpu_ms,
        "n_parameters": size.n_parameters,
        "n_bytes": size.n_bytes,
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "notes": [_BUSY_NOTE],
    }
    return results, 0


def _time_windows(
    signal: LabelledSignal, values: NDArray[np.floating], work: Work
) -> dict[str, float] | None:
    """Time single windows; None for an ensemble whose members read windows of different kinds."""
    classifier, preprocessing = work.classifier, work.classifier.preprocessing
    window = preprocessing.cut(preprocessing.resample(values, signal.sample_rate_hz))[:1]
    known = build_conditions(signal.shaft_speed_rpm, signal.fault_orders)[None]

    def judge() -> Any:
        return classifier.model.predict_probabilities(window, preprocessing.analysis_rate_hz, known)

    try:
        return _time(judge, work.config["n_runs"], work)[0]
    except InvalidInputError:
        return None


def _time(judge: Callable[[], Any], n_runs: int, work: Work) -> tuple[dict[str, float], float]:
    """Return p50, p95 and p99 of the wall time in ms, and the mean processor time."""
    for _ in range(_WARM_UP):
        judge()
    walls = []
    cpu_s = time.process_time()
    for _ in range(n_runs):
        work.handle.raise_if_interrupted()
        began_s = time.perf_counter()
        judge()
        walls.append(1000.0 * (time.perf_counter() - began_s))
    cpu_s = time.process_time() - cpu_s
    points = np.percentile(walls, (50, 95, 99))
    shares = {name: round(float(value), 4) for name, value in zip(("p50", "p95", "p99"), points, strict=True)}
    return shares, round(1000.0 * cpu_s / n_runs, 4)
