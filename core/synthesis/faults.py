"""The eleven classes: what each adds to the signal.

A fault is a continuous part, which the severity curve and the transient shape afterwards, and events whose
number and height follow from the mean severity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.synthesis.configuration import Coupling, PhysicalOptions
from core.synthesis.constants import load_constants
from core.synthesis.operating import OperatingPoint
from core.synthesis.oscillators import Float32Array, Rotor
from core.synthesis.seeding import draw_between

_COUNTED_OVER_S = 5.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault acts.

    Attributes
    ----------
    rotor, operating
        Shaft and operating point.
    mean_severity
        Over the record.
    rng
        Of frequencies, phases and places: the same for both probes.
    broadband
        Of noise that each probe sees in its own way.
    options
        Of the physical profile; None in the benchmark profile.
    probe_phase_rad, probe_gain
        By what a probe's sines lag behind and how high they are.
    """

    rotor: Rotor
    operating: OperatingPoint
    mean_severity: float
    rng: np.random.Generator
    broadband: np.random.Generator
    options: PhysicalOptions | None = None
    probe_phase_rad: float = 0.0
    probe_gain: float = 1.0

    def order(self, order: float, amplitude: float) -> Float32Array:
        """Return a sine at a multiple of the shaft frequency."""
        return np.float32(amplitude * self.probe_gain) * self.rotor.make_order(order, self._phase())

    def tone(self, frequency_hz: float, amplitude: float) -> Float32Array:
        """Return a sine at a frequency of its own."""
        return np.float32(amplitude * self.probe_gain) * self.rotor.make_tone(frequency_hz, self._phase())

    def noise(self, amplitude: float) -> Float32Array:
        """Return white noise."""
        white = self.broadband.standard_normal(self.rotor.n_samples, dtype=np.float32)
        white *= np.float32(amplitude)
        return white

    def count(self, base_and_slope: list[float]) -> int:
        """Return how many events the record has: ``int(a + b s)`` per 5 s."""
        base, slope = base_and_slope
        duration_s = self.rotor.n_samples / self.rotor.sample_rate_hz
        return round(int(base + slope * self.mean_severity) * duration_s / _COUNTED_OVER_S)

    @property
    def mixture_scale(self) -> float:
        """The benchmark's mixed classes take the mean severity once more."""
        return self.mean_severity if self.options is None else 1.0

    def _phase(self) -> float:
        drawn = 0.0 if self.options is None else draw_between(self.rng, (0.0, 2.0 * math.pi))
        return drawn - self.probe_phase_rad


Parts = tuple[Float32Array, Float32Array | None]
Fault = Callable[[Scene, dict[str, Any]], Parts]


def make_fault(fault_class: str, scene: Scene) -> Parts | None:
    """Return the continuous part and the events of a class; None for a healthy bearing."""
    if fault_class == "healthy":
        return None
    return _FAULTS[fault_class](scene, load_constants("journal")["fault"][fault_class])


def lubrication_factor(scene: Scene) -> float:
    """Return what the lubrication line is multiplied with: ``0.3 / S``, or ``S``-growing on request."""
    k = load_constants("journal")["sommerfeld"]
    relative = scene.operating.sommerfeld / k["reference"]
    falls = scene.options is None or scene.options.lubrication == "shrinks"
    return float(k["lubrication_scale"] / k["reference"] * (1.0 / relative if falls else relative))


def wear_factor(scene: Scene) -> float:
    """Return the physics factor ``sqrt(S / 0.15)``, or its inverse where wear shrinks with S."""
    return _root(scene, "grows" if scene.options is None else scene.options.wear)


def whirl_amplitude(scene: Scene, line: float) -> float:
    """Return ``line / sqrt(S)``; where whirl grows with S, the same at the reference number."""
    reference = load_constants("journal")["sommerfeld"]["reference"]
    return (
        line
        / math.sqrt(reference)
        * _root(scene, "shrinks" if scene.options is None else scene.options.oil_whirl)
    )


def _root(scene: Scene, coupling: Coupling) -> float:
    relative = scene.operating.sommerfeld / load_constants("journal")["sommerfeld"]["reference"]
    return math.sqrt(relative if coupling == "grows" else 1.0 / relative)


def _misalignment(scene: Scene, k: dict[str, Any]) -> Parts:
    return scene.order(2, k["second"]) + scene.order(3, k["third"]), None


def _imbalance_force(scene: Scene, amplitude: float) -> Float32Array:
    """A centrifugal force: it grows with the square of the speed, at every moment of a run-up too."""
    operating = scene.operating
    first = scene.order(1, amplitude * operating.load_factor * operating.relative_speed**2)
    first *= np.float32(1.0) * scene.rotor.relative_speed**2
    return first


def _imbalance(scene: Scene, k: dict[str, Any]) -> Parts:
    return _imbalance_force(scene, k["first"]), None


def _sub_synchronous(scene: Scene, k: dict[str, Any]) -> Float32Array:
    order = draw_between(scene.rng, k["sub_synchronous_orders"])
    return scene.order(order, k["sub_synchronous"] * scene.operating.temperature_factor)


def _clearance(scene: Scene, k: dict[str, Any]) -> Parts:
    line = _sub_synchronous(scene, k)
    return line + scene.order(1, k["first"]) + scene.order(2, k["second"]), None


def _lubrication_line(scene: Scene, k: dict[str, Any]) -> Float32Array:
    frequency_hz = draw_between(scene.rng, k["line_hz"])
    amplitude = k["line"] * scene.operating.temperature_factor * lubrication_factor(scene)
    return scene.tone(frequency_hz, amplitude)


def _lubrication(scene: Scene, k: dict[str, Any]) -> Parts:
    return _lubrication_line(scene, k), _make_impacts(scene, k)


def _make_impacts(scene: Scene, k: dict[str, Any]) -> Float32Array:
    """Metal touching metal: a few samples of decaying noise at random places."""
    events = np.zeros(scene.rotor.n_samples, np.float32)
    decay = np.exp(-k["impact_decay"] * np.arange(k["impact_samples"]))
    for _ in range(scene.count(k["impacts"])):
        at = int(scene.rng.integers(len(events) - len(decay)))
        noise = scene.rng.standard_normal(len(decay))
        events[at : at + len(decay)] += k["impact_amplitude"] * scene.mean_severity * decay * noise
    return events


def _make_bursts(scene: Scene, k: dict[str, Any]) -> Float32Array:
    """Collapsing bubbles: short high-frequency bursts at random places."""
    events = np.zeros(scene.rotor.n_samples, np.float32)
    rate_hz = scene.rotor.sample_rate_hz
    times_s = np.arange(round(k["burst_s"] * rate_hz)) / rate_hz
    shape = k["burst_amplitude"] * scene.mean_severity * np.exp(-k["burst_decay_per_s"] * times_s)
    shape *= np.hanning(len(times_s))
    for _ in range(scene.count(k["bursts"])):
        at = int(scene.rng.integers(len(events) - len(shape)))
        frequency_hz = draw_between(scene.rng, k["burst_hz"])
        events[at : at + len(shape)] += shape * np.sin(2.0 * math.pi * frequency_hz * times_s)
    return events


def _cavitation(scene: Scene, k: dict[str, Any]) -> Parts:
    return np.zeros(scene.rotor.n_samples, np.float32), _make_bursts(scene, k)


def _rubbing(scene: Scene, k: dict[str, Any]) -> Float32Array:
    floor = k["floor"] * scene.operating.operating_factor * wear_factor(scene)
    rubbing = scene.noise(floor)
    rubbing += scene.order(1, k["shaft"])
    rubbing += scene.order(2, k["shaft"] * k["second_share"])
    return rubbing


def _wear(scene: Scene, k: dict[str, Any]) -> Parts:
    rubbing = _rubbing(scene, k)
    frequency_hz = draw_between(scene.rng, k["modulation_hz"])
    rubbing *= 1.0 + scene.rotor.make_tone(frequency_hz) * np.float32(k["modulation"])
    return rubbing, None


def _oil_whirl(scene: Scene, k: dict[str, Any]) -> Parts:
    order = draw_between(scene.rng, k["line_orders"])
    whirl = scene.order(order, whirl_amplitude(scene, k["line"]))
    whirl *= 1.0 + scene.rotor.make_order(0.5 * order) * np.float32(k["modulation"])
    return whirl, None


def _misalignment_imbalance(scene: Scene, k: dict[str, Any]) -> Parts:
    mixed = scene.order(2, k["second"]) + scene.order(3, k["third"])
    mixed += _imbalance_force(scene, k["first"])
    return mixed * np.float32(scene.mixture_scale), None


def _wear_lubrication(scene: Scene, k: dict[str, Any]) -> Parts:
    mixed = _rubbing(scene, k)
    mixed += _lubrication_line(scene, k)
    return mixed * np.float32(scene.mixture_scale), _make_impacts(scene, k)


def _cavitation_clearance(scene: Scene, k: dict[str, Any]) -> Parts:
    mixed = _sub_synchronous(scene, k) + scene.order(1, k["first"])
    return mixed * np.float32(scene.mixture_scale), _make_bursts(scene, k)


_FAULTS: dict[str, Fault] = {
    "misalignment": _misalignment,
    "imbalance": _imbalance,
    "clearance": _clearance,
    "lubrication": _lubrication,
    "cavitation": _cavitation,
    "wear": _wear,
    "oil_whirl": _oil_whirl,
    "misalignment_imbalance": _misalignment_imbalance,
    "wear_lubrication": _wear_lubrication,
    "cavitation_clearance": _cavitation_clearance,
}
