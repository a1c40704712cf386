"""Operating point, severity and transient of a journal-bearing record."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.synthesis.configuration import JournalConfig, Severity
from core.synthesis.constants import load_constants
from core.synthesis.oscillators import Float32Array
from core.synthesis.seeding import draw_between


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Under which conditions a record is taken; the factors follow from them.

    Attributes
    ----------
    shaft_frequency_hz, load, temperature_c
        Drawn; the load as a share of the rated one.
    load_factor, temperature_factor, operating_factor
        Of the amplitudes; the last is the product of the others.
    base_amplitude
        Scales the floor.
    sommerfeld
        Sommerfeld number.
    """

    shaft_frequency_hz: float
    load: float
    temperature_c: float
    load_factor: float
    temperature_factor: float
    operating_factor: float
    base_amplitude: float
    sommerfeld: float

    @property
    def relative_speed(self) -> float:
        """Shaft frequency over the nominal one."""
        return self.shaft_frequency_hz / float(load_constants("journal")["rotor"]["nominal_frequency_hz"])

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def draw_operating_point(config: JournalConfig, rng: np.random.Generator) -> OperatingPoint:
    """Draw speed, load and temperature independently of one another."""
    k = load_constants("journal")["operating"]
    frequency_hz = draw_between(rng, config.shaft_speed_rpm) / 60.0
    load = draw_between(rng, config.load_percent) / 100.0
    temperature_c = draw_between(rng, config.temperature_c)
    load_factor = k["load_floor"] + k["load_slope"] * load
    warmth = (temperature_c - k["coolest_c"]) / k["temperature_span_c"]
    temperature_factor = k["temperature_floor"] + k["temperature_slope"] * warmth
    operating_factor = load_factor * temperature_factor
    amplitude = (k["base_amplitude"] + k["base_spread"] * float(rng.random())) * operating_factor
    sommerfeld = compute_sommerfeld(temperature_c, frequency_hz, load_factor)
    return OperatingPoint(
        frequency_hz,
        load,
        temperature_c,
        load_factor,
        temperature_factor,
        operating_factor,
        amplitude,
        sommerfeld,
    )


def compute_sommerfeld(temperature_c: float, shaft_frequency_hz: float, load_factor: float) -> float:
    """Return the Sommerfeld number: thicker oil and more speed raise it, load lowers it."""
    constants = load_constants("journal")
    k = constants["sommerfeld"]
    viscosity = math.exp(-k["rate_per_c"] * (temperature_c - k["reference_temperature_c"]))
    speed = shaft_frequency_hz / constants["rotor"]["nominal_frequency_hz"]
    return float(min(max(k["reference"] * viscosity * speed / load_factor, k["lowest"]), k["highest"]))


@dataclass(frozen=True, slots=True)
class SeverityCourse:
    """How bad the fault is over the record.

    Attributes
    ----------
    name
        Band of the start.
    start, end
        Between 0 and 1; the same where the fault does not grow.
    mean
        Over the record.
    """

    name: Severity
    start: float
    end: float
    mean: float

    def make_curve(self, n_samples: int) -> Float32Array | float:
        """Return the severity of each sample, or the one number it is."""
        if self.end == self.start:
            return self.start
        return np.linspace(self.start, self.end, n_samples, dtype="f4")


def draw_severity(config: JournalConfig, name: Severity, rng: np.random.Generator) -> SeverityCourse:
    """Draw where in its band the fault starts, and whether it grows."""
    k = load_constants("journal")["severity"]
    start = draw_between(rng, k["bands"][name])
    grows = rng.random() < config.evolving_share
    end = min(1.0, start + k["evolving_rise"]) if grows else start
    return SeverityCourse(name, start, end, 0.5 * (start + end))


TRANSIENTS = ("ramp", "load_step", "thermal")


def draw_transient(config: JournalConfig, rng: np.random.Generator) -> str | None:
    """Draw which transient the record goes through, if any."""
    if rng.random() >= config.transient_share:
        return None
    return TRANSIENTS[int(rng.integers(len(TRANSIENTS)))]


def make_transient(name: str | None, n_samples: int) -> Float32Array | float:
    """Return the envelope of a transient: a factor per sample, or 1 without one.

    Raises
    ------
    KeyError
        There is no transient of this name.
    """
    if name is None:
        return 1.0
    k = load_constants("journal")["transient"][name]
    share = np.arange(n_samples, dtype="f4") / n_samples
    if name == "ramp":
        return np.asarray(np.interp(share, (k["begins"], k["ends"]), (k["from"], k["to"])), np.float32)
    if name == "load_step":
        return np.asarray(np.where(share < k["at"], k["before"], k["after"]), np.float32)
    rising = 1.0 - np.exp(-share / k["time_constant"])
    return np.asarray(k["start"] + k["rise"] * rising, np.float32)
