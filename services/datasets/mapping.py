"""What a person says about the files of an import: which signals, and what each field of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.datasets.metadata_table import MetadataRow, read_metadata_table
from core.datasets.naming import compile_pattern
from core.datasets.readers.base import AS_FOUND, ReadOptions
from utils.constants import ARRANGEMENTS
from utils.exceptions import InvalidInputError

NUMBER_FIELDS = ("sample_rate_hz", "shaft_speed_rpm")
TEXT_FIELDS = (
    "recording",
    "channel",
    "load",
    "unit",
    "machine",
    "measurement_point",
    "bearing",
    "geometry",
    "orders",
    "fault_class",
    "severity",
    "group",
    "sensitivity",
    "acquired_utc",
)
FIELDS = NUMBER_FIELDS + TEXT_FIELDS
LABEL_GROUPS = ("fault_class", "label")

# As wide as their columns in the database.
_MAX_LENGTH = {
    "recording": 200,
    "channel": 60,
    "load": 60,
    "unit": 24,
    "machine": 120,
    "measurement_point": 120,
    "bearing": 120,
    "fault_class": 60,
    "severity": 40,
    "group": 120,
    "geometry": 200,
    "orders": 200,
    "sensitivity": 40,
    "acquired_utc": 40,
}
_MAX_ENTRIES = 500

FieldValues = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """Fields of every signal whose variable matches a glob; such rules also choose the signals."""

    variable: str
    values: FieldValues


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """Fields of the signals of files that match a glob: the last word."""

    file: str
    variable: str
    values: FieldValues


@dataclass(frozen=True, slots=True)
class ScalarRule:
    """A field that a single value of the file gives, found by a glob; numbers are multiplied."""

    field: str
    glob: str
    factor: float


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A checked mapping; an empty one takes every signal with what its file declares."""

    variables: tuple[str, ...] = ()
    channels: tuple[ChannelRule, ...] = ()
    defaults: FieldValues = field(default_factory=dict)
    table: tuple[MetadataRow, ...] = ()
    pattern: str | None = None
    class_map: dict[str, str] = field(default_factory=dict)
    label_from: str | None = None
    scalars: tuple[ScalarRule, ...] = ()
    overrides: tuple[OverrideRule, ...] = ()
    options: ReadOptions = AS_FOUND
    start_time: datetime | None = None


_KEYS = {
    *("variables", "channels", "defaults", "metadata_csv", "pattern", "map", "label_from"),
    *("speed_from", "shaft_frequency_from", "sample_rate_from", "load_from", "overrides"),
    *("arrangement", "start_time"),
}
# Fields that single values of a file give, and the factor of their number: files also name the shaft in Hz.
_SCALAR_KEYS = {
    "speed_from": ("shaft_speed_rpm", 1.0),
    "shaft_frequency_from": ("shaft_speed_rpm", 60.0),
    "sample_rate_from": ("sample_rate_hz", 1.0),
    "load_from": ("load", 1.0),
}


def parse_mapping(raw: Mapping[str, Any]) -> ImportMapping:
    """Check a mapping as it comes from a page, a command or a program.

    Raises:
        InvalidInputError: An unknown key or field, a value that can't be one, a pattern that is none; also
            what is wrong with the metadata table (``label_missing`` where that is its label column).
    """
    unknown = sorted(set(raw) - _KEYS)
    if unknown:
        raise InvalidInputError(
            f"The mapping has no '{unknown[0]}'. It may hold: {', '.join(sorted(_KEYS))}."
        )
    table = raw.get("metadata_csv")
    return ImportMapping(
        variables=tuple(_parse_text(glob, "variables") for glob in _parse_list(raw, "variables")),
        channels=tuple(_parse_channel_rule(rule) for rule in _parse_list(raw, "channels")),
        defaults=parse_fields(raw.get("defaults") or {}),
        table=tuple(read_metadata_table(str(table))) if table else (),
        pattern=_parse_pattern(raw.get("pattern")),
        class_map={str(key): str(value) for key, value in _parse_dict(raw.get("map"), "map").items()},
        label_from=_parse_optional(raw.get("label_from"), "label_from"),
        scalars=tuple(
            ScalarRule(target, _parse_text(raw[key], key), factor)
            for key, (target, factor) in _SCALAR_KEYS.items()
            if raw.get(key)
        ),
        overrides=tuple(_parse_override(rule) for rule in _parse_list(raw, "overrides")),
        options=parse_arrangement(raw.get("arrangement")),
        start_time=_parse_start(raw.get("start_time")),
    )


def parse_arrangement(raw: Any) -> ReadOptions:
    """Return how the tables of numbers are arranged, as a person says it; by default as their shape tells.

    Raises:
        InvalidInputError: It is none of `ARRANGEMENTS`.
    """
    said = _parse_optional(raw, "arrangement") or "auto"
    if said not in ARRANGEMENTS:
        raise InvalidInputError(f"'{said[:40]}' is no arrangement. It may be: {', '.join(ARRANGEMENTS)}.")
    return ReadOptions(said)


def _parse_start(raw: Any) -> datetime | None:
    text = _parse_optional(raw, "start_time")
    moment = parse_moment(text) if text else None
    if text and moment is None:
        raise InvalidInputError(f"'{text[:40]}' is no date and time; write it as 2026-03-01T10:00.")
    return moment


def parse_moment(text: str) -> datetime | None:
    """Return a time in ISO 8601, in UTC where it names no zone; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_fields(raw: Any) -> FieldValues:
    """Return field values with numbers as numbers and blanks left out.

    Raises:
        InvalidInputError: A name that is no field, or a value that can't be that field's.
    """
    values: FieldValues = {}
    for name, value in _parse_dict(raw, "fields").items():
        if name not in FIELDS:
            raise InvalidInputError(f"'{name}' is not a field of a signal. Fields: {', '.join(FIELDS)}.")
        parsed = parse_field(str(name), value)
        if parsed is not None:
            values[str(name)] = parsed
    return values


def parse_field(name: str, value: Any) -> str | float | None:
    """Return one field's value, or None for a blank."""
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if name not in NUMBER_FIELDS:
        if len(text) > _MAX_LENGTH[name] or not text.isprintable():
            raise InvalidInputError(
                f"'{text[:40]}…' can't be a {name}: at most {_MAX_LENGTH[name]} plain characters."
            )
        return text
    try:
        return float(text)
    except ValueError:
        raise InvalidInputError(f"'{text[:40]}' is not a number; {name} needs one.") from None


def _parse_channel_rule(raw: Any) -> ChannelRule:
    values = _parse_dict(raw, "channels")
    variable = _parse_text(values.get("variable"), "channels: variable")
    return ChannelRule(variable, parse_fields({key: v for key, v in values.items() if key != "variable"}))


def _parse_override(raw: Any) -> OverrideRule:
    values = _parse_dict(raw, "overrides")
    fields = parse_fields({key: v for key, v in values.items() if key not in ("file", "variable")})
    file = _parse_text(values.get("file"), "overrides: file")
    return OverrideRule(file, _parse_optional(values.get("variable"), "overrides: variable") or "*", fields)


def _parse_pattern(raw: Any) -> str | None:
    pattern = _parse_optional(raw, "pattern")
    if pattern is None:
        return None
    compile_pattern(pattern)
    return pattern


def _parse_list(raw: Mapping[str, Any], key: str) -> list[Any]:
    value = raw.get(key) or []
    if not isinstance(value, list) or len(value) > _MAX_ENTRIES:
        raise InvalidInputError(f"'{key}' must be a list of at most {_MAX_ENTRIES} entries.")
    return value


def _parse_dict(raw: Any, key: str) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise InvalidInputError(f"'{key}' must be given as names with values.")
    return raw


def _parse_text(raw: Any, key: str) -> str:
    text = _parse_optional(raw, key)
    if text is None:
        raise InvalidInputError(f"'{key}' is empty.")
    return text


def _parse_optional(raw: Any, key: str) -> str | None:
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise InvalidInputError(f"'{key}' must be text.")
    return raw.strip() or None
