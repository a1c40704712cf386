"""Long signals, stretch by stretch: nothing is held that is not looked at."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRETCH_SAMPLES = 1 << 18
_RELEASE_AFTER = 1 << 22


def iterate_stretches(
    samples: NDArray[Any], n_samples: int = STRETCH_SAMPLES, *, overlap: int = 0
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (start, stretch) over a signal.

    The pages of a memory-mapped signal are given back on the way, so that going through it takes no more
    memory than a few of its stretches.

    Parameters
    ----------
    samples
        Shape ``(n,)``.
    n_samples
        Length of a stretch.
    overlap
        Samples of the next stretch that each one holds too.
    """
    mapped = _find_map(samples)
    since = 0
    for start in range(0, len(samples), n_samples):
        yield start, samples[start : start + n_samples + overlap]
        since += n_samples
        if mapped is not None and since >= _RELEASE_AFTER:
            mapped.madvise(mmap.MADV_DONTNEED)
            since = 0
    if mapped is not None:
        mapped.madvise(mmap.MADV_DONTNEED)


def _find_map(samples: Any) -> mmap.mmap | None:
    """Return the read-only file mapping that an array shows, where it is one."""
    node = samples
    while isinstance(node, np.ndarray):
        node = node.base
    is_file = isinstance(node, mmap.mmap) and not samples.flags.writeable
    return node if is_file else None
