"""Two signals side by side: the same stretch of both, at one sample rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.signal.alignment import bring_to_one_rate
from services.signals.notes import join_notes
from services.signals.stretches import FloatArray, SpectralStretch, read_spectral_stretch
from utils.exceptions import InvalidInputError, NotFoundError


@dataclass(frozen=True, slots=True)
class Pair:
    """Samples of both signals, equally many at one rate, and what a view says of them."""

    first: FloatArray
    second: FloatArray
    rate_hz: float
    first_stretch: SpectralStretch
    second_stretch: SpectralStretch

    @property
    def has_one_unit(self) -> bool:
        """Whether a difference between the two means something."""
        return self.first_stretch.signal.unit == self.second_stretch.signal.unit

    @property
    def is_simultaneous(self) -> bool:
        """Whether both are channels of one recording."""
        return self.first_stretch.signal.recording_id == self.second_stretch.signal.recording_id


def read_pair(signal_id: int, other_signal_id: int, x_range_s: Sequence[float] | None) -> Pair:
    """Read the visible stretch of two signals, at most 2^20 samples of each.

    Raises:
        NotFoundError: One of them is not there; the sentence says which.
        InvalidInputError: The other one has nothing in that stretch.
        SignalError: They have too little in common.
    """
    first = read_spectral_stretch(signal_id, x_range_s)
    try:
        second = read_spectral_stretch(other_signal_id, x_range_s)
    except NotFoundError:
        raise NotFoundError("There is no such signal to compare with.") from None
    except InvalidInputError as error:
        raise InvalidInputError(f"The signal to compare with: {error.sentence}", code=error.code) from None
    x, y, rate_hz = bring_to_one_rate(
        first.samples, first.signal.sample_rate_hz, second.samples, second.signal.sample_rate_hz
    )
    return Pair(x, y, rate_hz, first, second)


def describe_pair(pair: Pair, *notes: str | None) -> dict[str, Any]:
    """Return what a view of two signals says of where it stands."""
    rates_hz = [stretch.signal.sample_rate_hz for stretch in (pair.first_stretch, pair.second_stretch)]
    resampled = None
    if rates_hz[0] != rates_hz[1]:
        resampled = (
            f"The signals were sampled at {rates_hz[0]:g} and {rates_hz[1]:g} Hz: "
            f"both are shown at {pair.rate_hz:g} Hz."
        )
    duration_s = pair.first.size / pair.rate_hz
    description = pair.first_stretch.description
    return {
        **description,
        "stop_s": description["start_s"] + duration_s,
        "n_samples": pair.first.size,
        "other_signal_id": pair.second_stretch.signal.id,
        "other_unit": pair.second_stretch.signal.unit,
        "compared_rate_hz": pair.rate_hz,
        "note": join_notes(description["note"], resampled, *notes),
    }
