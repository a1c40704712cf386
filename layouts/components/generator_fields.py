"""The fields of a generator configuration, and the way between them and the form's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from layouts.components.badges import format_class
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES

Control = Literal["number", "span", "text", "ticks", "choice", "switch", "resonances"]
Choice = tuple[str, str]

KINDS: tuple[Choice, ...] = (("journal", "Journal bearing"), ("rolling", "Rolling bearing"))
PROFILES: tuple[Choice, ...] = (
    ("benchmark", "Benchmark (public data)"),
    ("physical", "Physical (textbook)"),
)
SEVERITIES: tuple[Choice, ...] = tuple((name, name) for name in ("incipient", "mild", "moderate", "severe"))
JOURNAL_LAYERS: tuple[Choice, ...] = (
    ("floor", "White floor"),
    ("measurement", "White, measuring chain"),
    ("mains", "Mains, 50–60 Hz"),
    ("low_frequency", "Random walk, 1/f²"),
    ("pink", "Pink, 1/f"),
    ("drift", "Slow drift, 1.5 s"),
    ("quantisation", "Quantisation"),
    ("sensor_ramp", "Sensor ramp"),
    ("alias_tone", "Alias tone (1 in 10)"),
    ("impulses", "Short impulses"),
)
ROLLING_LAYERS: tuple[Choice, ...] = (
    ("white", "White"),
    ("pink", "Pink, 1/f"),
    ("mains", "Mains, 50 Hz"),
    ("quantisation", "Quantisation"),
)
COUPLINGS: tuple[Choice, ...] = (("grows", "grows with S"), ("shrinks", "shrinks with S"))


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a configuration: ``path`` is its name there, with dots where it is in a table."""

    path: str
    label: str
    control: Control
    unit: str = ""
    help_text: str = ""
    choices: tuple[Choice, ...] = ()
    step: str = "any"

    @property
    def parts(self) -> tuple[str, ...]:
        """The keys of its controls: a span has two."""
        return (f"{self.path}|from", f"{self.path}|to") if self.control == "span" else (self.path,)


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together; ``area`` says which choice shows them."""

    title: str
    fields: tuple[Field, ...]
    area: str = ""


def _count(help_text: str) -> tuple[Field, ...]:
    return (
        Field("n_per_class", "Recordings of each class", "number", help_text=help_text, step="1"),
        Field("seed", "Seed", "number", help_text="The same seed makes the same samples.", step="1"),
        Field("duration_s", "Length of each", "number", "s"),
        Field("sample_rate_hz", "Sample rate of each", "number", "Hz"),
    )


_GAIN = Field("sensor_gain_db", "Sensor gain", "span", "dB")
_UNIT = Field("unit", "Unit", "text", help_text="Empty: none. The formulas have none.")
_LEVEL = Field("noise_level", "Noise level", "number", "×", "Times the layers' own amplitudes.")

SECTIONS: dict[str, tuple[Section, ...]] = {
    "journal": (
        Section(
            "Recordings",
            (
                Field(
                    "profile",
                    "Profile",
                    "choice",
                    help_text="Physical: random phases, couplings and options of one's own.",
                    choices=PROFILES,
                ),
                Field(
                    "classes",
                    "Fault classes",
                    "ticks",
                    choices=tuple((name, format_class(name)) for name in FAULT_CLASSES),
                ),
                Field("severities", "Severities", "ticks", choices=SEVERITIES, help_text="They take turns."),
                *_count("The public benchmark has 320."),
            ),
        ),
        Section(
            "Operating conditions",
            (
                Field("shaft_speed_rpm", "Shaft speed", "span", "rpm"),
                Field("load_percent", "Load", "span", "% of rated"),
                Field("temperature_c", "Oil temperature", "span", "°C"),
                Field("evolving_share", "Share with a growing fault", "number", "0–1"),
                Field("transient_share", "Share with a transient", "number", "0–1"),
            ),
        ),
        Section(
            "Noise",
            (
                Field("noise_layers", "Layers", "ticks", choices=JOURNAL_LAYERS),
                _LEVEL,
            ),
        ),
        Section(
            "Physical profile",
            (
                Field("physical.oil_whirl", "Oil whirl", "choice", choices=COUPLINGS),
                Field("physical.wear", "Wear", "choice", choices=COUPLINGS),
                Field("physical.lubrication", "Lubrication", "choice", choices=COUPLINGS),
                Field("physical.run_up_percent", "Run-up over the record", "number", "% of speed"),
                Field("physical.missing_share", "Share of lost samples", "number", "0–0.2"),
                _GAIN,
                _UNIT,
                Field("physical.second_probe", "Second probe at 90° (orbits)", "switch"),
                Field("physical.transfer_path", "Structure between bearing and sensor", "switch"),
            ),
            area="physical",
        ),
    ),
    "rolling": (
        Section(
            "Recordings",
            (
                Field(
                    "classes",
                    "Fault classes",
                    "ticks",
                    choices=tuple((name, format_class(name)) for name in ROLLING_FAULT_CLASSES),
                ),
                Field("severities", "Severities", "ticks", choices=SEVERITIES, help_text="They take turns."),
                *_count(""),
            ),
        ),
        Section(
            "Bearing and defect",
            (
                Field("bearing", "Designation", "text", help_text="Of the catalogue, such as 6205-2RS."),
                Field("geometry", "or its geometry", "text", help_text="n=9,d=7.94,D=39.04,phi=0"),
                Field("shaft_speed_rpm", "Shaft speed", "span", "rpm"),
                Field("cage_slip_percent", "Slip of the cage", "span", "%"),
                Field("interval_jitter_percent", "Jitter of the impacts", "number", "%"),
                Field("ball_scatter", "Scatter between elements", "number", "0–1"),
                Field("load_zone", "Load zone modulates", "switch"),
            ),
        ),
        Section(
            "Structure and noise",
            (
                Field(
                    "resonances",
                    "Resonances",
                    "resonances",
                    help_text="One a line: frequency in Hz, damping ratio, weight.",
                ),
                Field("snr_db", "Impacts over noise", "span", "dB", "Empty: by severity."),
                Field("noise_layers", "Noise layers", "ticks", choices=ROLLING_LAYERS),
                _LEVEL,
                _GAIN,
                _UNIT,
            ),
        ),
    ),
}

Values = Mapping[str, Any]


def list_keys(kind: str) -> list[str]:
    """Return the keys of all controls of a kind: ``journal/duration_s``, ``journal/load_percent|from``."""
    return [f"{kind}/{part}" for field in list_fields(kind) for part in field.parts]


def list_fields(kind: str) -> list[Field]:
    """Return the fields of a kind."""
    return [field for section in SECTIONS[kind] for field in section.fields]


def read_config(kind: str, values: Values) -> dict[str, Any]:
    """Return the configuration that a form describes; the service judges it.

    What is left empty is left out: it takes its default.
    """
    config: dict[str, Any] = {"kind": kind}
    physical = values.get("journal/profile") == "physical"
    for field in list_fields(kind):
        given = [values.get(f"{kind}/{part}") for part in field.parts]
        if (
            kind == "journal"
            and not physical
            and (field.path in ("sensor_gain_db", "unit") or "." in field.path)
        ):
            continue
        entry = _read_entry(field, given)
        if entry is None:
            continue
        table, _, name = field.path.rpartition(".")
        (config.setdefault(table, {}) if table else config)[name] = entry
    return config


def _read_entry(field: Field, given: Sequence[Any]) -> Any:
    value = given[0]
    if field.control == "span":
        return None if all(_is_empty(each) for each in given) else list(given)
    if field.control == "switch":
        return bool(value)
    if field.control == "ticks":
        return None if value is None else [key for key, _ in field.choices if key in value]
    if _is_empty(value):
        return None
    if field.control == "resonances":
        return [_read_resonance(line) for line in str(value).splitlines() if line.strip()]
    return value.strip() if isinstance(value, str) else value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _read_resonance(line: str) -> dict[str, Any]:
    names = ("frequency_hz", "damping", "weight")
    words = line.replace(",", " ").split()
    entry: dict[str, Any] = dict(zip(names, words, strict=False))
    return entry | ({"more": words[3]} if len(words) > len(names) else {})


def write_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the controls of a kind show for a complete configuration."""
    kind = config["kind"]
    values: dict[str, Any] = {}
    for field in list_fields(kind):
        table, _, name = field.path.rpartition(".")
        entry = (config.get(table) or {} if table else config).get(name)
        if field.control == "span":
            low_high = entry if entry is not None else (None, None)
            values |= {f"{kind}/{part}": each for part, each in zip(field.parts, low_high, strict=True)}
        else:
            values[f"{kind}/{field.path}"] = _write_entry(field, entry)
    return values


def _write_entry(field: Field, entry: Any) -> Any:
    if field.control == "resonances":
        lines = (f"{each['frequency_hz']:g} {each['damping']:g} {each['weight']:g}" for each in entry or ())
        return "\n".join(lines)
    if entry is None:
        return {"ticks": [], "switch": False, "text": ""}.get(field.control)
    return list(entry) if field.control == "ticks" else entry
