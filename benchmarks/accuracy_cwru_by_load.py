"""CWRU drive end: train on 0 and 1 hp, test on 2 hp; every model of the registry, other gains, white noise.

Usage: ``python -m benchmarks.accuracy_cwru_by_load [--folder FOLDER] [--seeds 0 1 2] [--only NAME ...]``,
where FOLDER holds the .mat files and their ``metadata.csv``. Every model with its default options, those that
read features also with features by shaft order. Each is judged on the test recordings as they are, at a
quarter and at four times the gain, and with white noise at 20, 10 and 5 dB in the analysis band, which it has
not trained with unless its options say so. Prints a table and writes
``benchmarks/results/accuracy_cwru_by_load.json`` after every training; runs that are there already and not
asked for again are kept.

The split is amber: every physical bearing is in training and in test. It shows that the chain works, not
how well a new bearing would be diagnosed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from benchmarks import find_recordings
from benchmarks.rolling_recordings import (
    CLASS_NAMES,
    GAINS,
    NOISE_DB,
    Contestant,
    Rows,
    add_noise,
    change_gain,
    list_contestants,
    load_rows,
    train,
    write_result,
)
from core.datasets.splits import build_split
from core.training.classifier import Classifier
from core.training.evaluate import evaluate_classifier
from core.training.signals import LabelledSignal

RESULT = Path(__file__).parent / "results" / "accuracy_cwru_by_load.json"
MOST_CHANGE = 0.005


def count_right(classifier: Classifier, signals: Sequence[LabelledSignal]) -> tuple[int, float]:
    """Recordings named rightly, and window-level accuracy."""
    metrics = evaluate_classifier(classifier, signals, CLASS_NAMES).metrics
    right = round(metrics["recording_level"]["accuracy"] * metrics["recording_level"]["n"])
    return right, round(metrics["window_level"]["accuracy"], 4)


def run_one(contestant: Contestant, seed: int, rows: Rows) -> dict[str, Any]:
    """Train once and judge on the test recordings, as they are and changed."""
    parts = build_split([row for row, _ in rows], by="load", test_values=["2"], seed=0)
    chosen = {
        part: [signal for row, signal in rows if parts[row.signal_sha256] == part]
        for part in ("train", "validation", "test")
    }
    classifier, cpu_s = train(contestant, chosen["train"], chosen["validation"], seed)
    test = chosen["test"]
    right, window_level = count_right(classifier, test)
    gains = {
        f"x{gain:g}": count_right(classifier, [change_gain(one, gain) for one in test]) for gain in GAINS
    }
    noise = {
        f"{snr_db:g} dB": count_right(classifier, [add_noise(one, snr_db, seed) for one in test])
        for snr_db in NOISE_DB
    }
    return {
        "network": contestant.label,
        "seed": seed,
        "train_cpu_s": round(cpu_s, 1),
        "recordings": len(test),
        "right": right,
        "recording_level_accuracy": right / len(test),
        "window_level_accuracy": window_level,
        "right_at_gain": {name: found[0] for name, found in gains.items()},
        "right_in_noise": {name: found[0] for name, found in noise.items()},
        "window_level_in_noise": {name: found[1] for name, found in noise.items()},
    }


def keeps_its_decisions(run: dict[str, Any]) -> bool:
    """Whether another gain changes the recording-level accuracy by no more than half a point."""
    changes = [abs(right - run["right"]) / run["recordings"] for right in run["right_at_gain"].values()]
    return max(changes) <= MOST_CHANGE


def write(runs: list[dict[str, Any]], seeds: Sequence[int]) -> None:
    """Write what is there so far."""
    write_result(
        RESULT,
        "accuracy_cwru_by_load",
        "python -m benchmarks.accuracy_cwru_by_load --seeds " + " ".join(map(str, seeds)),
        "recording-level accuracy of every model at gains x0.25 and x4 within 0.5 points of that at x1",
        all(keeps_its_decisions(run) for run in runs),
        split="by load, test 2 hp; amber: every physical bearing is in training and in test",
        runs=runs,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run every contestant with the first seed, then with the next."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=[])
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = load_rows(arguments.folder or find_recordings("cwru_12k_de"))
    asked = [
        (contestant, seed) for seed in arguments.seeds for contestant in list_contestants(arguments.only)
    ]
    keys = {(contestant.label, seed) for contestant, seed in asked}
    runs = [run for run in _read_runs() if (run["network"], run["seed"]) not in keys]
    with threadpool_limits(1):
        for contestant, seed in asked:
            runs.append(run_one(contestant, seed, rows))
            write(runs, arguments.seeds)
            print(_describe(runs[-1]), flush=True)


def _read_runs() -> list[dict[str, Any]]:
    known = json.loads(RESULT.read_text())["runs"] if RESULT.exists() else []
    return [run for run in known if "right_at_gain" in run]


def _describe(run: dict[str, Any]) -> str:
    changed = [*run["right_at_gain"].values(), *run["right_in_noise"].values()]
    return (
        f"| {run['network']} | {run['seed']} | {run['right']} of {run['recordings']} "
        f"| {run['window_level_accuracy']:.1%} | {' | '.join(map(str, changed))} | {run['train_cpu_s']:.0f} |"
    )


if __name__ == "__main__":
    main()
