"""Evaluations that need nothing but what was said when the experiment was judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.conformal import ConformalRule, fit_conformal, judge_coverage
from core.evaluation.curves import compute_curves
from core.evaluation.errors import analyse_recordings, analyse_windows
from core.evaluation.reliability import compute_reliability
from core.evaluation.slices import RecordingCounts, slice_by_level, slice_by_name, slice_by_value
from core.training.calibration import LevelCalibration
from models.experiment import Experiment
from services.evaluations.choices import list_choices, word_choices
from services.evaluations.kinds import COVERAGES, EvaluationKind
from services.evaluations.reading import PartPredictions, build_notes, describe_part, load_parts
from utils.exceptions import InvalidInputError

# By, title, unit, and digits where it is a quantity that is cut into ranges.
_SLICES: Final = (
    ("fault_class", "Fault class", None, None),
    ("load", "Load", None, None),
    ("speed", "Shaft speed", "rpm", 0),
    ("severity", "Severity", None, None),
    ("snr_known", "Added noise", "dB", None),
    ("snr_estimated", "Signal-to-noise ratio, estimated", "dB", 1),
    ("channel", "Channel", None, None),
    ("machine", "Machine", None, None),
)
_REASONS: Final[Mapping[str, str]] = {
    "load": "No load is known of these recordings.",
    "speed": "No shaft speed is known of these recordings.",
    "severity": "No severity is known of these recordings.",
    "snr_known": "No noise was added on purpose to these recordings.",
    "snr_estimated": "The ratio could not be estimated.",
    "machine": "No machine is named.",
}
_ESTIMATE_NOTE = (
    "The estimated ratio compares what stands above a recording's noise floor with the floor; noise of the "
    "machine itself counts as noise, and pink noise reads some dB too high."
)

_CHOICE_NOTE = (
    "Validation also chose {chosen}: it flatters the classifier, and the sets may hold the right class less "
    "often than asked for."
)


def compute_quick(experiment_id: int, kind: EvaluationKind, config: Mapping[str, Any]) -> dict[str, Any]:
    """Work out a quick kind.

    Raises:
        NotFoundError, ConflictError, InvalidInputError: As `reading.load_part`.
    """
    experiment, parts = load_parts(experiment_id)
    wanted = config["part"]
    if wanted not in parts:
        known = ", ".join(parts) or "none"
        raise InvalidInputError(f"Nothing of the part '{wanted}' was judged. Judged parts: {known}.")
    part = describe_part(experiment, wanted, parts[wanted])
    validation = None
    if kind is EvaluationKind.CONFORMAL and "validation" in parts:
        validation = describe_part(experiment, "validation", parts["validation"])
    work: Mapping[EvaluationKind, Callable[[], dict[str, Any]]] = {
        EvaluationKind.ROC: lambda: _compute_roc(part, config),
        EvaluationKind.ERRORS: lambda: _analyse_errors(part),
        EvaluationKind.SLICES: lambda: _slice(part),
        EvaluationKind.CALIBRATION: lambda: _judge_calibration(experiment, part),
        EvaluationKind.CONFORMAL: lambda: _judge_conformal(experiment, part, validation, config["coverage"]),
    }
    found = work[kind]()
    notes = [*build_notes(experiment, part), *found.pop("notes", [])]
    return {"part": part.part, "class_names": part.class_names, **found, "notes": notes}


def _compute_roc(part: PartPredictions, config: Mapping[str, Any]) -> dict[str, Any]:
    rows, drawn = part.rows, {"n_bootstrap": config["n_bootstrap"], "seed": config["seed"]}
    names = part.class_names
    return {
        "recording_level": compute_curves(
            part.calibrate("recording"), rows.recording_targets, names, **drawn
        ),
        "window_level": compute_curves(
            part.calibrate("window"), rows.window_targets, names, groups=rows.owners, **drawn
        ),
        "notes": ["Each class stands against all others; the intervals draw whole recordings anew."],
    }


def _analyse_errors(part: PartPredictions) -> dict[str, Any]:
    rows = part.rows
    probabilities = part.calibrate("recording")
    predicted = rows.recording_probabilities.argmax(axis=1)
    return {
        "recording_level": analyse_recordings(
            predicted, probabilities, rows.recording_targets, part.class_names, part.recordings
        ),
        "window_level": analyse_windows(
            rows.window_probabilities.argmax(axis=1),
            rows.window_targets,
            rows.owners,
            part.class_names,
            part.recordings,
        ),
    }


def _slice(part: PartPredictions) -> dict[str, Any]:
    recordings = part.recordings
    counts = RecordingCounts(
        correct=np.asarray([row["target"] == row["predicted"] for row in recordings], dtype=np.bool_),
        n_windows=np.asarray([row["n_windows"] for row in recordings], dtype=np.int64),
        n_windows_correct=np.asarray([row["n_windows_correct"] for row in recordings], dtype=np.int64),
    )
    columns: dict[str, list[Any]] = {
        "fault_class": [row["target"] for row in recordings],
        "load": [row["load"] for row in recordings],
        "speed": [row["shaft_speed_rpm"] for row in recordings],
        "severity": [row["severity"] for row in recordings],
        "snr_known": [_name_noise(noise) for noise in part.added_noise],
        "snr_estimated": [row["snr_db"] for row in recordings],
        "channel": [", ".join(row["channels"]) or None for row in recordings],
        "machine": [row["machine"] for row in recordings],
    }
    slices = []
    for by, title, unit, digits in _SLICES:
        values = columns[by]
        if by == "load":
            found, unit = slice_by_level(counts, values)
        elif digits is None:
            found = slice_by_name(counts, values)
        else:
            found = slice_by_value(counts, values, digits)
        reason = None if found["rows"] else _REASONS.get(by, "Nothing is known of these recordings.")
        slices.append({"by": by, "title": title, "unit": unit, "reason": reason, **found})
    return {"slices": slices, "notes": [_ESTIMATE_NOTE]}


def _name_noise(noise: Mapping[str, Any] | None) -> str | None:
    return f"{noise['colour']} {noise['snr_db']:g}" if noise else None


def _judge_calibration(experiment: Experiment, part: PartPredictions) -> dict[str, Any]:
    rows, known = part.rows, part.calibration
    if known is None:
        sentence = "This classifier was trained before temperatures were fitted: train it again for one."
        nothing = LevelCalibration(None, None, 0, 0, sentence)
        levels = {"recording": nothing, "window": nothing}
    else:
        levels = {"recording": known.recording, "window": known.window}
    return {
        "recording_level": _compare_calibration(
            levels["recording"],
            rows.recording_probabilities,
            rows.recording_targets,
            independent=True,
        ),
        "window_level": _compare_calibration(
            levels["window"], rows.window_probabilities, rows.window_targets, independent=False
        ),
        "notes": [
            f"The temperatures were fitted on validation recordings of split '{experiment.split.name}'."
        ],
    }


def _compare_calibration(
    level: LevelCalibration,
    probabilities: NDArray[np.float64],
    targets: NDArray[np.int64],
    *,
    independent: bool,
) -> dict[str, Any]:
    scaled = level.temperature is not None
    return {
        "temperature": level.temperature,
        "temperature_interval": level.interval,
        "n_validation": level.n,
        "n_validation_errors": level.n_errors,
        "sentence": level.sentence,
        "n": len(targets),
        "before": compute_reliability(probabilities, targets, independent=independent),
        "after": compute_reliability(level.apply(probabilities), targets, independent=independent)
        if scaled
        else None,
    }


def _judge_conformal(
    experiment: Experiment, part: PartPredictions, validation: PartPredictions | None, coverage: float
) -> dict[str, Any]:
    if part.part == "validation":
        raise InvalidInputError("Validation sets the threshold; the coverage is measured on another part.")
    if validation is None:
        raise InvalidInputError("Conformal sets need validation recordings, and this split has none.")
    rule = _fit_rule(validation, coverage)
    probabilities, targets = part.calibrate("recording"), part.rows.recording_targets
    sets = rule.build_sets(probabilities)
    chosen = _word_choices(experiment, part)
    found = judge_coverage(rule, probabilities, targets, "recordings", chosen=chosen)
    found["sets"] = [
        {
            **recording,
            "set": [part.class_names[index] for index in np.flatnonzero(row)],
            "covered": bool(row[target]),
        }
        for recording, row, target in zip(part.recordings, sets, targets, strict=True)
    ]
    return {
        "coverage_wanted": coverage,
        "recording_level": found,
        "window_level": _judge_windows(part, validation, coverage),
        "curve": [_judge_level(part, validation, level) for level in COVERAGES],
        "notes": [
            "The promise holds for recordings that come about as those of validation did; another load, "
            "machine or bearing breaks it, and the measured coverage shows it.",
            *([_CHOICE_NOTE.format(chosen=chosen)] if chosen else []),
        ],
    }


def _word_choices(experiment: Experiment, part: PartPredictions) -> str:
    """Return what validation chose of the recording-level probabilities; empty where it chose nothing."""
    chosen = list_choices(experiment.network)
    if part.calibration is not None and part.calibration.recording.temperature is not None:
        chosen.append("the temperature")
    return word_choices(chosen) if chosen else ""


def _fit_rule(validation: PartPredictions, coverage: float) -> ConformalRule:
    return fit_conformal(validation.calibrate("recording"), validation.rows.recording_targets, coverage)


def _judge_level(part: PartPredictions, validation: PartPredictions, coverage: float) -> dict[str, Any]:
    rule = _fit_rule(validation, coverage)
    found = judge_coverage(rule, part.calibrate("recording"), part.rows.recording_targets, "recordings")
    kept = ("possible", "coverage", "band", "inside", "mean_size")
    return {"coverage_wanted": coverage, **{key: found[key] for key in kept}}


def _judge_windows(part: PartPredictions, validation: PartPredictions, coverage: float) -> dict[str, Any]:
    rule = fit_conformal(validation.calibrate("window"), validation.rows.window_targets, coverage)
    found = judge_coverage(rule, part.calibrate("window"), part.rows.window_targets, "windows")
    found |= {"interval": None, "band": None, "band_n": None, "inside": None}
    found["sentence"] = (
        f"{found['n_covered']} of {found['n']} windows have their class in the set. Windows of one recording "
        "are not independent: there is no promise at window level."
    )
    return found
