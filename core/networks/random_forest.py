"""A random forest kept as plain arrays: grown by scikit-learn, read and applied without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from utils.exceptions import DataDamagedError

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

_CHUNK_NODES = 4_000_000


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid one behind the other.

    Attributes
    ----------
    roots
        int32 ``(n_trees,)``, index of each tree's first node.
    feature, left, right
        int32 ``(n_nodes,)``: the feature compared and the children's indices; a leaf has ``feature = -1``.
    threshold
        float64 ``(n_nodes,)``: go left where the value is at most this.
    leaf_probabilities
        float64 ``(n_nodes, n_classes)``: class shares of the training windows in the node.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float64]
    leaf_probabilities: NDArray[np.float64]

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean class share over the trees.

        Parameters
        ----------
        features
            Shape ``(n_windows, n_features)``; compared in float32, as they were when the trees were grown.

        Returns
        -------
        ndarray
            Shape ``(n_windows, n_classes)``, rows add up to 1.
        """
        values = np.asarray(features, dtype=np.float32)
        result = np.empty((len(values), self.leaf_probabilities.shape[1]))
        step = max(1, _CHUNK_NODES // (self.n_trees * result.shape[1]))
        for start in range(0, len(values), step):
            leaves = self._find_leaves(values[start : start + step])
            result[start : start + step] = self.leaf_probabilities[leaves].mean(axis=1)
        return result

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Forest:
        """Build a forest from arrays and check that every walk ends.

        Raises
        ------
        DataDamagedError
            Arrays are missing, of unequal lengths, or a child does not lie behind its parent.
        """
        try:
            forest = cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except KeyError as error:
            raise DataDamagedError(f"The stored forest lacks its array {error}.") from error
        forest._check()
        return forest

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

    def _check(self) -> None:
        n_nodes = len(self.feature)
        lengths = {len(part) for part in (self.left, self.right, self.threshold, self.leaf_probabilities)}
        index = np.arange(n_nodes)
        inner = self.feature >= 0
        children = np.concatenate([(self.left - index)[inner], (self.right - index)[inner]])
        ends = np.concatenate([self.left[inner], self.right[inner], self.roots])
        if lengths != {n_nodes} or (children <= 0).any() or (ends >= n_nodes).any() or (self.roots < 0).any():
            raise DataDamagedError("The stored forest is not a set of trees.")


def grow_forest(
    features: NDArray[np.float32],
    targets: NDArray[np.integer],
    *,
    n_classes: int,
    n_trees: int,
    seed: int,
    max_depth: int | None,
    min_leaf_windows: int,
    feature_share: float,
) -> Forest:
    """Grow trees with scikit-learn; the same arguments give the same trees.

    Parameters
    ----------
    features
        Shape ``(n_windows, n_features)``.
    targets
        Class indices ``(n_windows,)``; classes weigh the same whatever their number of windows.
    n_classes, n_trees, seed, max_depth, min_leaf_windows, feature_share
        Size and randomness of the forest.
    """
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(
        n_estimators=n_trees,
        max_depth=max_depth,
        min_samples_leaf=min_leaf_windows,
        max_features=feature_share,
        class_weight="balanced_subsample",
        random_state=seed,
        n_jobs=1,
    )
    model.fit(features, targets)
    return flatten_forest(model, n_classes)


def flatten_forest(model: RandomForestClassifier, n_classes: int) -> Forest:
    """Turn a fitted scikit-learn forest, whose labels are class indices, into arrays."""
    parts = []
    roots, offset = [], 0
    for estimator in model.estimators_:
        tree = estimator.tree_
        shares = np.zeros((tree.node_count, n_classes))
        shares[:, model.classes_.astype(int)] = tree.value[:, 0, :]
        shares /= shares.sum(axis=1, keepdims=True)
        leaf = tree.children_left < 0
        parts.append(
            (
                np.where(leaf, -1, tree.feature),
                np.where(leaf, -1, tree.children_left + offset),
                np.where(leaf, -1, tree.children_right + offset),
                tree.threshold,
                shares,
            )
        )
        roots.append(offset)
        offset += tree.node_count
    feature, left, right, threshold, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Forest(
        np.asarray(roots, dtype=np.int32),
        feature.astype(np.int32),
        left.astype(np.int32),
        right.astype(np.int32),
        threshold.astype(np.float64),
        shares.astype(np.float64),
    )


def join_forests(forests: Sequence[Forest]) -> Forest:
    """Lay the trees of several forests one behind the other."""
    offsets = np.cumsum([0, *(len(forest.feature) for forest in forests[:-1])]).astype(np.int32)

    def shifted(name: str) -> NDArray[np.int32]:
        columns = [(getattr(forest, name), offset) for forest, offset in zip(forests, offsets, strict=True)]
        moved = [np.where(column < 0, column, column + offset) for column, offset in columns]
        return np.concatenate(moved).astype(np.int32)

    return Forest(
        shifted("roots"),
        np.concatenate([forest.feature for forest in forests]),
        shifted("left"),
        shifted("right"),
        np.concatenate([forest.threshold for forest in forests]),
        np.concatenate([forest.leaf_probabilities for forest in forests]),
    )
