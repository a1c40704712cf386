"""From the shapes of named arrays to signals: which axis holds samples, which channels, which recordings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets.readers.base import (
    BLOCK_SAMPLES,
    MAX_CHANNELS,
    MAX_VARIABLES,
    RATE_NAMES,
    UNIT_NAMES,
    Attribute,
    Float32Array,
    ReadOptions,
    VariablePreview,
    as_rate,
    check_length,
    refuse,
    to_float32,
)

# An axis is taken for that of the samples only where it is so many times longer than the others.
_CLEARLY_LONGER = 4
_TIME_NAMES = re.compile(r"(?i)^(?:t|time|timestamp|acquired|epoch|zeit|temps)(?:_(?:s|sec|unix))?$")
_INDEX_NAMES = frozenset({"index", "idx", "number", "snapshot", "snapshot_index", "recording", "file_number"})
_UNIX_SECONDS = (3e8, 5e9)
# A clock that goes wrong for a few recordings among many is told from one that goes on unevenly.
_FEW_RECORDINGS = 20
_FEW_WRONG = 0.05


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """An array of numbers in a file.

    Attributes
    ----------
    name, scope
        Its name in the file, and the group or struct that it is in.
    shape
        In the order in which a person writes it; for MATLAB rows, columns, pages.
    dtype
        Number type, in numpy's words.
    sample_rate_hz, unit, channel_names, attributes
        What the file itself says about it.
    is_reversed
        Whether the storage runs through the last axis slowest, as MATLAB's does.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scope: str = ""
    sample_rate_hz: float | None = None
    unit: str | None = None
    channel_names: tuple[str, ...] = ()
    attributes: dict[str, Attribute] = field(default_factory=dict)
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """Which axis of an array is what; None where there is no such axis (others have the length 1)."""

    samples: int
    channels: int | None = None
    recordings: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal lies in an array seen as `stack`, (n_lead, n_samples, n_trail) in the order of storage.

    `axis` is that of the samples, in the same order.
    """

    array: str
    axis: int
    stack: tuple[int, int, int]
    lead: int
    trail: int


def find_axes(shape: Sequence[int], arrangement: str, n_columns: frozenset[int] = frozenset()) -> Axes | None:
    """Tell the axes of an array apart; None where the shape does not say and nobody has said.

    Parameters
    ----------
    shape
        Of the array; axes of length 1 do not count.
    arrangement
        One of `utils.constants.ARRANGEMENTS`.
    n_columns
        Lengths of the vectors beside the array: a value per recording tells which axis counts recordings.

    Examples
    --------
    >>> find_axes((100_000, 3), "auto")
    Axes(samples=0, channels=1, recordings=None)
    >>> find_axes((300, 400), "auto") is None
    True
    >>> find_axes((300, 400), "auto", frozenset({300}))
    Axes(samples=1, channels=None, recordings=0)
    >>> find_axes((300, 400), "recordings_in_rows")
    Axes(samples=1, channels=None, recordings=0)
    """
    if 0 in shape:
        return Axes(0)
    real = [axis for axis, length in enumerate(shape) if length != 1]
    if len(real) <= 1:
        return Axes(real[0] if real else 0)
    if len(real) == 2:
        return _find_two(shape, real[0], real[1], arrangement, n_columns)
    return _find_three(shape, real, arrangement, n_columns) if len(real) == 3 else None


def _find_two(
    shape: Sequence[int], row: int, column: int, arrangement: str, n_columns: frozenset[int]
) -> Axes | None:
    if arrangement != "auto":
        what, _, where = arrangement.partition("_in_")
        samples, other = (row, column) if where == "columns" else (column, row)
        return Axes(samples, other) if what == "channels" else Axes(samples, None, other)
    samples, other = (row, column) if shape[row] >= shape[column] else (column, row)
    if shape[samples] >= _CLEARLY_LONGER * shape[other] and shape[other] <= MAX_CHANNELS:
        return Axes(samples, other)
    counted = shape[other] in n_columns and shape[samples] not in n_columns
    return Axes(samples, None, other) if counted else None


def _find_three(
    shape: Sequence[int], real: Sequence[int], arrangement: str, n_columns: frozenset[int]
) -> Axes | None:
    """Told or by a value per recording; else the longest axis by far, and of the others the one of few."""
    if arrangement != "auto":
        first, row, column = real
        return Axes(row, column, first) if arrangement.endswith("columns") else Axes(column, row, first)
    longest = max(shape)
    counted = [axis for axis in real if shape[axis] in n_columns and shape[axis] < longest]
    left = [axis for axis in real if axis not in counted] if len(counted) == 1 else list(real)
    samples = max(left, key=lambda axis: shape[axis])
    rest = [axis for axis in real if axis != samples]
    channels = min((axis for axis in rest if axis not in counted), key=lambda axis: shape[axis])
    recordings = next(axis for axis in rest if axis != channels)
    others = [shape[channels]] + ([] if recordings in counted else [shape[recordings]])
    clear = all(shape[samples] >= _CLEARLY_LONGER * other for other in others)
    few = shape[channels] <= MAX_CHANNELS and (recordings in counted or shape[channels] < shape[recordings])
    return Axes(samples, channels, recordings) if clear and few else None


@dataclass(slots=True)
class ArrayPlan:
    """The signals of a file's arrays: previews, where each lies, and what was found out."""

    variables: list[VariablePreview] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def plan_arrays(
    arrays: Sequence[ArrayInfo],
    scalars: dict[str, Attribute],
    options: ReadOptions,
    read_column: Callable[[str], Sequence[Attribute | None]],
) -> ArrayPlan:
    """Work out the signals of a file that is a set of arrays.

    Parameters
    ----------
    arrays
        In the order of the file.
    scalars
        Single values by path; one named like a sample rate is that of the arrays in its scope.
    options
        What a person said about the arrangement.
    read_column
        Returns the values of a short vector that stands beside an array of recordings.
    """
    rates, units = _list_rates(scalars), _list_units(scalars)
    lengths = _count_lengths(arrays)
    plan, columns = ArrayPlan(), set()
    found: list[tuple[ArrayInfo, Axes]] = []
    for array in arrays:
        axes = find_axes(array.shape, options.arrangement, lengths.get(array.scope, frozenset()))
        if axes is None:
            plan.notes.append(_say_ambiguous(array))
            continue
        found.append((array, axes))
        if axes.recordings is not None:
            columns.add((array.scope, array.shape[axes.recordings]))
    beside = [array for array, _ in found if _is_column(array, columns)]
    keys = {pair: _read_keys(beside, pair, read_column, plan.notes) for pair in sorted(columns)}
    for array, axes in found:
        if array in beside:
            continue
        rate = array.sample_rate_hz or rates.get(array.scope)
        unit = array.unit or units.get(array.scope)
        _add_signals(plan, replace(array, sample_rate_hz=rate, unit=unit), axes, keys)
    return plan


def _list_rates(scalars: dict[str, Attribute]) -> dict[str, float]:
    """Return the one rate that each scope declares; two different ones are none."""
    found: dict[str, set[float]] = {}
    for path, value in scalars.items():
        scope, _, name = path.replace("/", ".").rpartition(".")
        rate = as_rate(value)
        if rate and name.lower() in RATE_NAMES:
            found.setdefault(scope, set()).add(rate)
    return {scope: next(iter(rates)) for scope, rates in found.items() if len(rates) == 1}


def _list_units(scalars: dict[str, Attribute]) -> dict[str, str]:
    """Return the unit that each scope declares."""
    found: dict[str, str] = {}
    for path, value in scalars.items():
        scope, _, name = path.replace("/", ".").rpartition(".")
        if name.lower() in UNIT_NAMES and isinstance(value, str) and value.strip():
            found[scope] = value.strip()
    return found


def _count_lengths(arrays: Sequence[ArrayInfo]) -> dict[str, frozenset[int]]:
    """Lengths of the vectors of each scope: the candidates for a value per recording."""
    found: dict[str, set[int]] = {}
    for array in arrays:
        if sum(length != 1 for length in array.shape) == 1:
            found.setdefault(array.scope, set()).add(max(array.shape))
    return {scope: frozenset(lengths) for scope, lengths in found.items()}


def _is_column(array: ArrayInfo, columns: set[tuple[str, int]]) -> bool:
    is_vector = sum(length != 1 for length in array.shape) == 1
    return is_vector and (array.scope, max(array.shape)) in columns


def _say_ambiguous(array: ArrayInfo) -> str:
    shape = " × ".join(f"{length:,}" for length in array.shape)
    return (
        f"'{array.name}' ({shape}) does not tell which of its sides is time. "
        "Say how its signals are arranged, and they are offered."
    )


def _read_keys(
    beside: Sequence[ArrayInfo],
    pair: tuple[str, int],
    read_column: Callable[[str], Sequence[Attribute | None]],
    notes: list[str],
) -> list[dict[str, Attribute]]:
    """Return what the vectors beside say about each recording, its name and time among it."""
    scope, count = pair
    if count > MAX_VARIABLES:
        raise refuse(f"The file claims {count:,} recordings; at most {MAX_VARIABLES:,} are read.")
    width = len(str(max(count - 1, 1)))
    keys: list[dict[str, Attribute]] = [{"recording_id": f"{at:0{width}d}"} for at in range(count)]
    times: dict[str, Sequence[Attribute | None]] = {}
    for array in beside:
        if array.scope != scope or max(array.shape) != count:
            continue
        name, values = array.name.rpartition(".")[2].rpartition("/")[2], list(read_column(array.name))
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                key[name] = value
        if name.lower() in _INDEX_NAMES:
            _number_recordings(keys, values)
        elif _TIME_NAMES.match(name):
            times[name] = values
    for name, moments in times.items():
        _date_recordings(keys, moments, name, notes)
    return keys


def _number_recordings(keys: list[dict[str, Attribute]], values: Sequence[Attribute | None]) -> None:
    whole = [int(value) for value in values if isinstance(value, int | float) and value == int(value)]
    if len(set(whole)) == len(keys) and min(whole) >= 0:
        width = len(str(max(whole)))
        for key, number in zip(keys, whole, strict=True):
            key["recording_id"] = f"{number:0{width}d}"


def _date_recordings(
    keys: list[dict[str, Attribute]], values: Sequence[Attribute | None], name: str, notes: list[str]
) -> None:
    """Seconds since 1970 are dates; others count from a start that the file does not name."""
    seconds = [float(value) for value in values if isinstance(value, int | float)]
    if len(seconds) < len(keys):
        return
    seconds = _mend_clock([int(str(key["recording_id"])) for key in keys], seconds, name, notes)
    dated = _UNIX_SECONDS[0] <= min(seconds) and max(seconds) <= _UNIX_SECONDS[1]
    for key, second in zip(keys, seconds, strict=True):
        key["unix_s" if dated else "elapsed_s"] = second
    if not dated:
        notes.append(f"The times in '{name}' carry no date; only their differences mean something.")


def _mend_clock(numbers: list[int], seconds: list[float], name: str, notes: list[str]) -> list[float]:
    """Times that climb evenly with the recordings' numbers, but for a few: these few were a wrong clock's."""
    times, counts = np.array(seconds), np.array(numbers, dtype=np.float64)
    steps = np.diff(times) / np.where(np.diff(counts) == 0, np.nan, np.diff(counts))
    slope = float(np.nanmedian(steps)) if len(times) > _FEW_RECORDINGS and not np.isnan(steps).all() else 0.0
    if slope <= 0:
        return seconds
    expected = slope * counts + np.median(times - slope * counts)
    wrong = np.abs(times - expected) > 2 * slope * np.median(np.diff(counts))
    if not wrong.any() or wrong.mean() > _FEW_WRONG:
        return seconds
    shown = ", ".join(str(number) for number in counts[wrong][:5].astype(int))
    notes.append(
        f"The times in '{name}' climb by {slope:g} s with the number of the recording, but not at {shown}: "
        "there the number was believed and not the clock."
    )
    return [float(value) for value in np.where(wrong, expected, times)]


def _add_signals(
    plan: ArrayPlan,
    array: ArrayInfo,
    axes: Axes,
    keys: dict[tuple[str, int], list[dict[str, Attribute]]],
) -> None:
    shape = array.shape
    n_samples = shape[axes.samples] if 0 not in shape else 0
    n_channels = 1 if axes.channels is None else shape[axes.channels]
    n_recordings = 1 if axes.recordings is None else shape[axes.recordings]
    if len(plan.variables) + n_channels * n_recordings > MAX_VARIABLES:
        raise refuse(f"The file claims more than {MAX_VARIABLES:,} signals.")
    beside = [{}] if axes.recordings is None else keys[array.scope, n_recordings]
    named = array.channel_names if len(array.channel_names) == n_channels else ()
    for recording in range(n_recordings):
        for channel in range(n_channels):
            name = array.name + (f"/{recording}" if axes.recordings is not None else "")
            name += f"[{channel}]" if axes.channels is not None else ""
            attributes = {**array.attributes, **beside[recording]}
            if named:
                attributes["channel"] = named[channel]
            elif axes.recordings is not None:
                last = array.name.rpartition(".")[2].rpartition("/")[2]
                attributes["channel"] = last + (f"[{channel}]" if axes.channels is not None else "")
            plan.variables.append(
                VariablePreview(name, n_samples, array.dtype, array.sample_rate_hz, array.unit, attributes)
            )
            plan.places[name] = _locate(array, axes, recording, channel)


def _locate(array: ArrayInfo, axes: Axes, recording: int, channel: int) -> Place:
    order = list(range(len(array.shape)))[:: -1 if array.is_reversed else 1]
    at = order.index(axes.samples)
    index = {axes.channels: channel, axes.recordings: recording}

    def flatten(part: Sequence[int]) -> int:
        flat = 0
        for axis in part:
            flat = flat * array.shape[axis] + index.get(axis, 0)
        return flat

    lead, trail = order[:at], order[at + 1 :]
    stack = (
        math.prod(array.shape[axis] for axis in lead),
        array.shape[axes.samples],
        math.prod(array.shape[axis] for axis in trail),
    )
    empty = 0 in array.shape
    return Place(array.name, at, (1, 0, 1) if empty else stack, flatten(lead), flatten(trail))


Stretch = Callable[[int, int, int], npt.NDArray[Any]]


def read_places(places: dict[str, Place], read: Stretch) -> Iterator[tuple[str, Float32Array]]:
    """Yield (signal, block) for signals of one array, going through its storage once, in order.

    Parameters
    ----------
    places
        By the signals' names; all of one array.
    read
        ``read(lead, start, stop)`` returns the values ``(stop - start, n_trail)``.
    """
    _, n_samples, n_trail = next(iter(places.values())).stack
    by_lead: dict[int, list[tuple[str, int]]] = {}
    for name, place in places.items():
        check_length(n_samples, name)
        by_lead.setdefault(place.lead, []).append((name, place.trail))
    step = max(1, BLOCK_SAMPLES // max(n_trail, 1))
    for lead in sorted(by_lead):
        for start in range(0, n_samples, step):
            values = read(lead, start, min(start + step, n_samples))
            for name, trail in by_lead[lead]:
                yield name, to_float32(values[:, trail])


def as_plain_column(values: npt.NDArray[Any]) -> list[Attribute | None]:
    """Return a short vector as plain values; what is not finite is None."""
    flat = np.asarray(values).ravel().tolist()
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in flat]
