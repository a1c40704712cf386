"""What a version holds, in numbers, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from services.datasets.rows import UNLABELLED, Row

_HASHED = (
    *("sha256", "recording", "channel", "fault_class", "severity", "group", "given_part", "sample_rate_hz"),
    *("unit", "shaft_speed_rpm", "load", "machine", "measurement_point", "bearing"),
)
# What rows can be split by, besides "bearing" and "recording".
SPLIT_FIELDS = (
    "load",
    "severity",
    "machine",
    "measurement_point",
    "group",
    "shaft_speed_rpm",
    "sample_rate_hz",
)
_MAX_VALUES = 50


def hash_manifest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of the sorted list of signal hash, label and metadata."""
    lines = sorted(json.dumps([row[name] for name in _HASHED], ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts and ranges over the signals of a version (JSON-ready; stored with the version)."""
    speeds = [row["shaft_speed_rpm"] for row in rows if row["shaft_speed_rpm"] is not None]
    return {
        "n_signals": len(rows),
        "n_recordings": len({row["recording"] for row in rows}),
        "duration_s": sum(row["n_samples"] / row["sample_rate_hz"] for row in rows),
        "classes": count_recordings(rows),
        "channels": _distinct(rows, "channel"),
        "channel_classes": {
            channel: count_recordings([row for row in rows if row["channel"] == channel])
            for channel in _distinct(rows, "channel")
        },
        "sample_rates_hz": _distinct(rows, "sample_rate_hz"),
        "units": _distinct(rows, "unit"),
        "machines": _distinct(rows, "machine"),
        "loads": _distinct(rows, "load"),
        "shaft_speed_rpm": {"min": min(speeds), "max": max(speeds)} if speeds else None,
        "quality": _count_flags(rows),
        "split_fields": [
            {"field": name, "values": values[:_MAX_VALUES]}
            for name in SPLIT_FIELDS
            if len(values := _distinct(rows, name)) > 1
        ],
        "has_given_parts": any(row["given_part"] for row in rows),
    }


def count_recordings(rows: Iterable[Row]) -> dict[str, int]:
    """Count the recordings of each fault class, in order of name."""
    recordings: dict[str, set[Hashable]] = defaultdict(set)
    for row in rows:
        recordings[row["fault_class"] or UNLABELLED].add(row["recording"])
    return {name: len(recordings[name]) for name in sorted(recordings)}


def _distinct(rows: Iterable[Row], name: str) -> list[Any]:
    return sorted({row[name] for row in rows if row[name] is not None})


def _count_flags(rows: Iterable[Row]) -> list[dict[str, Any]]:
    counts = Counter((flag["name"], flag["severity"]) for row in rows for flag in row["quality"])
    return [
        {"name": name, "severity": severity, "n_signals": count}
        for (name, severity), count in counts.most_common()
    ]
