"""What evaluations answer, small enough to be checked by eye."""

from __future__ import annotations

from typing import Any

CLASSES = ["healthy", "inner_race"]


def make_recording(
    name: str, target: str = "healthy", predicted: str = "healthy", **more: Any
) -> dict[str, Any]:
    """Return a judged recording."""
    return {
        "recording_id": 7,
        "recording": name,
        "dataset_id": 2,
        "signal_ids": [5],
        "channels": ["DE"],
        "target": target,
        "predicted": predicted,
        "probability_target": 0.25,
        "probability_predicted": 0.75,
        "n_windows": 8,
        "n_windows_correct": 3,
        "load": "2",
        "shaft_speed_rpm": 1750.0,
        "severity": None,
        "snr_db": None,
        **more,
    }


def make_curves(auc: float | None = 0.9) -> dict[str, Any]:
    """Return ROC and PR of one class, or those of a class that does not occur."""
    if auc is None:
        names = ("auc", "auc_interval", "average_precision", "average_precision_interval")
        return dict.fromkeys((*names, "roc", "roc_band", "pr", "pr_band"))
    band = {"x": [0.0, 1.0], "low": [0.0, 0.9], "high": [0.5, 1.0]}
    return {
        "auc": auc,
        "auc_interval": [0.7, 1.0],
        "average_precision": 0.8,
        "average_precision_interval": [0.6, 0.95],
        "roc": {"x": [0.0, 0.2, 1.0], "y": [0.0, 0.9, 1.0]},
        "roc_band": band,
        "pr": {"x": [0.0, 1.0], "y": [1.0, 0.5]},
        "pr_band": band,
    }


def make_roc() -> dict[str, Any]:
    """Return an evaluation of kind ``roc`` without windows."""
    level = {
        "n": 10,
        "n_groups": 10,
        "n_bootstrap": 1000,
        "seed": 0,
        "per_class": [
            {**make_curves(0.875), "class_name": "healthy", "support": 4},
            {**make_curves(None), "class_name": "inner_race", "support": 0},
        ],
        "macro": make_curves(0.9),
    }
    return {
        "part": "test",
        "class_names": CLASSES,
        "recording_level": level,
        "window_level": None,
        "notes": ["Few."],
    }


def make_errors() -> dict[str, Any]:
    """Return an evaluation of kind ``errors`` with one wrong recording."""
    wrong = make_recording("IR_3", "inner_race", "healthy")
    cell = {"target": "inner_race", "predicted": "healthy", "n": 1, "share": 0.25, "recordings": [wrong]}
    level = {
        "n": 8,
        "n_wrong": 1,
        "confusion": [[4, 0], [1, 3]],
        "cells": [cell],
        "hardest": [wrong, make_recording("N_0")],
    }
    windows = {
        **{key: level[key] for key in ("n", "n_wrong", "confusion")},
        "cells": [{**cell, "recordings": [{**wrong, "n_windows_in_cell": 5}]}],
    }
    return {
        "part": "test",
        "class_names": CLASSES,
        "recording_level": level,
        "window_level": windows,
        "notes": [],
    }


def make_slice_row(label: str, n_correct: int, n: int) -> dict[str, Any]:
    """Return a row of a slice."""
    level = {"n": n, "n_correct": n_correct, "accuracy": n_correct / n, "interval": [0.1, 0.9]}
    return {"label": label, "low": None, "high": None, "recording_level": level, "window_level": None}


def make_slices(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return an evaluation of kind ``slices`` by load, and one that can't be made."""
    common = {"n_without": 0, "reason": None}
    by_load = {**common, "by": "load", "title": "Load", "unit": "hp", "rows": list(rows)}
    silent = {
        **common,
        "by": "severity",
        "title": "Severity",
        "unit": None,
        "reason": "No recording says it.",
        "rows": [],
    }
    return {"part": "test", "slices": [by_load, silent], "notes": []}


def make_reliability(ece: float) -> dict[str, Any]:
    """Return a reliability curve of two bins."""
    low = {"low": 0.5, "high": 0.6, "n": 4, "confidence": 0.55, "accuracy": 0.5, "interval": [0.15, 0.85]}
    high = {"low": 0.9, "high": 1.0, "n": 6, "confidence": 0.95, "accuracy": 1.0, "interval": [0.6, 1.0]}
    return {
        "ece": ece,
        "ece_expected_95": 0.085,
        "largest_gap": 0.05,
        "brier": 0.1,
        "log_loss": 0.3,
        "bins": [low, high],
    }


def make_calibration(*, scaled: bool = True) -> dict[str, Any]:
    """Return an evaluation of kind ``calibration``; ``scaled`` False is one that says nothing."""
    level = {
        "temperature": 1.5 if scaled else None,
        "temperature_interval": [1.1, 2.0] if scaled else None,
        "n_validation": 6,
        "n_validation_errors": 1 if scaled else 0,
        "sentence": "Scaled." if scaled else "Validation has no errors: the temperature says nothing.",
        "n": 10,
        "before": make_reliability(0.12),
        "after": make_reliability(0.04) if scaled else None,
    }
    return {"part": "test", "recording_level": level, "window_level": None, "notes": []}


def make_conformal(*, possible: bool = True, inside: bool = True) -> dict[str, Any]:
    """Return an evaluation of kind ``conformal``."""
    level = {
        "n_calibration": 20,
        "n_needed": 9,
        "possible": possible,
        "threshold": 0.8 if possible else None,
        "n": 10,
        "n_covered": 9,
        "coverage": 0.9,
        "interval": [0.6, 0.98],
        "band": [0.7, 1.0],
        "band_n": [7, 10],
        "inside": inside,
        "mean_size": 1.2,
        "sizes": [{"size": 1, "n": 8}, {"size": 2, "n": 2}],
        "sentence": "As wanted." if possible else "Nine validation recordings are needed.",
        "sets": [
            {**make_recording("N_0"), "set": ["healthy"], "covered": True},
            {**make_recording("IR_3", "inner_race"), "set": ["healthy"], "covered": False},
        ],
    }
    points = [
        {
            "coverage_wanted": wanted,
            "possible": wanted < 0.99,
            "coverage": measured,
            "band": [0.6, 1.0],
            "inside": measured > 0.6,
            "mean_size": 1.1,
        }
        for wanted, measured in ((0.8, 0.5), (0.9, 0.9), (0.99, 1.0))
    ]
    return {
        "part": "test",
        "coverage_wanted": 0.9,
        "class_names": CLASSES,
        "recording_level": level,
        "window_level": None,
        "curve": points,
        "notes": [],
    }


def make_point(accuracy: float, n_changed: int = 0) -> dict[str, Any]:
    """Return one point of a sweep."""
    level = {
        "n": 10,
        "accuracy": accuracy,
        "accuracy_interval": [accuracy - 0.1, min(accuracy + 0.1, 1.0)],
        "macro_f1": accuracy - 0.05,
        "ece": 0.02,
        "recalls": [accuracy, None],
        "n_changed": n_changed,
    }
    return {"recording_level": level, "window_level": None}


def make_sweep(*, gain_changes: int = 0) -> dict[str, Any]:
    """Return an evaluation of kind ``robustness``."""
    noises = [
        {**make_point(accuracy, 10), "noise_type": kind, "title": kind.capitalize(), "level_db": level}
        for kind, level, accuracy in (("white", 5.0, 0.6), ("white", 20.0, 0.9), ("pink", 5.0, 0.5))
    ]
    gain = make_point(1.0 - 0.1 * gain_changes, gain_changes)
    return {
        "part": "test",
        "class_names": CLASSES,
        "n_recordings": 10,
        "clean": make_point(1.0),
        "rows": [*noises, {**gain, "noise_type": "gain", "title": "Gain", "level_db": 12.0}],
        "seed": 0,
        "notes": [],
    }


def make_open_set() -> dict[str, Any]:
    """Return an evaluation of kind ``open_set``."""
    found = {"auroc": 0.75, "rejection": 0.5, "rejection_interval": [0.3, 0.7]}
    folds = [
        {
            "held_out": name,
            "n_known": 8,
            "n_unknown": 4,
            "recording_level": {"energy": found, "confidence": {**found, "auroc": 0.6}},
            "window_level": {},
        }
        for name in ("inner_race", "ball")
    ]
    rejected = {"n_rejected": 1, "n": 20, "share": 0.05, "interval": [0.0, 0.24]}
    return {
        "scores": [
            {"score": "energy", "title": "Energy", "mean_auroc": 0.75, "mean_rejection": 0.5},
            {"score": "confidence", "title": "Confidence", "mean_auroc": 0.6, "mean_rejection": 0.5},
        ],
        "chosen": "energy",
        "false_alarms_wanted": 0.05,
        "folds": folds,
        "threshold": 1.5,
        "n_calibration": 20,
        "possible": True,
        "test": {"recording_level": rejected, "window_level": None},
        "sentence": "Half of the unknown ones are found.",
        "notes": [],
    }


def make_architecture(number: int, *, split: str = "by load", pareto: bool = False) -> dict[str, Any]:
    """Return a row of the comparison of architectures."""
    level = {"n": 10, "accuracy": 0.9, "interval": [0.6, 0.98], "macro_f1": 0.88, "ece": 0.05}
    return {
        "experiment_id": number,
        "name": f"Experiment {number}",
        "network": "lstm",
        "network_title": "LSTM",
        "family": "network",
        "seed": number,
        "dataset": "CWRU",
        "dataset_version": 1,
        "split": split,
        "split_colour": "amber",
        "recording_level": level,
        "window_level": {**level, "n": 782},
        "n_parameters": 1000 * number,
        "n_bytes": 4000 * number,
        "train_cpu_s": 2.0 * number,
        "latency": None
        if number == 1
        else {"recording_ms_p50": 1.5, "recording_ms_p95": 2.0, "threads": 1, "measured_at": None},
        "pareto": pareto,
    }
