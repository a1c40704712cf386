"""What a generated dataset is to be, checked as a whole before the first sample is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from core.signal.bearings import BearingGeometry, find_bearing, parse_geometry
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES
from utils.exceptions import InvalidInputError

Severity = Literal["incipient", "mild", "moderate", "severe"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
JournalLayer = Literal[
    "floor",
    "measurement",
    "mains",
    "low_frequency",
    "pink",
    "drift",
    "quantisation",
    "sensor_ramp",
    "alias_tone",
    "impulses",
]
RollingLayer = Literal["white", "pink", "mains", "quantisation"]
Coupling = Literal["grows", "shrinks"]
Span = tuple[float, float]

BENCHMARK_LAYERS: tuple[JournalLayer, ...] = (
    *("floor", "measurement", "mains", "low_frequency", "drift"),
    *("quantisation", "sensor_ramp", "alias_tone", "impulses"),
)
# Layers that make two records of the same class differ even without a fault.
_TELLING_LAYERS = {"floor", "measurement", "low_frequency", "pink", "mains", "white"}
_DEFAULT_BEARING = "6205-2RS"
MAX_RECORDS = 100_000
MAX_SAMPLES = 10_000_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Common(_Strict):
    """What both generators are asked."""

    n_per_class: int = Field(320, ge=1, le=MAX_RECORDS)
    seed: int = Field(0, ge=0, le=2**53 - 1)
    severities: tuple[Severity, ...] = Field(SEVERITIES, min_length=1)
    duration_s: float = Field(gt=0, le=3600)
    sample_rate_hz: float = Field(gt=0, le=1e6)
    shaft_speed_rpm: Span
    noise_level: float = Field(1.0, ge=0, le=100)
    sensor_gain_db: Span = (0.0, 0.0)
    unit: str | None = Field(None, max_length=24)

    @property
    def n_samples(self) -> int:
        """Samples of one channel of one record."""
        return round(self.duration_s * self.sample_rate_hz)

    def _check_common(self, classes: tuple[str, ...], layers: tuple[str, ...]) -> None:
        _check_distinct("classes", classes)
        _check_distinct("severities", self.severities)
        _check_distinct("noise_layers", layers)
        _check_span("shaft_speed_rpm", self.shaft_speed_rpm, 1.0, 600_000.0)
        _check_span("sensor_gain_db", self.sensor_gain_db, -60.0, 60.0)
        if len(classes) * self.n_per_class > MAX_RECORDS:
            raise ValueError(
                f"{len(classes) * self.n_per_class:,} records are too many; at most {MAX_RECORDS:,}"
            )
        if not 1024 <= self.n_samples <= MAX_SAMPLES:
            raise ValueError(f"a record must have 1,024 to {MAX_SAMPLES:,} samples, not {self.n_samples:,}")
        if not (self.noise_level and _TELLING_LAYERS & set(layers)) and "healthy" in classes:
            raise ValueError("without a random noise layer every healthy record would be the same")


class PhysicalOptions(_Strict):
    """What the ``physical`` profile can do beyond the benchmark.

    The couplings say what an amplitude does when the Sommerfeld number grows; in the benchmark profile the
    whirl shrinks and the wear grows, in textbooks it is the other way round.
    """

    oil_whirl: Coupling = "grows"
    wear: Coupling = "shrinks"
    lubrication: Coupling = "shrinks"
    run_up_percent: float = Field(0.0, ge=-50, le=100)
    transfer_path: bool = False
    second_probe: bool = False
    missing_share: float = Field(0.0, ge=0, le=0.2)


class JournalConfig(_Common):
    """A dataset of journal-bearing records."""

    kind: Literal["journal"] = "journal"
    profile: Literal["benchmark", "physical"] = "benchmark"
    classes: tuple[str, ...] = Field(FAULT_CLASSES, min_length=1)
    duration_s: float = Field(5.0, gt=0, le=3600)
    sample_rate_hz: float = Field(20_480.0, ge=6_000, le=1e6)
    shaft_speed_rpm: Span = (3240.0, 3960.0)
    load_percent: Span = (30.0, 100.0)
    temperature_c: Span = (40.0, 80.0)
    evolving_share: float = Field(0.30, ge=0, le=1)
    transient_share: float = Field(0.25, ge=0, le=1)
    noise_layers: tuple[JournalLayer, ...] = BENCHMARK_LAYERS
    physical: PhysicalOptions | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_known("classes", self.classes, FAULT_CLASSES)
        self._check_common(self.classes, self.noise_layers)
        _check_span("load_percent", self.load_percent, 0.0, 150.0)
        _check_span("temperature_c", self.temperature_c, -20.0, 200.0)
        if self.profile == "benchmark" and self.physical is not None:
            raise ValueError("'physical' options belong to the physical profile")
        if self.profile == "benchmark" and self.sensor_gain_db != (0.0, 0.0):
            raise ValueError("a sensor gain belongs to the physical profile")
        return self

    @property
    def options(self) -> PhysicalOptions:
        """The options of the physical profile."""
        return self.physical or PhysicalOptions()

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of a record's channels."""
        return ("x", "y") if self.profile == "physical" and self.options.second_probe else ("vibration",)


class Resonance(_Strict):
    """A structural resonance that the impacts ring."""

    frequency_hz: float = Field(gt=0, le=5e5)
    damping: float = Field(0.03, gt=0, lt=0.7)
    weight: float = Field(1.0, gt=0, le=100)


class RollingConfig(_Common):
    """A dataset of simulated rolling-bearing records."""

    kind: Literal["rolling"]
    classes: tuple[str, ...] = Field(ROLLING_FAULT_CLASSES, min_length=1)
    bearing: str | None = Field(None, max_length=120)
    geometry: str | None = Field(None, max_length=200)
    duration_s: float = Field(5.0, gt=0, le=3600)
    sample_rate_hz: float = Field(12_000.0, ge=2_000, le=1e6)
    shaft_speed_rpm: Span = (1720.0, 1800.0)
    snr_db: Span | None = None
    cage_slip_percent: Span = (-1.5, 0.5)
    interval_jitter_percent: float = Field(1.0, ge=0, le=10)
    ball_scatter: float = Field(0.3, ge=0, le=1)
    load_zone: bool = True
    resonances: tuple[Resonance, ...] = Field(
        (Resonance(frequency_hz=3200.0, damping=0.04), Resonance(frequency_hz=1750.0, weight=0.4)),
        min_length=1,
        max_length=10,
    )
    noise_layers: tuple[RollingLayer, ...] = ("white", "pink", "mains")

    @model_validator(mode="before")
    @classmethod
    def _choose_bearing(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and not raw.get("bearing") and not raw.get("geometry"):
            return {**raw, "bearing": _DEFAULT_BEARING}
        return raw

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.bearing and self.geometry:
            raise ValueError("give a bearing's designation or its geometry, not both")
        _check_known("classes", self.classes, ROLLING_FAULT_CLASSES)
        self._check_common(self.classes, self.noise_layers)
        _check_span("cage_slip_percent", self.cage_slip_percent, -10.0, 10.0)
        if self.snr_db is not None:
            _check_span("snr_db", self.snr_db, -60.0, 60.0)
        highest_hz = max(resonance.frequency_hz for resonance in self.resonances)
        if highest_hz > 0.45 * self.sample_rate_hz:
            raise ValueError(
                f"a resonance at {highest_hz:g} Hz needs a sample rate above {highest_hz / 0.45:.0f} Hz"
            )
        try:
            self.find_geometry()
        except InvalidInputError as error:
            raise ValueError(error.sentence) from None
        return self

    def find_geometry(self) -> BearingGeometry:
        """Return the geometry that the fault orders follow from.

        Raises
        ------
        InvalidInputError
            The designation is not known, or `geometry` is not of its form.
        """
        if self.geometry:
            return parse_geometry(self.geometry)
        entry = find_bearing(self.bearing) if self.bearing else None
        if entry is None or entry.geometry is None:
            raise InvalidInputError(
                f"No geometry is known for the bearing '{self.bearing}'; give it as n=9,d=7.94,D=39.04,phi=0"
            )
        return entry.geometry

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of a record's channels."""
        return ("vibration",)


GeneratorConfig = Annotated[JournalConfig | RollingConfig, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[JournalConfig | RollingConfig] = TypeAdapter(GeneratorConfig)


def parse_config(raw: Mapping[str, Any]) -> JournalConfig | RollingConfig:
    """Check a configuration and fill in what it leaves out.

    Parameters
    ----------
    raw
        As read from TOML or JSON; without ``kind`` it is one of a journal bearing.

    Raises
    ------
    InvalidInputError
        The sentence names the first entry that can't be used, and how many more there are.
    """
    try:
        return _ADAPTER.validate_python({"kind": "journal", **raw})
    except ValidationError as error:
        raise InvalidInputError(_describe(error)) from None


def dump_config(config: JournalConfig | RollingConfig) -> dict[str, Any]:
    """Return a configuration as plain data, complete: `parse_config` makes the same one of it."""
    return config.model_dump(mode="json", exclude_none=True)


def hash_config(config: JournalConfig | RollingConfig) -> str:
    """Return the SHA-256 of a complete configuration."""
    text = json.dumps(dump_config(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    path = ".".join(str(part) for part in first["loc"] if part not in ("journal", "rolling"))
    words = first["msg"].removeprefix("Value error, ")
    sentence = f"'{path}': {words[0].lower()}{words[1:]}." if path else f"{words[0].upper()}{words[1:]}."
    if first["type"] == "extra_forbidden":
        sentence = f"'{path}' is not an entry of a generator configuration."
    more = f" {len(problems) - 1} more entries can't be used." if len(problems) > 1 else ""
    return sentence + more


def _check_span(name: str, span: Span, lowest: float, highest: float) -> None:
    if not lowest <= span[0] <= span[1] <= highest:
        raise ValueError(f"{name} must be [from, to] within {lowest:g} to {highest:g}, not {list(span)}")


def _check_distinct(name: str, values: tuple[str, ...]) -> None:
    double = sorted({value for value in values if values.count(value) > 1})
    if double:
        raise ValueError(f"{name} names '{double[0]}' twice")


def _check_known(name: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [value for value in values if value not in known]
    if unknown:
        raise ValueError(f"{name}: '{unknown[0]}' is none of {', '.join(known)}")
