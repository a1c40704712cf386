"""Journal bearings: each class is left out of training in turn; is it then called unknown?

Usage: ``python -m benchmarks.open_set_journal [--networks extra_trees random_forest] [--records-per-class 80]
[--snr-db 5]``. A classifier of the product learns ten of the eleven classes on generated records, clean and
with white noise, is calibrated, and keeps its open-set rule as a training of the product does
(`core.evaluation.keeping`): score and thresholds come from training and validation records of the ten. Then
test records are judged as a diagnosis judges them, the shaft speed told to nobody:

- ``rule``: the rule as kept, with the physical evidence, which knows the class that the classifier does not;
- ``rule, blind``: the same with the evidence's rule for that class taken away, so that nobody thought of it;
- ``rule, no evidence``: what the rule falls back to where no evidence can be read;
- every score by itself, each with a threshold from the same validation records.

AUROC of test records of the ten classes against test records of the eleventh; rejection and false alarms at
the threshold for 5 % false alarms. ``verdicts`` counts how whole diagnoses end: of the class left out, and of
the ten that were learned, whose confidence is compared with what is right before and after it is calibrated
(expected calibration error, five bins of equal count).

Prints a line per fold and writes ``benchmarks/results/open_set_journal.json``. The goal: mean AUROC at least
0.95 and mean rejection at least 80 % with the evidence blind, at no more than 10 % false alarms.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.journal_material import Record, disturb, make_records
from benchmarks.rolling_recordings import write_result
from benchmarks.verdicts_cwru_fault_size import compute_ece
from core.datasets.splits import SplitRow, build_split
from core.evaluation.keeping import keep_rules, list_shares
from core.evaluation.open_set import SCORES, choose_threshold, compute_auroc, leave_class_out
from core.evaluation.strangeness import StrangenessRule, Traits, read_traits
from core.evidence.findings import Evidence
from core.evidence.fusion import fuse
from core.evidence.journal import gather_journal_evidence
from core.evidence.verdict import Opinion, Standing, Status, Verdict
from core.training.classifier import Classifier, Prediction
from core.training.evaluate import calibrate, evaluate_classifier
from core.training.hooks import SilentHooks
from core.training.metrics import wilson_interval
from core.training.run import train_classifier
from core.training.signals import LabelledSignal
from utils.constants import FAULT_CLASSES

RESULT = Path(__file__).parent / "results" / "open_set_journal.json"
FALSE_ALARMS = 0.05
NETWORKS = ("extra_trees", "random_forest")
RULE, BLIND, ALONE = "rule", "rule, blind", "rule, no evidence"
NAMES = (RULE, BLIND, ALONE, *SCORES)
GOAL = "evidence blind: mean AUROC >= 0.95, mean rejection >= 80 %, false alarms <= 10 %"
Parts = dict[str, list[LabelledSignal]]


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


def train(network: str, parts: Parts, names: Sequence[str], seed: int) -> Classifier:
    """Train once, in a folder that does not stay, and keep what the product keeps."""
    with tempfile.TemporaryDirectory(prefix="pfd-open-set-") as folder:
        outcome = train_classifier(
            network,
            {},
            parts["train"],
            parts["validation"],
            names,
            seed=seed,
            run_folder=Path(folder),
            hooks=SilentHooks(),
        )
        assert outcome.classifier_folder is not None
        classifier = Classifier.load(outcome.classifier_folder)
    judged = evaluate_classifier(classifier, parts["validation"], names)
    classifier, evaluation = calibrate(classifier, judged)
    return keep_rules(classifier, parts["train"], parts["validation"], evaluation, "journal")


class Judge:
    """Judges records as a diagnosis does, and by every score."""

    def __init__(self, classifier: Classifier, held_out: str, evidence: Mapping[str, Evidence]) -> None:
        assert classifier.strangeness is not None
        self.classifier, self.held_out, self.evidence = classifier, held_out, evidence
        self.rule = StrangenessRule.from_kept(classifier.strangeness)
        alone = tuple(part for part in self.rule.parts if not part.needs_evidence)
        self.alone = replace(self.rule, parts=alone)

    def read(self, signal: LabelledSignal) -> tuple[Prediction, Traits]:
        """Ask the classifier, and read what the scores need."""
        values, rate_hz = np.asarray(signal.load()), signal.sample_rate_hz
        prediction = self.classifier.predict(values, rate_hz)
        traits = read_traits(values, rate_hz, self.classifier.preprocessing, self.rule.stretch_s)
        shares = list_shares(self.evidence[signal.signal_sha256])
        windows = prediction.uncalibrated_window_probabilities
        return prediction, replace(traits, window_probabilities=windows, shares=shares)

    def score(self, traits: Traits) -> dict[str, float]:
        """Return the rule's score in its three forms, and every other."""
        names = self.classifier.class_names
        assert traits.shares is not None
        blind = replace(traits, shares=leave_class_out(traits.shares, self.held_out))
        found = {}
        for name, rule, read in (
            (RULE, self.rule, traits),
            (BLIND, self.rule, blind),
            (ALONE, self.alone, replace(traits, shares=None)),
        ):
            measured = rule.measure(read, names)
            found[name] = np.nan if measured is None else measured[1]
        return found | traits.score(names, self.rule.references)

    def decide(
        self, signal: LabelledSignal, prediction: Prediction, traits: Traits, *, calibrated: bool
    ) -> Verdict:
        """Make the verdict of a diagnosis at home."""
        names = self.classifier.class_names
        measured = self.rule.measure(traits, names)
        pooled = self.classifier.calibration.pooled if self.classifier.calibration else None
        opinion = Opinion(
            dict(zip(names, prediction.probabilities.tolist(), strict=True)),
            Standing.HOME,
            is_rejected=measured is not None and measured[1] > measured[0].threshold,
            rejects_by_evidence=measured is not None and measured[0].needs_evidence,
            pooled_temperature=pooled.temperature if pooled and calibrated else None,
        )
        return fuse(self.evidence[signal.signal_sha256], opinion)


def hold_out(
    network: str, parts: Parts, evidence: Mapping[str, Evidence], index: int, seed: int
) -> dict[str, Any]:
    """Train without one class, and judge test records of it and of the others."""
    others = [name for place, name in enumerate(FAULT_CLASSES) if place != index]
    known = {
        part: [
            replace(each, class_index=each.class_index - (each.class_index > index))
            for each in members
            if each.class_index != index
        ]
        for part, members in parts.items()
    }
    strange = [each for each in parts["test"] if each.class_index == index]
    judge = Judge(train(network, known, others, seed), FAULT_CLASSES[index], evidence)
    scores, verdicts = {}, {}
    for name, signals, truths in (
        ("validation", known["validation"], [others[each.class_index] for each in known["validation"]]),
        ("known", known["test"], [others[each.class_index] for each in known["test"]]),
        ("unknown", strange, [FAULT_CLASSES[index]] * len(strange)),
    ):
        read = [judge.read(each) for each in signals]
        rows = [judge.score(traits) for _, traits in read]
        scores[name] = {each: np.asarray([row.get(each, np.nan) for row in rows]) for each in NAMES}
        if name != "validation":
            verdicts[name] = _count(judge, signals, read, truths)
    fitted = {part.score: part for part in judge.rule.parts}
    return {
        "held_out": FAULT_CLASSES[index],
        "n_unknown": len(strange),
        "rule": [part.score for part in judge.rule.parts],
        "expected": {name: [part.mean_auroc, part.mean_rejection] for name, part in fitted.items()},
        "scores": {
            name: _judge(*(scores[each][name] for each in scores), judge.rule, name) for name in NAMES
        },
        "verdicts": verdicts,
    }


def _judge(
    calibration: NDArray[Any],
    ordinary: NDArray[Any],
    unknown: NDArray[Any],
    rule: StrangenessRule,
    name: str,
) -> dict[str, Any] | None:
    """AUROC on test, and what the kept threshold (else one from validation) rejects of both kinds."""
    if not all(np.isfinite(each).all() for each in (calibration, ordinary, unknown)):
        return None
    kept = {
        RULE: [part.threshold for part in rule.parts],
        BLIND: [part.threshold for part in rule.parts],
        ALONE: [part.threshold for part in rule.parts if not part.needs_evidence],
    }.get(name)
    found = choose_threshold(calibration, FALSE_ALARMS)
    assert found is not None
    threshold = kept[0] if kept else found.value
    n_rejected, n_alarms = int((unknown > threshold).sum()), int((ordinary > threshold).sum())
    return {
        "auroc": compute_auroc(ordinary, unknown),
        "threshold": threshold,
        "rejection": n_rejected / len(unknown),
        "rejection_interval": wilson_interval(n_rejected, len(unknown)),
        "false_alarms": n_alarms / len(ordinary),
        "n_known": len(ordinary),
    }


def _count(
    judge: Judge,
    signals: Sequence[LabelledSignal],
    read: Sequence[tuple[Prediction, Traits]],
    truths: Sequence[str],
) -> dict[str, Any]:
    """Count how diagnoses end, and compare their confidence with what is right."""
    counts: Counter[str] = Counter()
    eces = {}
    for calibrated in (False, True):
        confidences, right = [], []
        for signal, (prediction, traits), truth in zip(signals, read, truths, strict=True):
            verdict = judge.decide(signal, prediction, traits, calibrated=calibrated)
            if calibrated:
                counts[_end(verdict, truth)] += 1
            if verdict.status is not Status.UNKNOWN:
                confidences.append(float(verdict.confidence or 0.0))
                right.append(verdict.nearest_class == truth)
        eces["ece" if calibrated else "ece_uncalibrated"] = (
            round(compute_ece(confidences, right), 4) if len(right) >= 5 else None
        )
    return {"n": len(signals), **{name: counts[name] for name in ENDS}, **eces}


ENDS = ("named right", "named wrong", "unknown", "undecided", "refused")


def _end(verdict: Verdict, truth: str) -> str:
    if verdict.status is not Status.DIAGNOSED:
        return verdict.status.value
    return "named right" if verdict.fault_class == truth else "named wrong"


def summarise(folds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mean of every score over the folds that could be judged by it."""
    rows = []
    for name in NAMES:
        found = [fold["scores"][name] for fold in folds if fold["scores"][name] is not None]
        if found:
            means = {
                f"mean_{key}": float(np.mean([each[key] for each in found]))
                for key in ("auroc", "rejection", "false_alarms")
            }
            worst = min(each["auroc"] for each in found)
            rows.append({"score": name, "n_folds": len(found), **means, "worst_auroc": worst})
    return rows


def add_verdicts(folds: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add up how diagnoses ended; the errors of calibration are means over the folds."""
    found: dict[str, dict[str, Any]] = {}
    for kind in ("known", "unknown"):
        rows = [fold["verdicts"][kind] for fold in folds]
        found[kind] = {name: sum(row[name] for row in rows) for name in ("n", *ENDS)}
    for name in ("ece_uncalibrated", "ece"):
        found["known"][name] = round(float(np.mean([f["verdicts"]["known"][name] for f in folds])), 4)
    return found


def run(network: str, records: Sequence[Record], snr_db: float | None, seed: int) -> dict[str, Any]:
    """Hold out every class once under one noise."""
    signals = [each.signal for each in records] if snr_db is None else disturb(records, "white", snr_db)
    evidence = {
        each.signal_sha256: gather_journal_evidence(each.load(), each.sample_rate_hz) for each in signals
    }
    parts, folds = split(records, signals, seed), []
    for index in range(len(FAULT_CLASSES)):
        folds.append(hold_out(network, parts, evidence, index, seed))
        shown = {name: f"{found['auroc']:.3f}" for name, found in folds[-1]["scores"].items() if found}
        print(network, snr_db, folds[-1]["held_out"], folds[-1]["rule"], shown, flush=True)
    return {
        "network": network,
        "snr_db": snr_db,
        "scores": summarise(folds),
        "verdicts": add_verdicts(folds),
        "folds": folds,
    }


def reaches_goal(scores: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rule with blind evidence does what was wanted of it."""
    row = next(each for each in scores if each["score"] == BLIND)
    return bool(
        row["mean_auroc"] >= 0.95 and row["mean_rejection"] >= 0.8 and row["mean_false_alarms"] <= 0.1
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run every classifier and noise, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--records-per-class", type=int, default=80)
    parser.add_argument("--snr-db", type=float, nargs="*", default=[5.0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args(argv)
    levels = " ".join(f"{each:g}" for each in arguments.snr_db)
    command = (
        f"python -m benchmarks.open_set_journal --networks {' '.join(arguments.networks)} "
        f"--records-per-class {arguments.records_per_class} --snr-db {levels} --seed {arguments.seed}"
    )
    runs: list[dict[str, Any]] = []
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="pfd-open-set-") as folder:
        records = make_records(Path(folder), arguments.records_per_class)
        for network in arguments.networks:
            for snr_db in (None, *arguments.snr_db):
                runs.append(run(network, records, snr_db, arguments.seed))
                print(network, snr_db, runs[-1]["scores"], runs[-1]["verdicts"], flush=True)
                write(arguments.out, command, runs)


def write(path: Path, command: str, runs: Sequence[Mapping[str, Any]]) -> None:
    """Write what is there so far."""
    write_result(
        path,
        "open_set_journal",
        command,
        GOAL,
        all(reaches_goal(each["scores"]) for each in runs),
        false_alarms_wanted=FALSE_ALARMS,
        split="by recording and severity, 40/30/30; one formula makes all records: no evidence of a machine",
        runs=list(runs),
    )


if __name__ == "__main__":
    main()
