"""Fingerprints of short stretches, by which two signals that share samples are found, wherever these lie."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from core.datasets.readers.base import Float32Array

Fingerprints: TypeAlias = npt.NDArray[np.uint64]

STRETCH_SAMPLES = 32
_KEEP_ONE_IN = 64
# A stretch that hardly moves (a constant, a dead sensor) says nothing about where it comes from.
_LEAST_CHANGES = STRETCH_SAMPLES // 2
# Small enough for what is worked out of it to stay in the cache of the processor.
_BLOCK = 1 << 15
_BASE = np.uint64(0x9E3779B97F4A7C15)


def fingerprint_signal(values: Float32Array) -> Fingerprints:
    """Hash every stretch of 32 samples and keep about one hash in 64, chosen by its value.

    The choice depends on the samples alone: two signals that share a stretch of some hundred samples keep
    the same hashes of it, at whatever position it stands (k-grams kept by ``0 mod p``; Manber 1994).

    Parameters
    ----------
    values
        Samples, float32, shape ``(n_samples,)``; read in blocks.

    Returns
    -------
    numpy.ndarray
        Sorted, without repeats, uint64.
    """
    n_stretches = len(values) - STRETCH_SAMPLES + 1
    starts = range(0, max(n_stretches, 0), _BLOCK)
    kept = [_fingerprint_block(values[at : at + _BLOCK + STRETCH_SAMPLES - 1]) for at in starts]
    return np.unique(np.concatenate(kept)) if kept else np.empty(0, np.uint64)


def _fingerprint_block(values: Float32Array) -> Fingerprints:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    hashes = _mix(bits.astype(np.uint64) + np.uint64(1))
    factor, width = _BASE, 1
    while width < STRETCH_SAMPLES:
        later = hashes[width:]
        hashes = hashes[:-width] * factor
        hashes += later
        factor, width = _square(factor), 2 * width
    hashes = _mix(hashes)
    chosen = np.flatnonzero(hashes & np.uint64(_KEEP_ONE_IN - 1) == 0)
    changes = np.concatenate(([0], np.cumsum(bits[1:] != bits[:-1])))
    moving = changes[chosen + STRETCH_SAMPLES - 1] - changes[chosen] >= _LEAST_CHANGES
    found: Fingerprints = hashes[chosen[moving]]
    return found


def _square(value: np.uint64) -> np.uint64:
    return np.uint64(int(value) ** 2 & 0xFFFFFFFFFFFFFFFF)


def _mix(values: Fingerprints) -> Fingerprints:
    """Scatter the bits of each value (the finaliser of MurmurHash3)."""
    for constant in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = values ^ (values >> np.uint64(33))
        values *= np.uint64(constant)
    return values ^ (values >> np.uint64(33))


def count_shared(left: Fingerprints, right: Fingerprints) -> int:
    """Return how many fingerprints two signals share."""
    return int(np.intersect1d(left, right, assume_unique=True).size)
