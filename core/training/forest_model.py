"""A forest with the features it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.random_forest import Forest
from core.training.front_ends import FrontEnd


@dataclass(frozen=True, slots=True)
class ForestModel:
    """Features of each window into a forest; loads neither torch nor scikit-learn."""

    forest: Forest
    front_end: FrontEnd

    def predict_probabilities(
        self, windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Map windows to probabilities.

        Raises
        ------
        InvalidInputError
            The features need to know more of the machine than is known.
        """
        return self.forest.predict_probabilities(self.front_end(windows, sample_rate_hz, conditions))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the forest's arrays."""
        return self.forest.to_arrays()
