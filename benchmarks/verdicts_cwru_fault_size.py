"""CWRU drive end, leave one fault size out: verdicts of evidence and classifier together, and of each alone.

Usage: ``python -m benchmarks.verdicts_cwru_fault_size [--folder FOLDER]``, where FOLDER holds the .mat files
and their ``metadata.csv``. Nothing is trained here: what the classifiers say of recordings whose fault size
they have not seen is read from ``benchmarks/results/accuracy_cwru_fault_size.json``, and fused with the lines
of each recording by the rules of the product. Prints a table and writes
``benchmarks/results/verdicts_cwru_fault_size.json``.

- *Forced*: the likeliest class of the fused probabilities, whatever the status; macro-F1 over four classes.
- *Coverage*: the share of recordings that get a class at all; *accuracy* is that of those.
- *ECE*: of the verdict's confidence against whether its nearest class is right, five bins of equal count.

No threshold was set by these recordings. Thirty of them tell little apart: 1 recording is 3.3 points.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import find_recordings
from benchmarks.accuracy_cwru_fault_size import RESULT as OPINIONS
from benchmarks.accuracy_cwru_fault_size import compute_macro_f1
from benchmarks.rolling_recordings import CLASS_NAMES, load_rows, write_result
from core.evidence.findings import Evidence
from core.evidence.fusion import fuse
from core.evidence.rolling import gather_rolling_evidence
from core.evidence.verdict import Opinion, Standing, Status, Verdict

RESULT = Path(__file__).parent / "results" / "verdicts_cwru_fault_size.json"
GOAL = "macro-F1 of evidence and the best classifier fused at least 0.85"
_F1 = 0.85
_N_BINS = 5
ALONE = "evidence alone"
_OTHER = -1


def read_evidence(folder: Path) -> tuple[dict[str, Evidence], dict[str, int]]:
    """Evidence and true class of every recording, by name."""
    found, truth = {}, {}
    for row, signal in load_rows(folder):
        assert signal.fault_orders is not None
        assert signal.shaft_speed_rpm is not None
        name = str(row.recording_id)
        values = np.asarray(signal.load())
        nominal_hz = signal.shaft_speed_rpm / 60.0
        found[name] = gather_rolling_evidence(values, signal.sample_rate_hz, signal.fault_orders, nominal_hz)
        truth[name] = signal.class_index
    return found, truth


def choose(shares: Mapping[str, float]) -> int:
    """Index of the likeliest class; cage, which no recording here has, is none of the four."""
    name = max(shares, key=lambda each: shares[each])
    return CLASS_NAMES.index(name) if name in CLASS_NAMES else _OTHER


def compute_ece(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean gap of confidence and accuracy over bins of equal count."""
    order = np.argsort(confidences, kind="stable")
    pairs = np.array([confidences, right], dtype=np.float64)[:, order]
    parts = np.array_split(pairs, _N_BINS, axis=1)
    return float(sum(abs(part[0].mean() - part[1].mean()) * part.shape[1] for part in parts) / pairs.shape[1])


def judge(verdicts: Mapping[str, Verdict], truth: Mapping[str, int]) -> dict[str, Any]:
    """Summarise the verdicts of all recordings."""
    names = list(verdicts)
    forced = [choose(verdicts[name].probabilities) for name in names]
    named = [name for name in names if verdicts[name].status is Status.DIAGNOSED]
    right = [verdicts[name].fault_class == CLASS_NAMES[truth[name]] for name in named]
    nearest = [verdicts[name].nearest_class == CLASS_NAMES[truth[name]] for name in names]
    return {
        "forced_macro_f1": round(compute_macro_f1([truth[name] for name in names], forced), 4),
        "forced_right": sum(truth[name] == index for name, index in zip(names, forced, strict=True)),
        "coverage": round(len(named) / len(names), 4),
        "accuracy": round(float(np.mean(right)), 4) if named else None,
        "ece": round(compute_ece([verdicts[name].confidence or 0.0 for name in names], nearest), 4),
        "named_wrongly": [name for name, is_right in zip(named, right, strict=True) if not is_right],
        "not_named": [name for name in names if name not in named],
    }


def fuse_all(
    evidence: Mapping[str, Evidence], shares: Mapping[str, Sequence[float]] | None
) -> dict[str, Verdict]:
    """Fuse every recording's evidence with what a classifier said of it."""
    verdicts = {}
    for name, found in evidence.items():
        said = None if shares is None else dict(zip(CLASS_NAMES, shares[name], strict=True))
        opinion = None if said is None else Opinion(said, Standing.HOME)
        verdicts[name] = fuse(found, opinion)
    return verdicts


def summarise(
    contestant: Mapping[str, Any], evidence: Mapping[str, Evidence], truth: Mapping[str, int]
) -> dict[str, Any]:
    """Fuse every seed of a classifier."""
    runs = [judge(fuse_all(evidence, run["probabilities"]), truth) for run in contestant["runs"]]
    means = {
        key: round(float(np.mean([run[key] or 0.0 for run in runs])), 4)
        for key in ("forced_macro_f1", "coverage", "accuracy", "ece")
    }
    return {
        "model": contestant["model"],
        "classifier_macro_f1": contestant["macro_f1"],
        **means,
        "runs": runs,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Fuse whatever classifiers have been judged."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args(argv)
    with threadpool_limits(1):
        evidence, truth = read_evidence(arguments.folder or find_recordings("cwru_12k_de"))
    contestants = [
        each for each in json.loads(OPINIONS.read_text())["contestants"] if "probabilities" in each["runs"][0]
    ]
    alone = judge(fuse_all(evidence, None), truth)
    fused = [summarise(contestant, evidence, truth) for contestant in contestants]
    for row in [{"model": ALONE, "classifier_macro_f1": None, **alone}, *fused]:
        print(
            f"| {row['model']} | {row['classifier_macro_f1']} | {row['forced_macro_f1']} | {row['accuracy']} "
            f"| {row['coverage']} | {row['ece']} |",
            flush=True,
        )
    best = max(fused, key=lambda row: row["forced_macro_f1"])
    write_result(
        RESULT,
        "verdicts_cwru_fault_size",
        "python -m benchmarks.verdicts_cwru_fault_size",
        GOAL,
        best["forced_macro_f1"] >= _F1,
        best=best["model"],
        evidence_alone=alone,
        fused=fused,
    )


if __name__ == "__main__":
    main()
