"""Journal bearings: each class is left out of training in turn; is it then called unknown?

Usage: ``python -m benchmarks.open_set_journal [--records-per-class 80] [--snr-db 5 ...]``. Extremely
randomised trees over the noise floor (the most accurate model of docs/results/journal.md) learn ten of the
eleven classes, on clean generated records and on records with white noise. Scores of strangeness, larger is
stranger:

- those of the product's open-set rule (`core.evaluation.open_set`);
- ``floor_distance``: the same distance from the nearest class among the numbers over the noise floor;
- ``evidence``: one minus the probability that the physical evidence (`core.evidence.journal`, which has seen
  no training and knows no speed) gives to the class that the trees name;
- ``fused``: one minus the probability that trees and evidence both give to that class (their product).

AUROC of test records of the ten classes against test records of the eleventh; the threshold is set on
validation records of the ten for 5 % false alarms, and false alarms and rejection are counted on test
records.

The evidence has a rule for every class, so that the class left out is unknown to the trees only. With
``--part blind`` the rule is left out too: ``evidence`` and ``fused`` then meet faults that nobody thought
of. A plain forest of the same numbers, without changed copies, stands for the trees there.

Prints a line per fold and writes ``benchmarks/results/open_set_journal.json``. The goal: fused beats every
score of the classifier alone, in mean AUROC and in mean rejection.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from threadpoolctl import threadpool_limits

from benchmarks.journal_material import Record, disturb, make_records
from benchmarks.rolling_recordings import write_result
from core.datasets.splits import SplitRow, build_split
from core.evaluation.open_set import (
    SCORES,
    choose_threshold,
    compute_auroc,
    compute_window_features,
    fit_reference,
    score_recording,
)
from core.evidence.journal import gather_journal_evidence
from core.evidence.journal_readings import read_recording
from core.evidence.journal_rules import compute_probabilities, weigh_cues
from core.features.noise_floor import compute_noise_floor_features
from core.training.classifier import Classifier
from core.training.hooks import SilentHooks
from core.training.metrics import wilson_interval
from core.training.run import train_classifier
from core.training.signals import LabelledSignal
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS

RESULT = Path(__file__).parent / "results" / "open_set_journal.json"
FALSE_ALARMS = 0.05
NETWORK = "extra_trees"
NAMES = (*SCORES, "floor_distance", "evidence", "fused")
BLIND_NAMES = ("max_probability", "evidence", "fused")
N_TREES = 200
Parts = dict[str, list[LabelledSignal]]
Features = dict[str, NDArray[np.float64]]


def split(records: Sequence[Record], signals: Sequence[LabelledSignal], seed: int) -> Parts:
    """Divide by recording into 40, 30 and 30 %, each severity of each class by itself."""
    rows = [
        SplitRow(
            each.signal.signal_sha256,
            str(each.number),
            str(each.number),
            None,
            None,
            f"{each.fault_class} {each.severity}",
        )
        for each in records
    ]
    part_of = build_split(rows, by="recording", validation_fraction=0.3 / 0.7, test_fraction=0.3, seed=seed)
    return {
        part: [signal for signal in signals if part_of[signal.signal_sha256] == part]
        for part in ("train", "validation", "test")
    }


def compute_evidence(signal: LabelledSignal) -> dict[str, float]:
    """Return the probabilities of all eleven classes from the evidence, the shaft speed told to nobody."""
    evidence = gather_journal_evidence(signal.load(), signal.sample_rate_hz)
    found = {fault.fault_class: fault.probability for fault in evidence.faults}
    return {HEALTHY_CLASS: evidence.healthy_probability, **found}


def train(parts: Parts, names: Sequence[str], seed: int) -> Classifier:
    """Train once in a folder that does not stay."""
    with tempfile.TemporaryDirectory(prefix="pfd-open-set-") as folder:
        outcome = train_classifier(
            NETWORK,
            {},
            parts["train"],
            parts["validation"],
            names,
            seed=seed,
            run_folder=Path(folder),
            hooks=SilentHooks(),
        )
        assert outcome.classifier_folder is not None
        return Classifier.load(outcome.classifier_folder)


class Material:
    """What is worked out once per signal and used in every fold."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        signals = [signal for part in parts.values() for signal in part]
        self.evidence = {each.signal_sha256: compute_evidence(each) for each in signals}
        self.floor: Features = {
            each.signal_sha256: compute_noise_floor_features(
                np.asarray(each.load())[None], each.sample_rate_hz
            ).astype(np.float64)
            for each in signals
        }
        self.general: Features = {}

    def get_general(self, signal: LabelledSignal, classifier: Classifier) -> NDArray[np.float64]:
        """Return the features that the product's rule measures distances in."""
        key = signal.signal_sha256
        if key not in self.general:
            self.general[key] = compute_window_features(
                signal.load(), signal.sample_rate_hz, classifier.preprocessing
            )
        return self.general[key]


def hold_out(material: Material, index: int, seed: int) -> dict[str, Any]:
    """Train without one class and ask every score to find it."""
    others = [name for place, name in enumerate(FAULT_CLASSES) if place != index]
    known = {
        part: [
            replace(each, class_index=each.class_index - (each.class_index > index))
            for each in material.parts[part]
            if each.class_index != index
        ]
        for part in ("train", "validation", "test")
    }
    classifier = train(known, others, seed)
    labels = [others[each.class_index] for each in known["train"]]
    general = fit_reference([material.get_general(each, classifier) for each in known["train"]], labels)
    floor = fit_reference([material.floor[each.signal_sha256] for each in known["train"]], labels)

    def score_one(signal: LabelledSignal) -> dict[str, float]:
        prediction = classifier.predict(signal.load(), signal.sample_rate_hz)
        windows = prediction.uncalibrated_window_probabilities
        scores = score_recording(windows, general.measure(material.get_general(signal, classifier)))
        pooled = np.exp(np.log(np.maximum(windows, 1e-12)).mean(axis=0))
        pooled /= pooled.sum()
        best = int(pooled.argmax())
        borne_out = material.evidence[signal.signal_sha256][others[best]]
        return {
            **scores,
            "floor_distance": float(np.median(floor.measure(material.floor[signal.signal_sha256]))),
            "evidence": 1.0 - borne_out,
            "fused": 1.0 - borne_out * float(pooled[best]),
        }

    def score(signals: Sequence[LabelledSignal]) -> Mapping[str, NDArray[np.float64]]:
        rows = [score_one(each) for each in signals]
        return {name: np.asarray([row[name] for row in rows]) for name in NAMES}

    strange = [each for each in material.parts["test"] if each.class_index == index]
    calibration, ordinary, unknown = score(known["validation"]), score(known["test"]), score(strange)
    scores = {name: judge(calibration[name], ordinary[name], unknown[name]) for name in NAMES}
    return {"held_out": FAULT_CLASSES[index], "n_unknown": len(strange), "scores": scores}


def judge(calibration: NDArray[Any], ordinary: NDArray[Any], unknown: NDArray[Any]) -> dict[str, Any]:
    """AUROC on test, and what a threshold from validation rejects of both kinds."""
    threshold = choose_threshold(calibration, FALSE_ALARMS)
    assert threshold is not None
    n_rejected, n_alarms = int((unknown > threshold.value).sum()), int((ordinary > threshold.value).sum())
    return {
        "auroc": compute_auroc(ordinary, unknown),
        "threshold": threshold.value,
        "rejection": n_rejected / len(unknown),
        "rejection_interval": wilson_interval(n_rejected, len(unknown)),
        "false_alarms": n_alarms / len(ordinary),
        "n_known": len(ordinary),
    }


def summarise(folds: Sequence[Mapping[str, Any]], names: Sequence[str] = NAMES) -> list[dict[str, Any]]:
    """Mean of every score over the folds, best first."""
    rows = [
        {
            "score": name,
            **{
                f"mean_{key}": float(np.mean([fold["scores"][name][key] for fold in folds]))
                for key in ("auroc", "rejection", "false_alarms")
            },
            "worst_auroc": min(fold["scores"][name]["auroc"] for fold in folds),
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: -float(row["mean_auroc"]))


def run(records: Sequence[Record], snr_db: float | None, seed: int) -> dict[str, Any]:
    """Hold out every class once under one noise."""
    signals = [each.signal for each in records] if snr_db is None else disturb(records, "white", snr_db)
    material = Material(split(records, signals, seed))
    folds = []
    for index in range(len(FAULT_CLASSES)):
        folds.append(hold_out(material, index, seed))
        shown = {name: f"{found['auroc']:.3f}" for name, found in folds[-1]["scores"].items()}
        print(snr_db, folds[-1]["held_out"], shown, flush=True)
    return {"snr_db": snr_db, "scores": summarise(folds), "folds": folds}


def weigh_rules(signal: LabelledSignal) -> NDArray[np.float64]:
    """Return what each rule gets, and a pattern of none of them last; they sum to 1."""
    readings = read_recording(np.asarray(signal.load()), signal.sample_rate_hz, None)
    probabilities, none = compute_probabilities(weigh_cues(readings))
    even = none / len(FAULT_CLASSES)
    return np.asarray([*(probabilities[name] - even for name in FAULT_CLASSES), none])


def run_blind(records: Sequence[Record], snr_db: float | None, seed: int) -> dict[str, Any]:
    """Hold out every class once, from a forest and from the rules."""
    signals = [each.signal for each in records] if snr_db is None else disturb(records, "white", snr_db)
    parts = split(records, signals, seed)
    numbers, weights, labels = {}, {}, {}
    for part, members in parts.items():
        rows = [
            compute_noise_floor_features(np.asarray(each.load())[None], each.sample_rate_hz)[0]
            for each in members
        ]
        numbers[part] = np.asarray(rows)
        weights[part] = np.asarray([weigh_rules(each) for each in members])
        labels[part] = np.asarray([each.class_index for each in members])
    folds = [_hold_out_blindly(numbers, weights, labels, index, seed) for index in range(len(FAULT_CLASSES))]
    return {"snr_db": snr_db, "scores": summarise(folds, BLIND_NAMES), "folds": folds}


def _hold_out_blindly(
    numbers: Mapping[str, NDArray[Any]],
    weights: Mapping[str, NDArray[Any]],
    labels: Mapping[str, NDArray[Any]],
    index: int,
    seed: int,
) -> dict[str, Any]:
    learned = labels["train"] != index
    forest = ExtraTreesClassifier(N_TREES, random_state=seed).fit(
        numbers["train"][learned], labels["train"][learned]
    )

    def score(part: str, chosen: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        probabilities = forest.predict_proba(numbers[part][chosen])
        best = forest.classes_[probabilities.argmax(axis=1)]
        rules = weights[part][chosen]
        borne_out = rules[np.arange(len(best)), best] / (1.0 - rules[:, index])
        confidence = probabilities.max(axis=1)
        return {
            "max_probability": 1.0 - confidence,
            "evidence": 1.0 - borne_out,
            "fused": 1.0 - borne_out * confidence,
        }

    calibration = score("validation", labels["validation"] != index)
    ordinary, unknown = (score("test", labels["test"] != index), score("test", labels["test"] == index))
    scores = {name: judge(calibration[name], ordinary[name], unknown[name]) for name in BLIND_NAMES}
    return {"held_out": FAULT_CLASSES[index], "n_unknown": len(unknown["fused"]), "scores": scores}


def main(argv: Sequence[str] | None = None) -> None:
    """Run every noise and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records-per-class", type=int, default=80)
    parser.add_argument("--snr-db", type=float, nargs="*", default=[5.0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=("trees", "blind"), default="trees")
    arguments = parser.parse_args(argv)
    run_part = run if arguments.part == "trees" else run_blind
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="pfd-open-set-") as folder:
        records = make_records(Path(folder), arguments.records_per_class)
        runs = [run_part(records, snr_db, arguments.seed) for snr_db in (None, *arguments.snr_db)]
    for each in runs:
        print(each["snr_db"], each["scores"], flush=True)
    write(
        arguments.part,
        runs,
        f"python -m benchmarks.open_set_journal --records-per-class {arguments.records_per_class} --snr-db "
        f"{' '.join(f'{snr_db:g}' for snr_db in arguments.snr_db)} --seed {arguments.seed} "
        f"--part {arguments.part}",
    )


def write(part: str, runs: Sequence[Mapping[str, Any]], command: str) -> None:
    """Write one part; the other is kept as it is."""
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    parts = {
        "trees": known.get("trees", {"command": known.get("command"), "runs": known.get("runs", [])}),
        "blind": known.get("blind"),
        part: {"command": command, "runs": list(runs)},
    }
    trees = (parts["trees"] or {}).get("runs", [])
    write_result(
        RESULT,
        "open_set_journal",
        command,
        "fused with the evidence better than every score of the classifier alone, in AUROC and in rejection",
        all(_beats_all(each["scores"]) for each in trees) if trees else None,
        network=NETWORK,
        false_alarms_wanted=FALSE_ALARMS,
        split="by recording and severity, 40/30/30; one formula makes all records: no evidence of a machine",
        **parts,
    )


def _beats_all(scores: Sequence[Mapping[str, Any]]) -> bool:
    by_name = {row["score"]: row for row in scores}
    alone = [by_name[name] for name in (*SCORES, "floor_distance")]
    return all(
        by_name["fused"][key] > max(row[key] for row in alone) for key in ("mean_auroc", "mean_rejection")
    )


if __name__ == "__main__":
    main()
