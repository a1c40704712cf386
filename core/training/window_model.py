"""What the trained part of a classifier must be able to do."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class WindowModel(Protocol):
    """A trained network or forest that judges windows at the classifier's analysis rate."""

    def predict_probabilities(
        self,
        windows: NDArray[np.float32],
        sample_rate_hz: float,
        conditions: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Map windows ``(n_windows, n_samples)`` with conditions ``(n_windows, 5)`` to probabilities."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything that was learned, by name."""
