"""The visible stretch of a signal: found, checked, read, and thinned for the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from database.connection import get_db_session
from models.recording import Recording, Signal
from services.datasets.rows import show_as_edited
from services.shared.numbers import shorten as shorten
from services.shared.signal_store import open_signal_view
from utils.exceptions import InvalidInputError, NotFoundError

MAX_POINTS = 4000
MAX_SPECTRAL_SAMPLES = 1 << 20
# Below this a transform of any length is quick.
_TRIM_FROM_SAMPLES = 1 << 14

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sample indexes ``start`` to ``stop`` (not included) of a signal."""

    start: int
    stop: int

    @property
    def n_samples(self) -> int:
        """Its length."""
        return self.stop - self.start


def load_signal_row(signal_id: int) -> Signal:
    """Return a signal's row with its recording, machine, bearing and place, as its newest version has them.

    Raises:
        NotFoundError: There is none.
    """
    with get_db_session(read_only=True) as session:
        signal = session.scalar(
            select(Signal)
            .options(
                joinedload(Signal.recording).joinedload(Recording.machine),
                joinedload(Signal.bearing),
                joinedload(Signal.measurement_point),
            )
            .where(Signal.id == signal_id)
        )
        if signal is None:
            raise NotFoundError("There is no such signal.")
        show_as_edited(session, [signal])
    return signal


def find_stretch(signal: Signal, x_range_s: Sequence[float] | None) -> Stretch:
    """Return the samples between two times; outside the signal it is cut to what there is.

    Raises:
        InvalidInputError: The range is no range, or holds nothing of the signal.
    """
    if x_range_s is None:
        return Stretch(0, signal.n_samples)
    low_s, high_s = (float(edge) for edge in x_range_s)
    if not (math.isfinite(low_s) and math.isfinite(high_s) and low_s < high_s):
        raise InvalidInputError("The time range must end after it begins.")
    duration_s = signal.n_samples / signal.sample_rate_hz
    start = max(0, math.floor(max(low_s, 0.0) * signal.sample_rate_hz))
    stop = min(signal.n_samples, math.ceil(min(high_s, duration_s) * signal.sample_rate_hz))
    if stop - start < 2:
        raise InvalidInputError(
            f"The range {low_s:g} to {high_s:g} s holds nothing of the {duration_s:g} s long signal."
        )
    return Stretch(start, stop)


def describe_stretch(signal: Signal, stretch: Stretch, note: str | None = None) -> dict[str, Any]:
    """Return what every view says of where it stands."""
    return {
        "signal_id": signal.id,
        "start_s": stretch.start / signal.sample_rate_hz,
        "stop_s": stretch.stop / signal.sample_rate_hz,
        "duration_s": signal.n_samples / signal.sample_rate_hz,
        "sample_rate_hz": signal.sample_rate_hz,
        "unit": signal.unit,
        "note": note,
    }


@dataclass(frozen=True, slots=True)
class SpectralStretch:
    """The samples that a spectral view works on, and what it says about them."""

    signal: Signal
    samples: FloatArray
    description: dict[str, Any]


def read_spectral_stretch(signal_id: int, x_range_s: Sequence[float] | None) -> SpectralStretch:
    """Read the visible stretch for a spectral view: at most 2^20 samples, which is then said.

    Long stretches lose a few samples at the end, so that their length transforms quickly.
    """
    signal = load_signal_row(signal_id)
    visible = find_stretch(signal, x_range_s)
    n_samples = min(visible.n_samples, MAX_SPECTRAL_SAMPLES)
    limited = n_samples < visible.n_samples
    if n_samples >= _TRIM_FROM_SAMPLES:
        n_samples = int(scipy.fft.prev_fast_len(n_samples, real=False))
    used = Stretch(visible.start, visible.start + n_samples)
    note = None
    if limited:
        note = (
            f"The visible stretch is longer than {MAX_SPECTRAL_SAMPLES:,} samples: this view shows its first "
            f"{n_samples / signal.sample_rate_hz:.4g} s. Zoom in to choose another part."
        )
    description = {**describe_stretch(signal, used, note), "n_samples": n_samples, "limited": limited}
    return SpectralStretch(signal, open_signal_view(signal).read(used.start, used.stop), description)


def thin_lines(
    frequencies_hz: FloatArray,
    heights: FloatArray,
    *,
    min_hz: float = 0.0,
    max_hz: float | None = None,
    n_points: int = MAX_POINTS,
) -> tuple[list[float], list[float]]:
    """Keep the highest of every few lines, so that none that stands out is lost."""
    n_points = min(max(int(n_points), 2), MAX_POINTS)
    first, last = np.searchsorted(
        frequencies_hz, (min_hz, math.inf if max_hz is None else np.nextafter(max_hz, math.inf))
    )
    frequencies_hz, heights = frequencies_hz[first:last], heights[first:last]
    if heights.size > n_points:
        width = math.ceil(heights.size / n_points)
        n_full = heights.size // width
        kept = heights[: n_full * width].reshape(n_full, width).argmax(axis=1) + np.arange(n_full) * width
        if n_full * width < heights.size:
            kept = np.append(kept, n_full * width + int(heights[n_full * width :].argmax()))
        frequencies_hz, heights = frequencies_hz[kept], heights[kept]
    return shorten(frequencies_hz), shorten(heights)
