"""Can confidences, prediction sets and "unknown" be believed? Measured on recordings that were held out.

Usage: ``python -m benchmarks.trust [--records-per-class N] [--snr-db DB] [--seeds 0 1 2] [--trees N]``.
Generates journal-bearing records (`benchmark` profile, 11 classes), adds white noise so that there are errors
to learn from, and splits them by recording into training, validation and test (40, 30 and 30 %). A random
forest is trained per seed; everything else is set on validation and measured on test, never the other way:

- calibration: expected calibration error before and after temperature scaling, both levels;
- conformal sets: coverage wanted, coverage measured, and the central 95 % of the counts to be expected; then
  validation and test are dealt anew many times, to see how often a count lies inside;
- open set (first seed): every class is held out of training in turn; AUROC and rejection at 5 % false alarms.

Writes ``benchmarks/results/trust.json``. The goal: every coverage inside its band. Calibration errors are
reported, whether scaling makes them smaller or larger.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.journal_material import Record, disturb, make_records
from benchmarks.rolling_recordings import write_result
from core.datasets.splits import SplitRow, build_split
from core.evaluation.conformal import fit_conformal, judge_coverage
from core.evaluation.open_set import (
    FLOOR_DISTANCE,
    SCORES,
    WITH_EVIDENCE,
    compute_window_features,
    fit_reference,
    judge_score,
    rank_scores,
    score_recording,
)
from core.training.classifier import Classifier
from core.training.evaluate import Evaluation, calibrate, evaluate_classifier
from core.training.hooks import SilentHooks
from core.training.metrics import SignalPrediction, group_recordings
from core.training.run import train_classifier
from core.training.signals import LabelledSignal
from utils.constants import FAULT_CLASSES

RESULT = Path(__file__).parent / "results" / "trust.json"
COVERAGES = (0.8, 0.9, 0.95)
FALSE_ALARMS = 0.05
N_DEALS = 500
# Those that need neither evidence nor whole recordings; `benchmarks.open_set_journal` asks all.
OWN_SCORES = tuple(name for name in SCORES if name not in WITH_EVIDENCE and name != FLOOR_DISTANCE)
Parts = dict[str, list[LabelledSignal]]


def split(records: Sequence[Record], snr_db: float, seed: int) -> Parts:
    """Divide the noisy signals by recording, each severity of each class by itself."""
    rows = [
        SplitRow(
            each.signal.signal_sha256, str(each.number), str(each.number), None, None,
            f"{each.fault_class} {each.severity}",
        )
        for each in records
    ]  # fmt: skip
    part_of = build_split(rows, by="recording", validation_fraction=0.3 / 0.7, test_fraction=0.3, seed=seed)
    noisy = disturb(records, "white", snr_db)
    return {
        part: [signal for signal in noisy if part_of[signal.signal_sha256] == part]
        for part in ("train", "validation", "test")
    }


def train(parts: Parts, names: Sequence[str], n_trees: int, seed: int) -> Classifier:
    """Train one forest in a folder that does not stay."""
    with tempfile.TemporaryDirectory(prefix="pfd-trust-") as folder:
        outcome = train_classifier(
            "random_forest", {"n_trees": n_trees}, parts["train"], parts["validation"], names,
            seed=seed, run_folder=Path(folder), hooks=SilentHooks(),
        )  # fmt: skip
        assert outcome.classifier_folder is not None
        return Classifier.load(outcome.classifier_folder)


def pool(evaluation: Evaluation, classifier: Classifier) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return calibrated recording-level probabilities and labels."""
    rows = group_recordings(
        [SignalPrediction(row.recording_id, row.target, row.window_probabilities) for row in evaluation.rows],
        len(classifier.class_names),
    )
    assert classifier.calibration is not None
    return classifier.calibration.recording.apply(rows.recording_probabilities), rows.recording_targets


def judge_sets(validation: Any, test: Any, seed: int) -> list[dict[str, Any]]:
    """Measure the coverage of every level, once, and with validation and test dealt anew."""
    probabilities = np.concatenate([validation[0], test[0]])
    targets = np.concatenate([validation[1], test[1]])
    random, n_validation = np.random.default_rng(seed), len(validation[1])
    found = []
    for coverage in COVERAGES:
        once = judge_coverage(fit_conformal(*validation, coverage), *test, "recordings")
        inside = 0
        for _ in range(N_DEALS):
            order = random.permutation(len(targets))
            first, second = order[:n_validation], order[n_validation:]
            rule = fit_conformal(probabilities[first], targets[first], coverage)
            dealt = judge_coverage(rule, probabilities[second], targets[second], "recordings")
            inside += bool(dealt["inside"])
        kept = ("n_calibration", "n", "n_covered", "coverage", "band_n", "inside", "mean_size", "sentence")
        found.append(
            {"wanted": coverage, **{key: once[key] for key in kept}, "inside_of_deals": inside / N_DEALS}
        )
    return found


def run_seed(records: Sequence[Record], snr_db: float, n_trees: int, seed: int) -> dict[str, Any]:
    """Train, calibrate on validation, measure on test."""
    parts = split(records, snr_db, seed)
    classifier = train(parts, FAULT_CLASSES, n_trees, seed)
    classifier, validation = calibrate(
        classifier, evaluate_classifier(classifier, parts["validation"], FAULT_CLASSES)
    )
    assert validation is not None and classifier.calibration is not None
    test = evaluate_classifier(classifier, parts["test"], FAULT_CLASSES)
    levels = {
        level: {key: test.metrics[level][key] for key in ("n", "accuracy", "ece_uncalibrated", "ece")}
        for level in ("recording_level", "window_level")
    }
    return {
        "seed": seed,
        **levels,
        "calibration": classifier.calibration.to_dict(),
        "conformal": judge_sets(pool(validation, classifier), pool(test, classifier), seed),
    }


def hold_out(parts: Parts, index: int, n_trees: int, seed: int) -> dict[str, Any]:
    """Train without one class and ask every score to find it."""
    others = [name for place, name in enumerate(FAULT_CLASSES) if place != index]
    known = {
        part: [
            replace(each, class_index=each.class_index - (each.class_index > index))
            for each in parts[part]
            if each.class_index != index
        ]
        for part in ("train", "validation")
    }
    classifier = train(known, others, n_trees, seed)

    def features(signal: LabelledSignal) -> NDArray[np.float64]:
        return compute_window_features(signal.load(), signal.sample_rate_hz, classifier.preprocessing)

    labels = [others[each.class_index] for each in known["train"]]
    reference = fit_reference([features(each) for each in known["train"]], labels)

    def score(signals: Sequence[LabelledSignal]) -> dict[str, NDArray[np.float64]]:
        rows = [
            score_recording(
                classifier.predict(each.load(), each.sample_rate_hz).uncalibrated_window_probabilities,
                reference.measure(features(each)),
            )
            for each in signals
        ]
        return {name: np.asarray([row[name] for row in rows]) for name in OWN_SCORES}

    strange = [each for each in parts["validation"] if each.class_index == index]
    ordinary, unknown = score(known["validation"]), score(strange)
    found = {name: judge_score(ordinary[name], unknown[name], FALSE_ALARMS) for name in OWN_SCORES}
    return {"held_out": FAULT_CLASSES[index], "n_unknown": len(strange), "scores": found}


def main(argv: Sequence[str] | None = None) -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records-per-class", type=int, default=40)
    parser.add_argument("--snr-db", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--trees", type=int, default=60)
    arguments = parser.parse_args(argv)
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="pfd-trust-") as folder:
        records = make_records(Path(folder), arguments.records_per_class)
        runs = []
        for seed in arguments.seeds:
            runs.append(run_seed(records, arguments.snr_db, arguments.trees, seed))
            print(describe(runs[-1]), flush=True)
        first = arguments.seeds[0]
        parts = split(records, arguments.snr_db, first)
        folds = [hold_out(parts, index, arguments.trees, first) for index in range(len(FAULT_CLASSES))]
    ranked = rank_scores([fold["scores"] for fold in folds])
    print(ranked[0], flush=True)
    before, after = (
        float(np.mean([run["recording_level"][key] for run in runs])) for key in ("ece_uncalibrated", "ece")
    )
    holds = all(row["inside"] for run in runs for row in run["conformal"])
    write_result(
        RESULT,
        "trust",
        f"python -m benchmarks.trust --records-per-class {arguments.records_per_class} --snr-db "
        f"{arguments.snr_db:g} --trees {arguments.trees} --seeds {' '.join(map(str, arguments.seeds))}",
        "coverage of every conformal set inside its band; calibration errors are reported, better or worse",
        holds,
        split="by recording and severity, 40/30/30; one formula makes all records: no evidence of a machine",
        recording_level_ece={"before": before, "after": after},
        runs=runs,
        open_set={"false_alarms": FALSE_ALARMS, "scores": ranked, "folds": folds},
    )


def describe(run: dict[str, Any]) -> str:
    """Return one line of a seed."""
    level = run["recording_level"]
    sets = ", ".join(
        f"{row['wanted']:.0%}: {row['n_covered']}/{row['n']} in {row['band_n']}, "
        f"{row['inside_of_deals']:.1%} of deals"
        for row in run["conformal"]
    )
    return (
        f"seed {run['seed']}: accuracy {level['accuracy']:.1%}, ECE {level['ece_uncalibrated']:.3f} -> "
        f"{level['ece']:.3f}; {sets}"
    )


if __name__ == "__main__":
    main()
