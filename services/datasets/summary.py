"""What a version holds, in numbers, and the hash that names it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from itertools import zip_longest
from typing import Any

from services.datasets.rows import UNLABELLED, Row
from services.shared.signal_store import DAMAGED_FLAG

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
_LISTED = ("channel", "sample_rate_hz", "unit", "bearing", *SPLIT_FIELDS)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_MAX_VALUES = 50
_MAX_BEARINGS = 200
_SAMPLE_BYTES = 4


class ManifestHash:
    """The SHA-256 of the sorted list of signal hash, label and metadata, from rows in the order of hashes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._pending: list[str] = []
        self._sha256 = ""
        self._n_lines = 0

    def add(self, row: Row) -> None:
        """Take the next row; rows of one hash may come in any order."""
        if row["sha256"] != self._sha256:
            self._flush()
            self._sha256 = row["sha256"]
        self._pending.append(json.dumps([row[name] for name in _HASHED], ensure_ascii=False))

    def _flush(self) -> None:
        for line in sorted(self._pending):
            self._digest.update(b"\n" * bool(self._n_lines) + line.encode())
            self._n_lines += 1
        self._pending = []

    def hexdigest(self) -> str:
        """Return the hash of what came."""
        self._flush()
        return self._digest.hexdigest()


def hash_manifest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of the sorted list of signal hash, label and metadata."""
    manifest = ManifestHash()
    for row in sorted(rows, key=lambda row: str(row["sha256"])):
        manifest.add(row)
    return manifest.hexdigest()


class Summary:
    """Counts and ranges over the signals of a version, from one row after another."""

    def __init__(self) -> None:
        self._n_signals = self._n_samples = 0
        self._duration_s = 0.0
        self._recordings: set[Hashable] = set()
        self._classes: dict[str, set[Hashable]] = defaultdict(set)
        self._channel_classes: dict[str, dict[str, set[Hashable]]] = defaultdict(lambda: defaultdict(set))
        self._values: dict[str, set[Any]] = {name: set() for name in _LISTED}
        self._bearings: set[tuple[str, str]] = set()
        self._flags: Counter[tuple[str, str]] = Counter()
        self._has_parts = False

    def add(self, row: Row) -> None:
        """Take one signal's row."""
        recording, fault_class = row["recording"], row["fault_class"] or UNLABELLED
        self._n_signals += 1
        self._n_samples += row["n_samples"]
        self._duration_s += row["n_samples"] / row["sample_rate_hz"]
        self._recordings.add(recording)
        self._classes[fault_class].add(recording)
        self._channel_classes[row["channel"]][fault_class].add(recording)
        for name, values in self._values.items():
            values.add(row[name])
        if row["bearing"] is not None and len(self._bearings) < _MAX_BEARINGS:
            self._bearings.add((row["machine"] or "", row["bearing"]))
        for flag in row["quality"]:
            self._flags[flag["name"], flag["severity"]] += 1
        self._has_parts = self._has_parts or bool(row["given_part"])

    def describe(self) -> dict[str, Any]:
        """Return what came so far (JSON-ready; stored with the version)."""
        values = {name: sort_naturally(held - {None}) for name, held in self._values.items()}
        speeds = values["shaft_speed_rpm"]
        return {
            "n_signals": self._n_signals,
            "n_recordings": len(self._recordings),
            "duration_s": self._duration_s,
            "n_bytes": _SAMPLE_BYTES * self._n_samples,
            "classes": _count(self._classes),
            "channels": values["channel"],
            "channel_classes": {
                name: _count(self._channel_classes[name]) for name in sorted(self._channel_classes)
            },
            "sample_rates_hz": values["sample_rate_hz"],
            "units": values["unit"],
            "machines": values["machine"][:_MAX_BEARINGS],
            "loads": values["load"][:_MAX_BEARINGS],
            "severities": values["severity"][:_MAX_BEARINGS],
            "bearings": [[machine or None, bearing] for machine, bearing in sorted(self._bearings)],
            "shaft_speed_rpm": {"min": speeds[0], "max": speeds[-1]} if speeds else None,
            "quality": self._list_flags(),
            "split_fields": [
                {"field": name, "values": values[name][:_MAX_VALUES]}
                for name in SPLIT_FIELDS
                if len(values[name]) > 1
            ],
            "has_given_parts": self._has_parts,
        }

    def _list_flags(self) -> list[dict[str, Any]]:
        """What was found on import; damage is counted when it is asked for, as it can come at any time."""
        return [
            {"name": name, "severity": severity, "n_signals": count}
            for (name, severity), count in self._flags.most_common()
            if name != DAMAGED_FLAG
        ]


def sort_naturally(values: Iterable[Any]) -> list[Any]:
    """Sort numbers by size, and texts by the numbers in them: 25 lbs before 100 lbs."""
    return sorted(values, key=lambda value: _split_numbers(value) if isinstance(value, str) else value)


def _split_numbers(text: str) -> tuple[list[tuple[str, float]], str]:
    words, numbers = _NUMBER.split(text)[::2], _NUMBER.split(text)[1::2]
    pairs = zip_longest(words, map(float, numbers), fillvalue=0.0)
    return [(str(word).casefold(), float(number)) for word, number in pairs], text


def summarise(rows: Iterable[Row]) -> dict[str, Any]:
    """Return counts and ranges over the signals of a version (JSON-ready; stored with the version)."""
    summary = Summary()
    for row in rows:
        summary.add(row)
    return summary.describe()


def count_recordings(rows: Iterable[Row]) -> dict[str, int]:
    """Count the recordings of each fault class, in order of name."""
    recordings: dict[str, set[Hashable]] = defaultdict(set)
    for row in rows:
        recordings[row["fault_class"] or UNLABELLED].add(row["recording"])
    return _count(recordings)


def _count(recordings: dict[str, set[Hashable]]) -> dict[str, int]:
    return {name: len(recordings[name]) for name in sorted(recordings)}
