"""A classical model with what it reads from a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.classical import Arrays, FeatureModel, Learner
from core.networks.options import OptionValue
from core.networks.registry import get_network_spec
from core.networks.rocket_features import RocketFeatures, fit_rocket_features
from core.training.front_ends import choose_front_end
from core.training.preprocessing import Preprocessing, standardise
from core.training.signals import WindowBank
from utils.exceptions import DataDamagedError

Read = Callable[[NDArray[np.float32], float, NDArray[np.float32]], NDArray[np.float32]]
_ROCKET_ARRAYS = tuple(each.name for each in fields(RocketFeatures))


@dataclass(frozen=True, slots=True)
class Reader:
    """Maps windows ``(n, n_samples)``, their rate in Hz and conditions ``(n, 5)`` to features ``(n, k)``.

    ``arrays`` is what it learned of the training windows, if anything.
    """

    read: Read
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassicalModel:
    """Features of each window into a model; loads neither torch nor scikit-learn."""

    reader: Reader
    model: FeatureModel

    def predict_probabilities(
        self, windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Map windows to probabilities.

        Raises
        ------
        InvalidInputError
            The features need to know more of the machine than is known.
        """
        return self.model.predict_probabilities(self.reader.read(windows, sample_rate_hz, conditions))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the reader's and the model's arrays."""
        return {**self.reader.arrays, **self.model.to_arrays()}


def load_learner(network: str) -> type[Learner]:
    """Return the class that learns a registered classical model."""
    learner: type[Learner] = get_network_spec(network).load_builder()
    return learner


def load_classical_model(
    network: str, options: Mapping[str, OptionValue], arrays: Arrays, preprocessing: Preprocessing
) -> ClassicalModel:
    """Put a stored model together again.

    Raises
    ------
    DataDamagedError
        The arrays are not such a model.
    """
    learner = load_learner(network)
    reader = _build_feature_reader(options)
    if learner.reads_windows:
        try:
            found = RocketFeatures(**{name: arrays[name] for name in _ROCKET_ARRAYS})
        except KeyError as error:
            raise DataDamagedError(f"The stored model lacks its array {error}.") from error
        found.check(preprocessing.window_samples)
        reader = _build_rocket_reader(found)
    return ClassicalModel(reader, learner.load_model(arrays))


def fit_reader(
    network: str, options: Mapping[str, OptionValue], bank: WindowBank, n_samples: int, seed: int
) -> Reader:
    """Build what a model reads; MiniRocket's kernels are fitted to the training windows."""
    if not load_learner(network).reads_windows:
        return _build_feature_reader(options)
    n_features = options["n_features"]
    if not isinstance(n_features, int):
        raise TypeError("option n_features is no whole number")
    return _build_rocket_reader(
        fit_rocket_features(bank.read_standardised, len(bank), n_samples, n_features, seed)
    )


def _build_feature_reader(options: Mapping[str, OptionValue]) -> Reader:
    return Reader(choose_front_end(options))


def _build_rocket_reader(features: RocketFeatures) -> Reader:
    def read(
        windows: NDArray[np.float32],
        sample_rate_hz: float,  # noqa: ARG001 - part of a reader's form; the kernels count in samples
        conditions: NDArray[np.float32],  # noqa: ARG001 - part of a reader's form
    ) -> NDArray[np.float32]:
        return features.compute(standardise(windows))

    return Reader(read, {name: getattr(features, name) for name in _ROCKET_ARRAYS})
