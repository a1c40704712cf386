"""Features per window: the product's against catch22, TSFEL and tsfresh, on one thread of one process.

Usage: ``OMP_NUM_THREADS=1 python -m benchmarks.feature_speed``, in an environment made from
``requirements-bench.txt``. Prints a table and writes ``benchmarks/results/feature_speed.json``.

Every contestant gets the same windows of 20,480 samples (1 s at 20,480 Hz): noise, shaft lines and impacts,
as float32 for the product and as the type that the contestant asks for otherwise; making that type is not
timed. A round takes batches of 96 windows from the product (the 42 features that forests read, all that
need no knowledge of the machine, and those with shaft speed and bearing known), and single windows from the
others, which have no batches. Contestants take turns in every round; what counts is the median of the rounds,
per window, of the processor time, which on an idle machine is the elapsed time and on a busy one depends less
on what else runs; the elapsed time and its range stand beside it. Ratios are those of each one's whole set
against all features that need no knowledge of the machine. Before timing, the feature that they have in
common (rms) is compared.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.features.registry import compute_features

RESULT = Path(__file__).parent / "results" / "feature_speed.json"
N_ROUNDS = 7
N_SAMPLES = 20_480
RATE_HZ = 20_480.0
SHAFT_HZ = 60.0
N_BATCH = 96
GOAL_MS = 0.5
GOALS = {"catch22": 20.0, "TSFEL": 60.0, "tsfresh Efficient": 2000.0}
PRODUCT = "product"
PRODUCT_FOREST = "product, what forests read"
PRODUCT_KNOWING = "product, speed and bearing known"
ORDERS = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.3567, "ftf": 0.39828}


@dataclass(slots=True)
class Contestant:
    """What computes the features of some windows, and how long it took per window in each round."""

    name: str
    compute: Callable[[], Any]
    n_windows: int
    n_features: int = 0
    repeats: int = 1
    rms: float = float("nan")
    times_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        """Compute and note the time per window."""
        began_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(self.repeats):
            self.compute()
        n_windows = self.n_windows * self.repeats
        self.times_ms.append((time.perf_counter() - began_s) * 1000 / n_windows)
        self.cpu_ms.append((time.process_time() - cpu_s) * 1000 / n_windows)


def make_windows() -> np.ndarray:
    """Return windows with noise, shaft lines and impacts, float32 ``(N_BATCH, N_SAMPLES)``."""
    rng = np.random.default_rng(1)
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    lines = np.sin(2 * np.pi * SHAFT_HZ * time_s) + 0.3 * np.sin(4 * np.pi * SHAFT_HZ * time_s + 1)
    since_s = np.mod(time_s, 1 / 215.0)
    impacts = np.exp(-700 * since_s) * np.sin(2 * np.pi * 3200 * since_s)
    noise = 0.3 * rng.standard_normal((N_BATCH, N_SAMPLES))
    return (lines + impacts + noise).astype(np.float32)


def enter_product(windows: np.ndarray) -> list[Contestant]:
    """Return the product with all that needs no knowledge of the machine, and with all there is."""
    entered = []
    for name, known in (
        (PRODUCT_FOREST, {"feature_set": "gain_invariant"}),
        (PRODUCT, {}),
        (PRODUCT_KNOWING, {"shaft_frequency_hz": SHAFT_HZ, "fault_orders": ORDERS}),
    ):

        def compute(known: dict[str, Any] = known) -> Any:
            return compute_features(windows, RATE_HZ, precision="single", **known)

        found = compute()
        contestant = Contestant(name, compute, N_BATCH, found.values.shape[1], repeats=3)
        if "rms" in found.names:
            contestant.rms = float(found.values[0, found.names.index("rms")])
        entered.append(contestant)
    return entered


def enter_catch22(window: np.ndarray) -> Contestant:
    """Return catch22 (22 features, C code); it takes a list."""
    import pycatch22

    values = window.astype(np.float64).tolist()
    found = pycatch22.catch22_all(values)
    return Contestant("catch22", lambda: pycatch22.catch22_all(values), 1, len(found["values"]), repeats=5)


def enter_tsfel(window: np.ndarray) -> Contestant:
    """Return TSFEL with all its domains."""
    import tsfel

    values = window.astype(np.float64)
    config = tsfel.get_features_by_domain()

    def compute() -> Any:
        return tsfel.time_series_features_extractor(config, values, fs=RATE_HZ, verbose=0, n_jobs=None)

    found = compute()
    column = next(name for name in found.columns if name.endswith("Root mean square"))
    return Contestant("TSFEL", compute, 1, found.shape[1], rms=float(found[column].iloc[0]))


def enter_tsfresh(window: np.ndarray) -> Contestant:
    """Return tsfresh with its "efficient" settings, in this process."""
    import pandas as pd
    from tsfresh.feature_extraction import EfficientFCParameters, extract_features

    table = pd.DataFrame({"id": 0, "time": np.arange(N_SAMPLES), "x": window.astype(np.float64)})
    settings = EfficientFCParameters()

    def compute() -> Any:
        return extract_features(
            table,
            column_id="id",
            column_sort="time",
            default_fc_parameters=settings,
            n_jobs=0,
            disable_progressbar=True,
        )

    found = compute()
    rms = float(found["x__root_mean_square"].iloc[0])
    return Contestant("tsfresh Efficient", compute, 1, found.shape[1], rms=rms)


def check_agreement(contestants: Sequence[Contestant]) -> None:
    """All of them see the same window: where they have an rms it is the same.

    The product takes the mean off first, which these windows hardly have.
    """
    values = [each.rms for each in contestants if np.isfinite(each.rms)]
    assert max(values) - min(values) < 1e-3 * max(values), values


def summarise(contestants: Sequence[Contestant]) -> dict[str, Any]:
    """Return the numbers of every contestant, and the ratios to the product's whole set."""
    numbers = {
        each.name: {
            "n_features": each.n_features,
            "ms_per_window": round(statistics.median(each.times_ms), 4),
            "range_ms": [round(min(each.times_ms), 4), round(max(each.times_ms), 4)],
            "cpu_ms_per_window": round(statistics.median(each.cpu_ms), 4),
            "cpu_us_per_feature": round(statistics.median(each.cpu_ms) * 1000 / each.n_features, 3),
        }
        for each in contestants
    }
    own = numbers[PRODUCT]
    ratios = {
        name: {
            "per_window": round(numbers[name]["cpu_ms_per_window"] / own["cpu_ms_per_window"], 1),
            "per_feature": round(numbers[name]["cpu_us_per_feature"] / own["cpu_us_per_feature"], 1),
        }
        for name in GOALS
    }
    holds = own["cpu_ms_per_window"] <= GOAL_MS and own["n_features"] >= 36
    holds = holds and all(ratios[name]["per_window"] >= goal for name, goal in GOALS.items())
    return {"contestants": numbers, "ratio": ratios, "holds": holds}


def write_result(summary: dict[str, Any], load: Sequence[float]) -> None:
    """Keep the numbers and print them as a table."""
    packages = ("numpy", "scipy", "pycatch22", "tsfel", "tsfresh")
    document = {
        "row": "feature_speed",
        "goal": f">= 36 features in <= {GOAL_MS} ms per window; ratios >= 20 / 60 / 2000",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "load_before_and_after": [round(value, 2) for value in load],
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.feature_speed",
        "versions": {name: version(name) for name in packages},
        "rounds": N_ROUNDS,
        **summary,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print(
        "| contestant | features | CPU ms per window | elapsed ms | CPU µs per feature | ratio per window |"
    )
    print("|---|---|---|---|---|---|")
    for name, row in summary["contestants"].items():
        low, high = row["range_ms"]
        ratio = summary["ratio"].get(name)
        slower = f"{ratio['per_window']:,.0f}×" if ratio else ""
        print(
            f"| {name} | {row['n_features']} | {row['cpu_ms_per_window']:.3g} "
            f"| {row['ms_per_window']:.3g} ({low:.3g} – {high:.3g}) "
            f"| {row['cpu_us_per_feature']:.3g} | {slower} |"
        )
    print("holds" if summary["holds"] else "does not hold")


def main(argv: Sequence[str] = ()) -> int:
    """Measure; exit status 0 where the goal is reached."""
    del argv  # it has no options
    warnings.simplefilter("ignore")  # what the other packages warn of is not ours to mend
    logging.disable(logging.WARNING)
    windows = make_windows()
    contestants = [
        *enter_product(windows),
        enter_catch22(windows[0]),
        enter_tsfel(windows[0]),
        enter_tsfresh(windows[0]),
    ]
    check_agreement(contestants)
    before = os.getloadavg()[0]
    for _ in range(N_ROUNDS):
        for contestant in contestants:
            contestant.take_turn()
    summary = summarise(contestants)
    write_result(summary, (before, os.getloadavg()[0]))
    return 0 if summary["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
