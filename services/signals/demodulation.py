"""What is done to a stretch before, and to its envelope after, demodulation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.signal.envelope import Demodulation
from core.signal.prewhitening import prewhiten_cepstrally
from services.signals.notes import join_notes
from services.signals.stretches import SpectralStretch
from utils.exceptions import InvalidInputError

_WHITENED = "Cepstrally pre-whitened: every frequency counts alike, and amplitudes have no unit."


def choose_demodulation(*, squared: bool, logarithmic: bool) -> Demodulation:
    """Return how the envelope is shaped.

    Raises:
        InvalidInputError: Both at once.
    """
    if squared and logarithmic:
        raise InvalidInputError("The envelope is either squared or taken as a logarithm, not both.")
    if squared:
        return "squared"
    return "log" if logarithmic else "magnitude"


def prepare_stretch(
    stretch: SpectralStretch, demodulation: Demodulation, *, prewhiten: bool
) -> SpectralStretch:
    """Return a stretch, pre-whitened where asked, that says the unit of its envelope."""
    described: dict[str, Any] = {
        **stretch.description,
        "demodulation": demodulation,
        "is_prewhitened": prewhiten,
    }
    samples = stretch.samples
    if prewhiten:
        samples = prewhiten_cepstrally(samples)
        described |= {"unit": None, "note": join_notes(described["note"], _WHITENED)}
    unit = described["unit"]
    if demodulation == "squared" and unit is not None:
        described["unit"] = f"({unit})²"
    elif demodulation == "log":
        described["unit"] = "Np"
    return replace(stretch, samples=samples, description=described)
