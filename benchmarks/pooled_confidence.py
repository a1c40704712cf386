"""CWRU drive end: how sure evidence and classifier are together of fault sizes never seen, calibrated or not.

Usage: ``python -m benchmarks.pooled_confidence [--folder FOLDER] [--seeds 0 1 2]``. Fold k holds out fault
size k. Of the two sizes that are left each is held out in turn from a training on the other: what classifier
and evidence say together of it sets the pool's temperature (`core.evaluation.keeping.calibrate_pool`), as the
validation part of a split by fault size would. The verdicts of size k then use that temperature; what the
classifier says of size k is read from ``benchmarks/results/accuracy_cwru_fault_size.json``. No recording of
size k sets anything. These are 20 recordings, fewer than the product asks for before it calibrates: the
numbers show why.

The expected calibration error compares the confidence with whether the nearest class is right, five bins of
equal count, 30 recordings: a perfectly calibrated confidence reaches ``by_chance`` on the average of 2,000
draws. The Brier score beside it needs no bins. Prints a table and writes
``benchmarks/results/pooled_confidence.json``.
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
from benchmarks.accuracy_cwru_fault_size import SIZES, belongs_to_fold
from benchmarks.accuracy_cwru_fault_size import judge as ask
from benchmarks.rolling_recordings import (
    CLASS_NAMES,
    Contestant,
    Rows,
    list_contestants,
    load_rows,
    train,
    write_result,
)
from benchmarks.verdicts_cwru_fault_size import compute_ece, judge, read_evidence
from core.evaluation.keeping import calibrate_pool
from core.evidence.findings import Evidence
from core.evidence.fusion import fuse, list_probabilities
from core.evidence.verdict import Opinion, Standing, Verdict
from core.training.calibration import LevelCalibration

RESULT = Path(__file__).parent / "results" / "pooled_confidence.json"
GOAL = "calibrated on other sizes, the error is smaller than uncalibrated on the average of the models"
# Those that train within seconds.
MODELS = ("svm", "random_forest", "gradient_boosting")
# The product asks for a hundred; this shows what fewer are worth.
FEWEST = 10
_N_DRAWS = 2_000


def fit_without(
    contestant: Contestant, rows: Rows, fold: int, evidence: Mapping[str, Evidence], seed: int
) -> LevelCalibration:
    """Fit the pool's temperature on the two sizes that fold does not hold out."""
    said, shares, truths = [], [], []
    others = [each for each in range(len(SIZES)) if each != fold]
    for inner in others:
        known = [
            signal
            for row, signal in rows
            if not belongs_to_fold(row, fold) and not belongs_to_fold(row, inner)
        ]
        held_out = [signal for row, signal in rows if belongs_to_fold(row, inner)]
        classifier, _ = train(contestant, known, [], seed)
        said += list(ask(classifier, held_out))
        shares += [list_probabilities(evidence[str(each.recording_id)]) for each in held_out]
        truths += [CLASS_NAMES[each.class_index] for each in held_out]
    return calibrate_pool(CLASS_NAMES, said, shares, truths, fewest=FEWEST)


def run(
    contestant: Contestant,
    rows: Rows,
    stored: Mapping[str, Sequence[float]],
    evidence: Mapping[str, Evidence],
    truth: Mapping[str, int],
    seed: int,
) -> dict[str, Any]:
    """Judge every size by the temperature of the two others, and without one."""
    found = [fit_without(contestant, rows, fold, evidence, seed) for fold in range(len(SIZES))]
    plain: dict[str, Verdict] = {}
    calibrated: dict[str, Verdict] = {}
    for fold, level in enumerate(found):
        for row, signal in rows:
            if not belongs_to_fold(row, fold):
                continue
            name = str(signal.recording_id)
            said = dict(zip(CLASS_NAMES, stored[name], strict=True))
            for verdicts, temperature in ((plain, None), (calibrated, level.temperature)):
                opinion = Opinion(said, Standing.HOME, pooled_temperature=temperature)
                verdicts[name] = fuse(evidence[name], opinion)
    return {
        "seed": seed,
        "temperatures": [
            None if level.temperature is None else round(level.temperature, 3) for level in found
        ],
        "n_validation": [level.n for level in found],
        "uncalibrated": {**judge(plain, truth), "brier": compute_brier(plain, truth)},
        "calibrated": {
            **judge(calibrated, truth),
            "brier": compute_brier(calibrated, truth),
            "by_chance": draw_by_chance(calibrated),
        },
    }


def compute_brier(verdicts: Mapping[str, Verdict], truth: Mapping[str, int]) -> float:
    """Mean square of confidence less whether the nearest class is right (Brier, 1950); it needs no bins."""
    away = [
        float(verdict.confidence or 0.0) - (verdict.nearest_class == CLASS_NAMES[truth[name]])
        for name, verdict in verdicts.items()
    ]
    return round(float(np.mean(np.square(away))), 4)


def draw_by_chance(verdicts: Mapping[str, Verdict]) -> float:
    """Mean error of verdicts that are right exactly as often as they say."""
    sure = [float(verdict.confidence or 0.0) for verdict in verdicts.values()]
    random = np.random.default_rng(0)
    draws = [compute_ece(sure, (random.random(len(sure)) < sure).tolist()) for _ in range(_N_DRAWS)]
    return round(float(np.mean(draws)), 4)


def summarise(model: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean over the seeds."""
    means = {
        kind: {
            key: round(float(np.mean([one[kind][key] or 0.0 for one in runs])), 4)
            for key in ("ece", "brier", "coverage", "accuracy")
        }
        for kind in ("uncalibrated", "calibrated")
    }
    by_chance = round(float(np.mean([one["calibrated"]["by_chance"] for one in runs])), 4)
    return {"model": model, **means, "by_chance": by_chance, "runs": list(runs)}


def main(argv: Sequence[str] | None = None) -> None:
    """Calibrate and judge whatever models were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args(argv)
    folder = arguments.folder or find_recordings("cwru_12k_de")
    stored = {each["model"]: each for each in json.loads(OPINIONS.read_text())["contestants"]}
    with threadpool_limits(1):
        rows = load_rows(folder)
        evidence, truth = read_evidence(folder)
        found = []
        for contestant in (each for each in list_contestants() if each.network in MODELS):
            said = {each["seed"]: each["probabilities"] for each in stored[contestant.label]["runs"]}
            runs = [run(contestant, rows, said[seed], evidence, truth, seed) for seed in arguments.seeds]
            found.append(summarise(contestant.label, runs))
            print({key: value for key, value in found[-1].items() if key != "runs"}, flush=True)
    before, after = (
        float(np.mean([each[kind]["ece"] for each in found])) for kind in ("uncalibrated", "calibrated")
    )
    write_result(
        RESULT,
        "pooled_confidence",
        f"python -m benchmarks.pooled_confidence --seeds {' '.join(str(seed) for seed in arguments.seeds)}",
        GOAL,
        after < before,
        protocol="fold k holds out fault size k; the temperature is set on the two others, each held out",
        mean={
            kind: {
                key: round(float(np.mean([each[kind][key] for each in found])), 4) for key in ("ece", "brier")
            }
            for kind in ("uncalibrated", "calibrated")
        },
        mean_by_chance=round(float(np.mean([each["by_chance"] for each in found])), 4),
        models=found,
    )


if __name__ == "__main__":
    main()
