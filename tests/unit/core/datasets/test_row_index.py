"""The index of a table, against plain Python over the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets import row_index
from core.datasets.packed_arrays import read_packed, write_packed
from core.datasets.row_index import (
    Among,
    Between,
    Condition,
    Contains,
    Equals,
    HasFlag,
    OneOf,
    RowIndex,
)
from core.datasets.row_index_builder import RowIndexBuilder
from utils.exceptions import DataDamagedError

Row = dict[str, Any]
TEXTS, NUMBERS = ("recording", "channel", "load", "machine"), ("speed", "length")
FLAGS = ("clipped", "mains_hum")


def make_rows(n_recordings: int = 300) -> list[Row]:
    random = np.random.default_rng(3)
    rows: list[Row] = []
    for number in random.permutation(n_recordings).tolist():
        for channel in ("DE", "FE")[: 1 + number % 2]:
            rows.append(
                {
                    "key": 10_000 - 7 * len(rows),
                    "recording": f"Réc_{number:04d}",
                    "channel": channel,
                    "load": None if number % 5 == 0 else str(number % 4),
                    "machine": None if number % 11 == 0 else f"Pump {number % 3}",
                    "speed": None if number % 7 == 0 else float(number % 13) * 100,
                    "length": random.uniform(0, 1),
                    "flags": [flag for at, flag in enumerate(FLAGS) if number % (3 + at) == 0],
                    "search": f"Réc_{number:04d}\x1f2026/{number % 6}.mat",
                }
            )
    return rows


def build(rows: list[Row], path: Path) -> RowIndex:
    builder = RowIndexBuilder(TEXTS, NUMBERS, order_by=("recording", "channel"))
    for start in range(0, len(rows), 64):
        piece = rows[start : start + 64]
        columns = {name: [row[name] for row in piece] for name in (*TEXTS, *NUMBERS)}
        keys, flags = [row["key"] for row in piece], [row["flags"] for row in piece]
        builder.add(keys, columns, flags, [row["search"] for row in piece])
    builder.write(path)
    return RowIndex.open(path)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return make_rows()


@pytest.fixture(scope="module")
def index(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> RowIndex:
    return build(rows, tmp_path_factory.mktemp("index") / "table.rows")


def sort_plainly(rows: list[Row], column: str, *, downwards: bool) -> list[int]:
    """Return the keys by value, then recording and channel; downwards reversed; missing values last."""
    present = [row for row in rows if row[column] is not None]
    missing = sorted(
        (row for row in rows if row[column] is None), key=lambda row: (row["recording"], row["channel"])
    )
    present.sort(key=lambda row: (row[column], row["recording"], row["channel"]), reverse=downwards)
    return [row["key"] for row in (*present, *missing)]


CONDITIONS: list[tuple[tuple[Condition, ...], Callable[[Row], bool]]] = [
    ((), lambda _row: True),
    ((Equals("load", "2"),), lambda row: row["load"] == "2"),
    ((Equals("load", None),), lambda row: row["load"] is None),
    ((Equals("load", "9"),), lambda _row: False),
    ((OneOf("load", ("1", None)),), lambda row: row["load"] in ("1", None)),
    ((Between("speed", 300, 700),), lambda row: row["speed"] is not None and 300 <= row["speed"] <= 700),
    ((Between("speed", None, 200),), lambda row: row["speed"] is not None and row["speed"] <= 200),
    ((HasFlag("clipped"),), lambda row: "clipped" in row["flags"]),
    ((HasFlag("unheard of"),), lambda _row: False),
    ((Contains("RÉC_00"),), lambda row: "réc_00" in row["search"].lower()),
    ((Contains("6/3.MAT"),), lambda row: "6/3.mat" in row["search"]),
    ((Contains("nothing"),), lambda _row: False),
    ((Contains("pump 1", ("machine",)),), lambda row: row["machine"] == "Pump 1"),
    (
        (Equals("load", "1"), Contains("/2."), HasFlag("mains_hum")),
        lambda row: row["load"] == "1" and "/2." in row["search"] and "mains_hum" in row["flags"],
    ),
]


@pytest.mark.parametrize("column", [*TEXTS, *NUMBERS])
@pytest.mark.parametrize("downwards", [False, True])
def test_every_choice_in_every_order_is_what_plain_python_says(
    column: str, downwards: bool, rows: list[Row], index: RowIndex
) -> None:
    for conditions, fits in CONDITIONS:
        expected = sort_plainly([row for row in rows if fits(row)], column, downwards=downwards)
        found = index.keys[index.sort(conditions, column, downwards=downwards)].tolist()
        assert found == expected, conditions
        assert index.count(index.choose(conditions)) == len(expected)


@pytest.mark.parametrize("few", [0, 10**9])
def test_many_hits_and_many_rows_are_searched_to_the_same_end(
    few: int, rows: list[Row], index: RowIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_index, "_FEW_HITS", few)
    monkeypatch.setattr(row_index, "_FEW_ROWS", few)
    monkeypatch.setattr(row_index, "_LINES_AT_ONCE", 7)
    for needle in ("réc_0", "c_00", "2026", "0", "/5.mat", "é"):
        index.forget_selections()
        expected = sum(needle in row["search"].lower() for row in rows)
        assert index.count(index.choose([Contains(needle)])) == expected, needle


def test_rows_are_found_by_key_and_unknown_keys_are_left_out(rows: list[Row], index: RowIndex) -> None:
    wanted = [rows[5]["key"], 1, rows[200]["key"]]
    assert index.keys[index.find_positions(wanted)].tolist() == [wanted[0], wanted[2]]
    assert len(index.find_positions([])) == 0
    chosen = index.choose([Among("three", np.array(wanted))])
    assert index.count(chosen) == 2
    marked = index.choose([HasFlag("damaged", (rows[5]["key"],))])
    assert index.count(marked) == 1


def test_groups_come_once_in_the_order_of_their_first_row(rows: list[Row], index: RowIndex) -> None:
    conditions = [Equals("load", "3")]
    for downwards in (False, True):
        ranks = index.sort_groups(conditions, "length", "recording", downwards=downwards)
        by_key = {row["key"]: row["recording"] for row in rows}
        fitting = [row for row in rows if row["load"] == "3"]
        in_order = [by_key[key] for key in sort_plainly(fitting, "length", downwards=downwards)]
        expected = list(dict.fromkeys(in_order))
        assert [index.read_text("recording", int(rank)) for rank in ranks] == expected
        held = index.keys[index.find_in_groups(conditions, "recording", ranks[:2])].tolist()
        assert sorted(held) == sorted(row["key"] for row in fitting if row["recording"] in expected[:2])


def test_neighbours_have_the_same_value(
    rows: list[Row], index: RowIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_index, "_STEP", 3)
    ordered = sorted(rows, key=lambda row: (row["recording"], row["channel"]))
    for position in (0, 1, 100, len(ordered) - 1):
        value = ordered[position]["channel"]
        same = [at for at, row in enumerate(ordered) if row["channel"] == value]
        place = same.index(position)
        before = same[place - 1] if place else None
        after = same[place + 1] if place + 1 < len(same) else None
        assert index.find_neighbours(position, "channel") == (before, after)


def test_texts_and_numbers_read_back(index: RowIndex, rows: list[Row]) -> None:
    assert index.list_texts("load") == ["0", "1", "2", "3"]
    assert index.find_rank("machine", "Pump 1") == 1
    assert index.find_rank("machine", "Pump 7") is None
    speeds = index.values("speed")
    assert sum(math.isnan(each) for each in speeds) == sum(row["speed"] is None for row in rows)


def test_an_empty_table_has_an_index_too(tmp_path: Path) -> None:
    index = build([], tmp_path / "empty.rows")
    assert index.sort([Equals("load", "1"), Contains("x")], "speed").tolist() == []
    assert index.find_positions([4]).tolist() == []


def test_a_cut_file_is_called_damaged_and_a_missing_one_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.rows"
    write_packed(path, {"x": np.arange(100), "y": np.zeros((0, 2), np.float32)}, {"name": "n"})
    arrays, facts = read_packed(path)
    assert arrays["x"].tolist() == list(range(100))
    assert (arrays["y"].shape, facts) == ((0, 2), {"name": "n"})
    assert list(tmp_path.iterdir()) == [path]
    whole = path.read_bytes()
    for cut in (0, 5, 17, 90, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataDamagedError):
            read_packed(path)
    with pytest.raises(FileNotFoundError):
        read_packed(tmp_path / "b.rows")
