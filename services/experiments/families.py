"""Experiments as families: the trainings of one request with their seeds, and the baseline beside them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.experiments.choosing import TRASH, Filters, check_sort, match, order_first, read_key
from services.experiments.index import NOTHING, Snapshot
from utils.statistical_tests import compute_mean_share_interval, has_too_few_repeats

TOO_FEW_SEEDS = "too few seeds for an interval: three or more are needed"
FAMILY_SORT_KEYS = ("baseline_accuracy", "baseline_gain")
_NEWEST = ("created_at", "finished_at", "id")

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Families:
    """The families of one shelf.

    ``codes`` are the codes of their groups, ascending; ``members`` the positions of all experiments on the
    shelf, family by family from ``starts``; ``family`` the family of each of those, ``is_baseline`` whether
    it stands beside the others as their baseline.
    """

    codes: NDArray[np.int64]
    members: Positions
    starts: NDArray[np.int64]
    family: NDArray[np.int64]
    is_baseline: NDArray[np.bool_]
    kept: dict[str, NDArray[np.float64]]

    def list_members(self, at: int) -> tuple[list[int], list[int]]:
        """Return the positions of a family's own experiments and of its baselines."""
        place = slice(self.starts[at], self.starts[at + 1])
        members, baseline = self.members[place], self.is_baseline[place]
        return members[~baseline].tolist(), members[baseline].tolist()

    def count_children(self, at: int) -> int:
        """Return how many rows unfold below a family's own; a single training is its own row."""
        own, baselines = self.list_members(at)
        return (len(own) if len(own) > 1 else 0) + len(baselines)


def find_families(snapshot: Snapshot, shelf: str) -> Families:
    """Return the families of a shelf, worked out once per snapshot.

    A baseline belongs to its networks' family as long as one of them is on the shelf.
    """
    key = ("families", shelf)
    if key not in snapshot.derived:
        snapshot.derived[key] = _build_families(snapshot, shelf)
    found: Families = snapshot.derived[key]
    return found


def _build_families(snapshot: Snapshot, shelf: str) -> Families:
    columns = snapshot.columns
    positions = np.flatnonzero(match(snapshot, Filters(shelf=shelf)))
    groups = columns["group_key"][positions].astype(np.int64)
    beside = columns["baseline_of"][positions].astype(np.int64)
    present = np.zeros(len(snapshot.words["group_key"].values) + 1, bool)
    present[groups] = True
    present[NOTHING] = False
    is_baseline = (beside != NOTHING) & present[beside]
    owner = np.where(is_baseline, beside, groups)
    codes, family = np.unique(owner, return_inverse=True)
    order = np.argsort(family, kind="stable")
    starts = np.searchsorted(family[order], np.arange(len(codes) + 1))
    return Families(codes, positions[order], starts, family[order], is_baseline[order], {})


def summarise(families: Families, snapshot: Snapshot, name: str) -> NDArray[np.float64]:
    """Return one number per family to sort by: the mean over its seeds, the newest moment, the first word."""
    if name not in families.kept:
        families.kept[name] = _summarise(families, snapshot, name)
    return families.kept[name]


def _summarise(families: Families, snapshot: Snapshot, name: str) -> NDArray[np.float64]:
    if name == "baseline_gain":
        gain: NDArray[np.float64] = summarise(families, snapshot, "test_recording_accuracy") - summarise(
            families, snapshot, "baseline_accuracy"
        )
        return gain
    wants_baseline = name == "baseline_accuracy"
    key = read_key(snapshot, "test_recording_accuracy" if wants_baseline else name)
    chosen = families.is_baseline == wants_baseline
    values, family = key[families.members[chosen]], families.family[chosen]
    given = ~np.isnan(values)
    values, family = values[given], family[given]
    n_families = len(families.codes)
    if name in _NEWEST:
        newest = np.full(n_families, -np.inf)
        np.maximum.at(newest, family, values)
        return np.where(np.isinf(newest), np.nan, newest)
    if name == "status":  # what needs somebody
        worst = np.full(n_families, np.inf)
        np.minimum.at(worst, family, values)
        return np.where(np.isinf(worst), np.nan, worst)
    counts = np.bincount(family, minlength=n_families)
    sums = np.bincount(family, weights=values, minlength=n_families)
    with np.errstate(invalid="ignore"):
        found: NDArray[np.float64] = sums / counts
    return found


def order_families(
    snapshot: Snapshot, families: Families, matching: NDArray[np.bool_], sort: str, n_wanted: int
) -> NDArray[np.int64]:
    """Return the first families, in order, of which an experiment matches."""
    name, downwards = sort.removeprefix("-"), sort.startswith("-")
    if name not in FAMILY_SORT_KEYS:
        name, downwards = check_sort(sort)
    present = find_matching(families, matching)
    return order_first(
        summarise(families, snapshot, name), present, min(n_wanted, len(present)), downwards=downwards
    )


def find_matching(families: Families, matching: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the families, ascending, of which an experiment matches."""
    held = np.zeros(len(families.codes), bool)
    held[families.family[matching[families.members]]] = True
    return np.flatnonzero(held)


def unfold(
    families: Families, order: NDArray[np.int64], expanded: Collection[int], offset: int, limit: int
) -> list[tuple[int, int | None]]:
    """Return one stretch of the table's rows as (family, position of an experiment below it or None)."""
    sizes = np.ones(len(order), np.int64)
    for at in np.flatnonzero(np.isin(families.codes[order], list(expanded))).tolist():
        sizes[at] += families.count_children(int(order[at]))
    ends = np.cumsum(sizes)
    rows: list[tuple[int, int | None]] = []
    first = int(np.searchsorted(ends, offset, side="right"))
    skipped = offset - (int(ends[first - 1]) if first else 0)
    for at in range(first, len(order)):
        rows += _unfold_one(families, int(order[at]), is_open=sizes[at] > 1)
        if len(rows) - skipped >= limit:
            break
    return rows[skipped : skipped + limit]


def _unfold_one(families: Families, family: int, *, is_open: bool) -> list[tuple[int, int | None]]:
    rows: list[tuple[int, int | None]] = [(family, None)]
    if is_open:
        own, baselines = families.list_members(family)
        rows += [(family, at) for at in [*(own if len(own) > 1 else []), *baselines]]
    return rows


def count_rows(families: Families, matching: NDArray[np.int64], expanded: Collection[int]) -> int:
    """Return how many rows the table has with these families unfolded."""
    unfolded = matching[np.isin(families.codes[matching], list(expanded))]
    return len(matching) + sum(families.count_children(int(at)) for at in unfolded)


def summarise_seeds(accuracies: list[float], n_seeds: int) -> dict[str, Any]:
    """Return mean and 95 % interval over seeds; below three there is no interval, and ``note`` says so."""
    enough = not has_too_few_repeats(len(accuracies))
    return {
        "n_seeds": n_seeds,
        "n_finished": len(accuracies),
        "test_recording_accuracy_mean": sum(accuracies) / len(accuracies) if accuracies else None,
        "test_recording_accuracy_interval": compute_mean_share_interval(accuracies) if enough else None,
        "note": None if enough else TOO_FEW_SEEDS,
    }


def describe_shelf(snapshot: Snapshot) -> dict[str, int]:
    """Return how many experiments are on each shelf."""
    thrown = int((~np.isnan(snapshot.columns["trashed_at"])).sum())
    return {"active": len(snapshot) - thrown, TRASH: thrown}
