"""A stretch as acceleration, velocity or displacement."""

from __future__ import annotations

from dataclasses import replace

from core.signal.integration import Quantity, choose_high_pass, convert_signal, require_quantity
from services.signals.notes import join_notes
from services.signals.speeds import choose_nominal
from services.signals.stretches import SpectralStretch
from utils.exceptions import InvalidInputError

QUANTITIES = tuple(quantity.value for quantity in Quantity)


def as_quantity(
    stretch: SpectralStretch, quantity: str | None, high_pass_hz: float | None = None
) -> SpectralStretch:
    """Return a stretch as another quantity: samples and unit; None leaves it as it was measured.

    Raises:
        InvalidInputError: No such quantity, or the signal's unit does not tell what it measures.
    """
    if quantity is None:
        return stretch
    if quantity not in QUANTITIES:
        raise InvalidInputError(f"Choose one of {', '.join(QUANTITIES)}.")
    signal = stretch.signal
    measured, _ = require_quantity(signal.unit)
    if measured == quantity:
        described = {**stretch.description, "quantity": quantity, "high_pass_hz": None}
        return replace(stretch, description=described)
    edge_hz = high_pass_hz or choose_high_pass(choose_nominal(signal, None))
    converted = convert_signal(
        stretch.samples, signal.sample_rate_hz, signal.unit, Quantity(quantity), high_pass_hz=edge_hz
    )
    cut_s = converted.n_left_out / signal.sample_rate_hz
    described = {
        **stretch.description,
        "start_s": stretch.description["start_s"] + cut_s,
        "stop_s": stretch.description["stop_s"] - cut_s,
        "n_samples": converted.samples.size,
        "unit": converted.unit,
        "quantity": quantity,
        "high_pass_hz": converted.high_pass_hz,
        "note": join_notes(stretch.description["note"], _explain(measured, converted.high_pass_hz, cut_s)),
    }
    return replace(stretch, samples=converted.samples, description=described)


def _explain(measured: Quantity, high_pass_hz: float | None, cut_s: float) -> str:
    if high_pass_hz is None:
        return f"Differentiated from {measured.value}."
    how = f"Integrated from {measured.value}, {high_pass_hz:g} Hz high-pass"
    return f"{how}; {cut_s:.2g} s at both ends left out."
