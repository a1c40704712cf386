"""Features of MiniRocket (Dempster, Schmidt and Webb, KDD 2021): shares of positive convolution outputs.

84 fixed kernels of nine weights (three of 2, six of -1), at several dilations; the feature is the share of
the output above a bias, and the biases are quantiles of what the kernels give on training windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from utils.exceptions import DataDamagedError

KERNEL_LENGTH = 9
# Positions of the three weights of 2 in each kernel.
KERNELS = tuple(combinations(range(KERNEL_LENGTH), 3))
_MOST_DILATIONS = 32
_GOLDEN_RATIO = (np.sqrt(5.0) + 1.0) / 2.0
# About what the processor's cache holds of one convolution output.
_BATCH_VALUES = 50_000


@dataclass(frozen=True, slots=True)
class RocketFeatures:
    """The chosen dilations and biases.

    Attributes
    ----------
    dilations, biases_per_kernel
        int32 ``(n_dilations,)``: samples between a kernel's weights, and how many biases it has at each.
    biases
        float32 ``(n_features,)``, by dilation, kernel and bias.
    """

    dilations: NDArray[np.int32]
    biases_per_kernel: NDArray[np.int32]
    biases: NDArray[np.float32]

    def compute(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map windows ``(n, n_samples)`` to shares ``(n, n_features)``, each from 0 to 1."""
        found = np.empty((len(windows), len(self.biases)), dtype=np.float32)
        step = max(1, _BATCH_VALUES // windows.shape[1])
        for start in range(0, len(windows), step):
            part = np.ascontiguousarray(windows[start : start + step], dtype=np.float32)
            self._fill(part, found[start : start + step])
        return found

    def check(self, n_samples: int) -> None:
        """Check arrays that were read.

        Raises
        ------
        DataDamagedError
            They do not fit together, or not to windows of ``n_samples``.
        """
        n_expected = len(KERNELS) * int(self.biases_per_kernel.sum())
        fits = len(self.dilations) == len(self.biases_per_kernel) and n_expected == len(self.biases)
        reach = (KERNEL_LENGTH - 1) * int(self.dilations.max(initial=1))
        if not fits or (self.dilations < 1).any() or reach >= n_samples:
            raise DataDamagedError("The stored kernels do not fit together.")

    def _fill(self, windows: NDArray[np.float32], found: NDArray[np.float32]) -> None:
        column = 0
        for index, (dilation, n_biases) in enumerate(
            zip(self.dilations.tolist(), self.biases_per_kernel.tolist(), strict=True)
        ):
            for outputs in convolve_all(windows, dilation, index):
                for bias in self.biases[column : column + n_biases]:
                    above = outputs > bias
                    # Row by row: counting along an axis would turn every truth value into a number first.
                    found[:, column] = [np.count_nonzero(row) for row in above]
                    found[:, column] /= outputs.shape[1]
                    column += 1


def convolve_all(
    windows: NDArray[np.float32], dilation: int, dilation_index: int
) -> Iterator[NDArray[np.float32]]:
    """Convolve windows with every kernel in turn.

    Of every second kernel only the outputs are kept that the kernel reaches without zeros beyond the
    window's ends; which half it is alternates with the dilation, as published.

    Yields
    ------
    ndarray
        Outputs ``(n_windows, n_outputs)``, good until the next one is asked for.
    """
    n_windows, n_samples = windows.shape
    padding = KERNEL_LENGTH // 2 * dilation
    padded = np.zeros((n_windows, n_samples + 2 * padding), dtype=np.float32)
    padded[:, padding : padding + n_samples] = windows
    shifted = [padded[:, tap * dilation : tap * dilation + n_samples] for tap in range(KERNEL_LENGTH)]
    minus_all = -np.sum(shifted, axis=0)
    tripled = [3.0 * part for part in shifted]
    first_two: dict[tuple[int, int], NDArray[np.float32]] = {}
    outputs = np.empty_like(minus_all)
    inner = slice(padding, n_samples - padding)
    for index, (first, second, third) in enumerate(KERNELS):
        if (first, second) not in first_two:
            first_two = {(first, second): minus_all + tripled[first] + tripled[second]}
        np.add(first_two[first, second], tripled[third], out=outputs)
        yield outputs[:, inner] if (dilation_index + index) % 2 else outputs


def fit_rocket_features(
    read_windows: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    n_windows: int,
    n_samples: int,
    n_features: int,
    seed: int,
) -> RocketFeatures:
    """Choose dilations for the window length and biases from training windows.

    Parameters
    ----------
    read_windows
        Reads training windows by number, ``(n, n_samples)``.
    n_windows
        How many there are.
    n_samples
        Window length, at least 9.
    n_features
        Wanted number; rounded down to a multiple of 84, at least 84.
    seed
        Chooses the windows.
    """
    dilations, biases_per_kernel = choose_dilations(n_samples, max(1, n_features // len(KERNELS)))
    generator = np.random.default_rng(seed)
    n_all = len(KERNELS) * int(biases_per_kernel.sum())
    quantiles = np.arange(1, n_all + 1) * _GOLDEN_RATIO % 1.0
    biases, done = [], 0
    for index, (dilation, n_biases) in enumerate(zip(dilations, biases_per_kernel, strict=True)):
        chosen = generator.integers(0, n_windows, size=len(KERNELS))
        windows = read_windows(chosen)
        for row, outputs in enumerate(convolve_all(windows, int(dilation), index)):
            wanted = quantiles[done : done + n_biases]
            biases.append(np.quantile(outputs[row], wanted))
            done += n_biases
    return RocketFeatures(dilations, biases_per_kernel, np.concatenate(biases).astype(np.float32))


def choose_dilations(n_samples: int, biases_per_kernel: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Spread the biases of a kernel over dilations, evenly in their logarithms up to the window's length.

    Returns
    -------
    tuple
        Dilations, rising, and the number of biases at each; the numbers add up to ``biases_per_kernel``.
    """
    n_dilations = min(biases_per_kernel, _MOST_DILATIONS)
    largest = np.log2((n_samples - 1) / (KERNEL_LENGTH - 1))
    spread = np.logspace(0.0, max(0.0, largest), n_dilations, base=2).astype(np.int32)
    dilations, shares = np.unique(spread, return_counts=True)
    counts = (shares * (biases_per_kernel / n_dilations)).astype(np.int32)
    for position in range(biases_per_kernel - int(counts.sum())):
        counts[position % len(counts)] += 1
    return dilations, counts
