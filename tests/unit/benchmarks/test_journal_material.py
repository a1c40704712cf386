"""The journal benchmark's material: the split it claims, the ratios it claims, the file it writes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.journal_material import (
    PARTS,
    Record,
    disturb,
    keep_per_class,
    make_records,
    read_split_file,
    split_records,
    write_split_file,
)
from utils.constants import FAULT_CLASSES


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return make_records(tmp_path_factory.mktemp("records"), 4)


def test_no_record_knows_its_shaft_speed(records: list[Record]) -> None:
    assert len(records) == 4 * len(FAULT_CLASSES)
    assert {record.signal.shaft_speed_rpm for record in records} == {None}


def test_each_record_is_in_one_part_and_each_class_in_training(records: list[Record]) -> None:
    parts = split_records(records, seed=1)
    numbers = [record.number for part in PARTS for record in parts[part]]

    assert sorted(numbers) == list(range(len(records)))
    assert {record.fault_class for record in parts["train"]} == set(FAULT_CLASSES)
    assert numbers != [record.number for part in PARTS for record in split_records(records, seed=2)[part]]


@pytest.mark.parametrize("kind", ["white", "pink", "tone", "low_tone"])
def test_what_is_added_lies_at_the_ratio_and_is_the_same_each_time(records: list[Record], kind: str) -> None:
    (signal,) = disturb(records[:1], kind, 5.0)
    plain = records[0].signal.load()

    added = signal.load() - plain
    assert 10 * np.log10(np.var(plain) / np.var(added)) == pytest.approx(5.0, abs=0.1)
    np.testing.assert_array_equal(signal.load() - plain, added)


def test_a_few_records_are_kept_of_each_class(records: list[Record]) -> None:
    kept = keep_per_class(records, 2, seed=0)
    assert Counter(record.fault_class for record in kept) == dict.fromkeys(FAULT_CLASSES, 2)


def test_the_public_layout_gives_the_same_records_back(records: list[Record], tmp_path: Path) -> None:
    parts = {"train": records[:5], "validation": records[5:8], "test": records[8:12]}
    write_split_file(tmp_path / "split.h5", parts)
    found = read_split_file(tmp_path / "split.h5")

    for part in PARTS:
        assert [
            (one.number, one.fault_class, one.severity, one.signal.signal_sha256, one.signal.sample_rate_hz)
            for one in found[part]
        ] == [
            (one.number, one.fault_class, one.severity, one.signal.signal_sha256, one.signal.sample_rate_hz)
            for one in parts[part]
        ]
