"""Accuracy in parts of the recordings: by speed, load, severity, noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.metrics import wilson_interval

_MOST_BINS = 5
_FEWEST_PER_BIN = 5
_MOST_GROUPS = 60
# More different levels than this are brought together in ranges.
_MOST_LEVELS = 8
_LEVEL = re.compile(r"\s*(?P<number>[-+]?\d+(\.\d+)?)\s*(?P<unit>[^\d\s]*)\s*")


@dataclass(frozen=True, slots=True)
class RecordingCounts:
    """What was right of each recording.

    Attributes
    ----------
    correct
        Whether the recording itself is named right, ``(n,)``.
    n_windows, n_windows_correct
        Of each recording, ``(n,)``; None where windows were not kept.
    """

    correct: NDArray[np.bool_]
    n_windows: NDArray[np.int64] | None
    n_windows_correct: NDArray[np.int64] | None


def slice_by_name(counts: RecordingCounts, names: Sequence[str | None]) -> dict[str, Any]:
    """Judge each group of recordings with the same name; numbers among the names sort as numbers.

    Returns
    -------
    dict
        ``rows`` (``label``, ``low`` and ``high`` None, both levels with ``n``, ``n_correct``, ``accuracy``
        and the Wilson ``interval``, None at window level: windows of one recording are not independent) and
        ``n_without``. Of more than 60 groups the largest are kept.
    """
    found = [name for name in names if name is not None]
    labels = sorted(set(found), key=_sort_key)
    if len(labels) > _MOST_GROUPS:
        labels = sorted(sorted(labels, key=lambda name: -found.count(name))[:_MOST_GROUPS], key=_sort_key)
    column = np.asarray([name if name is not None else "" for name in names], dtype=object)
    known = np.asarray([name is not None for name in names], dtype=np.bool_)
    rows = [_judge(counts, known & (column == label), label, None, None) for label in labels]
    return {"rows": rows, "n_without": int((~known).sum())}


def slice_by_level(
    counts: RecordingCounts, levels: Sequence[str | None]
) -> tuple[dict[str, Any], str | None]:
    """Judge by names such as ``3`` or ``39 %``: one by one, or in ranges where there are too many.

    Returns
    -------
    tuple
        As `slice_by_name` or `slice_by_value`, and the unit of the ranges.
    """
    found = [_LEVEL.fullmatch(level) if level is not None else None for level in levels]
    units = {match["unit"] for match in found if match}
    many = len({level for level in levels if level is not None}) > _MOST_LEVELS
    readable = all(match or level is None for match, level in zip(found, levels, strict=True))
    if not (many and readable and len(units) == 1):
        return slice_by_name(counts, levels), None
    values = [float(match["number"]) if match else None for match in found]
    return slice_by_value(counts, values, 1), units.pop() or None


def slice_by_value(counts: RecordingCounts, values: Sequence[float | None], digits: int) -> dict[str, Any]:
    """Judge recordings in up to five ranges of a quantity that hold about as many each.

    Few different values are judged one by one.

    Returns
    -------
    dict
        As `slice_by_name`, with the ends of each range; a range holds its lower end, the last one both.
    """
    column = np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)
    known = np.isfinite(column)
    rows = [
        _judge(counts, inside, label, low, high)
        for inside, label, low, high in _cut(column, known, digits)
        if inside.any()
    ]
    return {"rows": rows, "n_without": int((~known).sum())}


def _cut(
    column: NDArray[np.float64], known: NDArray[np.bool_], digits: int
) -> list[tuple[NDArray[np.bool_], str, float, float]]:
    if not known.any():
        return []
    rounded = np.round(column, digits)
    distinct = np.unique(rounded[known])
    if len(distinct) <= _MOST_BINS:
        return [
            (known & (rounded == value), f"{value:.{digits}f}", float(value), float(value))
            for value in distinct
        ]
    n_bins = max(1, min(_MOST_BINS, int(known.sum()) // _FEWEST_PER_BIN))
    edges = np.unique(np.round(np.quantile(column[known], np.linspace(0, 1, n_bins + 1)), digits))
    found = []
    for low, high in pairwise(edges):
        below = rounded <= high if high == edges[-1] else rounded < high
        above = rounded >= low if low != edges[0] else np.ones(len(column), dtype=np.bool_)
        label = f"{low:.{digits}f} to {high:.{digits}f}"
        found.append((known & above & below, label, float(low), float(high)))
    return found


def _judge(
    counts: RecordingCounts,
    inside: NDArray[np.bool_],
    label: str,
    low: float | None,
    high: float | None,
) -> dict[str, Any]:
    windows = None
    if counts.n_windows is not None and counts.n_windows_correct is not None:
        n_windows, n_correct = counts.n_windows[inside].sum(), counts.n_windows_correct[inside].sum()
        windows = {**_count(int(n_correct), int(n_windows)), "interval": None}
    return {
        "label": label,
        "low": low,
        "high": high,
        "recording_level": _count(int(counts.correct[inside].sum()), int(inside.sum())),
        "window_level": windows,
    }


def _count(n_correct: int, n: int) -> dict[str, Any]:
    return {
        "n": n,
        "n_correct": n_correct,
        "accuracy": n_correct / n if n else None,
        "interval": wilson_interval(n_correct, n),
    }


def _sort_key(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)
