"""From the signals of a dataset version to feature values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.windows import cut_windows
from core.features.projection import project_pca
from core.features.registry import FAULT_ORDER_NAMES, compute_features, list_features
from core.signal.resampling import limit_band, resample_signal
from core.signal.spectra import compute_psd
from database.connection import get_db_session
from models.machine import Bearing
from models.recording import Signal
from services.datasets.bearings import resolve_bearing
from services.datasets.rows import Row, load_rows
from services.features.config import FeatureConfig
from services.features.storage import StoredFeatures
from services.shared.batches import split_batches
from services.shared.signal_store import load_samples
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError

_BATCH_WINDOWS = 96
_SPECTRUM_BINS = 400
_SHORTEST_WINDOW = 64
# With every feature that is 80 MB of values; memory stays bounded.
MAX_WINDOWS = 200_000
_KEPT_FIELDS = (
    *("signal_id", "recording_id", "recording", "dataset_id", "channel", "machine", "unit", "load"),
    *("fault_class", "severity", "group", "shaft_speed_rpm"),
)

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """What will be computed of which signals.

    Attributes:
        config: The request, with the analysis rate settled.
        rows: The signals, in the order of recording and channel.
        orders: Per row the fault orders of its bearing, or None.
        feature_names: What is computed.
        missing: Sentences on what can't be computed, and which signals are left out.
    """

    config: FeatureConfig
    analysis_rate_hz: float
    rows: tuple[Row, ...]
    orders: tuple[dict[str, float] | None, ...]
    feature_names: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def window_samples(self) -> int:
        """Samples per window: never more than a signal of that length has."""
        return int(self.config.window_s * self.analysis_rate_hz + 1e-6)

    @property
    def limits_band(self) -> bool:
        """Whether the top of the band is taken off every signal: no former rate can be read off one."""
        return any(row["sample_rate_hz"] > self.analysis_rate_hz * (1 + 1e-9) for row in self.rows)

    @property
    def hop_samples(self) -> int:
        """Samples from one window's start to the next."""
        return max(1, round(self.config.hop_s * self.analysis_rate_hz))

    def count_windows(self) -> int:
        """Return how many windows there will be, within one per signal."""
        limit, config = self.config.max_windows_per_signal, self.config
        counts = (int((row["duration_s"] - config.window_s) / config.hop_s) + 1 for row in self.rows)
        return sum(min(count, limit) for count in counts)


def plan_extraction(session: Session, version_id: int, config: FeatureConfig) -> ExtractionPlan:
    """Choose signals and features, and say what can't be had.

    Raises:
        InvalidInputError: No signal fits, every one is too short, or one lies below the analysis rate.
    """
    rows = [row for row in load_rows(session, version_id) if config.channel in (None, row["channel"])]
    return plan_rows(session, rows, config)


def plan_rows(session: Session, rows: Sequence[Row], config: FeatureConfig) -> ExtractionPlan:
    """Do the same for given rows."""
    if not rows:
        raise InvalidInputError("This version holds no such signals. Choose another channel.")
    rate = config.analysis_rate_hz or min(row["sample_rate_hz"] for row in rows)
    _check_rates(rows, rate)
    if round(config.window_s * rate) < _SHORTEST_WINDOW:
        raise InvalidInputError(
            f"A window of {config.window_s:g} s holds fewer than {_SHORTEST_WINDOW} samples at {rate:g} Hz. "
            "Make it longer.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    kept = [row for row in rows if row["duration_s"] >= config.window_s]
    if not kept:
        longest = max(row["duration_s"] for row in rows)
        raise InvalidInputError(
            f"No signal is as long as one window of {config.window_s:g} s (the longest has {longest:.3g} s). "
            "Make the window shorter.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    orders = _find_orders(session, kept)
    has_speed = all(row["shaft_speed_rpm"] for row in kept)
    has_orders = all(each is not None for each in orders)
    names = list_features(config.domain, has_speed=has_speed, has_orders=has_orders)
    missing = _say_missing(config, kept, orders, len(rows) - len(kept))
    if not names:
        raise InvalidInputError(" ".join(missing))
    if any(row["sample_rate_hz"] > rate * (1 + 1e-9) for row in kept):
        missing.append(
            f"Not all signals were sampled at {rate:g} Hz: what lies above {0.4 * rate:g} Hz is taken off "
            "all of them, so that a sample rate can't tell a class."
        )
    plan = ExtractionPlan(config, rate, tuple(kept), tuple(orders), names, tuple(missing))
    if plan.count_windows() > MAX_WINDOWS:
        raise InvalidInputError(
            f"That would be {plan.count_windows():,} windows; a feature set holds at most {MAX_WINDOWS:,}. "
            "Take fewer windows per signal, a longer hop, or one channel."
        )
    return plan


def _check_rates(rows: Sequence[Row], rate: float) -> None:
    low = [row for row in rows if row["sample_rate_hz"] < rate * (1 - 1e-9)]
    if low:
        raise InvalidInputError(
            f"{low[0]['recording']} ({low[0]['channel']}) was sampled at {low[0]['sample_rate_hz']:g} Hz, "
            f"below the analysis rate of {rate:g} Hz. Choose a lower one.",
            code=ErrorCode.SAMPLE_RATE_TOO_LOW,
        )


def _find_orders(session: Session, rows: Sequence[Row]) -> list[dict[str, float] | None]:
    """Return the fault orders of each row's bearing: those stored with it, else the catalogue's."""
    stored: dict[int, tuple[str, dict[str, Any] | None]] = {}
    for batch in split_batches([row["signal_id"] for row in rows]):
        found = session.execute(
            select(Signal.id, Bearing.designation, Bearing.orders)
            .join(Bearing, Bearing.id == Signal.bearing_id)
            .where(Signal.id.in_(batch))
        )
        stored |= {signal_id: (name, orders) for signal_id, name, orders in found}
    catalogue: dict[str | None, dict[str, float] | None] = {}
    orders_of_rows = []
    for row in rows:
        name, orders = stored.get(row["signal_id"], (None, None))
        if name != row["bearing"] or orders is None:
            if row["bearing"] not in catalogue:
                resolved = resolve_bearing(row["bearing"])
                catalogue[row["bearing"]] = resolved.orders if resolved else None
            orders = catalogue[row["bearing"]]
        complete = orders is not None and all(orders.get(each) for each in FAULT_ORDER_NAMES)
        orders_of_rows.append(orders if complete else None)
    return orders_of_rows


def _say_missing(
    config: FeatureConfig, rows: Sequence[Row], orders: Sequence[Any], n_short: int
) -> list[str]:
    said = []
    if n_short:
        said.append(f"{n_short} signals are shorter than one window and are left out.")
    if config.domain not in ("all", "order"):
        return said
    n_still = sum(not row["shaft_speed_rpm"] for row in rows)
    if n_still:
        said.append(
            f"The shaft speed of {n_still} of {len(rows)} signals is not known: order features are left out."
        )
        return said
    n_nameless = sum(each is None for each in orders)
    if n_nameless:
        said.append(
            f"The fault orders of the bearing of {n_nameless} of {len(rows)} signals are not known: the "
            "lines of bearing faults are left out."
        )
    return said


def extract(plan: ExtractionPlan, report: Report = lambda _done, _all: None) -> StoredFeatures:
    """Compute everything that is kept of a plan: values, mean spectra, principal components.

    Args:
        plan: What to compute.
        report: Told before each signal how many are done; may raise to leave.

    Raises:
        LstmPfdError: A signal can't be used; the sentence names it.
    """
    matrix = _Matrix(plan)
    spectra: list[NDArray[np.float64]] = []
    frequencies: NDArray[np.float64] = np.zeros(0)
    for index, samples in enumerate(_iterate_samples(plan, report)):
        matrix.add(index, samples)
        psd = compute_psd(samples, plan.analysis_rate_hz, n_segment=plan.window_samples)
        frequencies, levels = _condense(psd.frequencies_hz, psd.density)
        spectra.append(levels)
    values = matrix.finish()
    projected = project_pca(values) if min(len(values) - 1, values.shape[1]) >= 2 else None
    return StoredFeatures(
        values=values,
        feature_names=plan.feature_names,
        signal_index=np.asarray(matrix.owners, dtype=np.int32),
        start_s=np.asarray(matrix.starts_s, dtype=np.float64),
        signals=tuple({name: row[name] for name in _KEPT_FIELDS} for row in plan.rows),
        frequencies_hz=frequencies,
        spectra=np.asarray(spectra, dtype=np.float32),
        points=projected.points if projected else np.zeros((0, 2), dtype=np.float32),
        explained=projected.explained if projected else (),
    )


def _iterate_samples(plan: ExtractionPlan, report: Report) -> Iterator[NDArray[np.float32]]:
    """Yield each signal at the analysis rate; a piece of the rows is looked up at a time."""
    done, limits_band = 0, plan.limits_band
    for batch in split_batches(plan.rows):
        with get_db_session(read_only=True) as session:
            ids = [row["signal_id"] for row in batch]
            signals = {each.id: each for each in session.scalars(select(Signal).where(Signal.id.in_(ids)))}
        for row in batch:
            report(done, len(plan.rows))
            try:
                samples = load_samples(signals[row["signal_id"]])
                resampled = resample_signal(samples, row["sample_rate_hz"], plan.analysis_rate_hz)
                yield limit_band(resampled) if limits_band else resampled
            except LstmPfdError as error:
                where = f"{row['recording']} ({row['channel']})"
                raise type(error)(f"In {where}: {error.sentence}", code=error.code) from error
            done += 1


class _Matrix:
    """Gathers windows of several signals, so that they are computed in batches that the machine likes."""

    def __init__(self, plan: ExtractionPlan) -> None:
        self._plan = plan
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_owners: list[int] = []
        self._parts: list[NDArray[np.float32]] = []
        self.owners: list[int] = []
        self.starts_s: list[float] = []

    def add(self, owner: int, samples: NDArray[np.float32]) -> None:
        """Cut a signal's windows; at most as many as the request says, spread evenly."""
        plan = self._plan
        windows = cut_windows(samples, plan.window_samples, plan.hop_samples)
        limit = plan.config.max_windows_per_signal
        chosen = np.arange(len(windows))
        if len(windows) > limit:
            chosen = np.linspace(0, len(windows) - 1, limit).round().astype(np.int64)
        self.starts_s += (chosen * plan.hop_samples / plan.analysis_rate_hz).tolist()
        self.owners += [owner] * len(chosen)
        for start in range(0, len(chosen), _BATCH_WINDOWS):
            part = np.ascontiguousarray(windows[chosen[start : start + _BATCH_WINDOWS]])
            self._waiting.append(part)
            self._waiting_owners += [owner] * len(part)
            if len(self._waiting_owners) >= _BATCH_WINDOWS:
                self._compute()

    def finish(self) -> NDArray[np.float32]:
        """Return all values, in the order in which the signals came."""
        if self._waiting:
            self._compute()
        return np.concatenate(self._parts)

    def _compute(self) -> None:
        plan, owners = self._plan, self._waiting_owners
        speeds = [plan.rows[owner]["shaft_speed_rpm"] for owner in owners]
        orders = [plan.orders[owner] for owner in owners]
        known = all(speeds)
        fault_orders = None
        if known and all(orders):
            fault_orders = {name: [each[name] for each in orders if each] for name in FAULT_ORDER_NAMES}
        computed = compute_features(
            np.concatenate(self._waiting),
            plan.analysis_rate_hz,
            shaft_frequency_hz=np.asarray(speeds, dtype=np.float64) / 60.0 if known else None,
            fault_orders=fault_orders,
            feature_set=plan.config.domain,
            precision="single",
        )
        columns = [computed.names.index(name) for name in plan.feature_names]
        self._parts.append(computed.values[:, columns])
        self._waiting, self._waiting_owners = [], []


def _condense(
    frequencies_hz: NDArray[np.float64], density: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average neighbouring bins down to at most `_SPECTRUM_BINS`."""
    width = -(-len(density) // _SPECTRUM_BINS)
    starts = np.arange(0, len(density), width)
    counts = np.diff([*starts, len(density)])
    return np.add.reduceat(frequencies_hz, starts) / counts, np.add.reduceat(density, starts) / counts
