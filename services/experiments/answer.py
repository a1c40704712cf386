"""The words and numbers of a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.training.calibration import Calibration
from services.experiments.given import GivenSignal
from services.experiments.limits import list_limits

if TYPE_CHECKING:
    from core.training.classifier import Classifier, Prediction

_OWN_CONFIDENCE = "The confidence is the classifier's own; it has not been calibrated."


def build_answer(
    given: GivenSignal,
    prediction: Prediction,
    class_names: list[str],
    experiment: dict[str, Any],
    classifier: Classifier,
    doubts: Sequence[str],
    open_set: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the answer in the shape that scripts rely on, with the timeline of its windows.

    ``doubts`` are limits of this recording itself, and come first; ``open_set`` says whether it looks too
    strange, where a rule for that is in use.
    """
    rejected = open_set is not None and bool(open_set["rejected"])
    calibration = _describe_calibration(classifier.calibration)
    top = class_names[prediction.class_index]
    confidence = float(prediction.probabilities[prediction.class_index])
    agreeing = int((prediction.window_probabilities.argmax(axis=1) == prediction.class_index).sum())
    n_windows = len(prediction.window_probabilities)
    return {
        "verdict": {
            "status": "unknown" if rejected else "diagnosed",
            "fault_class": top,
            "confidence": round(confidence, 6),
            "sentence": _word_unknown(top) if rejected else _word_verdict(top, agreeing, n_windows),
        },
        "probabilities": _name_values(class_names, prediction.probabilities),
        "uncalibrated_probabilities": _name_values(class_names, prediction.uncalibrated_probabilities),
        "calibration": calibration,
        "open_set": dict(open_set) if open_set is not None else None,
        "windows": {
            "start_s": [round(float(value), 6) for value in prediction.window_start_s],
            "probabilities": prediction.window_probabilities.round(4).tolist(),
            "class_names": class_names,
            "n_agreeing": agreeing,
            "n": n_windows,
        },
        "evidence": [],
        "contradictions": [],
        "limits": [
            *doubts,
            *list_limits(
                given,
                agreeing,
                n_windows,
                experiment,
                classifier.origin,
                calibration["sentence"],
                can_reject=open_set is not None,
            ),
        ],
        "notes": list(prediction.notes),
        "classifier": _describe_classifier(experiment),
        "recording": _describe_recording(given),
    }


def _name_values(class_names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(class_names, values, strict=True)}


def _describe_calibration(calibration: Calibration | None) -> dict[str, Any]:
    """Return whether the confidence is calibrated, and the sentence on it."""
    if calibration is None:
        return {"calibrated": False, "sentence": _OWN_CONFIDENCE}
    level = calibration.recording
    if level.temperature is None:
        return {"calibrated": False, "sentence": level.sentence}
    sentence = (
        f"The confidence was calibrated on {level.n} validation recordings (temperature "
        f"{level.temperature:.3g}); it holds for recordings like those."
    )
    return {"calibrated": True, "sentence": sentence}


def _word_unknown(top: str) -> str:
    words = top.replace("_", " ")
    return f"Unknown: this recording looks unlike what the classifier has learned. Nearest to it is {words}."


def _word_verdict(top: str, agreeing: int, n_windows: int) -> str:
    words = top.replace("_", " ")
    share = f"{agreeing} of {n_windows} windows"
    if top == "healthy":
        return f"The classifier finds no fault that it has learned: {share} look healthy."
    return f"Of the classes that it has learned, the classifier names {words}: {share} agree."


def _describe_classifier(experiment: dict[str, Any]) -> dict[str, Any]:
    keys = (
        "experiment_id",
        "name",
        "network",
        "network_title",
        "dataset",
        "dataset_version",
        "split",
        "split_colour",
        "split_accepted_reason",
        "channel",
        "seed",
        "class_names",
        "analysis_rate_hz",
        "test",
    )
    return {**{key: experiment[key] for key in keys}, "sha256": experiment["classifier_sha256"]}


def _describe_recording(given: GivenSignal) -> dict[str, Any]:
    return {
        "name": given.name,
        "channel": given.channel,
        "sample_rate_hz": given.sample_rate_hz,
        "n_samples": len(given.values),
        "duration_s": round(len(given.values) / given.sample_rate_hz, 6),
        "shaft_speed_rpm": given.shaft_speed_rpm,
        "machine": given.machine,
        "bearing": given.bearing,
        "load": given.load,
        "unit": given.unit,
        "signal_id": given.signal_id,
        "dataset_id": given.dataset_id,
    }
