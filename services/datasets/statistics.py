"""Numbers over the samples of a version, read in blocks, so that memory stays bounded."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.store import SignalView
from core.signal.decimation import decimate_view
from models.recording import Signal
from services.datasets.rows import UNLABELLED, Row
from services.shared.batches import stream_batches
from services.shared.signal_store import flag_damaged, open_signal_view
from utils.exceptions import DataDamagedError

_BLOCK_SAMPLES = 1 << 20
_PREVIEW_POINTS = 800  # two to a pixel of the widest plot: fewer look like a comb
_OTHER_SAMPLES = (
    "The stored samples are no longer those that were imported: bits have changed. Restore the file from a "
    "backup, or import the recording again."
)
_MEASURES = ("rms", "peak", "crest_factor", "kurtosis")


class Level:
    """Level and shape of the signals of one class, channel and unit; keeps four numbers of each."""

    def __init__(self) -> None:
        self._values = {name: array("d") for name in _MEASURES}
        self._recordings: set[int] = set()
        self._duration_s = 0.0

    def add(self, row: Row, measured: Mapping[str, float]) -> None:
        """Take what was measured of one signal."""
        for name, value in measured.items():
            self._values[name].append(value)
        self._recordings.add(row["recording_id"])
        self._duration_s += row["duration_s"]

    def describe(self) -> dict[str, Any]:
        """Return counts, and of each measure its smallest, median and largest value."""
        return {
            "n_recordings": len(self._recordings),
            "n_signals": len(self._values["rms"]),
            "duration_s": self._duration_s,
            **{name: _spread(values) for name, values in self._values.items()},
        }


def compute_statistics(
    session: Session, rows: Iterable[Row], tell: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Return level and shape per fault class, channel and unit: rms, peak, crest factor, kurtosis (Pearson).

    ``rows`` may stream; ``tell`` takes how many are done. Signals whose samples are damaged are counted and
    left out; what a read alone would not show, a flipped bit, is found by their hash and flagged.
    """
    groups: dict[tuple[str, str, str], Level] = defaultdict(Level)
    count = n_damaged = 0
    for count, (row, view) in enumerate(iterate_views(session, rows), start=1):
        if tell is not None:
            tell(count)
        try:
            if view is None:
                raise DataDamagedError(_OTHER_SAMPLES)
            measured = _measure(view)
        except DataDamagedError as error:
            n_damaged += 1
            if view is not None:
                flag_damaged(row["signal_id"], error.sentence)
        else:
            groups[row["fault_class"] or UNLABELLED, row["channel"], row["unit"] or ""].add(row, measured)
    return {
        "n_signals": count,
        "n_damaged": n_damaged,
        "per_class": [
            {"fault_class": fault_class, "channel": channel, "unit": unit or None, **level.describe()}
            for (fault_class, channel, unit), level in sorted(groups.items())
        ],
    }


def iterate_views(session: Session, rows: Iterable[Row]) -> Iterator[tuple[Row, SignalView | None]]:
    """Yield each row with its opened signal; None where its samples are damaged."""
    for batch in stream_batches(rows):
        ids = [row["signal_id"] for row in batch]
        signals = {signal.id: signal for signal in session.scalars(select(Signal).where(Signal.id.in_(ids)))}
        for row in batch:
            try:
                yield row, open_signal_view(signals[row["signal_id"]])
            except DataDamagedError:
                yield row, None


def _measure(view: SignalView) -> dict[str, float]:
    """Central moments by blocks: first the mean and the hash, then what is left without the mean.

    Raises:
        DataDamagedError: The samples are others than were stored.
    """
    blocks = range(0, view.n_samples, _BLOCK_SAMPLES)
    digest, total = hashlib.sha256(), 0.0
    for at in blocks:
        samples = view.read(at, min(at + _BLOCK_SAMPLES, view.n_samples))
        digest.update(np.ascontiguousarray(samples, "<f4").data)
        total += float(samples.sum(dtype=np.float64))
    if digest.hexdigest() != view.sha256:
        raise DataDamagedError(_OTHER_SAMPLES)
    mean = total / view.n_samples
    squares = fourths = peak = 0.0
    for at in blocks:
        moving = _block(view, at) - mean
        power = moving * moving
        squares += float(power.sum())
        fourths += float((power * power).sum())
        peak = max(peak, float(np.abs(moving).max()))
    rms = math.sqrt(squares / view.n_samples)
    if rms == 0.0:
        return dict.fromkeys(_MEASURES, 0.0)
    kurtosis = fourths / view.n_samples / rms**4
    return {"rms": rms, "peak": peak, "crest_factor": peak / rms, "kurtosis": kurtosis}


def _block(view: SignalView, start: int) -> npt.NDArray[np.float64]:
    return view.read(start, min(start + _BLOCK_SAMPLES, view.n_samples)).astype(np.float64)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}


def build_preview(session: Session, rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return a short trace of each row, by fault class; rows whose samples are damaged are left out."""
    previews: dict[str, list[dict[str, Any]]] = {
        name: [] for name in sorted({row["fault_class"] or UNLABELLED for row in rows})
    }
    for row, view in iterate_views(session, rows):
        if view is None:
            continue
        indexes, values = decimate_view(
            view.read, view.pyramid, view.factor, 0, view.n_samples, _PREVIEW_POINTS
        )
        shown = {name: row[name] for name in ("signal_id", "recording_id", "recording", "channel", "unit")}
        times = (indexes / row["sample_rate_hz"]).tolist()
        previews[row["fault_class"] or UNLABELLED].append(
            {**shown, "time_s": times, "values": values.tolist()}
        )
    return previews
