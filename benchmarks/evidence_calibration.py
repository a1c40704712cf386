"""Fit the few weights of the rolling evidence to simulated recordings, and see what they are worth on others.

Usage: ``python -m benchmarks.evidence_calibration [--recordings 1000] [--cache FILE] [--write]``. Simulates
machines (`benchmarks.evidence_simulation`), reads each with its own geometry and with a random one, fits a
multinomial logistic model to two thirds of the machines, judges the rest, and so on in turn; the weights that
are kept are fitted to all. ``--write`` puts them into ``core/evidence/rolling_weights.json``; ``--cache``
keeps what was read, because simulating takes minutes. Writes
``benchmarks/results/evidence_calibration.json``. No real recording is read here.

What a pattern means is learned the same for the two races, but for its own prior; a ball may show by its
spin's lines or by its cage's, whichever explains the recording better. Strong faults read with a random
geometry are taught as lines of something else, weak ones as that or nothing.
"""

from __future__ import annotations

import argparse
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from benchmarks.evidence_rolling import overlaps
from benchmarks.evidence_simulation import draw_geometry, simulate
from benchmarks.rolling_recordings import write_result
from core.evidence.rolling_decision import decide
from core.evidence.rolling_lines import Patterns, score_patterns
from core.evidence.rolling_probabilities import CAUSES, N_FEATURES, compute_probabilities, describe_patterns
from core.evidence.rolling_shaft import find_shaft
from core.evidence.rolling_spectra import compute_band_powers, lay_on_orders
from core.signal.bearings import compute_fault_orders

RESULT = Path(__file__).parent / "results" / "evidence_calibration.json"
WEIGHTS = Path(__file__).parents[1] / "core" / "evidence" / "rolling_weights.json"
_FIRST_SEED = 20_000
# The causes that each kind of reading may be put down to.
_ALLOWED = {
    "healthy": ("nothing",),
    "outer_race": ("outer",),
    "inner_race": ("inner",),
    "ball": ("spin", "cage"),
    "other": ("other",),
    "other or healthy": ("other", "nothing"),
}
# Over this a fault stands out whatever the geometry it is read with.
_STRONG_DB = -6.0
# A wrong geometry is rarer than a right one; with more weight the probabilities of right ones are off.
_RANDOM_WEIGHT = 0.125
_RIDGE = 3e-4
_BINS = np.linspace(0.3, 1.0, 8)


@dataclass(frozen=True, slots=True)
class Reading:
    """The patterns of one simulated recording with one geometry, and what they should be put down to."""

    machine: int
    kind: str
    is_own: bool
    patterns: Patterns


def read_machine(number: int) -> list[Reading]:
    """Simulate a machine and read it with its own geometry, and with another."""
    made = simulate(_FIRST_SEED + number)
    values = made.samples.astype(np.float64)
    shaft = find_shaft(values, made.sample_rate_hz, made.nominal_hz)
    powers = compute_band_powers(values, made.sample_rate_hz, made.nominal_hz)
    spectra = lay_on_orders(powers, shaft.frequency_hz)
    readings = [Reading(number, made.fault_class, True, score_patterns(spectra, made.orders))]
    wrong = compute_fault_orders(draw_geometry(np.random.default_rng([number, 1])))
    if overlaps(wrong, made.orders, made.fault_class):
        return readings
    kind = "healthy"
    if made.snr_db is not None:
        kind = "other" if made.snr_db > _STRONG_DB else "other or healthy"
    return [*readings, Reading(number, kind, False, score_patterns(spectra, wrong))]


def pack(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay free numbers out as weights: both races share all but the last."""
    weights = np.zeros((len(CAUSES) - 1, N_FEATURES))
    weights[0] = weights[1] = flat[:N_FEATURES]
    weights[1, -1] = flat[N_FEATURES]
    weights[2:] = flat[N_FEATURES + 1 :].reshape(3, N_FEATURES)
    return weights


def fit(readings: list[Reading]) -> NDArray[np.float64]:
    """Fit by maximum likelihood with a small ridge."""
    features = np.asarray([describe_patterns(reading.patterns) for reading in readings])
    allowed = np.asarray([[cause in _ALLOWED[reading.kind] for cause in CAUSES] for reading in readings])
    shares = np.asarray([1.0 if reading.is_own else _RANDOM_WEIGHT for reading in readings])

    def measure(flat: NDArray[np.float64]) -> float:
        probabilities = compute_probabilities(features, pack(flat))
        logarithms = np.log((probabilities * allowed).sum(axis=1) + 1e-9)
        return float(-(shares * logarithms).sum() / shares.sum() + _RIDGE * (flat**2).sum())

    # Whatever stands out more speaks for its cause, never against it.
    upward = [(0.0, None)] * (N_FEATURES - 1)
    bounds = [*upward, (None, None), (None, None), *([*upward, (None, None)] * 2)]
    bounds += [(0.0, None), *([(None, None)] * (N_FEATURES - 1))]
    return pack(minimize(measure, np.zeros(4 * N_FEATURES + 1), method="L-BFGS-B", bounds=bounds).x)


def judge(readings: list[Reading], probabilities: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy, calibration and decisions, from probabilities by weights that did not see the machine."""
    confidence, right, decided, decided_right = [], [], [], []
    kinds = ("healthy, own geometry", "healthy, random geometry", "faulty, random geometry")
    alarms: dict[str, list[bool]] = {kind: [] for kind in kinds}
    for reading, shares in zip(readings, probabilities, strict=True):
        verdict = decide(reading.patterns, shares)
        is_fault = verdict.fault_class is not None
        if reading.kind == "healthy":
            alarms[kinds[0 if reading.is_own else 1]].append(is_fault)
        elif not reading.is_own:
            alarms[kinds[2]].append(is_fault)
        if not reading.is_own:
            continue
        by_class = {**verdict.by_class, "healthy": verdict.healthy_probability}
        likeliest = max(by_class, key=lambda name: by_class[name])
        confidence.append(by_class[likeliest])
        right.append(likeliest == reading.kind)
        decided.append(verdict.decision != "undecided")
        decided_right.append((verdict.fault_class or "healthy") == reading.kind)
    sure, hit, kept = np.asarray(confidence), np.asarray(right), np.asarray(decided)
    places = np.digitize(sure, _BINS)
    gaps = [
        (places == place).mean() * abs(sure[places == place].mean() - hit[places == place].mean())
        for place in np.unique(places)
    ]
    return {
        "machines": len(sure),
        "accuracy": round(float(hit.mean()), 3),
        "ece": round(float(sum(gaps)), 3),
        "coverage": round(float(kept.mean()), 3),
        "accuracy_of_decisions": round(float(np.asarray(decided_right)[kept].mean()), 3),
        "alarms": {name: [int(sum(each)), len(each)] for name, each in alarms.items()},
    }


def hold_out(readings: list[Reading]) -> NDArray[np.float64]:
    """Probabilities of each third of the machines, by weights fitted to the other two."""
    features = np.asarray([describe_patterns(reading.patterns) for reading in readings])
    third = np.asarray([reading.machine % 3 for reading in readings])
    probabilities = np.zeros((len(readings), len(CAUSES)))
    for held in range(3):
        weights = fit([reading for reading in readings if reading.machine % 3 != held])
        probabilities[third == held] = compute_probabilities(features[third == held], weights)
    return probabilities


def main(argv: list[str] | None = None) -> int:
    """Simulate, fit, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--write", action="store_true")
    parsed = parser.parse_args(argv)
    if parsed.cache and parsed.cache.exists():
        readings = pickle.loads(parsed.cache.read_bytes())  # noqa: S301 -- written by this script
    else:
        with threadpool_limits(1):
            readings = [reading for number in range(parsed.recordings) for reading in read_machine(number)]
        if parsed.cache:
            parsed.cache.write_bytes(pickle.dumps(readings))
    judged, weights = judge(readings, hold_out(readings)), fit(readings)
    shares = {name: alarmed / n_all for name, (alarmed, n_all) in judged["alarms"].items()}
    allowed = (0.02, 0.02, 0.05)
    holds = judged["ece"] <= 0.05 and all(
        share <= most for share, most in zip(shares.values(), allowed, strict=True)
    )
    print(json.dumps(judged, indent=1), weights.round(3), sep="\n")
    if parsed.write:
        WEIGHTS.write_text(json.dumps({"weights": weights.round(3).tolist()}) + "\n")
    command = f"python -m benchmarks.evidence_calibration --recordings {parsed.recordings} --write"
    goal = "false alarms <= 2 % healthy, <= 5 % faulty with a wrong geometry; ECE <= 0.05"
    write_result(
        RESULT,
        "evidence_calibration",
        command,
        goal,
        holds,
        judged=judged,
        features=N_FEATURES,
        weights=weights.round(3).tolist(),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
