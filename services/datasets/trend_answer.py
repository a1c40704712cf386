"""What a condition trend says: limits from its reference period, onset, change point, what they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.decimation import min_max_decimate
from core.signal.indicators import INDICATORS, IndicatorSpec
from core.signal.trends import MIN_REFERENCE, MIN_SERIES, AlarmLimit, compute_alarm_limit
from core.signal.trends import find_change_point as locate_change
from core.signal.trends import find_onset as locate_onset
from services.datasets.trends import TrendTable
from services.shared.numbers import shorten
from utils.exceptions import InvalidInputError

DEFAULT_REFERENCE = (0.0, 0.2)
DEFAULT_ALERT_RATE = 0.01
DEFAULT_ALARM_RATE = 0.001
N_CONSECUTIVE = 3
_MAX_POINTS = 4000
_CHANGE_LEVEL = 0.01
# Earlier moments are seconds since a start that the file does not name.
_FIRST_DATE = "1971"

FloatArray = npt.NDArray[np.float64]


def build_trend(
    table: TrendTable,
    indicator: str,
    reference: Sequence[float],
    alert_rate: float,
    alarm_rate: float,
) -> dict[str, Any]:
    """Return one indicator over time with its limits, onset and change point.

    Args:
        table: The stored indicators of the series.
        indicator: A name of `core.signal.indicators.INDICATORS`.
        reference: From and to which share of the series, in order of time, the condition was the reference.
        alert_rate: Expected share of false alerts per observation.
        alarm_rate: The same for alarms; at most the alert's.

    Raises:
        InvalidInputError: An indicator that the series does not have, or an impossible reference or rate.
    """
    spec = _find_indicator(indicator)
    values, kept = _choose_values(table, spec)
    first, last = _find_reference(values.size, reference)
    if not 0.0 < alarm_rate <= alert_rate < 0.5:
        raise InvalidInputError("The false-alarm rates must rise from the alarm's to the alert's, below 0.5.")
    alert = compute_alarm_limit(values[first:last], alert_rate)
    alarm = compute_alarm_limit(values[first:last], alarm_rate)
    change = locate_change(values)
    watched = values[last:]
    axis, clock_notes = _choose_axis(table)
    return {
        "indicator": spec.name,
        "title": spec.title,
        "unit": (table.unit or "unit unknown") if spec.unit == "signal" else spec.unit,
        "n_observations": values.size,
        "n_left_out": len(table.signal_ids) - values.size,
        "axis": axis,
        "points": _list_points(table, values, kept),
        "reference": {
            "first": first,
            "last": last - 1,
            "n": last - first,
            "n_effective": round(alert.n_effective, 1),
            "steady": alert.reference_is_steady,
            "steady_p_value": alert.steady_p_value,
            **_span(table, kept, first, last - 1),
        },
        "alert": _describe_limit(alert, watched),
        "alarm": _describe_limit(alarm, watched),
        "onset": _place(table, kept, values, _after(locate_onset(watched, alarm.value), last)),
        "change_point": {
            **asdict(change),
            "significant": change.p_value <= _CHANGE_LEVEL,
            **(_place(table, kept, values, change.index) or {}),
        },
        "n_consecutive": N_CONSECUTIVE,
        "notes": [*clock_notes, *_write_notes(alert, alarm, values.size - last)],
    }


def list_indicators(table: TrendTable | None) -> list[dict[str, Any]]:
    """Return every indicator and whether this series has it; before they are computed, all may be there."""
    return [
        {"name": spec.name, "title": spec.title, "available": table is None or _is_usable(table, spec.name)}
        for spec in INDICATORS
    ]


def _is_usable(table: TrendTable, name: str) -> bool:
    values = table.indicators.get(name)
    return values is not None and int(np.sum(values > 0)) >= MIN_SERIES


def _find_indicator(name: str) -> IndicatorSpec:
    for spec in INDICATORS:
        if spec.name == name:
            return spec
    raise InvalidInputError(
        f"Unknown indicator '{name[:60]}'. Known: {', '.join(spec.name for spec in INDICATORS)}."
    )


def _choose_values(table: TrendTable, spec: IndicatorSpec) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return the observations that have the indicator, and where they stand in the table."""
    if not _is_usable(table, spec.name):
        raise InvalidInputError(
            f"'{spec.title}' is not known in at least {MIN_SERIES} recordings of this series. Lines need the "
            "shaft speed, a recording of ten turns or more, and for a bearing's lines its geometry."
        )
    values = np.array(table.indicators[spec.name], dtype=np.float64)
    kept = np.flatnonzero(np.isfinite(values) & (values > 0.0))
    return values[kept], kept


def _choose_axis(table: TrendTable) -> tuple[str, list[str]]:
    """Return ``date``, ``elapsed`` (clocks without a date) or ``observation``, and which clocks are wrong."""
    times = [moment for moment in table.acquired_at if moment]
    if len(times) < len(table.acquired_at):
        return "observation", []
    wrong = [table.recordings[index + 1] for index, pair in enumerate(pairwise(times)) if pair[1] < pair[0]]
    if wrong:
        named = ", ".join(wrong[:3]) + (", …" if len(wrong) > 3 else "")
        return "observation", [
            f"The clock goes backwards at {named}: the recordings stand in the order of their names, without "
            "times."
        ]
    return ("elapsed" if times[0] < _FIRST_DATE else "date"), []


def _find_reference(n: int, shares: Sequence[float]) -> tuple[int, int]:
    low, high = (float(share) for share in shares)
    if not (math.isfinite(low) and math.isfinite(high) and 0.0 <= low < high <= 1.0):
        raise InvalidInputError("The reference period goes from a share to a larger one, both within 0 to 1.")
    first, last = math.floor(low * n), math.ceil(high * n)
    if last - first < MIN_REFERENCE:
        raise InvalidInputError(
            f"The reference period holds {last - first} of {n} observations; at least {MIN_REFERENCE} are "
            "needed. Make it longer."
        )
    return first, last


def _describe_limit(limit: AlarmLimit, watched: FloatArray) -> dict[str, Any]:
    return {
        "value": limit.value,
        "false_alarm_rate": limit.false_alarm_rate,
        "method": limit.method,
        "n_above": int(np.sum(watched > limit.value)),
        "n_watched": watched.size,
    }


def _after(index: int | None, offset: int) -> int | None:
    return None if index is None else index + offset


def _place(
    table: TrendTable, kept: npt.NDArray[np.int64], values: FloatArray, index: int | None
) -> dict[str, Any] | None:
    if index is None:
        return None
    row = int(kept[index])
    return {
        "index": index,
        "recording": table.recordings[row],
        "recording_id": table.recording_ids[row],
        "acquired_at": table.acquired_at[row],
        "value": float(values[index]),
    }


def _span(table: TrendTable, kept: npt.NDArray[np.int64], first: int, last: int) -> dict[str, Any]:
    ends = (int(kept[first]), int(kept[last]))
    return {
        "recordings": [table.recordings[row] for row in ends],
        "acquired_at": [table.acquired_at[row] for row in ends],
    }


def _list_points(table: TrendTable, values: FloatArray, kept: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return at most 4000 observations; of a longer series the extremes stay."""
    indexes, shown = min_max_decimate(values, _MAX_POINTS)
    rows = [int(kept[index]) for index in indexes]
    return {
        "index": indexes.tolist(),
        "values": shorten(shown),
        "acquired_at": [table.acquired_at[row] for row in rows],
        "recordings": [table.recordings[row] for row in rows],
        "recording_ids": [table.recording_ids[row] for row in rows],
        "thinned": len(rows) < values.size,
    }


def _write_notes(alert: AlarmLimit, alarm: AlarmLimit, n_watched: int) -> list[str]:
    notes = []
    if not alert.reference_is_steady:
        notes.append(
            f"The reference period has a trend of its own (Kendall's test, p = {alert.steady_p_value:.2g}): "
            "it is no steady condition, and the limits are wide. Choose a period after running in."
        )
    if alert.n_effective < alert.n_reference / 2:
        notes.append(
            f"Neighbouring observations resemble each other: the {alert.n_reference} of the reference are "
            f"worth {alert.n_effective:.0f} independent ones, which widens the limits that are extrapolated."
        )
    if "log_normal_prediction" in (alert.method, alarm.method):
        notes.append(
            "The reference is too short to count so rare a rate: the limit assumes that the indicator's "
            "logarithm is normally distributed."
        )
    notes.append(
        f"With these rates, a machine that stays as in the reference passes the alert about "
        f"{alert.false_alarm_rate * n_watched:.2g} times and the alarm about "
        f"{alarm.false_alarm_rate * n_watched:.2g} times in the {n_watched} observations after it."
    )
    return notes
