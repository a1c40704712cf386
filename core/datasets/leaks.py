"""Checks a split for leaks: what is in two parts at once, and what its result can't speak of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Literal, TypeAlias

from core.datasets.near_duplicates import Copy
from core.datasets.shared_pairs import SharedPair
from core.datasets.splits import TEST, TRAIN, SplitRow
from utils.constants import HEALTHY_CLASS
from utils.exceptions import ConflictError, ErrorCode

Colour: TypeAlias = Literal["red", "amber", "note", "clear"]

_ORDER: tuple[Colour, ...] = ("red", "amber", "note", "clear")
_MOST_FINDINGS = 100
# What a copy is called only where it differs by more than this.
_SAME_GAIN = 0.02
_SAME_TIME_S = 5e-4
_SAME_COURSE = 0.995


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One thing that the check found.

    Attributes
    ----------
    colour
        ``red`` is refused, ``amber`` needs an explicit tick and is stamped on results, ``note`` is shown.
    kind
        ``shared_recording``, ``duplicate_signal``, ``overlapping_signal``, ``near_duplicate``,
        ``class_without_training``, ``part_empty``, ``shared_bearing``, ``shared_bearing_validation``,
        ``class_not_tested``, ``one_machine``, ``one_healthy_bearing``.
    sentence
        For people.
    left, right
        Hashes of one signal of each side, or None where the finding is about the whole split.
    evidence
        What was measured, where something was: ``lag_s``, ``gain``, ``correlation``, ``overlap_s``.
    """

    colour: Colour
    kind: str
    sentence: str
    left: str | None = None
    right: str | None = None
    evidence: dict[str, float] | None = None


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
    rows: Sequence[SplitRow], parts: Mapping[str, str], pairs: Iterable[SharedPair] = ()
) -> LeakReport:
    """Check a split.

    Parameters
    ----------
    rows
        All labelled signals of the dataset version.
    parts
        The part of each signal, by its hash. A signal without a part is left out of training and judging.
        Parts called ``test_…`` are variants of the test part: between them and it nothing can leak.
    pairs
        Signals that hold the same vibration (`find_shared_pairs`); without them only whole signals are
        compared.

    Returns
    -------
    LeakReport
        Red for a shared recording, the same vibration in two parts, or a class without training recordings;
        amber for a physical bearing of the test part that is also trained or validated on; notes otherwise.
    """
    rows = [row for row in rows if row.signal_sha256 in parts]
    sides = {row.signal_sha256: find_side(parts[row.signal_sha256]) for row in rows}
    return _report(
        [
            *_check_parts(rows, sides),
            *_check_recordings(rows, sides),
            *_check_duplicates(rows, sides),
            *_check_pairs(rows, parts, pairs),
            *_check_bearings(rows, sides),
            *_check_breadth(rows),
        ]
    )


def check_dataset(rows: Sequence[SplitRow], pairs: Iterable[SharedPair]) -> LeakReport:
    """Say before any split what a split of these signals will have to keep together.

    Parameters
    ----------
    rows
        All signals, a signal without a class included.
    pairs
        Signals that hold the same vibration.

    Returns
    -------
    LeakReport
        Red for recordings that hold the same vibration, amber for bearings with several recordings, notes.
    """
    rows = list(rows)
    return _report([*_check_pairs(rows, None, pairs), *_list_bearings(rows), *_check_breadth(rows)])


def find_side(part: str) -> str:
    """Return what a part is for: a noise variant of the test part is for testing too.

    >>> find_side("test_snr10"), find_side("train")
    ('test', 'train')
    """
    return TEST if part.startswith(f"{TEST}_") else part


def _report(findings: list[LeakFinding]) -> LeakReport:
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


def _check_pairs(
    rows: list[SplitRow], parts: Mapping[str, str] | None, pairs: Iterable[SharedPair]
) -> Iterator[LeakFinding]:
    """Name the pairs that hold the same vibration in different parts; without parts, all of them."""
    known = {row.signal_sha256: row for row in rows}
    for pair in pairs:
        one, other = known.get(pair.left), known.get(pair.right)
        if one is None or other is None or one.recording_key == other.recording_key:
            continue
        where = ("", "")
        if parts is not None:
            left_part, right_part = parts[pair.left], parts[pair.right]
            if find_side(left_part) == find_side(right_part):
                continue
            where = (f" ({left_part})", f" ({right_part})")
        names = (f"'{one.recording_key}'{where[0]}", f"'{other.recording_key}'{where[1]}")
        yield _describe_pair(pair, *names)


def _describe_pair(pair: SharedPair, left: str, right: str) -> LeakFinding:
    if pair.kind == "overlap":
        kind, sentence = "overlapping_signal", f"{left} and {right} hold the same stretch of samples"
    else:
        kind, sentence = "near_duplicate", f"{left} and {right} hold the same vibration"
    if pair.copy is None:
        return LeakFinding("red", kind, f"{sentence}.", pair.left, pair.right)
    told = describe_copy(pair.copy)
    evidence = {name: float(value) for name, value in asdict(pair.copy).items()}
    return LeakFinding("red", kind, f"{sentence}: {told}.", pair.left, pair.right, evidence)


def describe_copy(copy: Copy) -> str:
    """Return how one signal follows from another, in words.

    >>> describe_copy(Copy(lag_s=0.25, gain=-0.5, correlation=-0.97, overlap_s=4.0))
    'the second is the first × -0.5, 0.25 s later, with something added (correlation -0.970, 4 s in common)'
    """
    words = []
    if abs(copy.gain - 1) > _SAME_GAIN:
        words.append(f"× {copy.gain:.3g}")
    if abs(copy.lag_s) > _SAME_TIME_S:
        words.append(f"{abs(copy.lag_s):.3g} s {'later' if copy.lag_s > 0 else 'earlier'}")
    if abs(copy.correlation) < _SAME_COURSE:
        words.append("with something added")
    told = "the second is the first" + (" " + ", ".join(words) if words else "")
    return f"{told} (correlation {copy.correlation:.3f}, {copy.overlap_s:.3g} s in common)"


def _list_bearings(rows: list[SplitRow]) -> Iterator[LeakFinding]:
    """Name the bearings with several recordings: a split by anything else puts them on both sides."""
    held: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.bearing_key is not None:
            held[row.bearing_key].setdefault(row.recording_key, row.signal_sha256)
    for key in sorted(held):
        if len(held[key]) > 1:
            first, *_, last = held[key].values()
            sentence = (
                f"The bearing '{key}' gave {len(held[key])} recordings: split by bearing keeps them together."
            )
            yield LeakFinding("amber", "shared_bearing", sentence, first, last)


def _check_bearings(rows: list[SplitRow], parts: Mapping[str, str]) -> Iterator[LeakFinding]:
    for key, held in _split_groups(rows, parts, lambda row: row.bearing_key):
        if TEST not in held:
            first, second = list(held.values())[:2]
            sentence = (
                f"The bearing '{key}' is in training and in validation: validation looks better than it is."
            )
            yield LeakFinding("note", "shared_bearing_validation", sentence, first, second)
            continue
        other = TRAIN if TRAIN in held else next(part for part in held if part != TEST)
        sentence = (
            f"The bearing '{key}' is in {other} and in test: the result says nothing about new bearings."
        )
        yield LeakFinding("amber", "shared_bearing", sentence, held[other], held[TEST])


def _check_breadth(rows: list[SplitRow]) -> Iterator[LeakFinding]:
    machines = {row.machine for row in rows}
    if len(machines) == 1:
        machine = next(iter(machines))
        said = (
            f"All recordings come from one machine ('{machine}'): others may look different."
            if machine
            else "No machine is named: all recordings may come from one, and others may look different."
        )
        yield LeakFinding("note", "one_machine", said)
    healthy = {row.bearing_key for row in rows if row.fault_class == HEALTHY_CLASS}
    if len(healthy) == 1:
        said = (
            "There is one healthy bearing only: what is healthy elsewhere is unknown."
            if next(iter(healthy))
            else "No healthy bearing is named: there may be one only, which says little of others."
        )
        yield LeakFinding("note", "one_healthy_bearing", said)
