"""What the views that know the machine take and answer, and bearings and machines themselves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.data_schemas import View
from dashboard.api.signal_schemas import PartQuery

Quantity = Literal["acceleration", "velocity", "displacement"]


class SpeedQuery(PartQuery):
    """Where to look for the shaft's speed."""

    nominal_rpm: float | None = Field(None, gt=0, description="By default the recording's or machine's.")


class _ShaftQuery(PartQuery):
    """A view over the shaft's turns."""

    shaft_speed_rpm: float | None = Field(None, gt=0, description="By default the recording's or machine's.")


class _DemodulatedQuery(_ShaftQuery):
    """Of the signal, or of its envelope where both ends of a band are given."""

    low_hz: float | None = Field(None, ge=0, description="Of the envelope within a band; needs high_hz.")
    high_hz: float | None = Field(None, gt=0)

    @property
    def band_hz(self) -> tuple[float, float] | None:
        """The band as the services take it."""
        if self.low_hz is None and self.high_hz is None:
            return None
        return (self.low_hz or 0.0, self.high_hz or 0.0)


class OrderQuery(_DemodulatedQuery):
    """An order spectrum."""

    tracked: bool = Field(True, description="Follow the speed; else take it as steady and right.")
    max_order: float | None = Field(None, gt=0, le=10_000)


class OrderMapQuery(_DemodulatedQuery):
    """An order map."""

    max_order: float = Field(20.0, gt=0, le=10_000)
    turns_per_stretch: int = Field(16, ge=2, le=10_000)
    by: Literal["time", "speed"] = "time"


class AverageQuery(_ShaftQuery):
    """A time-synchronous average."""

    n_turns: int = Field(1, ge=1, le=10_000)
    ratio: float = Field(1.0, gt=0, le=1000, description="Speed of the wanted shaft over the known one.")
    max_order: float = Field(100.0, gt=0, le=10_000)


class IntegrationQuery(PartQuery):
    """Another quantity than the measured one."""

    quantity: Quantity = "velocity"
    high_pass_hz: float | None = Field(None, gt=0, description="By default 10 Hz, below 600 rpm 2 Hz.")
    points: int = Field(4000, ge=2, le=4000)


class OrbitQuery(_ShaftQuery):
    """An orbit."""

    n_turns: int | None = Field(None, ge=1, le=1000)
    filter_orders: str | None = Field(
        None, max_length=40, pattern=r"^\d+(\.\d+)?(,\d+(\.\d+)?)*$", examples=["1,2"]
    )
    partner: str | None = Field(None, description="Channel of the other probe; by default told by its name.")

    @property
    def filter_order(self) -> tuple[float, ...] | None:
        """The orders as the services take them."""
        if self.filter_orders is None:
            return None
        return tuple(float(order) for order in self.filter_orders.split(","))


class FullSpectrumQuery(_ShaftQuery):
    """A full spectrum."""

    max_order: float = Field(10.0, gt=0, le=10_000)
    partner: str | None = None


class PeakQuery(PartQuery):
    """The highest peaks of a view."""

    view: Literal["spectrum", "envelope_spectrum"] = "spectrum"
    n: int = Field(20, ge=1, le=100)
    min_hz: float = Field(0.0, ge=0)
    max_hz: float | None = Field(None, gt=0)
    low_hz: float | None = Field(None, ge=0, description="Of the envelope's band.")
    high_hz: float | None = Field(None, gt=0)
    quantity: Quantity | None = None
    shaft_speed_rpm: float | None = Field(None, gt=0)
    bearing: str | None = Field(None, max_length=120)


class _Speed(View):
    """A view with the speed it rests on."""

    shaft_speed_rpm: float | None
    lowest_rpm: float | None
    highest_rpm: float | None
    confidence: float | None
    method: str | None = Field(description="tacho, steady, tracked, given or recording")


class ShaftSpeed(_Speed):
    """The shaft's speed; null where none stands out, and ``note`` says why."""

    recorded_rpm: float | None
    candidates: list[dict[str, float]]


class OrderSpectrum(_Speed):
    """An amplitude spectrum over orders."""

    orders: list[float]
    amplitudes: list[float]
    resolution_orders: float
    n_turns: int
    max_order: float
    envelope_band_hz: list[float] | None
    peaks: list[dict[str, float]]


class OrderMap(_Speed):
    """Order spectra one after the other: a row of levels per order."""

    by: str
    times_s: list[float]
    speeds_rpm: list[float]
    orders: list[float]
    level_db: list[list[float]]
    level_unit: str
    resolution_orders: float


class SynchronousAverage(_Speed):
    """What repeats with the shaft."""

    angle_turns: list[float]
    values: list[float]
    n_averages: int
    n_turns: int
    ratio: float
    synchronous_rms: float
    residual_rms: float


class Converted(View):
    """A waveform as another quantity."""

    time_s: list[float]
    values: list[float]
    quantity: str
    high_pass_hz: float | None
    rms: float
    peak: float
    peak_to_peak: float


class SeverityZone(View):
    """The zone by velocity, or the reason why there is none."""

    zone: Literal["A", "B", "C", "D"] | None
    velocity_rms_mm_s: float | None
    boundaries: dict[str, float] | None
    band_hz: list[float]
    edition: str
    group: int | None
    mounting: str | None
    reason: str | None


class Orbit(View):
    """The shaft's path between two probes."""

    x: list[float]
    y: list[float]
    x_channel: str
    y_channel: str
    partner: dict[str, Any]
    turn_marks: list[int]
    ellipses: list[dict[str, Any]]
    shaft_speed_rpm: float
    filter_orders: list[float] | None


class FullSpectrum(View):
    """Forward (positive) and reverse (negative) components."""

    orders_or_frequencies: list[float]
    axis: Literal["order", "frequency"]
    orders: list[float] | None
    frequencies_hz: list[float]
    amplitudes: list[float]
    resolution_hz: float
    partner: dict[str, Any]


class Peaks(View):
    """Peaks, their families of harmonics and sidebands by index."""

    view: str
    peaks: list[dict[str, Any]]
    families: list[dict[str, Any]]
    sidebands: list[dict[str, Any]]
    resolution_hz: float
    band_hz: list[float] | None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewBearing(_Body):
    """A bearing to enter."""

    designation: str = Field(min_length=1, max_length=120)
    n_rolling_elements: int = Field(ge=3, le=1000)
    rolling_element_diameter_mm: float = Field(gt=0, le=10_000)
    pitch_diameter_mm: float = Field(gt=0, le=10_000)
    contact_angle_deg: float = Field(0.0, ge=0, lt=90)
    manufacturer: str | None = Field(None, max_length=120)
    source: str = Field(min_length=3, max_length=300, description="Where the numbers come from.")


class BearingChange(_Body):
    """What of an entered bearing changes."""

    designation: str | None = Field(None, min_length=1, max_length=120)
    n_rolling_elements: int | None = Field(None, ge=3, le=1000)
    rolling_element_diameter_mm: float | None = Field(None, gt=0, le=10_000)
    pitch_diameter_mm: float | None = Field(None, gt=0, le=10_000)
    contact_angle_deg: float | None = Field(None, ge=0, lt=90)
    manufacturer: str | None = Field(None, max_length=120)
    source: str | None = Field(None, min_length=3, max_length=300)


class Bearing(BaseModel):
    """A bearing with its geometry and fault orders."""

    model_config = ConfigDict(extra="allow")

    bearing_id: int | None = Field(description="null: of the catalogue, which can't be changed")
    designation: str
    aliases: list[str]
    manufacturer: str | None
    geometry: dict[str, float] | None
    orders: dict[str, float]
    source: str


class BearingList(BaseModel):
    """Entered bearings first, then the catalogue's."""

    items: list[Bearing]


class MachineChange(_Body):
    """Details of a machine to change; null forgets one."""

    bearing_type: Literal["rolling", "journal"] | None = None
    gear_teeth: list[int | list[int]] | None = Field(None, examples=[[23, [17, 41]]])
    n_blades: int | None = None
    line_frequency_hz: float | None = None
    n_poles: int | None = None
    rotor_bars: int | None = None
    iso_group: Literal[1, 2] | None = None
    mounting: Literal["rigid", "flexible"] | None = None
    nominal_speed_rpm: float | None = None
    tacho_pulses_per_turn: int | None = None


class Machine(BaseModel):
    """A machine and what is known of it."""

    machine_id: int
    name: str
    details: dict[str, Any]
