"""Gradient boosting kept as plain arrays: grown by scikit-learn, read and applied without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.networks.classical import Arrays, Learner, LearningTable, Part
from core.networks.options import OptionValue
from core.networks.score_scaling import softmax
from core.networks.trees import TreeNodes, Trees, lay_out
from utils.exceptions import DataDamagedError

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

CHUNK_ROUNDS = 5
# Values of a feature that the grower tells apart.
_N_CODES = 255
_TREE_ARRAYS = tuple(field.name for field in fields(Trees))


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """Trees whose leaves add to the scores of the classes.

    Attributes
    ----------
    trees
        The trees, round by round.
    tree_class
        int32 ``(n_trees,)``: the class whose score a tree changes.
    leaf_value
        float64 ``(n_nodes,)``: what it adds.
    baseline
        float64 ``(n_classes,)``: the scores before the first tree.
    """

    trees: Trees
    tree_class: NDArray[np.int32]
    leaf_value: NDArray[np.float64]
    baseline: NDArray[np.float64]

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Softmax of the scores ``(n_windows, n_features)`` to ``(n_windows, n_classes)``."""
        return softmax(self.baseline + self.add_up(features))

    def add_up(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum of the trees' values per class, without the baseline."""
        membership = (self.tree_class[:, None] == np.arange(len(self.baseline))).astype(np.float64)

        def add(leaves: NDArray[np.int32]) -> NDArray[np.float64]:
            sums: NDArray[np.float64] = self.leaf_value[leaves] @ membership
            return sums

        return self.trees.gather(features, add, len(self.baseline))

    def keep_rounds(self, n_rounds: int) -> BoostedTrees:
        """Return the trees of the first rounds."""
        trees_per_round = len(np.unique(self.tree_class))
        n_trees = min(n_rounds * trees_per_round, self.trees.n_trees)
        trees, nodes = self.trees.cut(0, n_trees)
        return BoostedTrees(trees, self.tree_class[:n_trees], self.leaf_value[nodes], self.baseline)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        named: dict[str, NDArray[Any]] = {name: getattr(self.trees, name) for name in _TREE_ARRAYS}
        named["tree_class"], named["leaf_value"] = self.tree_class, self.leaf_value
        return {**named, "baseline": self.baseline}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> BoostedTrees:
        """Build the model from arrays and check that every walk ends.

        Raises
        ------
        DataDamagedError
            Arrays are missing, of unequal lengths, or no trees.
        """
        try:
            trees = Trees(**{name: arrays[name] for name in _TREE_ARRAYS})
            model = cls(trees, arrays["tree_class"], arrays["leaf_value"], arrays["baseline"])
        except KeyError as error:
            raise DataDamagedError(f"The stored trees lack their array {error}.") from error
        trees.check([model.leaf_value])
        if len(model.tree_class) != trees.n_trees or not set(model.tree_class) <= set(
            range(len(model.baseline))
        ):
            raise DataDamagedError("The stored trees belong to classes that there are not.")
        return model


class BoostingLearner(Learner):
    """Grows some rounds per step; the round with the lowest validation loss ends the model."""

    load_model = staticmethod(BoostedTrees.from_arrays)

    def __init__(self, table: LearningTable, options: Mapping[str, OptionValue], seed: int) -> None:
        super().__init__(table, options, seed)
        self._grower: HistGradientBoostingClassifier | None = None
        self._edges: list[NDArray[np.float64]] = []
        self._n_rounds = 0
        self._model: BoostedTrees | None = None

    @property
    def n_steps(self) -> int:
        """Number of chunks of rounds."""
        return -(-self.get_whole("n_rounds") // CHUNK_ROUNDS)

    def take_step(self, step: int, check_in: Callable[[], None]) -> None:
        """Grow one chunk of rounds; after a pause the earlier ones are grown again, alike."""
        if self._grower is None:
            self._edges = [find_edges(column) for column in self.table.train.T]
            self._codes = encode(self.table.train, self._edges)
            self._grower = self._build_grower()
        while self._n_rounds < min((step + 1) * CHUNK_ROUNDS, self.get_whole("n_rounds")):
            check_in()
            n_rounds = min(self._n_rounds + CHUNK_ROUNDS, self.get_whole("n_rounds"))
            self._grower.set_params(max_iter=n_rounds)
            self._grower.fit(self._codes, self.table.targets, sample_weight=self.table.weigh_classes())
            self._n_rounds = n_rounds
        self._model = decode(flatten_boosting(self._grower, self.table.n_classes), self._edges)

    def judge(self, part: Part) -> NDArray[np.float64]:
        """Probabilities of a part."""
        return self._get_model().predict_probabilities(self.table.get_rows(part))

    def choose_step(self, losses: Sequence[float | None]) -> int:
        """The step with the lowest validation loss; the last one without validation."""
        known = [loss for loss in losses if loss is not None]
        return int(np.argmin(known)) + 1 if known else len(losses)

    def is_finished(self, losses: Sequence[float | None]) -> bool:
        """After the last round, or when validation got no better for too long."""
        stale = len(losses) - self.choose_step(losses)
        return super().is_finished(losses) or stale * CHUNK_ROUNDS >= self.get_whole("patience_rounds")

    def build_model(self, n_steps: int) -> BoostedTrees:
        """Return the first rounds."""
        return self._get_model().keep_rounds(n_steps * CHUNK_ROUNDS)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the trees."""
        return {} if self._model is None else self._model.to_arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take up the trees; what scikit-learn needs to go on is grown again by the next step."""
        self._model = BoostedTrees.from_arrays(arrays) if "roots" in arrays else None

    def _get_model(self) -> BoostedTrees:
        if self._model is None:
            raise ValueError("no tree is grown yet")
        return self._model

    def _build_grower(self) -> HistGradientBoostingClassifier:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            learning_rate=self.get_number("learning_rate"),
            max_leaf_nodes=self.get_whole("max_leaves"),
            min_samples_leaf=self.get_whole("min_leaf_windows"),
            l2_regularization=self.get_number("leaf_penalty"),
            max_features=self.get_number("feature_share"),
            early_stopping=False,
            warm_start=True,
            random_state=self.draw_seed(0),
        )


def find_edges(column: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a feature is cut into at most 255 codes: midway between its values, or at quantiles of many."""
    values = np.unique(np.asarray(column, dtype=np.float64))
    if len(values) <= _N_CODES:
        return (values[:-1] + values[1:]) / 2
    shares = np.arange(1, _N_CODES) / _N_CODES
    edges: NDArray[np.float64] = np.unique(np.quantile(column.astype(np.float64), shares, method="midpoint"))
    return edges


def encode(features: NDArray[np.floating], edges: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Number of edges below each value; scikit-learn's own way of doing this is slow for weighted rows."""
    columns = [np.searchsorted(edge, column) for edge, column in zip(edges, features.T, strict=True)]
    return np.stack(columns, axis=1).astype(np.float32)


def decode(model: BoostedTrees, edges: Sequence[NDArray[np.float64]]) -> BoostedTrees:
    """Let trees that were grown on codes compare the features themselves."""
    threshold = model.trees.threshold.copy()
    for node in np.flatnonzero(model.trees.feature >= 0):
        threshold[node] = edges[model.trees.feature[node]][int(threshold[node])]
    return replace(model, trees=replace(model.trees, threshold=threshold))


def flatten_boosting(model: HistGradientBoostingClassifier, n_classes: int) -> BoostedTrees:
    """Turn a fitted model, whose labels are all the class indices, into arrays.

    scikit-learn grows one tree per round and class, with two classes one for the second class only; its
    sigmoid is then the softmax of 0 and that score.
    """
    grown, values, classes = [], [], []
    # scikit-learn has no public way to its trees; the version is pinned and a test compares probabilities.
    for trees_of_round in model._predictors:
        for index, predictor in enumerate(trees_of_round):
            nodes = predictor.nodes
            is_leaf = nodes["is_leaf"].astype(bool)
            threshold = np.where(is_leaf, 0.0, nodes["num_threshold"])
            grown.append(TreeNodes(is_leaf, nodes["feature_idx"], nodes["left"], nodes["right"], threshold))
            values.append(np.where(is_leaf, nodes["value"], 0.0))
            classes.append(index if len(trees_of_round) == n_classes else 1)
    baseline = np.zeros(n_classes)
    scores = model._baseline_prediction.ravel()
    baseline[-len(scores) :] = scores
    return BoostedTrees(lay_out(grown), np.asarray(classes, np.int32), np.concatenate(values), baseline)
