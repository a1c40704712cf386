"""Which recordings are mistaken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.metrics import compute_confusion

_N_HARDEST = 20


def list_cells(
    predicted: NDArray[np.integer], targets: NDArray[np.integer], class_names: Sequence[str]
) -> list[tuple[dict[str, Any], NDArray[np.int64]]]:
    """Return every confused cell with the places of its rows, the largest first.

    Each cell is ``{target, predicted, n, share}``; the share is of the label's rows.
    """
    confusion = compute_confusion(targets, predicted, len(class_names))
    cells = []
    for row, column in zip(*np.nonzero(confusion), strict=True):
        if row != column:
            n = int(confusion[row, column])
            cell = {
                "target": class_names[row],
                "predicted": class_names[column],
                "n": n,
                "share": n / int(confusion[row].sum()),
            }
            cells.append((cell, np.flatnonzero((targets == row) & (predicted == column))))
    return sorted(cells, key=lambda found: -found[0]["n"])


def analyse_recordings(
    predicted: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    class_names: Sequence[str],
    recordings: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Analyse recording-level errors: every confused cell lists its recordings.

    Parameters
    ----------
    predicted, targets
        Shape ``(n,)``, indices of `class_names`.
    probabilities
        Shape ``(n, n_classes)``.
    recordings
        What is known of each row; JSON-ready.

    Returns
    -------
    dict
        ``n``, ``n_wrong``, ``confusion``, ``cells`` and ``hardest``: the recordings whose own label is least
        likely, right or wrong.
    """
    chosen = np.asarray(probabilities)[np.arange(len(targets)), targets]
    hardest = np.argsort(chosen, kind="stable")[:_N_HARDEST]
    return {
        **_count(predicted, targets, len(class_names)),
        "cells": [
            {**cell, "recordings": [dict(recordings[place]) for place in places]}
            for cell, places in list_cells(predicted, targets, class_names)
        ],
        "hardest": [dict(recordings[place]) for place in hardest],
    }


def analyse_windows(
    predicted: NDArray[np.integer],
    targets: NDArray[np.integer],
    owners: NDArray[np.integer],
    class_names: Sequence[str],
    recordings: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Analyse window-level errors: every confused cell lists the recordings of its windows.

    ``owners`` ``(n_windows,)`` is each window's place in `recordings`.
    """
    cells = []
    for cell, places in list_cells(predicted, targets, class_names):
        counts = np.bincount(owners[places], minlength=len(recordings))
        fullest = [owner for owner in np.argsort(-counts, kind="stable") if counts[owner]]
        listed = [{**recordings[owner], "n_windows_in_cell": int(counts[owner])} for owner in fullest]
        cells.append({**cell, "recordings": listed})
    return {**_count(predicted, targets, len(class_names)), "cells": cells}


def _count(predicted: NDArray[np.integer], targets: NDArray[np.integer], n_classes: int) -> dict[str, Any]:
    return {
        "n": len(targets),
        "n_wrong": int((predicted != targets).sum()),
        "confusion": compute_confusion(targets, predicted, n_classes).tolist(),
    }
