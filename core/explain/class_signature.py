"""What a classifier looks at, class by class: mean band attributions with their interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from utils.exceptions import InvalidInputError

# A mean of fewer recordings gets no interval.
FEWEST_RECORDINGS: Final = 3
_COVERED: Final = 0.95


@dataclass(frozen=True, slots=True)
class RecordingSignature:
    """The attribution of one recording.

    Attributes
    ----------
    fault_class
        The class that was explained.
    band_shares
        Share of each band, by name.
    control_shares
        Mean share of random bands of the same width, by name.
    density
        Share of each cell of an axis that all recordings have in common, ``(n_cells,)``; for machines of
        different speeds an order axis, see `core.explain.band_attribution.lay_on_edges`.
    """

    fault_class: str
    band_shares: Mapping[str, float]
    control_shares: Mapping[str, float]
    density: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class SignatureBand:
    """A band's share over the recordings of a class.

    Attributes
    ----------
    name
        Of the band.
    mean, low, high
        Mean over the recordings, and its 95 % interval (Student's t); None with fewer than three.
    control
        Mean share of random bands of the same width.
    n
        Recordings that have this band.
    """

    name: str
    mean: float
    low: float | None
    high: float | None
    control: float
    n: int

    @property
    def is_above_control(self) -> bool | None:
        """Whether the whole interval lies above the random bands; None without an interval."""
        return None if self.low is None else self.low > self.control


@dataclass(frozen=True, slots=True)
class ClassSignature:
    """What a classifier looks at in the recordings of a class.

    Attributes
    ----------
    fault_class, n_recordings
        Of whom.
    bands
        The largest share first.
    density
        Mean share of each cell, ``(n_cells,)``.
    note
        ``"too few recordings for an interval"``, or empty.
    """

    fault_class: str
    n_recordings: int
    bands: tuple[SignatureBand, ...]
    density: NDArray[np.float64]
    note: str


def build_atlas(signatures: Sequence[RecordingSignature]) -> tuple[ClassSignature, ...]:
    """Bring the recordings of each class together, in the order in which the classes first appear.

    Windows of one recording are not independent, so that recordings are what is counted.

    Raises
    ------
    InvalidInputError
        The recordings have no axis in common.
    """
    if len({np.shape(signature.density) for signature in signatures}) > 1:
        raise InvalidInputError("The recordings' attributions lie on different axes.")
    classes = dict.fromkeys(signature.fault_class for signature in signatures)
    return tuple(
        _build_class(name, [one for one in signatures if one.fault_class == name]) for name in classes
    )


def _build_class(fault_class: str, signatures: Sequence[RecordingSignature]) -> ClassSignature:
    names = dict.fromkeys(name for signature in signatures for name in signature.band_shares)
    bands = sorted((_build_band(name, signatures) for name in names), key=lambda band: -band.mean)
    density = np.mean([np.asarray(signature.density, np.float64) for signature in signatures], axis=0)
    note = "" if len(signatures) >= FEWEST_RECORDINGS else "too few recordings for an interval"
    return ClassSignature(fault_class, len(signatures), tuple(bands), density, note)


def _build_band(name: str, signatures: Sequence[RecordingSignature]) -> SignatureBand:
    having = [signature for signature in signatures if name in signature.band_shares]
    shares = np.asarray([signature.band_shares[name] for signature in having])
    control = float(np.mean([signature.control_shares[name] for signature in having]))
    mean, n = float(shares.mean()), len(having)
    if n < FEWEST_RECORDINGS:
        return SignatureBand(name, mean, None, None, control, n)
    half = float(stats.t.ppf(0.5 + 0.5 * _COVERED, n - 1) * shares.std(ddof=1) / math.sqrt(n))
    return SignatureBand(name, mean, max(0.0, mean - half), min(1.0, mean + half), control, n)
