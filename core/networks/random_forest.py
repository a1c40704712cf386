"""A random forest kept as plain arrays: grown by scikit-learn, read and applied without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.networks.classical import Arrays, Learner, LearningTable, Part
from core.networks.options import OptionValue
from core.networks.trees import TreeNodes, Trees, join_trees, lay_out
from utils.exceptions import DataDamagedError

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

CHUNK_TREES = 20
_TREE_ARRAYS = tuple(field.name for field in fields(Trees))


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees and what their leaves say.

    Attributes
    ----------
    trees
        The trees.
    leaf_probabilities
        float64 ``(n_nodes, n_classes)``: class shares of the training windows in the node.
    """

    trees: Trees
    leaf_probabilities: NDArray[np.float64]

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return self.trees.n_trees

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean class share over the trees.

        Parameters
        ----------
        features
            Shape ``(n_windows, n_features)``.

        Returns
        -------
        ndarray
            Shape ``(n_windows, n_classes)``, rows add up to 1.
        """

        def average(leaves: NDArray[np.int32]) -> NDArray[np.float64]:
            mean: NDArray[np.float64] = self.leaf_probabilities[leaves].mean(axis=1)
            return mean

        return self.trees.gather(features, average, self.leaf_probabilities.shape[1])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        named: dict[str, NDArray[Any]] = {name: getattr(self.trees, name) for name in _TREE_ARRAYS}
        return {**named, "leaf_probabilities": self.leaf_probabilities}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Forest:
        """Build a forest from arrays and check that every walk ends.

        Raises
        ------
        DataDamagedError
            Arrays are missing, of unequal lengths, or a child does not lie behind its parent.
        """
        try:
            trees = Trees(**{name: arrays[name] for name in _TREE_ARRAYS})
            forest = cls(trees, arrays["leaf_probabilities"])
        except KeyError as error:
            raise DataDamagedError(f"The stored forest lacks its array {error}.") from error
        trees.check([forest.leaf_probabilities])
        return forest


class ForestLearner(Learner):
    """Grows a chunk of trees per step."""

    extremely_random: ClassVar[bool] = False
    load_model = staticmethod(Forest.from_arrays)

    def __init__(self, table: LearningTable, options: Mapping[str, OptionValue], seed: int) -> None:
        super().__init__(table, options, seed)
        self._forest: Forest | None = None
        # Sums over the trees of what each says about a part, so that a step judges its own trees only.
        self._sums = {part: np.zeros((0, 0)) for part in table.parts}

    @property
    def n_steps(self) -> int:
        """Number of chunks."""
        return -(-self.get_whole("n_trees") // CHUNK_TREES)

    def take_step(self, step: int, check_in: Callable[[], None]) -> None:  # noqa: ARG002 - one part only
        """Grow one chunk."""
        max_depth = self.options["max_depth"]
        grown = grow_forest(
            self.table.train,
            self.table.targets,
            n_classes=self.table.n_classes,
            n_trees=min(CHUNK_TREES, self.get_whole("n_trees") - step * CHUNK_TREES),
            seed=self.draw_seed(step),
            max_depth=None if max_depth is None else self.get_whole("max_depth"),
            min_leaf_windows=self.get_whole("min_leaf_windows"),
            feature_share=self.get_number("feature_share"),
            extremely_random=self.extremely_random,
        )
        for part in self._sums:
            added = grown.predict_probabilities(self.table.get_rows(part)) * grown.n_trees
            self._sums[part] = added if self._forest is None else self._sums[part] + added
        self._forest = grown if self._forest is None else join_forests([self._forest, grown])

    def judge(self, part: Part) -> NDArray[np.float64]:
        """Mean class share over all trees so far."""
        sums = self._sums[part]
        probabilities: NDArray[np.float64] = sums / sums.sum(axis=1, keepdims=True)
        return probabilities

    def build_model(self, n_steps: int) -> Forest:
        """Return the first chunks of the forest."""
        if self._forest is None:
            raise ValueError("no tree is grown yet")
        n_trees = min(n_steps * CHUNK_TREES, self._forest.n_trees)
        trees, nodes = self._forest.trees.cut(0, n_trees)
        return Forest(trees, self._forest.leaf_probabilities[nodes])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the forest and the sums."""
        grown = {} if self._forest is None else self._forest.to_arrays()
        return {**grown, **{f"sum/{part}": sums for part, sums in self._sums.items()}}

    def restore(self, arrays: Arrays) -> None:
        """Take up the forest and the sums."""
        self._sums = {part: arrays[f"sum/{part}"] for part in self._sums}
        self._forest = Forest.from_arrays(arrays) if "roots" in arrays else None


class ExtraTreesLearner(ForestLearner):
    """The same with trees that draw their thresholds at random."""

    extremely_random = True


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
    extremely_random: bool = False,
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
    extremely_random
        Thresholds are drawn, and every tree sees all windows (Geurts et al., 2006); otherwise thresholds are
        searched for and every tree sees a draw of the windows (Breiman, 2001).
    """
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    kind = ExtraTreesClassifier if extremely_random else RandomForestClassifier
    model = kind(
        n_estimators=n_trees,
        max_depth=max_depth,
        min_samples_leaf=min_leaf_windows,
        max_features=feature_share,
        class_weight="balanced" if extremely_random else "balanced_subsample",
        random_state=seed,
        n_jobs=1,
    )
    model.fit(features, targets)
    return flatten_forest(model, n_classes)


def flatten_forest(model: RandomForestClassifier | ExtraTreesClassifier, n_classes: int) -> Forest:
    """Turn a fitted scikit-learn forest, whose labels are class indices, into arrays."""
    grown, shares = [], []
    for estimator in model.estimators_:
        tree = estimator.tree_
        found = np.zeros((tree.node_count, n_classes))
        found[:, model.classes_.astype(int)] = tree.value[:, 0, :]
        shares.append(found / found.sum(axis=1, keepdims=True))
        left = tree.children_left
        grown.append(TreeNodes(left < 0, tree.feature, left, tree.children_right, tree.threshold))
    return Forest(lay_out(grown), np.concatenate(shares))


def join_forests(forests: Sequence[Forest]) -> Forest:
    """Lay the trees of several forests one behind the other."""
    return Forest(
        join_trees([forest.trees for forest in forests]),
        np.concatenate([forest.leaf_probabilities for forest in forests]),
    )
