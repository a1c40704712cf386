"""What an experiment said of the recordings that it was judged on, with what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.training.calibration import Calibration
from core.training.metrics import LevelRows, group_recordings
from database.connection import get_db_session
from models.experiment import Experiment
from models.recording import Recording
from services.datasets.rows import load_rows_by_id
from services.experiments.judged import JudgedPart, load_judged
from services.experiments.listing import find_experiment
from services.experiments.runs import get_run_folder
from services.shared.batches import split_batches
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, NotFoundError


@dataclass(frozen=True, slots=True)
class PartPredictions:
    """One part of an experiment's split, judged.

    Attributes:
        part: Its name.
        class_names: What the columns are.
        rows: Both levels, uncalibrated.
        calibration: The classifier's temperatures; None for one from before there were any.
        recordings: What is known of each recording, in the order of `rows`.
        added_noise: Per recording the noise that was added on purpose, or None.
    """

    part: str
    class_names: list[str]
    rows: LevelRows
    calibration: Calibration | None
    recordings: list[dict[str, Any]]
    added_noise: list[dict[str, Any] | None]

    def calibrate(self, level: str) -> NDArray[np.float64]:
        """Return the calibrated probabilities of ``recording`` or ``window``."""
        own = self.rows.recording_probabilities if level == "recording" else self.rows.window_probabilities
        if self.calibration is None:
            return own
        return getattr(self.calibration, level).apply(own)  # type: ignore[no-any-return]  # either level's


def load_finished(session: Session, experiment_id: int, *, in_use: bool = False) -> Experiment:
    """Return an experiment that has been judged, with its relations.

    Raises:
        NotFoundError: There is none.
        ConflictError: Its training has not ended (``not_trained``); it is in the trash, where ``in_use`` is
            asked for.
    """
    experiment = find_experiment(session, experiment_id)
    if experiment is None:
        raise NotFoundError("There is no such experiment.")
    if in_use and experiment.trashed_at is not None:
        raise ConflictError(f"'{experiment.name}' is in the trash; restore it first.")
    if experiment.results is None or experiment.classifier_sha256 is None:
        raise ConflictError(
            "This experiment has no results (yet). Choose one that is done.", code=ErrorCode.NOT_TRAINED
        )
    return experiment


def load_part(experiment_id: int, part: str) -> PartPredictions:
    """Return what was said of one part.

    Raises:
        NotFoundError, ConflictError: As `load_finished`; ``no_predictions`` where the windows of this
            classifier were not kept.
        InvalidInputError: The split has no such part.
    """
    experiment, parts = load_parts(experiment_id)
    if part not in parts:
        known = ", ".join(parts) or "none"
        raise InvalidInputError(f"Nothing of the part '{part}' was judged. Judged parts: {known}.")
    return describe_part(experiment, part, parts[part])


def load_parts(experiment_id: int) -> tuple[Experiment, dict[str, JudgedPart]]:
    """Return an experiment and all of its judged parts as they were kept; errors as `load_part`."""
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id)
    parts = load_judged(get_run_folder(experiment.folder), experiment.classifier_sha256)
    if parts is None:
        raise ConflictError(
            "What this experiment said of single windows was not kept. Judge it once more; that counts as "
            "another evaluation of the test part.",
            code=ErrorCode.NO_PREDICTIONS,
        )
    return experiment, parts


def describe_part(
    experiment: Experiment, name: str, judged: JudgedPart, *, version_id: int | None = None
) -> PartPredictions:
    """Bring a judged part together with what the database knows of its recordings.

    ``version_id`` names another dataset version than the experiment's own.
    """
    class_names = list(experiment.class_names)
    rows = group_recordings(judged.list_predictions(), len(class_names))
    calibration = read_calibration(experiment)
    with get_db_session(read_only=True) as session:
        known = load_rows_by_id(
            session, version_id or experiment.dataset_version_id, judged.signal_ids.tolist()
        )
        noise = _load_added_noise(session, [row["recording_id"] for row in known])
    by_signal = {row["signal_id"]: row for row in known}
    members: dict[tuple[Any, int], list[int]] = {}
    for place, key in enumerate(zip(judged.recording_ids.tolist(), judged.targets.tolist(), strict=True)):
        members.setdefault(key, []).append(place)
    described = PartPredictions(name, class_names, rows, calibration, [], [])
    probabilities = described.calibrate("recording")
    for index, key in enumerate(rows.keys):
        described.recordings.append(
            _describe_recording(index, members[key], judged, by_signal, described, probabilities)
        )
        described.added_noise.append(noise.get(described.recordings[-1]["recording_id"]))
    return described


def read_calibration(experiment: Experiment) -> Calibration | None:
    """Return the temperatures that an experiment's classifier carries."""
    kept = (experiment.results or {}).get("calibration")
    return Calibration.from_dict(kept) if kept else None


def _load_added_noise(session: Session, recording_ids: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for batch in split_batches(sorted(set(recording_ids))):
        chosen = select(Recording.id, Recording.conditions).where(Recording.id.in_(batch))
        for recording_id, conditions in session.execute(chosen):
            if conditions and conditions.get("added_noise"):
                found[recording_id] = conditions["added_noise"]
    return found


def _describe_recording(
    index: int,
    places: list[int],
    judged: JudgedPart,
    by_signal: Mapping[int, Mapping[str, Any]],
    part: PartPredictions,
    probabilities: NDArray[np.float64],
) -> dict[str, Any]:
    rows, names = part.rows, part.class_names
    signal_ids = judged.signal_ids[places].tolist()
    known = [by_signal[signal_id] for signal_id in signal_ids if signal_id in by_signal]
    first: Mapping[str, Any] = known[0] if known else {}
    target, predicted = int(rows.recording_targets[index]), int(probabilities[index].argmax())
    windows = rows.window_probabilities[rows.owners == index]
    snr_db = judged.snr_db[places]
    return {
        "recording_id": int(judged.recording_ids[places[0]]),
        "recording": first.get("recording"),
        "dataset_id": first.get("dataset_id"),
        "signal_ids": signal_ids,
        "channels": [row["channel"] for row in known],
        "machine": first.get("machine"),
        "target": names[target],
        "predicted": names[predicted],
        "probability_target": float(probabilities[index, target]),
        "probability_predicted": float(probabilities[index, predicted]),
        "n_windows": len(windows),
        "n_windows_correct": int((windows.argmax(axis=1) == target).sum()),
        "load": first.get("load"),
        "shaft_speed_rpm": first.get("shaft_speed_rpm"),
        "severity": first.get("severity"),
        "snr_db": round(float(np.nanmean(snr_db)), 2) if np.isfinite(snr_db).any() else None,
    }


def build_notes(experiment: Experiment, part: PartPredictions) -> list[str]:
    """Return what a reader of any result of this part has to know."""
    notes = []
    if part.part == "validation":
        notes.append("Validation recordings chose the classifier: these numbers flatter it.")
    if experiment.split.colour == "amber":
        reason = experiment.split.accepted_reason
        notes.append(f"The split is amber; it was accepted: {reason}.")
    n_recordings = len(part.recordings)
    if n_recordings < 30:
        notes.append(f"Only {n_recordings} recordings: the intervals are wide.")
    if len(part.rows.owners) > n_recordings:
        notes.append("Windows of one recording are not independent of one another.")
    return notes
