"""An attribution where engineers think: over frequency, envelope lines and fault bands, with its controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.evidence.gathering import MachineKind
from core.explain.attribution import Attribution
from core.explain.band_attribution import (
    AxisAttribution,
    BandShare,
    PhysicsAgreement,
    find_attributed_band,
    measure_agreement,
    sum_over_bands,
)
from core.explain.catalogue import get_method_spec
from core.explain.explainable import Explainable
from core.explain.explainer import explain
from core.explain.fault_bands import (
    BandAxis,
    FaultBand,
    choose_class_bands,
    list_journal_bands,
    list_rolling_bands,
)
from core.explain.over_axes import attribute_envelope, attribute_frequencies
from core.signal.band_pass import Band
from core.signal.bearings import FaultOrders
from core.signal.envelope import suggest_band

_CHOSEN: Final = (
    "The resonance was chosen where the classifier looks, so that its share of the spectrum proves nothing; "
    "the lines of its envelope do."
)
Progress = Callable[[int, int], None]

N_RANDOM_NETWORKS: Final = 3
_RESONANCES_FROM_ORDER: Final = 10.0
_HARMONICS_INSIDE: Final = 4.0
_EXACT: Final = (
    "Slope × difference, spread over the Fourier coefficients of the difference by Parseval's theorem "
    "(a virtual inspection layer, Vielhaben et al. 2024): the bins add up to the attribution over time."
)
_GATED: Final = (
    "The gradient of the Grad-CAM map's total, times the window, spread over Fourier coefficients by "
    "Parseval's theorem: which frequencies filled the map."
)
_AGAIN: Final = (
    "The same method with bands of the spectrum as its parts instead of stretches of time; inside a band the "
    "value is spread evenly."
)


@dataclass(frozen=True, slots=True)
class BandReport:
    """An attribution over the axes of an engineer.

    Attributes
    ----------
    frequency
        Over the frequencies of the signal.
    envelope, demodulation_band_hz
        Over the lines of a band's envelope; None where no rolling bearing is known.
    bands
        Every fault band with its random-band control, those of the frequency axis first; empty where the
        shaft's speed is not known.
    agreement
        Of the class that was explained; None where it has no bands.
    shaft_frequency_hz
        For an order axis; None where it is not known.
    formula
        How the attribution came to these axes.
    notes
        What could not be worked out and why.
    """

    frequency: AxisAttribution
    envelope: AxisAttribution | None
    demodulation_band_hz: Band | None
    bands: tuple[BandShare, ...]
    agreement: PhysicsAgreement | None
    shaft_frequency_hz: float | None
    formula: str
    notes: tuple[str, ...]


def list_bands(
    explainable: Explainable, machine_kind: MachineKind, demodulation_band_hz: Band | None = None
) -> tuple[FaultBand, ...]:
    """List the fault bands of what is explained; none where the shaft's speed is not known.

    Parameters
    ----------
    explainable
        Knows the speed, and the fault orders of a rolling bearing, by its conditions.
    machine_kind
        Which lines to look for.
    demodulation_band_hz
        For a rolling bearing; None: `choose_demodulation_band`.
    """
    shaft_hz = explainable.shaft_frequency_hz
    if shaft_hz is None:
        return ()
    resolution_hz = explainable.sample_rate_hz / explainable.n_samples
    if machine_kind == "journal":
        return list_journal_bands(
            shaft_hz, resolution_hz=resolution_hz, max_hz=0.5 * explainable.sample_rate_hz
        )
    orders = find_fault_orders(explainable)
    if orders is None:
        return ()
    return list_rolling_bands(
        shaft_hz,
        orders,
        resolution_hz=resolution_hz,
        demodulation_band_hz=demodulation_band_hz or choose_demodulation_band(explainable),
    )


def find_fault_orders(explainable: Explainable) -> FaultOrders | None:
    """Return the fault orders among the conditions, None where they are not known."""
    if explainable.conditions is None or np.isnan(explainable.conditions[1:]).any():
        return None
    return FaultOrders(*(float(order) for order in explainable.conditions[1:]))


def choose_demodulation_band(explainable: Explainable, frequency: AxisAttribution | None = None) -> Band:
    """Return the band whose envelope is read where none is named.

    Where the classifier looks above 10X, wide enough for four harmonics of the inner race; a plain default
    where it does not look there, or nothing is known.
    """
    shaft_hz, orders = explainable.shaft_frequency_hz, find_fault_orders(explainable)
    default = suggest_band(explainable.sample_rate_hz)
    if frequency is None or shaft_hz is None or orders is None:
        return default
    widest_hz = 0.4 * explainable.sample_rate_hz - _RESONANCES_FROM_ORDER * shaft_hz
    if widest_hz <= 0.0:
        return default
    width_hz = min(_HARMONICS_INSIDE * 2.0 * orders.bpfi * shaft_hz, widest_hz)
    return find_attributed_band(frequency, _RESONANCES_FROM_ORDER * shaft_hz, width_hz) or default


def compute_band_attribution(
    explainable: Explainable,
    attribution: Attribution,
    machine_kind: MachineKind,
    *,
    demodulation_band_hz: Band | None = None,
    n_random_networks: int = N_RANDOM_NETWORKS,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> BandReport:
    """Bring an attribution over the waveform to frequency, envelope lines and fault bands.

    Parameters
    ----------
    explainable, attribution
        As explained: same windows, method, class and options.
    machine_kind
        Which faults' bands are summed.
    demodulation_band_hz
        The resonance whose envelope is read (rolling bearings); None: `choose_demodulation_band`.
    n_random_networks
        So many times the network is given random weights for the control of the agreement; models without
        weights, and classes without bands, are given none.
    seed
        Of random bands and weights.
    on_progress
        Called with parts done and parts to do; may raise to end.

    Raises
    ------
    InvalidInputError
        The attribution lies over features.
    """
    bands = list_bands(explainable, machine_kind, demodulation_band_hz)
    has_envelope = machine_kind == "rolling" and bool(bands)
    fault_class = explainable.class_names[attribution.target_class]
    chosen = choose_class_bands(bands, fault_class)
    n_random = n_random_networks if chosen and explainable.network is not None else 0
    steps = _Steps(on_progress, 1 + int(has_envelope) + n_random)
    frequency = attribute_frequencies(explainable, attribution, bands, on_progress=steps.check)
    steps.finish_one()
    band_hz = demodulation_band_hz or choose_demodulation_band(explainable, frequency)
    bands = list_bands(explainable, machine_kind, band_hz)
    envelope = None
    if has_envelope:
        envelope = attribute_envelope(explainable, attribution, band_hz, bands, on_progress=steps.check)
        steps.finish_one()
    shares = sum_over_bands(frequency, bands, seed=seed)
    if envelope is not None:
        shares += sum_over_bands(envelope, bands, seed=seed)
    agreement = None
    if chosen:
        axis = chosen[0].axis
        own = envelope if axis is BandAxis.ENVELOPE and envelope is not None else frequency
        others = _explain_random(explainable, attribution, bands, axis, band_hz, n_random, seed, steps)
        agreement = measure_agreement(own, bands, fault_class, random_weights=others, seed=seed)
    return BandReport(
        frequency,
        envelope,
        band_hz if has_envelope else None,
        shares,
        agreement,
        explainable.shaft_frequency_hz,
        _name_formula(attribution),
        (
            *_list_notes(explainable, machine_kind, fault_class, bool(bands), bool(chosen), n_random),
            *((_CHOSEN,) if has_envelope and demodulation_band_hz is None else ()),
        ),
    )


class _Steps:
    """Counts parts of the work; what a part says of its own progress only asks whether to go on."""

    def __init__(self, on_progress: Progress | None, n_steps: int) -> None:
        self._on_progress = on_progress
        self._n_steps = n_steps
        self._n_done = 0

    def check(self, _n_done: int = 0, _n_all: int = 0) -> None:
        if self._on_progress is not None:
            self._on_progress(self._n_done, self._n_steps)

    def finish_one(self) -> None:
        self._n_done += 1
        self.check()


def _explain_random(
    explainable: Explainable,
    attribution: Attribution,
    bands: tuple[FaultBand, ...],
    axis: BandAxis,
    band_hz: Band,
    n_random: int,
    seed: int,
    steps: _Steps,
) -> list[AxisAttribution]:
    """Explain the same windows by the same network with random weights, over one axis."""
    found = []
    for number in range(n_random):
        other, values = explain_randomised(explainable, attribution, seed + number, steps.check)
        if axis is BandAxis.ENVELOPE:
            found.append(attribute_envelope(other, values, band_hz, bands, on_progress=steps.check))
        else:
            found.append(attribute_frequencies(other, values, bands, on_progress=steps.check))
        steps.finish_one()
    return found


def explain_randomised(
    explainable: Explainable, attribution: Attribution, seed: int, on_progress: Progress | None = None
) -> tuple[Explainable, Attribution]:
    """Explain the same windows and class by the same method, after drawing the network's weights anew."""
    if explainable.network is None:
        raise ValueError("there is no network whose weights could be drawn")
    from core.explain.randomised import randomise_weights

    other = explainable.with_network(randomise_weights(explainable.network, seed))
    return other, explain_again(other, attribution, on_progress)


def explain_again(
    explainable: Explainable, attribution: Attribution, on_progress: Progress | None = None
) -> Attribution:
    """Explain by the method, class and options of an attribution."""
    names = [option.name for option in get_method_spec(attribution.method).options]
    return explain(
        explainable,
        attribution.method,
        target_class=attribution.target_class,
        options={name: attribution.settings[name] for name in names if name in attribution.settings},
        on_progress=on_progress,
    )


def _name_formula(attribution: Attribution) -> str:
    if attribution.slopes is None:
        return _AGAIN
    return _EXACT if attribution.baseline else _GATED


def _list_notes(
    explainable: Explainable,
    machine_kind: MachineKind,
    fault_class: str,
    has_bands: bool,
    has_class: bool,
    n_random: int,
) -> tuple[str, ...]:
    notes = []
    if explainable.shaft_frequency_hz is None:
        notes.append("The shaft's speed is not known: there are no orders and no fault bands.")
    elif machine_kind == "rolling" and find_fault_orders(explainable) is None:
        notes.append("The bearing's geometry is not known: there are no fault bands.")
    elif has_bands and not has_class:
        notes.append(f"'{fault_class}' has no bands of its own, so that its agreement can't be measured.")
    elif has_class and not n_random:
        notes.append("No control with random weights: this model has none, or it was not asked for.")
    return tuple(notes)
