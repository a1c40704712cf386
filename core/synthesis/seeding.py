"""Random streams that depend on what they are for, never on how many records a process has made before.

Each record, and inside it each thing that is drawn, has a stream of its own (NumPy's `SeedSequence` with a
spawn key): switching a noise layer off leaves every other draw as it was.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What is drawn; the numbers are part of every generated dataset and are never given to another."""

    OPERATING = 0
    SEVERITY = 1
    FAULT = 2
    PROBE = 3
    SENSOR = 4
    WHITE = 10
    MAINS = 11
    LOW_FREQUENCY = 12
    PINK = 13
    ALIAS_TONE = 14
    IMPULSES = 15
    BROADBAND = 20
    NOISE_VARIANT = 30


def make_stream(seed: int, class_id: int, index: int, stream: Stream, probe: int = 0) -> np.random.Generator:
    """Return the generator for one purpose in one record.

    Parameters
    ----------
    seed
        Of the whole dataset.
    class_id, index
        Name the record.
    stream
        What is drawn.
    probe
        Number of the probe, where each one has its own noise.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(class_id, index, int(stream), probe))
    return np.random.Generator(np.random.SFC64(sequence))


def draw_between(rng: np.random.Generator, low_high: tuple[float, float] | list[float]) -> float:
    """Draw from the uniform distribution over a range."""
    low, high = low_high
    return low + (high - low) * float(rng.random())
