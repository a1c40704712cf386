"""Diagnoses as the service gives them, without asking for one."""

from __future__ import annotations

from typing import Any

SHAFT_HZ = 29.95
ORDERS = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.3568, "ftf": 0.39828}
_COMBS = (("inner_race", "BPFI", ORDERS["bpfi"]), ("outer_race", "BPFO", ORDERS["bpfo"]))


def build_lines(fault_class: str, label: str, order: float, *, is_found: bool) -> list[dict[str, Any]]:
    """Return the first four harmonics of a fault, all found or all missing."""
    return [
        {
            "line": f"{label} {harmonic}",
            "expected_hz": harmonic * order * SHAFT_HZ,
            "found_hz": harmonic * order * SHAFT_HZ * 0.996,
            "snr_db": 21.4 if is_found else 2.1,
            "needed_db": 9.0,
            "is_found": is_found,
            "harmonics": 4 if is_found else 0,
            "supports": fault_class if is_found else None,
            "fault_class": fault_class,
            "remark": "also 3X" if harmonic == 2 else "",
        }
        for harmonic in (1, 2, 3, 4)
    ]


def build_rolling_answer(found: str = "inner_race", **changes: Any) -> dict[str, Any]:
    """Return an answer of the lines alone: all lines of ``found``, none of the other fault."""
    lines = [
        line
        for name, label, order in _COMBS
        for line in build_lines(name, label, order, is_found=name == found)
    ]
    others = [name for name, _, _ in _COMBS if name != found]
    probabilities = {found: 0.93, **dict.fromkeys(others, 0.05), "healthy": 0.02}
    answer = {
        "diagnosis_id": 7,
        "verdict": {
            "status": "diagnosed",
            "fault_class": found,
            "nearest_class": None,
            "confidence": 0.93,
            "confidence_source": "evidence",
            "calibrated": False,
            "sentence": "The recording is consistent with a fault of this kind.",
            "decided_by": "evidence",
            "rule": "The lines alone are strong.",
        },
        "probabilities": probabilities,
        "decision": {
            "machine_kind": "rolling",
            "decision": "fault",
            "fault_class": found,
            "probability": 0.93,
            "healthy_probability": 0.02,
            "probabilities": probabilities,
            "reason": "Four of four lines stand out.",
            "shaft_frequency_hz": SHAFT_HZ,
            "shaft_source": "found within 10 % of the nominal speed",
            "version": "rolling-1",
            "orders": ORDERS,
            "orders_source": "6205-2RS of the bearing list",
        },
        "evidence": lines,
        "faults": [
            {
                "fault_class": name,
                "probability": probabilities[name],
                "strength": "strong" if name == found else "none",
                "n_found": 4 if name == found else 0,
                "n_lines": 4,
                "band_hz": [2200.0, 3800.0],
                "slip": -0.004 if name == found else None,
                "modulation_depth": 0.31 if name == found else None,
                "sentence": f"The lines of {name.replace('_', ' ')} were looked for.",
            }
            for name in (found, *others)
        ],
        "evidence_missing": None,
        "checks": {"passed": True, "name": None, "sentence": None},
        "contradictions": [],
        "limits": ["The sensor's place is unknown."],
        "notes": ["the first 10 s were read"],
        "opinion": None,
        "uncalibrated_probabilities": {},
        "calibration": None,
        "open_set": None,
        "windows": None,
        "classifier": None,
        "recording": {
            "name": "IR007_0 (DE)",
            "channel": "DE",
            "sample_rate_hz": 12_000.0,
            "n_samples": 24_000,
            "duration_s": 2.0,
            "shaft_speed_rpm": 1797.0,
            "machine": "test rig",
            "bearing": "6205-2RS",
            "load": "0",
            "unit": "g",
            "signal_id": None,
            "dataset_id": None,
            "sha256": "ab" * 32,
            "machine_kind": "rolling",
            "fault_orders": ORDERS,
            "orders_source": "6205-2RS of the bearing list",
        },
        "similar_cases": [
            {
                "diagnosis_id": 3,
                "source_name": "IR014_1 (DE)",
                "status": "diagnosed",
                "fault_class": "inner_race",
                "distance": 0.12,
                "same_samples": False,
                "opinion": "confirmed",
                "confirmed_class": "inner_race",
                "created_at": "2026-01-02T10:00:00+00:00",
            }
        ],
        "versions": {
            "evidence": "rolling-1",
            "fusion": "1",
            "product": "0.1.0-dev+0123456789ab",
            "numpy": "2.3.4",
            "scipy": "1.16.2",
        },
    }
    return {**answer, **changes}


CLASSIFIER = {
    "experiment_id": 5,
    "name": "Forest by load",
    "network": "random_forest",
    "network_title": "Random forest",
    "dataset": "CWRU",
    "dataset_version": 1,
    "split": "by load",
    "split_colour": "amber",
    "split_accepted_reason": "one rig only",
    "channel": "DE",
    "seed": 0,
    "class_names": ["healthy", "inner_race", "outer_race"],
    "analysis_rate_hz": 12_000.0,
    "test": {
        "recording_level": {"n": 10, "accuracy": 0.9, "accuracy_interval": [0.6, 0.98]},
        "window_level": {"n": 100, "accuracy": 0.85, "accuracy_interval": [0.77, 0.91]},
    },
    "sha256": "cd" * 32,
}


def build_both_answer(**changes: Any) -> dict[str, Any]:
    """Return an answer in which the classifier names another fault than the lines."""
    own = {"healthy": 0.1, "inner_race": 0.2, "outer_race": 0.7}
    return build_rolling_answer(
        verdict={
            "status": "undecided",
            "fault_class": None,
            "nearest_class": "inner_race",
            "confidence": 0.52,
            "confidence_source": "pooled",
            "calibrated": False,
            "sentence": "The lines and the classifier name different faults.",
            "decided_by": None,
            "rule": "Neither may overrule the other.",
        },
        contradictions=["The lines are consistent with inner race; the classifier names outer race."],
        opinion={
            "fault_class": "outer_race",
            "confidence": 0.7,
            "probabilities": own,
            "standing": "elsewhere",
            "rejected": False,
            "refused": None,
        },
        uncalibrated_probabilities=own,
        calibration={"calibrated": True, "sentence": "Calibrated on 10 validation recordings."},
        windows={
            "start_s": [0.0, 0.5],
            "probabilities": [[0.1, 0.2, 0.7], [0.1, 0.5, 0.4]],
            "class_names": CLASSIFIER["class_names"],
            "n_agreeing": 1,
            "n": 2,
        },
        classifier=CLASSIFIER,
        **changes,
    )


def build_diagnosis(answer: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a finished diagnosis with its answer."""
    answer = build_rolling_answer() if answer is None else answer
    classifier = answer["classifier"]
    number = classifier["experiment_id"] if classifier else None
    diagnosis = {
        "diagnosis_id": 7,
        "job_id": 70,
        "experiment_id": number,
        "asked_experiment_id": number,
        "signal_id": None,
        "signal_sha256": "ab" * 32,
        "source_name": "IR007_0 (DE)",
        "state": "done",
        "error": None,
        "answer": answer,
        "facts": {"bearing": "6205-2RS", "shaft_speed_rpm": 1797.0, "orders": None},
        "feedback": [],
        "samples_kept": True,
        "created_by_id": 1,
        "created_at": "2026-02-03T04:05:06+00:00",
    }
    return {**diagnosis, **changes}


FEEDBACK = {
    "feedback_id": 1,
    "diagnosis_id": 7,
    "opinion": "relabelled",
    "fault_class": "outer_race",
    "note": "seen when the housing was opened",
    "created_by_id": 1,
    "created_by": "ann@example.org",
    "created_at": "2026-02-04T04:05:06+00:00",
    "dataset_version": {"dataset_id": 1, "version": 2},
}
