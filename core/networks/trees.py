"""Binary trees laid one behind the other in plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from utils.exceptions import DataDamagedError

_CHUNK_NODES = 4_000_000


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees without what their leaves say.

    Attributes
    ----------
    roots
        int32 ``(n_trees,)``, index of each tree's first node.
    feature, left, right
        int32 ``(n_nodes,)``: the feature compared and the children's indices; a leaf has ``feature = -1``.
    threshold
        float64 ``(n_nodes,)``: go left where the value is at most this.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float64]

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    def gather(
        self,
        features: NDArray[np.floating],
        combine: Callable[[NDArray[np.int32]], NDArray[np.float64]],
        n_columns: int,
    ) -> NDArray[np.float64]:
        """Find each window's leaves and let ``combine`` make a row of them, in chunks of bounded memory.

        Parameters
        ----------
        features
            Shape ``(n_windows, n_features)``; compared in float32, as they were when the trees were grown.
        combine
            Maps leaves ``(n, n_trees)`` to ``(n, n_columns)``.
        n_columns
            Width of the result.
        """
        values = np.asarray(features, dtype=np.float32)
        result = np.empty((len(values), n_columns))
        step = max(1, _CHUNK_NODES // (max(1, self.n_trees) * n_columns))
        for start in range(0, len(values), step):
            result[start : start + step] = combine(self._find_leaves(values[start : start + step]))
        return result

    def cut(self, first_tree: int, end_tree: int) -> tuple[Self, slice]:
        """Return some of the trees, and where their nodes lie in arrays beside these."""
        bounds = [*self.roots.tolist(), len(self.feature)]
        start = bounds[first_tree]
        nodes = slice(start, bounds[end_tree])
        cut = type(self)(
            (self.roots[first_tree:end_tree] - start).astype(np.int32),
            self.feature[nodes],
            _shift(self.left[nodes], -start),
            _shift(self.right[nodes], -start),
            self.threshold[nodes],
        )
        return cut, nodes

    def check(self, beside: Sequence[NDArray[Any]]) -> None:
        """Check that every walk ends, and that the arrays beside these have a row per node.

        Raises
        ------
        DataDamagedError
            Lengths differ, or a child does not lie behind its parent.
        """
        n_nodes = len(self.feature)
        others: list[NDArray[Any]] = [self.left, self.right, self.threshold, *beside]
        lengths = {len(part) for part in others}
        index = np.arange(n_nodes)
        inner = self.feature >= 0
        children = np.concatenate([(self.left - index)[inner], (self.right - index)[inner]])
        ends = np.concatenate([self.left[inner], self.right[inner], self.roots])
        if lengths != {n_nodes} or (children <= 0).any() or (ends >= n_nodes).any() or (self.roots < 0).any():
            raise DataDamagedError("The stored trees are not a set of trees.")

    def _find_leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Walk all trees at once; returns node indices ``(n_windows, n_trees)``."""
        nodes = np.broadcast_to(self.roots, (len(values), self.n_trees)).copy()
        rows = np.arange(len(values))[:, None]
        while True:
            feature = self.feature[nodes]
            inner = feature >= 0
            if not inner.any():
                return nodes
            goes_left = values[rows, np.maximum(feature, 0)] <= self.threshold[nodes]
            children = np.where(goes_left, self.left[nodes], self.right[nodes])
            nodes = np.where(inner, children, nodes)


@dataclass(frozen=True, slots=True)
class TreeNodes:
    """One tree as its grower leaves it: children counted from its own root, -1 in leaves."""

    is_leaf: NDArray[np.bool_]
    feature: NDArray[np.integer]
    left: NDArray[np.integer]
    right: NDArray[np.integer]
    threshold: NDArray[np.float64]


def lay_out(trees: Sequence[TreeNodes]) -> Trees:
    """Lay single trees one behind the other."""
    sizes = [len(tree.feature) for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int32)

    def column(name: str, offsets: NDArray[np.int32]) -> NDArray[np.int32]:
        parts = [
            np.where(tree.is_leaf, -1, getattr(tree, name).astype(np.int64) + offset)
            for tree, offset in zip(trees, offsets, strict=True)
        ]
        return np.concatenate(parts).astype(np.int32)

    return Trees(
        roots,
        column("feature", np.zeros_like(roots)),
        column("left", roots),
        column("right", roots),
        np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
    )


def join_trees(parts: Sequence[Trees]) -> Trees:
    """Lay sets of trees one behind the other."""
    offsets = np.cumsum([0, *(len(part.feature) for part in parts[:-1])]).tolist()

    def shifted(name: str) -> NDArray[np.int32]:
        moved = [_shift(getattr(part, name), offset) for part, offset in zip(parts, offsets, strict=True)]
        return np.concatenate(moved)

    return Trees(
        shifted("roots"),
        np.concatenate([part.feature for part in parts]),
        shifted("left"),
        shifted("right"),
        np.concatenate([part.threshold for part in parts]),
    )


def _shift(nodes: NDArray[np.int32], offset: int) -> NDArray[np.int32]:
    """Count nodes from another start; -1 stays."""
    return np.where(nodes < 0, nodes, nodes + offset).astype(np.int32)
