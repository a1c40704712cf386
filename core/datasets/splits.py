"""Builds train / validation / test splits, always by whole recordings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from utils.exceptions import InvalidInputError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
Parts: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """What a split needs to know of one signal.

    Attributes
    ----------
    signal_sha256
        The signal's hash, by which the split names it.
    recording_id
        The stored recording, for people and links.
    recording_key
        What is the same for all signals of one acquisition, in every version of the dataset.
    bearing_key
        The physical bearing (``group`` of an import table), or None where nobody said.
    machine, fault_class
        As imported; a signal without a class can't be in a split.
    fields
        Everything else to split by: ``load``, ``severity``, ``channel``, …
    """

    signal_sha256: str
    recording_id: str
    recording_key: str
    bearing_key: str | None
    machine: str | None
    fault_class: str
    fields: Mapping[str, str | float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Recording:
    key: str
    fault_class: str
    values: frozenset[str]


def build_split(
    rows: Sequence[SplitRow],
    by: str = "bearing",
    test_values: Iterable[str] | None = None,
    validation_fraction: float = 0.2,
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Parts:
    """Deal recordings out to train, validation and test.

    Test recordings are those with one of `test_values`, or else whole groups drawn so that each class gives
    about `test_fraction` of its recordings and keeps a group for training. Validation recordings are drawn
    from the rest, class by class; a class with two recordings or more keeps one for training.

    Parameters
    ----------
    rows
        All signals; the signals of a recording always stay together.
    by
        ``bearing``, ``recording``, ``machine``, ``fault_class`` or one of the rows' fields.
    test_values
        Values of `by` that make up the test part.
    validation_fraction, test_fraction
        Shares, from 0 to below 1.
    seed
        The same rows and seed give the same split, in whatever order the rows come.

    Returns
    -------
    dict
        ``train``, ``validation`` or ``test`` by the signal's hash.

    Raises
    ------
    InvalidInputError
        There are no rows, a row has no value to split by, or a wanted value is not there.
    """
    _check_arguments(rows, validation_fraction, test_fraction)
    recordings = _gather(rows, by)
    rng = np.random.default_rng(seed)
    if test_values is not None:
        tested = _pick_wanted(recordings, by, {str(value) for value in test_values})
    else:
        tested = _draw_test(recordings, test_fraction, rng)
    validated = _draw_validation(
        [one for one in recordings if one.key not in tested], validation_fraction, rng
    )
    part_of = dict.fromkeys(validated, VALIDATION) | dict.fromkeys(tested, TEST)
    return {row.signal_sha256: part_of.get(row.recording_key, TRAIN) for row in rows}


def join_copies(
    rows: Sequence[SplitRow], pairs: Iterable[tuple[str, str]], by: str, test_values: Iterable[str] | None
) -> list[SplitRow]:
    """Let recordings that hold copies of one vibration count as one, so that they are drawn together.

    Where test values are named, nothing is moved across them: copies on both sides stay where they were.

    Parameters
    ----------
    rows
        As for `build_split`.
    pairs
        Hashes of signals that hold the same vibration.
    by, test_values
        As for `build_split`.

    Returns
    -------
    list of SplitRow
        The same signals; recordings that belong together share their key.
    """
    wanted = None if test_values is None else {str(value) for value in test_values}
    known = {row.signal_sha256: row for row in rows}
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.get(key, key) != key:
            key = parent[key]
        return key

    for left, right in pairs:
        one, other = known.get(left), known.get(right)
        if one is None or other is None:
            continue
        if wanted is None or (_value(one, by) in wanted) == (_value(other, by) in wanted):
            first, second = sorted((root(one.recording_key), root(other.recording_key)))
            parent[second] = first
    return [replace(row, recording_key=root(row.recording_key)) for row in rows]


def _check_arguments(rows: Sequence[SplitRow], validation_fraction: float, test_fraction: float) -> None:
    if not rows:
        raise InvalidInputError("There are no labelled signals to split.")
    if not all(0 <= fraction < 1 for fraction in (validation_fraction, test_fraction)):
        raise InvalidInputError("The shares of validation and test must be at least 0 and below 1.")


def _value(row: SplitRow, by: str) -> str:
    own = {
        "bearing": row.bearing_key,
        "recording": row.recording_key,
        "machine": row.machine,
        "fault_class": row.fault_class,
    }
    if by not in own and by not in row.fields:
        allowed = ", ".join([*own, *sorted(row.fields)])
        raise InvalidInputError(f"The signals have no field '{by}' to split by. There are: {allowed}.")
    value = own[by] if by in own else row.fields[by]
    if value is None or value == "":
        raise InvalidInputError(
            f"The recording '{row.recording_key}' has no {by}; fill it in everywhere, or split by recording."
        )
    return f"{value:g}" if isinstance(value, float) else str(value)


def _gather(rows: Sequence[SplitRow], by: str) -> list[_Recording]:
    """Return one entry per recording, in an order that does not depend on the rows'."""
    values: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        values[row.recording_key].add(_value(row, by))
        classes[row.recording_key].add(row.fault_class)
    return [
        _Recording(key, " + ".join(sorted(classes[key])), frozenset(values[key])) for key in sorted(values)
    ]


def _pick_wanted(recordings: list[_Recording], by: str, wanted: set[str]) -> set[str]:
    known = {value for one in recordings for value in one.values}
    if missing := sorted(wanted - known):
        shown = ", ".join(sorted(known)[:20])
        raise InvalidInputError(f"No signal has the {by} '{missing[0]}'. There are: {shown}.")
    return {one.key for one in recordings if one.values & wanted}


def _draw_test(recordings: list[_Recording], fraction: float, rng: np.random.Generator) -> set[str]:
    """Draw whole groups until each class has its share, never the last group of a class."""
    groups = _connect(recordings)
    left = {name: Counter(one.fault_class for one in members) for name, members in groups.items()}
    totals = Counter(one.fault_class for one in recordings)
    taken: Counter[str] = Counter()
    tested: set[str] = set()
    for fault_class in sorted(totals, key=lambda name: (totals[name], name)):
        wanted = max(1, round(fraction * totals[fault_class])) if fraction else 0
        holding = [name for name in sorted(left) if left[name][fault_class]]
        for name in rng.permutation(holding):
            if taken[fault_class] >= wanted or not _spares(left, name):
                continue
            taken += left.pop(str(name))
            tested |= {one.key for one in groups[str(name)]}
    return tested


def _spares(left: dict[str, Counter[str]], name: str) -> bool:
    """Whether every class of a group stays in another one that is left."""
    others = {one for key, counts in left.items() if key != name for one in counts}
    return set(left[name]) <= others


def _connect(recordings: list[_Recording]) -> dict[str, list[_Recording]]:
    """Join recordings that share a value, directly or through others."""
    parent: dict[str, str] = {}

    def root(value: str) -> str:
        while parent.setdefault(value, value) != value:
            value = parent[value]
        return value

    for one in recordings:
        first, *others = sorted(one.values)
        for other in others:
            parent[root(other)] = root(first)
    groups: dict[str, list[_Recording]] = defaultdict(list)
    for one in recordings:
        groups[root(min(one.values))].append(one)
    return groups


def _draw_validation(recordings: list[_Recording], fraction: float, rng: np.random.Generator) -> set[str]:
    by_class: dict[str, list[str]] = defaultdict(list)
    for one in recordings:
        by_class[one.fault_class].append(one.key)
    drawn: set[str] = set()
    for fault_class in sorted(by_class):
        keys = by_class[fault_class]
        count = min(max(1, round(fraction * len(keys))), len(keys) - 1) if fraction else 0
        drawn |= {str(key) for key in rng.permutation(keys)[:count]}
    return drawn
