"""A forest with the features it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.registry import compute_features
from core.networks.random_forest import Forest
from utils.exceptions import InvalidInputError


@dataclass(frozen=True, slots=True)
class ForestModel:
    """Features of each window into a forest; loads neither torch nor scikit-learn."""

    forest: Forest
    uses_shaft_speed: bool

    def predict_probabilities(
        self, windows: NDArray[np.float32], sample_rate_hz: float, shaft_frequency_hz: float | None
    ) -> NDArray[np.float64]:
        """Map windows to probabilities.

        Raises
        ------
        InvalidInputError
            The forest reads shaft features and the speed is not known.
        """
        if self.uses_shaft_speed and shaft_frequency_hz is None:
            raise InvalidInputError("This classifier needs the shaft speed: give it in rpm.")
        features = compute_features(
            windows,
            sample_rate_hz,
            shaft_frequency_hz=shaft_frequency_hz if self.uses_shaft_speed else None,
            feature_set=choose_feature_set(self.uses_shaft_speed),
        )
        return self.forest.predict_probabilities(features.values)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the forest's arrays."""
        return self.forest.to_arrays()


def choose_feature_set(uses_shaft_speed: bool) -> str:
    """Name the feature set: always gain-invariant, so that another sensor gain changes nothing."""
    return "gain_invariant_with_shaft" if uses_shaft_speed else "gain_invariant"
