"""The few array operations that arithmetic shared by numpy and torch is written over."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.fft


class ArrayOps(Protocol):
    """What the arithmetic needs of an array library; the last axis is the one that is worked on."""

    def rfft(self, values: Any) -> Any:
        """Transform real values."""

    def ifft(self, values: Any, n_samples: int) -> Any:
        """Transform complex values back, zeros behind them up to ``n_samples``."""

    def median(self, values: Any) -> Any:
        """Median, the lower one of two, the axis dropped."""

    def single(self, values: Any) -> Any:
        """Round to single precision."""

    def cumsum(self, values: Any) -> Any:
        """Add up, in double precision."""

    def take(self, values: Any, indices: Any) -> Any:
        """Take per row; both arrays have the same number of axes and broadcast."""

    def constant(self, values: Any) -> Any:
        """Turn a numpy array into one of the library."""

    def clip(self, values: Any, lowest: float, highest: float) -> Any:
        """Hold within limits."""

    def log(self, values: Any) -> Any:
        """Natural logarithm."""

    def floor(self, values: Any) -> Any:
        """Round down, as integers."""

    def where(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choose per element."""

    def join(self, parts: list[Any], axis: int) -> Any:
        """Put arrays one behind the other."""

    def stack(self, parts: list[Any], axis: int) -> Any:
        """Put arrays side by side."""

    def argmax(self, values: Any) -> Any:
        """Index of the largest, the axis kept."""

    def max(self, values: Any) -> Any:
        """Largest, the axis dropped."""


class NumpyOps:
    """`ArrayOps` of numpy."""

    def rfft(self, values: Any) -> Any:
        """Transform real values."""
        return scipy.fft.rfft(values, axis=-1)

    def ifft(self, values: Any, n_samples: int) -> Any:
        """Transform complex values back, zeros behind them up to ``n_samples``."""
        return scipy.fft.ifft(values, n_samples, axis=-1)

    def median(self, values: Any) -> Any:
        """Median, the lower one of two, the axis dropped."""
        middle = (values.shape[-1] - 1) // 2
        return np.partition(values, middle, axis=-1)[..., middle]

    def single(self, values: Any) -> Any:
        """Round to single precision."""
        return values.astype(np.float32)

    def cumsum(self, values: Any) -> Any:
        """Add up, in double precision."""
        return np.cumsum(values, axis=-1, dtype=np.float64)

    def take(self, values: Any, indices: Any) -> Any:
        """Take per row."""
        shape = np.broadcast_shapes(values.shape[:-1], indices.shape[:-1])
        return np.take_along_axis(
            np.broadcast_to(values, (*shape, values.shape[-1])),
            np.broadcast_to(indices, (*shape, indices.shape[-1])),
            axis=-1,
        )

    def constant(self, values: Any) -> Any:
        """Keep a numpy array."""
        return values

    def clip(self, values: Any, lowest: float, highest: float) -> Any:
        """Hold within limits."""
        return np.clip(values, lowest, highest)

    def log(self, values: Any) -> Any:
        """Natural logarithm."""
        return np.log(values)

    def floor(self, values: Any) -> Any:
        """Round down, as integers."""
        return np.floor(values).astype(np.int64)

    def where(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choose per element."""
        return np.where(condition, then, otherwise)

    def join(self, parts: list[Any], axis: int) -> Any:
        """Put arrays one behind the other."""
        return np.concatenate(parts, axis=axis)

    def stack(self, parts: list[Any], axis: int) -> Any:
        """Put arrays side by side."""
        return np.stack(parts, axis=axis)

    def argmax(self, values: Any) -> Any:
        """Index of the largest, the axis kept."""
        return np.argmax(values, axis=-1, keepdims=True)

    def max(self, values: Any) -> Any:
        """Largest, the axis dropped."""
        return values.max(axis=-1)
