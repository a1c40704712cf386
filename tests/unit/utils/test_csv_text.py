from __future__ import annotations

import csv
import io

import pytest

from utils.csv_text import build_csv


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_starts_like_a_formula_comes_out_as_text(cell) -> None:
    rows = list(csv.reader(io.StringIO(build_csv(["name"], [[cell]]), newline="")))
    assert rows[1] == [f"'{cell}"]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert build_csv(["a", "b"], [[-1.5, None]]) == "a,b\r\n-1.5,\r\n"


def test_commas_quotes_and_line_breaks_survive() -> None:
    cell = 'one, "two"\nthree'
    assert list(csv.reader(io.StringIO(build_csv(["x"], [[cell]]), newline="")))[1] == [cell]
