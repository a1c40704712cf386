"""Counts of a version, and the hash that names it."""

from __future__ import annotations

from typing import Any

from services.datasets.summary import hash_manifest, summarise


def row(**values: Any) -> dict[str, Any]:
    """Return a signal's row."""
    return {
        "sha256": "0" * 64,
        "recording": "r",
        "channel": "DE",
        "fault_class": "ball",
        "severity": None,
        "group": None,
        "given_part": None,
        "sample_rate_hz": 1000.0,
        "n_samples": 2000,
        "unit": "g",
        "shaft_speed_rpm": 1500.0,
        "load": "0",
        "machine": "M",
        "measurement_point": None,
        "bearing": None,
        "quality": [],
        **values,
    }


def test_the_manifest_hash_does_not_depend_on_the_order_of_rows() -> None:
    rows = [row(), row(recording="s", sha256="1" * 64)]
    assert hash_manifest(rows) == hash_manifest(rows[::-1])


def test_the_manifest_hash_changes_with_a_label() -> None:
    assert hash_manifest([row()]) != hash_manifest([row(fault_class="healthy")])


def test_a_recording_with_two_channels_counts_once_per_class() -> None:
    summary = summarise([row(), row(channel="FE", sha256="1" * 64)])
    assert summary["classes"] == {"ball": 1}
    assert (summary["n_recordings"], summary["n_signals"], summary["duration_s"]) == (1, 2, 4.0)


def test_unlabelled_signals_are_counted_as_such() -> None:
    assert summarise([row(fault_class=None)])["classes"] == {"unlabelled": 1}


def test_a_field_offers_itself_for_splitting_only_with_two_values() -> None:
    fields = {entry["field"]: entry["values"] for entry in summarise([row(), row(load="2")])["split_fields"]}
    assert fields == {"load": ["0", "2"]}


def test_loads_stand_in_the_order_of_their_numbers() -> None:
    loads = ["100 lbs", "25 lbs", "0", "2.5 hp", "2.25 hp", "none", "Full", None]
    assert summarise(row(load=load) for load in loads)["loads"] == [
        *("0", "2.25 hp", "2.5 hp", "25 lbs", "100 lbs", "Full", "none"),
    ]
