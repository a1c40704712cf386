"""Support vector machines kept as plain arrays: fitted by scikit-learn, applied without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.classical import Arrays, Learner, LearningTable, Part
from core.networks.options import OptionValue
from core.networks.score_scaling import draw_folds, fit_score_scale, softmax
from utils.exceptions import DataDamagedError

N_FOLDS = 3
# A feature far outside of what was learned must not push everything else out of the kernel's reach.
_LARGEST_DEVIATION = 8.0
# Of one over the number of features: the kernel then reaches over windows of other loads too.
_WIDTH_SHARE = 0.1
_CHUNK_VALUES = 4_000_000


@dataclass(frozen=True, slots=True)
class SvmModel:
    """One kernel machine per class on standardised features.

    Attributes
    ----------
    mean, scale
        float64 ``(n_features,)``, of the training rows.
    support
        float64 ``(n_support, n_features)``: standardised rows.
    coefficients
        float64 ``(n_support, n_classes)``; 0 where a row supports no machine of that class.
    intercepts
        float64 ``(n_classes,)``.
    width, score_scale
        float64 ``(1,)``: gamma of the kernel ``exp(-gamma * distance²)``, and the factor from scores to
        logits.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    support: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    width: NDArray[np.float64]
    score_scale: NDArray[np.float64]

    def predict_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map ``(n_windows, n_features)`` to probabilities ``(n_windows, n_classes)``."""
        return softmax(self.score_scale[0] * self.compute_scores(features))

    def compute_scores(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Signed distance to each class's boundary, in margins ``(n_windows, n_classes)``."""
        rows = standardise_features(features, self.mean, self.scale)
        scores = np.empty((len(rows), len(self.intercepts)))
        step = max(1, _CHUNK_VALUES // max(1, len(self.support)))
        squares = np.einsum("ij,ij->i", self.support, self.support)
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            distances = np.einsum("ij,ij->i", part, part)[:, None] + squares - 2.0 * part @ self.support.T
            kernel = np.exp(-self.width[0] * np.maximum(distances, 0.0))
            scores[start : start + step] = kernel @ self.coefficients + self.intercepts
        return scores

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> SvmModel:
        """Build the model from arrays.

        Raises
        ------
        DataDamagedError
            Arrays are missing or do not fit together.
        """
        try:
            model = cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except KeyError as error:
            raise DataDamagedError(f"The stored machines lack their array {error}.") from error
        n_support, n_features = model.support.shape
        if (
            model.coefficients.shape != (n_support, len(model.intercepts))
            or model.mean.shape != (n_features,)
            or model.scale.shape != (n_features,)
        ):
            raise DataDamagedError("The stored machines do not fit together.")
        return model


class SvmLearner(Learner):
    """One step per fold of recordings left out, which gives the scale of the scores, then one with all."""

    load_model = staticmethod(SvmModel.from_arrays)

    def __init__(self, table: LearningTable, options: Mapping[str, OptionValue], seed: int) -> None:
        super().__init__(table, options, seed)
        self._rows = self._draw_rows()
        targets = table.targets[self._rows]
        folds = draw_folds(targets, table.recordings[self._rows], N_FOLDS, self.draw_seed(1))
        self._folds, self._n_folds = folds, int(folds.max()) + 1
        self._left_out = np.full((len(self._rows), table.n_classes), np.nan)
        self._model: SvmModel | None = None

    @property
    def n_steps(self) -> int:
        """Number of folds and one."""
        return self._n_folds + 1

    def take_step(self, step: int, check_in: Callable[[], None]) -> None:
        """Fit the machines on what a fold leaves, the last time on everything."""
        is_last = step == self._n_folds
        inside = np.ones(len(self._rows), bool) if is_last else self._folds != step
        model = self._fit(self._rows[inside], check_in)
        if not is_last:
            self._left_out[~inside] = model.compute_scores(self.table.train[self._rows[~inside]])
        self._model = self._scale(model)

    def judge(self, part: Part) -> NDArray[np.float64]:
        """Probabilities of a part."""
        return self.build_model(0).predict_probabilities(self.table.get_rows(part))

    def build_model(self, n_steps: int) -> SvmModel:  # noqa: ARG002 - each step's machines replace the former
        """Return the machines of the last step."""
        if self._model is None:
            raise ValueError("nothing is fitted yet")
        return self._model

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the last machines, and the scores of what was left out."""
        fitted = {} if self._model is None else self._model.to_arrays()
        return {**fitted, "left_out": self._left_out}

    def restore(self, arrays: Arrays) -> None:
        """Take up the last machines and the scores."""
        self._left_out = arrays["left_out"].copy()
        self._model = SvmModel.from_arrays(arrays) if "support" in arrays else None

    def _draw_rows(self) -> NDArray[np.int64]:
        """Choose the rows to learn from; fitting takes the square of their number."""
        n_most, n_rows = self.get_whole("most_windows"), len(self.table.targets)
        if n_rows <= n_most:
            return np.arange(n_rows)
        generator = np.random.default_rng(self.draw_seed(0))
        # At least one of each class, so that none is lost whatever the draw.
        firsts = np.unique(self.table.targets, return_index=True)[1]
        drawn = generator.choice(n_rows, n_most, replace=False)
        return np.union1d(firsts, drawn)

    def _fit(self, rows: NDArray[np.int64], check_in: Callable[[], None]) -> SvmModel:
        from sklearn.svm import SVC

        features = self.table.train[rows].astype(np.float64)
        mean, scale = features.mean(axis=0), features.std(axis=0)
        scale = np.where(scale > 0.0, scale, 1.0)
        known = standardise_features(features, mean, scale)
        width = self.options["kernel_width"]
        gamma = _WIDTH_SHARE / known.shape[1] if width is None else self.get_number("kernel_width")
        coefficients = np.zeros((len(known), self.table.n_classes))
        intercepts = np.zeros(self.table.n_classes)
        for index in range(self.table.n_classes):
            check_in()
            machine = SVC(C=self.get_number("penalty"), gamma=gamma, class_weight="balanced")
            machine.fit(known, self.table.targets[rows] == index)
            coefficients[machine.support_, index] = machine.dual_coef_[0]
            intercepts[index] = machine.intercept_[0]
        used = (coefficients != 0.0).any(axis=1)
        return SvmModel(
            mean, scale, known[used], coefficients[used], intercepts, np.array([gamma]), np.ones(1)
        )

    def _scale(self, model: SvmModel) -> SvmModel:
        known = ~np.isnan(self._left_out[:, 0])
        weights = self.table.weigh_classes()[self._rows]
        targets = self.table.targets[self._rows]
        factor, _ = fit_score_scale(self._left_out[known], targets[known], weights[known])
        arrays = model.to_arrays()
        arrays["score_scale"] = np.array([factor])
        return SvmModel(**arrays)


def standardise_features(
    features: NDArray[np.floating], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bring features to mean 0 and deviation 1 of the training rows; far values are drawn in."""
    return np.clip((features - mean) / scale, -_LARGEST_DEVIATION, _LARGEST_DEVIATION)
