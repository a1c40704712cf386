"""Which signals of a dataset hold the same vibration: the part of the leak check that no split changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from core.datasets.fingerprints import Fingerprints
from core.datasets.near_duplicates import Candidate, Copy, confirm_copy, find_candidates
from core.datasets.readers.base import Float32Array
from core.datasets.signatures import Signature, find_level

PairKind: TypeAlias = Literal["overlap", "near_duplicate"]
Progress: TypeAlias = Callable[[float, str], None]

# Fewer shared fingerprints than this can come from chance (a repeated pattern of a converter).
_LEAST_SHARED = 4
# A stretch that so many signals hold is a pattern of the converter and is paired with its neighbours only.
_MOST_HOLDERS = 100
_FINGERPRINTS_AT_ONCE = 1 << 22
_MOST_PAIRS = 20_000


@dataclass(frozen=True, slots=True)
class ComparedSignal:
    """What the comparison needs of one signal.

    Attributes
    ----------
    sha256
        Its name.
    sample_rate_hz, n_samples
        Its declared rate and its length.
    fingerprints
        Of its exact stretches.
    signature
        From `core.datasets.signatures`.
    load
        Gives the samples, when a pair is looked at closely.
    """

    sha256: str
    sample_rate_hz: float
    n_samples: int
    fingerprints: Fingerprints
    signature: Signature
    load: Callable[[], Float32Array]


@dataclass(frozen=True, slots=True)
class SharedPair:
    """Two signals that hold the same vibration.

    Attributes
    ----------
    left, right
        Their hashes.
    kind
        ``overlap``: stretches of the same samples, bit by bit; ``near_duplicate``: the same course under
        another gain, offset, delay, sample rate or with noise.
    copy
        How the right one follows from the left one; None for an overlap too short to tell, and where both are
        copies of a third one and were not compared with one another.
    """

    left: str
    right: str
    kind: PairKind
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class PairScan:
    """All pairs that were found, and how many alike ones were too many to be looked at."""

    pairs: list[SharedPair]
    n_left_out: int = 0


def find_shared_pairs(
    signals: Sequence[ComparedSignal], on_progress: Progress = lambda _share, _text: None
) -> PairScan:
    """Compare all signals with one another.

    Parameters
    ----------
    signals
        Each hash once.
    on_progress
        Told the share that is done, from 0 to 1, and what is being done; may raise to stop the comparison.

    Returns
    -------
    PairScan
        The most alike pairs; at most 20,000 of each kind.
    """
    on_progress(0.0, "comparing stretches")
    overlaps = find_overlaps([signal.fingerprints for signal in signals])
    on_progress(0.1, "comparing signatures")
    levels = [find_level(signal.n_samples, signal.sample_rate_hz) for signal in signals]
    signatures = [signal.signature for signal in signals]
    candidates = find_candidates(
        signatures, levels, lambda share: on_progress(0.1 + 0.6 * share, "comparing signatures")
    )
    n_left_out = max(len(overlaps) - _MOST_PAIRS, 0) + max(len(candidates) - _MOST_PAIRS, 0)
    pairs = _look_closely(signals, overlaps[:_MOST_PAIRS], candidates[:_MOST_PAIRS], on_progress)
    return PairScan(list(pairs), n_left_out)


def _look_closely(
    signals: Sequence[ComparedSignal],
    overlaps: Sequence[tuple[int, int]],
    candidates: Sequence[Candidate],
    on_progress: Progress,
) -> Iterator[SharedPair]:
    """Confirm each pair; two copies of the same third signal are a pair without being compared again."""
    known = set(overlaps)
    pairs = [*overlaps, *((one.left, one.right) for one in candidates if (one.left, one.right) not in known)]
    families = _Families()
    for index, (left, right) in enumerate(pairs):
        on_progress(0.7 + 0.3 * index / len(pairs), f"looking closely at pair {index + 1} of {len(pairs)}")
        one, other = signals[left], signals[right]
        kind: PairKind = "overlap" if (left, right) in known else "near_duplicate"
        related = families.find(left) == families.find(right)
        copy = None if related else _confirm(one, other)
        if related or copy is not None or kind == "overlap":
            families.join(left, right)
            yield SharedPair(one.sha256, other.sha256, kind, copy)


def _confirm(one: ComparedSignal, other: ComparedSignal) -> Copy | None:
    return confirm_copy(one.load(), one.sample_rate_hz, other.load(), other.sample_rate_hz)


class _Families:
    """Sets of signals that were found to be copies of one another."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def find(self, member: int) -> int:
        while (parent := self._parent.get(member, member)) != member:
            member = parent
        return member

    def join(self, left: int, right: int) -> None:
        self._parent[self.find(left)] = self.find(right)


def find_overlaps(fingerprints: Sequence[Fingerprints]) -> list[tuple[int, int]]:
    """Return the pairs of signals that share stretches of samples, those that share most first.

    Parameters
    ----------
    fingerprints
        Of each signal: sorted, without repeats.
    """
    total = sum(len(one) for one in fingerprints)
    n_ranges = max(1, -(-total // _FINGERPRINTS_AT_ONCE))
    edges = [round(k * 2**64 / n_ranges) for k in range(n_ranges + 1)]
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    for low, high in pairwise(edges):
        new_keys, new_counts = _count_in_range(fingerprints, low, high)
        keys, inverse = np.unique(np.concatenate([keys, new_keys]), return_inverse=True)
        counts = np.bincount(inverse, np.concatenate([counts, new_counts]), len(keys)).astype(np.int64)
    kept = counts >= _LEAST_SHARED
    keys, counts = keys[kept], counts[kept]
    best = keys[np.argsort(-counts, kind="stable")]
    left, right = np.divmod(best, max(len(fingerprints), 1))
    return list(zip(left.tolist(), right.tolist(), strict=True))


def _count_in_range(
    fingerprints: Sequence[Fingerprints], low: int, high: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Count for every pair the fingerprints from `low` up to, not including, `high` that both hold."""
    last = np.uint64(high - 1)
    parts = [
        one[np.searchsorted(one, np.uint64(low)) : np.searchsorted(one, last, side="right")]
        for one in fingerprints
    ]
    values = np.concatenate(parts) if parts else np.empty(0, np.uint64)
    owners = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    keys = []
    for step in range(1, _MOST_HOLDERS):
        same = np.flatnonzero(values[step:] == values[:-step])
        if not len(same):
            break
        keys.append(owners[same] * len(parts) + owners[same + step])
    found = np.concatenate(keys) if keys else np.empty(0, np.int64)
    unique, counts = np.unique(found, return_counts=True)
    return unique, counts.astype(np.int64)
