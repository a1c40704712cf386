"""What a classifier said of every window that it was judged on, kept in a file beside it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.checkpoints import write_temporary
from core.training.evaluate import Evaluation
from core.training.metrics import SignalPrediction

JUDGED_NAME = "judged.npz"


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """The judged signals of one part of a split.

    Attributes:
        signal_ids, recording_ids: Rows of the database, ``(n_signals,)``.
        targets: Indices of the labels in the classifier's classes, ``(n_signals,)``.
        snr_db: Estimated from each signal, NaN where that was not possible, ``(n_signals,)``.
        counts: Windows of each signal, ``(n_signals,)``.
        window_probabilities: Uncalibrated, one signal after the other, ``(n_windows, n_classes)``.
    """

    signal_ids: NDArray[np.int64]
    recording_ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    snr_db: NDArray[np.float64]
    counts: NDArray[np.int64]
    window_probabilities: NDArray[np.float64]

    def list_predictions(self) -> list[SignalPrediction]:
        """Return the signals as the metrics take them."""
        parts = np.split(self.window_probabilities, np.cumsum(self.counts)[:-1])
        return [
            SignalPrediction(int(recording_id), int(target), windows)
            for recording_id, target, windows in zip(self.recording_ids, self.targets, parts, strict=True)
        ]


def build_part(evaluation: Evaluation, signal_ids: Mapping[str, int]) -> JudgedPart:
    """Return an evaluation in the form that is kept; ``signal_ids`` goes by the hash of the samples."""
    rows = evaluation.rows
    windows = [row.window_probabilities for row in rows]
    return JudgedPart(
        signal_ids=np.asarray([signal_ids[row.signal_sha256] for row in rows], dtype=np.int64),
        recording_ids=np.asarray([row.recording_id for row in rows], dtype=np.int64),
        targets=np.asarray([row.target for row in rows], dtype=np.int64),
        snr_db=np.asarray([np.nan if row.snr_db is None else row.snr_db for row in rows]),
        counts=np.asarray([len(part) for part in windows], dtype=np.int64),
        window_probabilities=np.concatenate(windows),
    )


def save_judged(folder: Path, parts: Mapping[str, JudgedPart], classifier_sha256: str) -> None:
    """Write all parts into an experiment's folder, in place of those before."""
    arrays: dict[str, NDArray[Any]] = {"classifier_sha256": np.asarray(classifier_sha256)}
    for name, part in parts.items():
        for field in JudgedPart.__slots__:
            arrays[f"{name}/{field}"] = getattr(part, field)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]  # its stub takes the names for flags
    path = folder / JUDGED_NAME
    write_temporary(path, content.getvalue()).replace(path)


def load_judged(folder: Path, classifier_sha256: str | None) -> dict[str, JudgedPart] | None:
    """Read the parts by name; None where this classifier's were never kept or can't be read any more."""
    try:
        with np.load(folder / JUDGED_NAME, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (FileNotFoundError, ValueError, zipfile.BadZipFile):
        return None
    if str(arrays.pop("classifier_sha256", "")) != classifier_sha256:
        return None
    names = dict.fromkeys(name.partition("/")[0] for name in arrays)
    return {
        name: JudgedPart(**{field: arrays[f"{name}/{field}"] for field in JudgedPart.__slots__})
        for name in names
    }
