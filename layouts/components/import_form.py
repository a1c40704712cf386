"""What the form of the import wizard says, as the mapping that the service takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Input, State

from layouts.components.import_mapping import NOTHING, read_rules
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId

_TEXT_FIELDS = ("LABEL_FROM", "LABEL_FIELD", "PATTERN", "WORDS", "TABLE", "ARRANGEMENT", "START_TIME")
RULE_FIELDS = ("channel", "unit", "sensitivity", "measurement_point", "bearing")
UNLABELLED = "unlabelled"
NO_CHANNEL = "Tick at least one channel to import."

Form = Sequence[Any]
Overrides = list[dict[str, Any]]


def build_mapping(
    found: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Mapping[str, Any]],
    fields: Mapping[str, Any],
    values: Mapping[str, Any],
    label_from: str | None,
    label_field: str | None,
    pattern: str | None,
    words: str | None,
    table: str | None,
    arrangement: str | None,
    start_time: str | None,
    overrides: Overrides,
) -> dict[str, Any]:
    """Return the mapping that the form describes; the service judges it.

    ``found`` are the proposed channels: a rule whose glob was changed comes after them and wins.
    """
    source = label_field if label_from == "field" else label_from
    mapping = {
        "channels": [] if (table or "").strip() else _build_channels(found, rules),
        "defaults": {name: value for name, value in fields.items() if value not in (None, "", NOTHING)},
        **{key: value for key, value in values.items() if value not in (None, NOTHING)},
        "label_from": None if source == "found" else source,
        "pattern": (pattern or "").strip(),
        "map": parse_words(words),
        "metadata_csv": (table or "").strip(),
        "arrangement": None if arrangement == "auto" else arrangement,
        "start_time": (start_time or "").strip(),
        "overrides": overrides,
    }
    return {key: value for key, value in mapping.items() if value}


def _build_channels(
    found: Sequence[Mapping[str, Any]], rules: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    proposed = {each["glob"] for each in found}
    channels = []
    for rule in rules.values():
        if rule["take"] and (rule["variable"] or "").strip():
            fields = {name: rule[name] for name in RULE_FIELDS}
            label = {} if rule["labelled"] else {"fault_class": UNLABELLED}
            channels.append({"variable": rule["variable"].strip(), **fields, **label})
    return sorted(channels, key=lambda channel: channel["variable"] not in proposed)


def parse_words(text: str | None) -> dict[str, str]:
    """Return ``IR = inner_race`` lines as a dictionary."""
    pairs = (line.partition("=") for line in re.split(r"[\n,;]+", text or "") if "=" in line)
    return {word.strip(): target.strip() for word, _, target in pairs if word.strip()}


def read_form(form: Form) -> tuple[list[str], dict[str, Any], str | None]:
    """Return the files, the mapping, and what is missing before the service can be asked."""
    files, rule_ids, rule_values, field_ids, field_values, value_ids, values, *texts, overrides = form
    mapping = build_mapping(
        (files or {}).get("found") or [],
        read_rules(rule_ids, rule_values),
        {each["index"]: value for each, value in zip(field_ids, field_values, strict=True)},
        {each["index"]: value for each, value in zip(value_ids, values, strict=True)},
        *texts,
        overrides or [],
    )
    has_signals = "channels" in mapping or "metadata_csv" in mapping or not (files or {}).get("found")
    return (files or {}).get("upload_ids") or [], mapping, None if has_signals else NO_CHANNEL


def list_form(kind: type[Input] | type[State]) -> list[Any]:
    """Return the controls of the form, in the order in which `read_form` takes their values."""
    patterns = (DataGenerationId.RULE, DataGenerationId.DEFAULT, DataGenerationId.VALUE)
    return [
        kind(DataGenerationId.CHANNELS, "data"),
        *(
            place
            for pattern in patterns
            for place in (State(pattern_id(pattern, ALL), "id"), kind(pattern_id(pattern, ALL), "value"))
        ),
        *(kind(DataGenerationId[field], "value") for field in _TEXT_FIELDS),
        kind(DataGenerationId.OVERRIDES, "data"),
    ]
