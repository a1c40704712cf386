"""Predictions as arrays come in and go out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.evaluations.reading import PartPredictions, describe_part, load_parts
from utils.exceptions import InvalidInputError


def check_predictions(
    probabilities: Sequence[Sequence[float]], targets: Sequence[int], class_names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return both as arrays.

    Raises:
        InvalidInputError: Their shapes or values don't fit together.
    """
    try:
        values = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInputError("Probabilities are rows of numbers, one per class.") from None
    labels = check_answers(targets, len(values), len(class_names))
    if values.ndim != 2 or values.shape[1] != len(class_names) or not np.isfinite(values).all():
        raise InvalidInputError("Probabilities are rows of numbers, one per class.")
    return values, labels


def check_answers(answers: Sequence[int], n: int, n_classes: int | None) -> NDArray[np.int64]:
    """Return answers, labels or groups as an array of ``n`` whole numbers, below ``n_classes`` where given.

    Raises:
        InvalidInputError: They are not.
    """
    found = np.asarray(answers)
    if found.shape != (n,) or (n and not np.issubdtype(found.dtype, np.integer)):
        raise InvalidInputError("Give one whole number per row of probabilities.")
    found = found.astype(np.int64)
    if n_classes is not None and n and not (found.min() >= 0 and found.max() < n_classes):
        raise InvalidInputError("Labels and answers are places in the list of classes.")
    return found


def describe_stored(experiment_id: int) -> dict[str, Any]:
    """Return all judged parts of an experiment as plain data."""
    experiment, parts = load_parts(experiment_id)
    return {
        "experiment_id": experiment.id,
        "class_names": list(experiment.class_names),
        "parts": {
            name: _describe_levels(describe_part(experiment, name, judged)) for name, judged in parts.items()
        },
    }


def _describe_levels(part: PartPredictions) -> dict[str, Any]:
    rows = part.rows
    return {
        "recording_level": {
            "n": len(rows.recording_targets),
            "targets": rows.recording_targets.tolist(),
            "predicted": rows.recording_probabilities.argmax(axis=1).tolist(),
            "probabilities": part.calibrate("recording").tolist(),
            "uncalibrated_probabilities": rows.recording_probabilities.tolist(),
            "recordings": part.recordings,
        },
        "window_level": {
            "n": len(rows.window_targets),
            "targets": rows.window_targets.tolist(),
            "predicted": rows.window_probabilities.argmax(axis=1).tolist(),
            "probabilities": part.calibrate("window").tolist(),
            "recording_index": rows.owners.tolist(),
        },
    }
