"""ROC and precision-recall curves, one class against the rest, with intervals over recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_GRID = np.linspace(0.0, 1.0, 51)
_MOST_POINTS = 200
# A band needs fewer replicates than the end of an interval does.
_BAND_REPLICATES = 200
_FEWEST_REPLICATES = 200
# With fewer complete draws the 2.5 % points would be the outermost draws themselves.
_FEWEST_COMPLETE = 40
_BLOCK_CELLS = 1_000_000
_MOST_CELLS = 3_000_000


@dataclass(frozen=True, slots=True)
class ClassPoints:
    """One class against the rest for a stack of replicates; row 0 is the sample itself.

    Attributes
    ----------
    false_positives, true_positives
        Weights above each threshold, from the strictest down, shape ``(n_replicates, n_thresholds)``; equal
        scores share a threshold.
    """

    false_positives: Array
    true_positives: Array

    @property
    def is_complete(self) -> NDArray[np.bool_]:
        """Whether each replicate holds both kinds."""
        complete: NDArray[np.bool_] = (self.false_positives[:, -1] > 0) & (self.true_positives[:, -1] > 0)
        return complete

    def compute_rates(self) -> tuple[Array, Array]:
        """Return false and true positive rates, each starting at 0; NaN in a replicate without the kind."""
        return _share(self.false_positives), _share(self.true_positives)

    def compute_auc(self) -> Array:
        """Area under each ROC curve by trapezoids: ties count half (Hanley and McNeil, 1982)."""
        false, true = self.compute_rates()
        area: Array = np.sum(np.diff(false) * (true[:, 1:] + true[:, :-1]) / 2.0, axis=1)
        return area

    def compute_precision(self) -> Array:
        """Precision at each threshold; 1 where nothing is called."""
        called = self.false_positives + self.true_positives
        return np.divide(self.true_positives, called, out=np.ones_like(called), where=called > 0)

    def compute_average_precision(self) -> Array:
        """Precision averaged over the steps of the recall, without interpolation."""
        recall = _share(self.true_positives)
        average: Array = np.sum(np.diff(recall) * self.compute_precision(), axis=1)
        return average


def count_points(scores: Array, positive: NDArray[np.bool_], weights: Array) -> ClassPoints:
    """Count what lies above every threshold.

    Parameters
    ----------
    scores, positive
        Shape ``(n,)``.
    weights
        Shape ``(n_replicates, n)``: how often each row is drawn.
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    drawn, hits = weights[:, order], positive[order]
    return ClassPoints(
        false_positives=np.cumsum(drawn * ~hits, axis=1)[:, ends],
        true_positives=np.cumsum(drawn * hits, axis=1)[:, ends],
    )


def compute_curves(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    class_names: Sequence[str],
    *,
    groups: NDArray[np.integer] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compute ROC and precision-recall curves of every class against the rest, and their means.

    Parameters
    ----------
    probabilities
        Shape ``(n, n_classes)``.
    targets
        Shape ``(n,)``, indices of `class_names`.
    groups
        Which recording each row is of, shape ``(n,)``; the bootstrap draws recordings with replacement.
        Default: each row is its own.
    n_bootstrap
        Replicates; fewer, and said so, where there are very many rows.
    seed
        Of the bootstrap.

    Returns
    -------
    dict
        JSON-ready: ``n``, ``n_groups``, ``n_bootstrap``, ``seed``, ``per_class`` (``class_name``,
        ``support``, ``auc``, ``auc_interval``, ``average_precision``, ``average_precision_interval``,
        ``roc``, ``roc_band``, ``pr``, ``pr_band``) and ``macro`` (the plain mean over the classes that
        occur; its intervals over the draws that hold all of them). What does not exist is None.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    labels = np.asarray(targets)
    owners = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = int(owners.max()) + 1 if len(owners) else 0
    n_replicates = max(_FEWEST_REPLICATES, min(n_bootstrap, _MOST_CELLS // max(len(labels), 1)))
    found = [
        _summarise_class(values[:, index], labels == index, owners, n_groups, n_replicates, seed)
        for index in range(len(class_names))
    ]
    rows = [
        {"class_name": name, "support": int((labels == index).sum()), **_describe(found[index])}
        for index, name in enumerate(class_names)
    ]
    return {
        "n": len(labels),
        "n_groups": n_groups,
        "n_bootstrap": n_replicates,
        "seed": seed,
        "per_class": rows,
        "macro": _describe(_average([each for each in found if each is not None])),
    }


@dataclass(frozen=True, slots=True)
class _Summary:
    """Areas of all replicates (row 0 the sample's), the sample's curves, and bands on the common grid.

    A row is the same draw of recordings in every class; it is NaN where the draw lacks a kind.
    """

    auc: Array
    average_precision: Array
    roc: tuple[Array, Array]
    pr: tuple[Array, Array]
    roc_grid: Array
    pr_grid: Array


def _summarise_class(
    scores: Array,
    positive: NDArray[np.bool_],
    owners: NDArray[np.integer],
    n_groups: int,
    n_replicates: int,
    seed: int,
) -> _Summary | None:
    if not positive.any() or positive.all():
        return None
    sample = count_points(scores, positive, np.ones((1, len(scores))))
    false, true = sample.compute_rates()
    recall = np.append(0.0, true[0, 1:])
    precision = np.append(1.0, sample.compute_precision()[0])
    areas, precisions = [sample.compute_auc()], [sample.compute_average_precision()]
    roc_rows, pr_rows, n_kept = [_put_on_grid(sample)[0]], [_put_on_grid(sample)[1]], 0
    for weights in _draw_weights(owners, n_groups, n_replicates, seed):
        points = count_points(scores, positive, weights)
        areas.append(points.compute_auc())
        precisions.append(np.where(points.is_complete, points.compute_average_precision(), np.nan))
        if n_kept < _BAND_REPLICATES:
            wanted = slice(0, _BAND_REPLICATES - n_kept)
            points = ClassPoints(points.false_positives[wanted], points.true_positives[wanted])
            roc, pr = _put_on_grid(points)
            roc_rows.append(roc)
            pr_rows.append(pr)
            n_kept += len(roc)
    return _Summary(
        auc=np.concatenate(areas),
        average_precision=np.concatenate(precisions),
        roc=(false[0], true[0]),
        pr=(recall, precision),
        roc_grid=np.concatenate(roc_rows),
        pr_grid=np.concatenate(pr_rows),
    )


def _draw_weights(
    owners: NDArray[np.integer], n_groups: int, n_replicates: int, seed: int
) -> Iterator[Array]:
    """Yield blocks ``(n_block, n)`` of how often each row is drawn; the same for every class."""
    random = np.random.default_rng(seed)
    n_block = max(1, _BLOCK_CELLS // len(owners))
    shares = np.full(n_groups, 1.0 / n_groups)
    for start in range(0, n_replicates, n_block):
        n_rows = min(n_block, n_replicates - start)
        yield random.multinomial(n_groups, shares, size=n_rows)[:, owners].astype(np.float64)


def _put_on_grid(points: ClassPoints) -> tuple[Array, Array]:
    """Read every replicate's two curves off at the common grid, each ``(n_replicates, n_grid)``.

    Rows of incomplete replicates are NaN.
    """
    false, true = points.compute_rates()
    precision = points.compute_precision()
    roc = [np.interp(_GRID, false[row], true[row]) for row in range(len(false))]
    last = precision.shape[1] - 1
    pr = [precision[row][np.minimum(np.searchsorted(true[row, 1:], _GRID), last)] for row in range(len(true))]
    lacking = ~points.is_complete
    rows = np.asarray(roc).reshape(-1, len(_GRID)), np.asarray(pr).reshape(-1, len(_GRID))
    for each in rows:
        each[lacking] = np.nan
    return rows


def _average(found: list[_Summary]) -> _Summary | None:
    """Average over classes, draw by draw; NaN where a draw lacks one of them."""
    if not found:
        return None

    def mean(rows: list[Array]) -> Array:
        averaged: Array = np.mean(rows, axis=0)
        return averaged

    roc, pr = mean([each.roc_grid for each in found]), mean([each.pr_grid for each in found])
    return _Summary(
        auc=mean([each.auc for each in found]),
        average_precision=mean([each.average_precision for each in found]),
        roc=(np.append(0.0, _GRID), np.append(0.0, roc[0])),
        pr=(_GRID, pr[0]),
        roc_grid=roc,
        pr_grid=pr,
    )


def _describe(found: _Summary | None) -> dict[str, Any]:
    names = ("auc", "auc_interval", "average_precision", "average_precision_interval")
    if found is None:
        return dict.fromkeys((*names, "roc", "roc_band", "pr", "pr_band"))
    return {
        "auc": float(found.auc[0]),
        "auc_interval": _take_interval(found.auc[1:]),
        "average_precision": float(found.average_precision[0]),
        "average_precision_interval": _take_interval(found.average_precision[1:]),
        "roc": _thin(*found.roc),
        "roc_band": _take_band(found.roc_grid[1:]),
        "pr": _thin(*found.pr),
        "pr_band": _take_band(found.pr_grid[1:]),
    }


def _take_interval(replicates: Array) -> list[float] | None:
    complete = replicates[np.isfinite(replicates)]
    if len(complete) < _FEWEST_COMPLETE:
        return None
    return [float(value) for value in np.quantile(complete, (0.025, 0.975))]


def _take_band(replicates: Array) -> dict[str, list[float]] | None:
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if len(complete) < _FEWEST_COMPLETE:
        return None
    low, high = np.quantile(complete, (0.025, 0.975), axis=0)
    return {"x": _GRID.round(6).tolist(), "low": low.round(6).tolist(), "high": high.round(6).tolist()}


def _thin(x: Array, y: Array) -> dict[str, list[float]]:
    """Leave out points on a straight line, then all but evenly many."""
    along = (np.diff(x, prepend=np.nan) == 0) & (np.diff(x, append=np.nan) == 0)
    across = (np.diff(y, prepend=np.nan) == 0) & (np.diff(y, append=np.nan) == 0)
    kept = np.flatnonzero(~(along | across))
    if len(kept) > _MOST_POINTS:
        kept = kept[np.linspace(0, len(kept) - 1, _MOST_POINTS).round().astype(np.int64)]
    return {"x": x[kept].round(6).tolist(), "y": y[kept].round(6).tolist()}


def _share(counts: Array) -> Array:
    """Divide cumulative weights by their last one, with a 0 in front."""
    whole = counts[:, -1:]
    shares = np.divide(counts, whole, out=np.full_like(counts, np.nan), where=whole > 0)
    return np.concatenate([np.zeros((len(counts), 1)), shares], axis=1)
