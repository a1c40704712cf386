"""Occlusion and KernelSHAP beside Captum's defaults, and KernelSHAP beside shap.

Usage: ``OMP_NUM_THREADS=1 python -m benchmarks.explanations``. Prints a table and writes
``benchmarks/results/explanations.json``. The rows of shap are there where shap can be imported; it is no part
of the product's environment.

All explain the same number, the log-probability of one class, of the same networks, trained for some seconds
on impacts in noise, over the same stretches of the same windows. Captum runs as it comes, one changed window
per call of the network; shap as its guide has it, all changed windows in one call without gradient.
KernelSHAP gets as many coalitions from each. Attributions are compared before the clock starts: occlusion as
it is, KernelSHAP with all coalitions against shap with all, and of few stretches against Captum's exact
Shapley values. One process, one thread, rounds interleaved, median and range; what is measured is processor
time.

Beside them stands what the method that is offered first costs for one window of 1 s at 20,480 Hz, for
everything that is registered: untrained networks, and classical models of eight recordings.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import captum
import numpy as np
import torch
from captum.attr import KernelShap, Occlusion, ShapleyValues
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.explain.explainable import Explainable, build_explainable, build_from_network
from core.explain.explainer import explain
from core.explain.network_scores import build_forward
from core.explain.routing import choose_method
from core.networks.registry import NETWORKS, build_network, validate_options
from core.training.classifier import Classifier
from core.training.hooks import SilentHooks
from core.training.run import train_classifier
from core.training.signals import LabelledSignal

RESULT = Path(__file__).parent / "results" / "explanations.json"
GOAL_CAPTUM, GOAL_SHAP, GOAL_COSINE = 2.0, 1.5, 0.999
FIRST_METHOD_S = 5.0
RATE_HZ, WHOLE_RATE_HZ = 12_000.0, 20_480.0
# Shaft frequency, then the orders of bpfo, bpfi, bsf and ftf.
MACHINE = np.array([30.0, 3.585, 5.415, 2.357, 0.398], dtype=np.float32)
CLASS_NAMES = ("healthy", "outer_race", "inner_race")
N_ROUNDS = 5
N_SEGMENTS, N_COALITIONS, N_FEW = 10, 512, 5
TARGET = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A network before a window, in what every contestant takes."""

    network_name: str
    window_s: float
    explainable: Explainable

    @property
    def forward(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Log-probabilities as a function of windows."""
        network = self.explainable.network
        assert network is not None
        return build_forward(network, None)

    @property
    def window(self) -> torch.Tensor:
        """The window, ``(1, n_samples)``."""
        return torch.from_numpy(self.explainable.windows)


def draw_windows(n_windows: int, n_samples: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Impacts at one of two rates, or none, ringing at 3 kHz in noise; standardised."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / RATE_HZ
    classes = generator.integers(0, 3, n_windows)
    rate_hz = np.array([1.0, 107.0, 162.0])[classes, None]
    since = np.mod(time_s + generator.random((n_windows, 1)), 1.0 / rate_hz)
    ringing = np.exp(-900.0 * since) * np.sin(2 * np.pi * 3000.0 * since) * (classes > 0)[:, None]
    windows = 3.0 * ringing + generator.standard_normal((n_windows, n_samples))
    windows = (windows - windows.mean(1, keepdims=True)) / windows.std(1, keepdims=True)
    return windows.astype(np.float32), classes


def build_case(name: str, window_s: float) -> Case:
    """Train a network for a few steps and choose a window of the explained class."""
    n_samples = round(window_s * RATE_HZ)
    torch.manual_seed(0)
    network = build_network(
        name, validate_options(name, {}), n_samples=n_samples, n_classes=3, sample_rate_hz=RATE_HZ
    )
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    for step in range(40):
        windows, classes = draw_windows(24, n_samples, step)
        loss = torch.nn.functional.cross_entropy(
            network(torch.from_numpy(windows)), torch.from_numpy(classes)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    windows, classes = draw_windows(16, n_samples, 1000)
    chosen = windows[np.flatnonzero(classes == TARGET)[:1]]
    return Case(name, window_s, build_from_network(network.eval(), chosen, RATE_HZ, CLASS_NAMES, name=name))


def occlude_ours(case: Case) -> NDArray[np.floating]:
    """Half-overlapping stretches of 1/32 of the window: our default."""
    return explain(case.explainable, "occlusion", target_class=TARGET).values[0]


def occlude_captum(case: Case) -> NDArray[np.floating]:
    """The same stretches by Captum."""
    length = case.explainable.n_samples // 32
    hop = round(length * 0.5)
    found = Occlusion(case.forward).attribute(
        case.window, sliding_window_shapes=(length,), strides=(hop,), target=TARGET
    )
    return found.detach().numpy()[0]


def shap_ours(
    case: Case, n_coalitions: int = N_COALITIONS, n_segments: int = N_SEGMENTS
) -> NDArray[np.floating]:
    """KernelSHAP over equal stretches."""
    options = {"n_segments": n_segments, "n_coalitions": n_coalitions}
    return explain(case.explainable, "kernel_shap", target_class=TARGET, options=options).values[0]


def shap_captum(case: Case, n_coalitions: int = N_COALITIONS) -> NDArray[np.floating]:
    """The same by Captum."""
    torch.manual_seed(0)
    found = KernelShap(case.forward).attribute(
        case.window, target=TARGET, feature_mask=_cut_stretches(case, N_SEGMENTS), n_samples=n_coalitions
    )
    return found.detach().numpy()[0]


def shap_captum_exact(case: Case) -> NDArray[np.floating]:
    """Captum's Shapley values by all orders of few stretches."""
    found = ShapleyValues(case.forward).attribute(
        case.window, target=TARGET, feature_mask=_cut_stretches(case, N_FEW)
    )
    return found.detach().numpy()[0]


def _cut_stretches(case: Case, n_segments: int) -> torch.Tensor:
    n_samples = case.explainable.n_samples
    return (torch.arange(n_samples) * n_segments // n_samples)[None]


def shap_shap(case: Case, n_coalitions: int = N_COALITIONS) -> NDArray[np.floating]:
    """The same by shap's KernelExplainer over who is present."""
    shap: Any = importlib.import_module("shap")
    n_samples = case.explainable.n_samples
    players = np.arange(n_samples) * N_SEGMENTS // n_samples

    def score(present: NDArray[np.floating]) -> NDArray[np.float64]:
        changed = case.explainable.windows * (present[:, players] > 0.5)
        with torch.no_grad():
            scores: NDArray[np.float64] = case.forward(torch.from_numpy(changed)).numpy()[:, TARGET]
        return scores

    explainer = shap.KernelExplainer(score, np.zeros((1, N_SEGMENTS)))
    values = explainer.shap_values(np.ones((1, N_SEGMENTS)), nsamples=n_coalitions, l1_reg=False, silent=True)
    return np.asarray(values)[0][players]


def compute_cosine(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Cosine of the angle between two attributions."""
    left, right = first.astype(np.float64), second.astype(np.float64)
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def measure(contestants: dict[str, Callable[[], Any]], n_rounds: int) -> dict[str, list[float]]:
    """Processor time of each contestant in s, rounds interleaved."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(n_rounds):
        for name, run in contestants.items():
            begin = time.process_time()
            run()
            times[name].append(time.process_time() - begin)
    return times


def run_case(case: Case, n_rounds: int) -> list[dict[str, Any]]:
    """Compare, then time, both methods."""
    with_shap = importlib.util.find_spec("shap") is not None
    rows = []
    occlusion = {
        "ours": lambda: occlude_ours(case),
        "captum": lambda: occlude_captum(case),
    }
    cosines = {"captum": compute_cosine(occlude_ours(case), occlude_captum(case))}
    rows.append(_describe(case, "occlusion", cosines, measure(occlusion, n_rounds)))
    every = 2**N_SEGMENTS
    exact = shap_ours(case, every)
    few = shap_ours(case, 2**N_FEW, N_FEW)
    cosines = {"captum": compute_cosine(few, shap_captum_exact(case))}
    kernel = {"ours": lambda: shap_ours(case), "captum": lambda: shap_captum(case)}
    if with_shap:
        cosines["shap"] = compute_cosine(exact, shap_shap(case, every))
        kernel["shap"] = lambda: shap_shap(case)
    rows.append(_describe(case, "kernel_shap", cosines, measure(kernel, n_rounds)))
    own, theirs = compute_cosine(exact, shap_ours(case)), compute_cosine(exact, shap_captum(case))
    rows[-1]["cosine_to_exact_in_the_timed_run"] = {"ours": round(own, 5), "captum": round(theirs, 5)}
    return rows


def _describe(
    case: Case, method: str, cosines: dict[str, float], times: dict[str, list[float]]
) -> dict[str, Any]:
    ours = statistics.median(times["ours"])
    return {
        "network": case.network_name,
        "window_s": case.window_s,
        "n_samples": case.explainable.n_samples,
        "method": method,
        "ms": {
            name: {
                "median": round(1e3 * statistics.median(found), 2),
                "range": [round(1e3 * min(found), 2), round(1e3 * max(found), 2)],
            }
            for name, found in times.items()
        },
        "ratio": {
            name: round(statistics.median(found) / ours, 2) for name, found in times.items() if name != "ours"
        },
        "cosine": {name: round(value, 6) for name, value in cosines.items()},
    }


def measure_first_methods() -> list[dict[str, Any]]:
    """Processor time of the first method for one window of 1 s, for everything that is registered."""
    rows = []
    for name, spec in NETWORKS.items():
        explainable = _train_classical(name) if spec.family == "classical" else _build_untrained(name)
        begin = time.process_time()
        explain(explainable, choose_method(name))
        cpu_s = time.process_time() - begin
        rows.append({"network": name, "method": choose_method(name), "cpu_s": round(cpu_s, 2)})
        print(f"{name:20} {rows[-1]['method']:22} {cpu_s:5.2f} s")
    return rows


def _build_untrained(name: str) -> Explainable:
    torch.manual_seed(0)
    n_samples = round(WHOLE_RATE_HZ)
    network = build_network(
        name, validate_options(name, {}), n_samples=n_samples, n_classes=3, sample_rate_hz=WHOLE_RATE_HZ
    )
    windows, _ = draw_windows(1, n_samples, 0)
    return build_from_network(network, windows, WHOLE_RATE_HZ, CLASS_NAMES, conditions=MACHINE, name=name)


def _train_classical(name: str) -> Explainable:
    windows, classes = draw_windows(9, 2 * round(WHOLE_RATE_HZ), 0)
    classes[:3] = range(3)
    signals = [
        LabelledSignal(f"{number:064x}", number, "DE", int(index), WHOLE_RATE_HZ, None, partial(np.copy, row))
        for number, (row, index) in enumerate(zip(windows, classes, strict=True))
    ]
    options = {"window_s": 1.0, "hop_s": 0.5, "augmented_copies": 0}
    with tempfile.TemporaryDirectory() as folder:
        outcome = train_classifier(
            name, options, signals[:6], signals[6:8], CLASS_NAMES,
            seed=0, run_folder=Path(folder), hooks=SilentHooks(),
        )  # fmt: skip
        assert outcome.classifier_folder is not None
        classifier = Classifier.load(outcome.classifier_folder)
    return build_explainable(classifier, windows[8], WHOLE_RATE_HZ, most_windows=1)


def judge(rows: Sequence[dict[str, Any]], first: Sequence[dict[str, Any]]) -> dict[str, bool | None]:
    """Say which goals every row reaches; None without shap."""
    with_shap = [row for row in rows if "shap" in row["ratio"]]
    return {
        "captum": all(row["ratio"]["captum"] >= GOAL_CAPTUM for row in rows),
        "shap": all(row["ratio"]["shap"] >= GOAL_SHAP for row in with_shap) if with_shap else None,
        "cosine": all(value >= GOAL_COSINE for row in rows for value in row["cosine"].values()),
        "first_method": all(row["cpu_s"] < FIRST_METHOD_S for row in first),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run all cases and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["cnn1d", "lstm"])
    parser.add_argument("--windows", nargs="+", type=float, default=[0.25, 1.0], help="lengths in s")
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    chosen = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = []
    with threadpool_limits(1):
        for name in chosen.networks:
            for window_s in chosen.windows:
                for row in run_case(build_case(name, window_s), chosen.rounds):
                    print(
                        f"{name:12} {window_s:4} s {row['method']:11} {row['ratio']} cosine {row['cosine']}"
                    )
                    rows.append(row)
        first = measure_first_methods()
    holds = judge(rows, first)
    print("goals:", holds)
    RESULT.write_text(
        json.dumps(
            {
                "row": RESULT.stem,
                "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
                "load": [round(load, 2) for load in os.getloadavg()],
                "date": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": "OMP_NUM_THREADS=1 python -m benchmarks.explanations",
                "versions": {
                    "torch": torch.__version__,
                    "captum": captum.__version__,
                    "shap": _find_version("shap"),
                },
                "goal": f"occlusion and KernelSHAP >= {GOAL_CAPTUM:g}x Captum as it comes, >= {GOAL_SHAP:g}x "
                f"shap, cosine >= {GOAL_COSINE:g}; first method < {FIRST_METHOD_S:g} s for a window of 1 s",
                "holds": all(reached is not False for reached in holds.values()),
                "goals_reached": holds,
                "rows": rows,
                "first_method_for_a_window_of_1_s": first,
            },
            indent=1,
        )
        + "\n"
    )


def _find_version(package: str) -> str | None:
    if importlib.util.find_spec(package) is None:
        return None
    return str(importlib.import_module(package).__version__)


if __name__ == "__main__":
    main()
