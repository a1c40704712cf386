"""CWRU drive end, leave one fault size out: macro-F1 over whole recordings, every model of the registry.

Usage: ``python -m benchmarks.accuracy_cwru_fault_size [--folder FOLDER] [--seeds 0 1 2] [--only NAME ...]
[--one-rig]``, where FOLDER holds the .mat files and their ``metadata.csv``. Four classes. Fold k tests on
every recording of fault size k and on the healthy recording of load k, and trains on the rest, without a
validation part: the last epoch is taken. F1 is pooled over the three folds: 30 judged recordings per seed.
Prints a table and writes ``benchmarks/results/accuracy_cwru_fault_size.json`` after every model; models that
are there already and not asked for again are kept.

Amber for the healthy class: there is one healthy bearing, at another load in training. No faulty bearing is
in training and in test. With ``mfpt`` beside FOLDER, each model is also trained on all CWRU recordings and
judged on that other rig, another bearing at another speed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks import find_recordings
from benchmarks.rolling_recordings import (
    CLASS_NAMES,
    Contestant,
    Rows,
    list_contestants,
    load_rows,
    train,
    write_result,
)
from core.datasets.splits import SplitRow
from core.training.classifier import Classifier
from core.training.signals import LabelledSignal

RESULT = Path(__file__).parent / "results" / "accuracy_cwru_fault_size.json"
GOAL = 0.85
SIZES = ("007", "014", "021")
HEALTHY = CLASS_NAMES.index("healthy")
VOTE = "soft vote (general_and_envelope_orders)"
LEAST_SHARE = 1e-6


def belongs_to_fold(row: SplitRow, fold: int) -> bool:
    """Whether a recording is tested in a fold."""
    if row.fault_class == "healthy":
        return row.fields["load"] == str(fold)
    return row.fields["severity"] == SIZES[fold]


def compute_macro_f1(truth: Sequence[int], predicted: Sequence[int]) -> float:
    """Mean over the four classes of the F1 of the pooled decisions."""
    scores = []
    for index in range(len(CLASS_NAMES)):
        right = sum(t == p == index for t, p in zip(truth, predicted, strict=True))
        named = sum(p == index for p in predicted) + sum(t == index for t in truth)
        scores.append(2.0 * right / named if named else 0.0)
    return float(np.mean(scores))


def judge(classifier: Classifier, signals: Sequence[LabelledSignal]) -> np.ndarray:
    """Recording-level probabilities, ``(n_signals, n_classes)``."""
    return np.stack(
        [
            classifier.predict(
                signal.load(), signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders
            ).probabilities
            for signal in signals
        ]
    )


def run_folds(contestant: Contestant, rows: Rows, seed: int) -> dict[str, Any]:
    """Train and judge the three folds."""
    truth, predicted, wrong, cpu_s, voted = [], [], [], 0.0, {}
    for fold in range(len(SIZES)):
        known = [signal for row, signal in rows if not belongs_to_fold(row, fold)]
        held_out = [signal for row, signal in rows if belongs_to_fold(row, fold)]
        classifier, seconds = train(contestant, known, [], seed)
        cpu_s += seconds
        for signal, shares in zip(held_out, judge(classifier, held_out), strict=True):
            truth.append(signal.class_index)
            predicted.append(int(shares.argmax()))
            voted[str(signal.recording_id)] = [round(float(share), 6) for share in shares]
            if truth[-1] != predicted[-1]:
                wrong.append(f"{signal.recording_id}: {CLASS_NAMES[predicted[-1]]}")
    return {
        "seed": seed,
        "macro_f1": round(compute_macro_f1(truth, predicted), 4),
        "right": sum(t == p for t, p in zip(truth, predicted, strict=True)),
        "recordings": len(truth),
        "wrong": wrong,
        "train_cpu_s": round(cpu_s, 1),
        "probabilities": voted,
    }


def judge_other_rig(contestant: Contestant, rows: Rows, others: Rows, seed: int) -> dict[str, Any]:
    """Train on everything here, judge the recordings of another rig."""
    classifier, _ = train(contestant, [signal for _, signal in rows], [], seed)
    signals = [signal for _, signal in others]
    found = judge(classifier, signals).argmax(axis=1)
    faulty = [index for index, signal in enumerate(signals) if signal.class_index != HEALTHY]
    right = [int(found[index]) == signals[index].class_index for index in range(len(signals))]
    return {
        "faults_right": sum(right[index] for index in faulty),
        "faults": len(faulty),
        "false_alarms": sum(not right[index] for index in range(len(signals)) if index not in faulty),
        "healthy": len(signals) - len(faulty),
    }


def run(contestant: Contestant, rows: Rows, others: Rows, seeds: Sequence[int]) -> dict[str, Any]:
    """One contestant with every seed."""
    runs = [run_folds(contestant, rows, seed) for seed in seeds]
    found: dict[str, Any] = {
        "model": contestant.label,
        "options": contestant.options,
        "macro_f1": round(float(np.mean([one["macro_f1"] for one in runs])), 4),
        "runs": runs,
    }
    if others:
        found["other_rig"] = [judge_other_rig(contestant, rows, others, seed) for seed in seeds]
    return found


def vote(found: dict[str, dict[str, Any]], rows: Rows) -> dict[str, Any] | None:
    """Soft vote of the models that read all features: the mean of their log-probabilities, with no training.

    Their recording-level probabilities are stored, so nothing is judged again.
    """
    members = [
        one for one in found.values() if one["options"].get("features") == "general_and_envelope_orders"
    ]
    truth = {str(signal.recording_id): signal.class_index for _, signal in rows}
    runs = []
    seeds = [{run["seed"] for run in one["runs"]} for one in members]
    for seed in sorted(set.intersection(*seeds)) if seeds else []:
        shares = [run["probabilities"] for one in members for run in one["runs"] if run["seed"] == seed]
        voted = {
            name: np.mean([np.log(np.maximum(one[name], LEAST_SHARE)) for one in shares], axis=0)
            for name in truth
        }
        predicted = {name: int(share.argmax()) for name, share in voted.items()}
        wrong = [name for name in truth if predicted[name] != truth[name]]
        runs.append(
            {
                "seed": seed,
                "macro_f1": round(compute_macro_f1(list(truth.values()), list(predicted.values())), 4),
                "right": len(truth) - len(wrong),
                "recordings": len(truth),
                "wrong": [f"{name}: {CLASS_NAMES[predicted[name]]}" for name in wrong],
                "train_cpu_s": 0.0,
            }
        )
    if len(members) < 2 or not runs:
        return None
    return {
        "model": VOTE,
        "options": {"members": [one["model"] for one in members]},
        "macro_f1": round(float(np.mean([run["macro_f1"] for run in runs])), 4),
        "runs": runs,
    }


def write(found: dict[str, dict[str, Any]], command: str, rows: Rows) -> None:
    """Write what is there so far, the best first."""
    found = {label: one for label, one in found.items() if label != VOTE}
    voted = vote(found, rows)
    if voted is not None:
        found[VOTE] = voted
    ordered = sorted(found.values(), key=lambda one: -one["macro_f1"])
    write_result(
        RESULT,
        "accuracy_cwru_fault_size",
        command,
        f"macro-F1 of the best model at least {GOAL}",
        ordered[0]["macro_f1"] >= GOAL,
        protocol="fold k holds out fault size k and the healthy recording of load k; healthy is amber",
        contestants=ordered,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the contestants one after the other; each is written as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--one-rig", action="store_true", help="leave the other rig out")
    arguments = parser.parse_args(argv)
    folder = arguments.folder or find_recordings("cwru_12k_de")
    torch.set_num_threads(1)
    rows = load_rows(folder)
    other = folder.parent / "mfpt"
    others = load_rows(other) if other.exists() and not arguments.one_rig else []
    command = "python -m benchmarks.accuracy_cwru_fault_size --seeds " + " ".join(map(str, arguments.seeds))
    found = {one["model"]: one for one in _read_contestants()}
    with threadpool_limits(1):
        for contestant in list_contestants(arguments.only):
            found[contestant.label] = run(contestant, rows, others, arguments.seeds)
            write(found, command, rows)
            print(_describe(found[contestant.label]), flush=True)


def _read_contestants() -> list[dict[str, Any]]:
    return json.loads(RESULT.read_text())["contestants"] if RESULT.exists() else []


def _describe(one: dict[str, Any]) -> str:
    scores = ", ".join(f"{run['macro_f1']:.3f}" for run in one["runs"])
    rig = "; ".join(
        f"{run['faults_right']}/{run['faults']} faults, {run['false_alarms']}/{run['healthy']} false alarms"
        for run in one.get("other_rig", [])
    )
    seconds = np.mean([run["train_cpu_s"] for run in one["runs"]])
    return f"| {one['model']} | {one['macro_f1']:.3f} | {scores} | {rig} | {seconds:.0f} |"


if __name__ == "__main__":
    main()
