"""MiniRocket's classifier: ridge regression on very many simple features, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from core.networks.classical import Arrays, Learner, LearningTable, Part
from core.networks.options import OptionValue
from core.networks.score_scaling import draw_folds, fit_score_scale, softmax
from utils.exceptions import DataDamagedError

N_FOLDS = 3
# Ridge penalties tried, as shares of what a standardised feature weighs in the data. The first is taken
# where no recording can be left out.
STRENGTHS = (0.1, 0.01, 1e-3, 1e-4, 1.0, 10.0)
_BATCH_ROWS = 1024
# A share that hardly ever changed in training must not speak loudest when it does.
_SMALLEST_DEVIATION = 0.01


@dataclass(frozen=True, slots=True)
class RidgeModel:
    """A linear score per class on standardised features.

    Attributes
    ----------
    mean, scale
        float64 ``(n_features,)``, of the training rows.
    weights
        float64 ``(n_features, n_classes)``.
    intercepts
        float64 ``(n_classes,)``.
    score_scale
        float64 ``(1,)``: factor from scores to logits.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    score_scale: NDArray[np.float64]

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map ``(n_windows, n_features)`` to probabilities ``(n_windows, n_classes)``."""
        return softmax(self.score_scale[0] * self.compute_scores(features))

    def compute_scores(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Regressed labels, 1 for the class and -1 for the others ``(n_windows, n_classes)``."""
        # The rows stay as they are: standardising is moved into the weights.
        slopes = self.weights / self.scale[:, None]
        offsets = self.intercepts - self.mean @ slopes
        parts = [features[part].astype(np.float64) @ slopes + offsets for part in _cut(len(features))]
        return np.concatenate(parts) if parts else np.empty((0, len(offsets)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> RidgeModel:
        """Build the model from arrays.

        Raises
        ------
        DataDamagedError
            Arrays are missing or do not fit together.
        """
        try:
            model = cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except KeyError as error:
            raise DataDamagedError(f"The stored regression lacks its array {error}.") from error
        expected = (len(model.mean), len(model.intercepts))
        if model.weights.shape != expected or model.scale.shape != model.mean.shape:
            raise DataDamagedError("The stored regression does not fit together.")
        return model


class MinirocketLearner(Learner):
    """One ridge penalty per step; validation chooses, or without it the recordings left out of each fold."""

    load_model = staticmethod(RidgeModel.from_arrays)
    reads_windows = True

    def __init__(self, table: LearningTable, options: Mapping[str, OptionValue], seed: int) -> None:
        super().__init__(table, options, seed)
        self._folds = draw_folds(table.targets, table.recordings, N_FOLDS, self.draw_seed(1))
        self._weights = table.weigh_classes()
        self._labels = np.where(table.targets[:, None] == np.arange(table.n_classes), 1.0, -1.0)
        self._sums: _Sums | None = None
        self._losses: list[float] = []
        self._models: list[RidgeModel] = []

    @property
    def n_steps(self) -> int:
        """Number of penalties."""
        return len(STRENGTHS)

    def take_step(self, step: int, check_in: Callable[[], None]) -> None:
        """Regress with one penalty: without each fold, which gives the scale of the scores, then with all."""
        if self._sums is None:
            self._sums = self._add_up(check_in)
        left_out = np.full(self._labels.shape, np.nan)
        for fold in np.unique(self._folds[self._folds >= 0]):
            check_in()
            model = self._sums.regress(STRENGTHS[step], without=int(fold))
            rows = self._folds == fold
            left_out[rows] = model.compute_scores(self.table.train[rows])
        known = ~np.isnan(left_out[:, 0])
        factor, loss = fit_score_scale(left_out[known], self.table.targets[known], self._weights[known])
        check_in()
        model = replace(self._sums.regress(STRENGTHS[step]), score_scale=np.array([factor]))
        self._models.append(model)
        self._losses.append(loss)

    def judge(self, part: Part) -> NDArray[np.float64]:
        """Probabilities of a part with the last penalty."""
        return self._models[-1].predict_probabilities(self.table.get_rows(part))

    def choose_step(self, losses: Sequence[float | None]) -> int:
        """The penalty with the lowest validation loss, else the likeliest on recordings left out.

        Where neither is there, it is the first.
        """
        known = [loss for loss in losses if loss is not None] or self._losses
        return int(np.argmin(known)) + 1 if known else 0

    def build_model(self, n_steps: int) -> RidgeModel:
        """Return the regression of a step."""
        return self._models[n_steps - 1]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the regressions so far, one behind the other."""
        if not self._models:
            return {"losses": np.empty(0)}
        parts = [model.to_arrays() for model in self._models]
        stacked = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
        return {**stacked, "losses": np.array(self._losses)}

    def restore(self, arrays: Arrays) -> None:
        """Take up the regressions; the sums are formed again by the next step."""
        self._losses = arrays["losses"].tolist()
        names = [field.name for field in fields(RidgeModel)]
        self._models = [
            RidgeModel(**{name: arrays[name][step] for name in names}) for step in range(len(self._losses))
        ]

    def _add_up(self, check_in: Callable[[], None]) -> _Sums:
        rows = self.table.train
        mean = np.zeros(rows.shape[1])
        square = np.zeros(rows.shape[1])
        for part in _cut(len(rows)):
            check_in()
            values, weights = rows[part].astype(np.float64), self._weights[part, None]
            mean += (weights * values).sum(axis=0)
            square += (weights * values**2).sum(axis=0)
        mean /= self._weights.sum()
        deviation = np.sqrt(np.maximum(square / self._weights.sum() - mean**2, 0.0))
        sums = _Sums(mean, np.maximum(deviation, _SMALLEST_DEVIATION), self._labels.shape[1])
        for fold in np.unique(self._folds):
            chosen = np.flatnonzero(self._folds == fold)
            for part in _cut(len(chosen)):
                check_in()
                index = chosen[part]
                sums.add(int(fold), rows[index], self._labels[index], self._weights[index])
        return sums


class _Sums:
    """Weighted products of standardised features and labels, by fold: all that a ridge regression needs."""

    def __init__(self, mean: NDArray[np.float64], scale: NDArray[np.float64], n_classes: int) -> None:
        self._mean, self._scale, self._n_classes = mean, scale, n_classes
        self._by_fold: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def add(
        self,
        fold: int,
        rows: NDArray[np.float32],
        labels: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        """Add rows ``(n, n_features)`` with labels ``(n, n_classes)`` and weights ``(n,)``."""
        # The last column is the intercept.
        known = np.column_stack([(rows - self._mean) / self._scale, np.ones(len(rows))])
        weighted = known * weights[:, None]
        if fold not in self._by_fold:
            size = known.shape[1]
            self._by_fold[fold] = (np.zeros((size, size)), np.zeros((size, self._n_classes)))
        products, sides = self._by_fold[fold]
        products += weighted.T @ known
        sides += weighted.T @ labels

    def regress(self, strength: float, without: int | None = None) -> RidgeModel:
        """Solve for the weights; the intercept is not penalised."""
        kept = [sums for fold, sums in self._by_fold.items() if fold != without]
        products = np.sum([products for products, _ in kept], axis=0)
        sides = np.sum([sides for _, sides in kept], axis=0)
        penalty = np.full(len(products), strength * products[-1, -1])
        penalty[-1] = 0.0
        products[np.diag_indices_from(products)] += penalty
        found = solve(products, sides, assume_a="pos", overwrite_a=True)
        return RidgeModel(self._mean, self._scale, found[:-1], found[-1], np.ones(1))


def _cut(n_rows: int) -> list[slice]:
    return [slice(start, start + _BATCH_ROWS) for start in range(0, n_rows, _BATCH_ROWS)]
