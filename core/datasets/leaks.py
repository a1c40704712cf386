"""Checks a split for leaks: what is in two parts at once, and what its result can't speak of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np

from core.datasets.fingerprints import Fingerprints
from core.datasets.splits import TEST, TRAIN, SplitRow
from utils.constants import HEALTHY_CLASS
from utils.exceptions import ConflictError, ErrorCode

Colour: TypeAlias = Literal["red", "amber", "note", "clear"]

_ORDER: tuple[Colour, ...] = ("red", "amber", "note", "clear")
# Fewer shared fingerprints than this can come from chance (a repeated pattern of a converter).
_LEAST_SHARED = 4
_MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One thing that the check found.

    Attributes
    ----------
    colour
        ``red`` is refused, ``amber`` needs an explicit tick and is stamped on results, ``note`` is shown.
    kind
        ``shared_recording``, ``duplicate_signal``, ``overlapping_signal``, ``class_without_training``,
        ``part_empty``, ``unassigned_signal``, ``shared_bearing``, ``shared_bearing_validation``,
        ``class_not_tested``, ``one_machine``, ``one_healthy_bearing``.
    sentence
        For people.
    left, right
        Hashes of one signal of each side, or None where the finding is about the whole split.
    """

    colour: Colour
    kind: str
    sentence: str
    left: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True)
class LeakReport:
    """All findings, the worst colour first.

    Attributes
    ----------
    colour
        The worst of the findings; ``clear`` when there is none.
    findings
        At most 100 of each kind.
    counts
        How many there are of each kind.
    """

    colour: Colour
    findings: list[LeakFinding]
    counts: dict[str, int] = field(default_factory=dict)


def check_split(
    rows: Sequence[SplitRow],
    parts: Mapping[str, str],
    signal_digests: Mapping[str, Fingerprints] | None = None,
) -> LeakReport:
    """Check a split.

    Parameters
    ----------
    rows
        All labelled signals of the dataset version.
    parts
        The part of each signal, by its hash. A signal without a part is left out of training and judging.
    signal_digests
        Fingerprints of the signals by hash (`SignalView.fingerprints`); without them only whole signals are
        compared.

    Returns
    -------
    LeakReport
        Red for a shared recording, the same samples in two parts, or a class without training recordings;
        amber for a physical bearing of the test part that is also trained or validated on; notes otherwise.
    """
    rows = [row for row in rows if row.signal_sha256 in parts]
    findings = [
        *_check_parts(rows, parts),
        *_check_recordings(rows, parts),
        *_check_duplicates(rows, parts),
        *_check_overlaps(rows, parts, signal_digests or {}),
        *_check_bearings(rows, parts),
        *_check_breadth(rows),
    ]
    findings.sort(key=lambda finding: _ORDER.index(finding.colour))
    counts = Counter(finding.kind for finding in findings)
    colour = findings[0].colour if findings else "clear"
    return LeakReport(colour, list(_limit(findings)), dict(counts))


def require_acceptable(report: LeakReport, *, amber_accepted: bool = False) -> None:
    """Refuse a split that must not be used.

    Raises
    ------
    ConflictError
        ``SPLIT_LEAKS`` or ``CLASS_WITHOUT_TRAINING`` for red; ``SPLIT_NEEDS_ACCEPTANCE`` for amber
        that nobody accepted.
    """
    red = [finding for finding in report.findings if finding.colour == "red"]
    if red:
        leaks = [finding for finding in red if finding.kind != "class_without_training"]
        code = ErrorCode.SPLIT_LEAKS if leaks else ErrorCode.CLASS_WITHOUT_TRAINING
        raise ConflictError((leaks or red)[0].sentence, code=code)
    if report.colour == "amber" and not amber_accepted:
        raise ConflictError(
            f"{report.findings[0].sentence} Accept this explicitly, or split by bearing.",
            code=ErrorCode.SPLIT_NEEDS_ACCEPTANCE,
        )


def _limit(findings: list[LeakFinding]) -> Iterator[LeakFinding]:
    shown: Counter[str] = Counter()
    for finding in findings:
        shown[finding.kind] += 1
        if shown[finding.kind] <= _MOST_FINDINGS:
            yield finding


def _check_parts(rows: list[SplitRow], parts: Mapping[str, str]) -> Iterator[LeakFinding]:
    """Look for empty parts and for classes that are in one part only."""
    recordings: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        recordings[parts[row.signal_sha256]][row.fault_class].add(row.recording_key)
    for part in (TRAIN, TEST):
        if not recordings[part]:
            yield LeakFinding("red", "part_empty", f"The {part} part has no recordings.")
    for fault_class in sorted({row.fault_class for row in rows}):
        if fault_class not in recordings[TRAIN]:
            yield LeakFinding(
                "red",
                "class_without_training",
                f"The class '{fault_class}' has no training recording. Move one there, or drop the class.",
            )
        elif fault_class not in recordings[TEST]:
            sentence = f"The class '{fault_class}' is not in the test part: nothing is said about it."
            yield LeakFinding("note", "class_not_tested", sentence)


def _split_groups(
    rows: list[SplitRow], parts: Mapping[str, str], key: Callable[[SplitRow], str | None]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (key, {part: hash of a first signal}) for every key that is in more than one part."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        name = key(row)
        if name is not None:
            groups[name].setdefault(parts[row.signal_sha256], row.signal_sha256)
    for name in sorted(groups):
        if len(groups[name]) > 1:
            yield name, groups[name]


def _check_recordings(rows: list[SplitRow], parts: Mapping[str, str]) -> Iterator[LeakFinding]:
    for key, held in _split_groups(rows, parts, lambda row: row.recording_key):
        (left_part, left), (right_part, right) = list(held.items())[:2]
        sentence = f"The recording '{key}' is in {left_part} and in {right_part}."
        yield LeakFinding("red", "shared_recording", sentence, left, right)


def _check_duplicates(rows: list[SplitRow], parts: Mapping[str, str]) -> Iterator[LeakFinding]:
    """Find the same samples under two recordings: the split can't tell them apart."""
    keys: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        keys[row.signal_sha256].add(row.recording_key)
    part_of = {row.recording_key: parts[row.signal_sha256] for row in rows}
    for sha256, holders in sorted(keys.items()):
        for left, right in combinations(sorted(holders), 2):
            if part_of[left] != part_of[right]:
                sentence = f"The recordings '{left}' and '{right}' hold the same signal, in different parts."
                yield LeakFinding("red", "duplicate_signal", sentence, sha256, sha256)


def _check_overlaps(
    rows: list[SplitRow], parts: Mapping[str, str], digests: Mapping[str, Fingerprints]
) -> Iterator[LeakFinding]:
    """Find signals of different parts that share a stretch of samples."""
    known = list({row.signal_sha256: row for row in rows if row.signal_sha256 in digests}.values())
    for (left, right), n_shared in sorted(_count_shared(known, parts, digests).items()):
        one, other = known[left], known[right]
        if n_shared < _LEAST_SHARED or one.recording_key == other.recording_key:
            continue
        both = sorted(((parts[row.signal_sha256], row) for row in (one, other)), key=lambda item: item[0])
        (left_part, first), (right_part, second) = both
        sentence = (
            f"A signal of '{first.recording_key}' ({left_part}) and one of '{second.recording_key}' "
            f"({right_part}) hold the same stretch of samples."
        )
        yield LeakFinding("red", "overlapping_signal", sentence, first.signal_sha256, second.signal_sha256)


def _count_shared(
    rows: list[SplitRow], parts: Mapping[str, str], digests: Mapping[str, Fingerprints]
) -> Counter[tuple[int, int]]:
    """Count the fingerprints that each pair of rows of different parts shares."""
    pairs: Counter[tuple[int, int]] = Counter()
    if not rows:
        return pairs
    values = np.concatenate([digests[row.signal_sha256] for row in rows])
    owners = np.repeat(np.arange(len(rows)), [len(digests[row.signal_sha256]) for row in rows])
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])) if len(values) else owners
    ends = np.append(starts[1:], len(values))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        for left, right in combinations(owners[start : min(end, start + _MOST_FINDINGS)].tolist(), 2):
            if parts[rows[left].signal_sha256] != parts[rows[right].signal_sha256]:
                pairs[left, right] += 1
    return pairs


def _check_bearings(rows: list[SplitRow], parts: Mapping[str, str]) -> Iterator[LeakFinding]:
    for key, held in _split_groups(rows, parts, lambda row: row.bearing_key):
        if TEST not in held:
            sentence = (
                f"The bearing '{key}' is in training and in validation: validation looks better than it is."
            )
            yield LeakFinding("note", "shared_bearing_validation", sentence, *list(held.values())[:2])
            continue
        other = TRAIN if TRAIN in held else next(part for part in held if part != TEST)
        sentence = (
            f"The bearing '{key}' is in {other} and in test: the result says nothing about new bearings."
        )
        yield LeakFinding("amber", "shared_bearing", sentence, held[other], held[TEST])


def _check_breadth(rows: list[SplitRow]) -> Iterator[LeakFinding]:
    machines = {row.machine for row in rows}
    if len(machines) == 1:
        name = f" ('{one}')" if (one := next(iter(machines))) else ""
        yield LeakFinding(
            "note", "one_machine", f"All recordings come from one machine{name}: others may look different."
        )
    healthy = {row.bearing_key for row in rows if row.fault_class == HEALTHY_CLASS}
    if len(healthy) == 1:
        yield LeakFinding(
            "note",
            "one_healthy_bearing",
            "There is one healthy bearing only: what is healthy elsewhere is unknown.",
        )
