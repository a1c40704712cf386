"""Condition trends: the indicators of a series of recordings, computed once per version and kept in a file.

The file's name is made of what it holds (manifest, series, code version): it never grows stale and is made
anew where it is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from core.datasets.packed_arrays import read_packed, write_packed
from core.signal.bearings import FaultOrders
from core.signal.indicators import INDICATORS, compute_indicators
from core.signal.trends import MIN_SERIES
from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import ManifestRow
from models.job import Job, JobKind, JobQueue, JobState
from models.recording import Signal
from services.datasets.rows import Row, describe_row, find_version, select_rows, show_as_edited
from services.jobs.board import describe_job
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.batches import split_batches
from services.shared.signal_store import open_signal_view
from utils.exceptions import DataDamagedError, InvalidInputError, SignalError
from utils.logger import setup_logger

logger = setup_logger(__name__)

MAX_OBSERVATIONS = 100_000
_MAX_SAMPLES = 1 << 20
# Changes when an indicator does.
_FORMAT = "1"
# This share of the clocks may be wrong before the names are taken to say nothing about time.
_WRONG_CLOCKS = 0.02
_OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """One measurement over time: a channel, of one physical bearing where the labels name several."""

    version_id: int
    number: int
    dataset_id: int
    manifest_sha256: str
    channel: str
    group: str | None

    @property
    def link(self) -> str:
        """The page that shows it."""
        group = "" if self.group is None else f"&group={self.group}"
        return f"/datasets/{self.dataset_id}/trend?version={self.number}&channel={self.channel}{group}"

    @property
    def path(self) -> Path:
        """Where its indicators are kept."""
        text = "\n".join((_FORMAT, self.manifest_sha256, self.channel, self.group or ""))
        return get_settings().trends_dir / f"{hashlib.sha256(text.encode()).hexdigest()}.trend"


@dataclass(frozen=True, slots=True)
class TrendTable:
    """What a file holds: one row per observation, in order of time."""

    signal_ids: list[int]
    recording_ids: list[int]
    recordings: list[str]
    acquired_at: list[str | None]
    unit: str | None
    indicators: dict[str, FloatArray]


def list_series(dataset_id: int, version: int | None) -> dict[str, Any]:
    """Return the series of a version that are long enough for a trend.

    Raises:
        NotFoundError: No such dataset or version.
    """
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        rows = session.execute(
            select(Signal.channel, ManifestRow.physical_bearing, func.count())
            .select_from(ManifestRow)
            .join(Signal, Signal.id == ManifestRow.signal_id)
            .where(ManifestRow.dataset_version_id == found.id)
            .group_by(Signal.channel, ManifestRow.physical_bearing)
            .order_by(func.count().desc(), Signal.channel)
        ).all()
        long_enough = [row for row in rows if row[2] >= MIN_SERIES]
        return {
            "dataset_id": dataset_id,
            "version": found.number,
            "series": [{"channel": row[0], "group": row[1], "n": row[2]} for row in long_enough],
            "n_too_short": len(rows) - len(long_enough),
            "least": MIN_SERIES,
        }


def find_series(dataset_id: int, version: int | None, channel: str | None, group: str | None) -> Series:
    """Return the series that was asked for; without a channel the longest one.

    Raises:
        NotFoundError: No such dataset, version or series.
        InvalidInputError: It is too short or too long for a trend.
    """
    listed = list_series(dataset_id, version)
    fitting = [
        one
        for one in listed["series"]
        if channel is None or (one["channel"], one["group"]) == (channel, group)
    ]
    if not fitting:
        raise InvalidInputError(
            f"There is no such series with {MIN_SERIES} observations or more. A trend needs one channel of "
            "one bearing, recorded again and again."
        )
    chosen = fitting[0]
    if chosen["n"] > MAX_OBSERVATIONS:
        raise InvalidInputError(
            f"The series holds {chosen['n']:,} observations; a trend takes at most {MAX_OBSERVATIONS:,}."
        )
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        return Series(
            found.id, found.number, dataset_id, found.manifest_sha256, chosen["channel"], chosen["group"]
        )


def request_trend(series: Series, actor: Actor) -> int | None:
    """Enqueue the computation of a series' indicators; None where they are there, else the job's id.

    Asking twice gives the same job.
    """
    if series.path.exists():
        return None
    with get_db_session() as session:
        newest = find_job(session, series)
        if newest is not None and newest.state in _OPEN:
            return newest.id
        job = enqueue_job(
            session,
            kind=JobKind.TREND,
            queue=JobQueue.QUICK,
            title=f"Trend of {series.channel}"[:200],
            payload={
                "dataset_id": series.dataset_id,
                "version": series.number,
                "channel": series.channel,
                "group": series.group,
            },
            actor=actor,
            link=series.link[:200],
        )
        session.commit()
        return job.id


def find_job(session: Session, series: Series) -> Job | None:
    """Return the newest job that computes a series, whatever became of it; None without one."""
    return session.scalars(
        select(Job)
        .where(Job.kind == JobKind.TREND, Job.link == series.link[:200])
        .order_by(Job.id.desc())
        .limit(1)
    ).first()


def describe_work(series: Series) -> dict[str, Any] | None:
    """Return the newest job that computes a series, as plain data; None without one."""
    with get_db_session(read_only=True) as session:
        job = find_job(session, series)
        return None if job is None else describe_job(job)


def run_trend(handle: JobHandle) -> dict[str, Any]:
    """Compute a series' indicators and store them; another attempt begins anew."""
    payload = handle.payload
    series = find_series(payload["dataset_id"], payload["version"], payload["channel"], payload["group"])
    rows = _load_series_rows(series)
    computed: list[dict[str, float]] = []
    usable: list[Row] = []
    for row, signal in _iterate_signals(rows, series.version_id):
        handle.report(len(usable) / len(rows), f"{len(usable)} of {len(rows)} recordings")
        handle.raise_if_interrupted()
        found = _indicate(signal)
        if found is not None:
            computed.append(found)
            usable.append(row)
    _save(series.path, usable, computed)
    return {"n_observations": len(usable), "n_left_out": len(rows) - len(usable), "link": series.link}


def load_trend(series: Series) -> TrendTable | None:
    """Return the stored indicators of a series, or None where they are not computed yet."""
    try:
        arrays, facts = read_packed(series.path)
    except FileNotFoundError:
        return None
    except DataDamagedError:
        logger.warning("stored trend damaged: it is computed anew", extra={"file": series.path.name})
        series.path.unlink(missing_ok=True)
        return None
    return TrendTable(
        signal_ids=arrays["signal_id"].tolist(),
        recording_ids=arrays["recording_id"].tolist(),
        recordings=facts["recordings"],
        acquired_at=facts["acquired_at"],
        unit=facts["unit"],
        indicators={spec.name: arrays[spec.name] for spec in INDICATORS if spec.name in arrays},
    )


def _load_series_rows(series: Series) -> list[Row]:
    chosen = select_rows(series.version_id).where(
        Signal.channel == series.channel, ManifestRow.physical_bearing.is_not_distinct_from(series.group)
    )
    with get_db_session(read_only=True) as session:
        return sort_by_time([describe_row(row) for row in session.execute(chosen).mappings()])


def sort_by_time(rows: Sequence[Row]) -> list[Row]:
    """Return rows in order of time: of their clocks, or of the numbers in their names.

    Where hardly a clock contradicts the names, those clocks are taken to be wrong and the names decide.
    """
    named = sorted(rows, key=lambda row: split_numbers(row["recording"]))
    times = [row["acquired_at"] for row in named]
    if not all(times):
        return named
    backwards = sum(after < before for before, after in pairwise(times))
    return named if backwards <= _WRONG_CLOCKS * len(named) else sorted(rows, key=itemgetter("acquired_at"))


def split_numbers(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts ``run 9`` before ``run 10``.

    >>> sorted(["b10", "b9"], key=split_numbers)
    ['b9', 'b10']
    """
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _iterate_signals(rows: Sequence[Row], version_id: int) -> Iterator[tuple[Row, Signal]]:
    for batch in split_batches(rows):
        with get_db_session(read_only=True) as session:
            found = session.scalars(
                select(Signal)
                .options(joinedload(Signal.bearing), joinedload(Signal.recording))
                .where(Signal.id.in_([row["signal_id"] for row in batch]))
            ).all()
            show_as_edited(session, found, version_id)
        by_id = {signal.id: signal for signal in found}
        for row in batch:
            yield row, by_id[row["signal_id"]]


def _indicate(signal: Signal) -> dict[str, float] | None:
    """Return a signal's indicators, of at most its first 2^20 samples; None where it can't have any."""
    speed_rpm, bearing = signal.recording.shaft_speed_rpm, signal.bearing
    orders = None if bearing is None or bearing.orders is None else FaultOrders(**bearing.orders)
    try:
        return compute_indicators(
            open_signal_view(signal).read(0, _MAX_SAMPLES),
            signal.sample_rate_hz,
            shaft_frequency_hz=None if speed_rpm is None else speed_rpm / 60.0,
            orders=orders,
        )
    except SignalError:
        logger.warning("no indicators", extra={"signal_id": signal.id}, exc_info=True)
        return None


def _save(path: Path, rows: Sequence[Row], computed: Sequence[dict[str, float]]) -> None:
    units = {row["unit"] for row in rows}
    arrays: dict[str, npt.NDArray[Any]] = {
        "signal_id": np.array([row["signal_id"] for row in rows], dtype=np.int64),
        "recording_id": np.array([row["recording_id"] for row in rows], dtype=np.int64),
    }
    for spec in INDICATORS:
        values = np.array([found.get(spec.name, np.nan) for found in computed])
        if np.isfinite(values).any():
            arrays[spec.name] = values
    facts = {
        "recordings": [row["recording"] for row in rows],
        "acquired_at": [row["acquired_at"] for row in rows],
        "unit": units.pop() if len(units) == 1 else None,
    }
    write_packed(path, arrays, facts)
