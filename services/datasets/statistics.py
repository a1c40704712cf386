"""Numbers over the samples of a version, read in blocks, so that memory stays bounded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.store import SignalView
from core.signal.decimation import decimate_view
from models.recording import Signal
from services.datasets.rows import UNLABELLED, Row
from services.shared.batches import split_batches
from services.shared.signal_store import open_signal_view

_BLOCK_SAMPLES = 1 << 20
_PREVIEW_POINTS = 400


def compute_statistics(session: Session, rows: Sequence[Row]) -> dict[str, Any]:
    """Return level and shape per fault class and channel: rms, peak, crest factor, kurtosis (Pearson)."""
    groups: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    recordings: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row, view in iterate_views(session, rows):
        key = (row["fault_class"] or UNLABELLED, row["channel"])
        groups[key].append({**_measure(view), "duration_s": row["duration_s"]})
        recordings[key].add(row["recording"])
    return {
        "n_signals": len(rows),
        "per_class": [
            {
                "fault_class": key[0],
                "channel": key[1],
                "n_recordings": len(recordings[key]),
                "n_signals": len(found),
                "duration_s": sum(one["duration_s"] for one in found),
                **{
                    name: _spread([one[name] for one in found])
                    for name in ("rms", "peak", "crest_factor", "kurtosis")
                },
            }
            for key, found in sorted(groups.items())
        ],
    }


def iterate_views(session: Session, rows: Sequence[Row]) -> Iterator[tuple[Row, SignalView]]:
    """Yield each row with its opened signal."""
    for batch in split_batches(rows):
        ids = [row["signal_id"] for row in batch]
        signals = {signal.id: signal for signal in session.scalars(select(Signal).where(Signal.id.in_(ids)))}
        for row in batch:
            yield row, open_signal_view(signals[row["signal_id"]])


def _measure(view: SignalView) -> dict[str, float]:
    """Central moments by blocks: first the mean, then what is left without it."""
    blocks = range(0, view.n_samples, _BLOCK_SAMPLES)
    mean = sum(float(_block(view, at).sum()) for at in blocks) / view.n_samples
    squares = fourths = peak = 0.0
    for at in blocks:
        moving = _block(view, at) - mean
        power = moving * moving
        squares += float(power.sum())
        fourths += float((power * power).sum())
        peak = max(peak, float(np.abs(moving).max()))
    rms = math.sqrt(squares / view.n_samples)
    if rms == 0.0:
        return {"rms": 0.0, "peak": 0.0, "crest_factor": 0.0, "kurtosis": 0.0}
    kurtosis = fourths / view.n_samples / rms**4
    return {"rms": rms, "peak": peak, "crest_factor": peak / rms, "kurtosis": kurtosis}


def _block(view: SignalView, start: int) -> npt.NDArray[np.float64]:
    return view.read(start, min(start + _BLOCK_SAMPLES, view.n_samples)).astype(np.float64)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}


def build_preview(session: Session, rows: Sequence[Row], num_samples: int) -> dict[str, list[dict[str, Any]]]:
    """Return a few short traces per fault class."""
    chosen: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        held = chosen[row["fault_class"] or UNLABELLED]
        if len(held) < num_samples:
            held.append(row)
    previews: dict[str, list[dict[str, Any]]] = {name: [] for name in sorted(chosen)}
    for row, view in iterate_views(session, [row for held in chosen.values() for row in held]):
        indexes, values = decimate_view(
            view.read, view.pyramid, view.factor, 0, view.n_samples, _PREVIEW_POINTS
        )
        shown = {name: row[name] for name in ("signal_id", "recording", "channel", "unit")}
        times = (indexes / row["sample_rate_hz"]).tolist()
        previews[row["fault_class"] or UNLABELLED].append(
            {**shown, "time_s": times, "values": values.tolist()}
        )
    return previews
