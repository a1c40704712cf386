"""Text tables: how they are written is found out, what is unclear is not guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.readers import csv_text
from core.datasets.readers.registry import preview_file, read_file
from utils.exceptions import ErrorCode, FileRefusedError

VALUES = np.round(np.random.default_rng(2).standard_normal((400, 2)), 4)


def _table(delimiter: str, decimal: str = ".", header: str = "", ending: str = "\n") -> str:
    rows = [delimiter.join(f"{cell:.4f}".replace(".", decimal) for cell in row) for row in VALUES]
    return header + ending.join(rows) + ending


def _write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), (" ", "."), ("  ", ",")],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_delimiter_and_decimal_sign_are_found_out(
    tmp_path: Path, delimiter: str, decimal: str, ending: str
) -> None:
    path = _write(tmp_path, _table(delimiter, decimal, ending=ending))
    found = read_file(path, ["*"])
    assert list(found) == ["column_1", "column_2"]
    np.testing.assert_array_equal(np.stack(list(found.values()), axis=1), VALUES.astype("f4"))
    assert {one.n_samples for one in preview_file(path).variables} == {400}


@pytest.mark.parametrize("header", ["", "acc [g]\n"])
def test_one_column_of_decimal_commas_is_not_two_columns(tmp_path: Path, header: str) -> None:
    text = header + "".join(f"{value:.4f}\n".replace(".", ",") for value in VALUES[:, 0])
    (found,) = read_file(_write(tmp_path, text), ["*"]).values()
    np.testing.assert_array_equal(found, VALUES[:, 0].astype("f4"))


def test_titles_units_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    preview = preview_file(_write(tmp_path, "\ufeff" + _table(";", ",", "DE [g];speed (mm/s)\n")))
    assert [(one.name, one.unit) for one in preview.variables] == [("DE [g]", "g"), ("speed (mm/s)", "mm/s")]


def test_latin_1_titles_are_read(tmp_path: Path) -> None:
    path = _write(tmp_path, _table(",", header="Wälzlager,Gehäuse\n"), "latin-1")
    assert [one.name for one in preview_file(path).variables] == ["Wälzlager", "Gehäuse"]


def test_a_time_column_with_its_unit_declares_the_rate_and_is_no_signal(tmp_path: Path) -> None:
    rows = "".join(f"{i / 12_800 * 1e3:.5f},{value:.4f}\n" for i, value in enumerate(VALUES[:, 0]))
    preview = preview_file(_write(tmp_path, "time [ms],acc\n" + rows))
    assert [(one.name, one.sample_rate_hz) for one in preview.variables] == [("acc", 12_800.0)]


def test_a_time_column_without_a_unit_gives_no_rate_but_a_hint(tmp_path: Path) -> None:
    rows = "".join(f"{i / 25_600:.7f},{value:.4f}\n" for i, value in enumerate(VALUES[:, 0]))
    preview = preview_file(_write(tmp_path, rows))
    assert [(one.name, one.sample_rate_hz) for one in preview.variables] == [("column_2", None)]
    assert preview.scalars["time_step"] == pytest.approx(1 / 25_600, rel=1e-3)
    assert "25600" in preview.notes[-1]


def test_times_with_a_gap_give_no_rate(tmp_path: Path) -> None:
    times = np.arange(400) / 1_000
    times[200:] += 0.5
    rows = "".join(f"{t:.5f},{value:.4f}\n" for t, value in zip(times, VALUES[:, 0], strict=True))
    assert preview_file(_write(tmp_path, "time_s,acc\n" + rows)).variables[0].sample_rate_hz is None


def test_remarks_above_the_table_declare_rate_and_unit(tmp_path: Path) -> None:
    preview = preview_file(
        _write(tmp_path, "# sample_rate_hz: 5000\n# unit = g\n" + _table(",", header="a,b\n"))
    )
    assert [(one.name, one.sample_rate_hz, one.unit) for one in preview.variables] == [
        ("a", 5_000.0, "g"),
        ("b", 5_000.0, "g"),
    ]


def test_a_text_column_is_left_out(tmp_path: Path) -> None:
    text = "stamp,acc\n" + "".join(f"2026-01-01 12:00:{i:02d},{i}.5\n" for i in range(50))
    assert [one.name for one in preview_file(_write(tmp_path, text)).variables] == ["acc"]


@pytest.mark.parametrize(
    ("cell", "says"), [("", "is empty"), ("oops", "holds 'oops', which is no number")], ids=["gap", "word"]
)
def test_a_broken_cell_is_named_by_line_and_column(tmp_path: Path, cell: str, says: str) -> None:
    lines = _table(",", header="a,b\n").splitlines()
    lines[300] = f"1.0,{cell}"
    with pytest.raises(FileRefusedError, match=f"Line 301, column 'b' {says}"):
        read_file(_write(tmp_path, "\n".join(lines)), ["b"])


def test_prose_is_no_table(tmp_path: Path) -> None:
    text = "# Notes\n\n1. first thing to do\n2. second thing to do\n\nAnd 3 more words follow here.\n" * 20
    with pytest.raises(FileRefusedError, match="no table of numbers") as caught:
        preview_file(_write(tmp_path, text))
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


def test_a_long_file_is_read_piece_by_piece_without_a_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_text, "_CHUNK_BYTES", 1_000)
    path = _write(tmp_path, _table(",", header="a,b\n").rstrip("\n"))
    found = read_file(path, ["a", "b"])
    np.testing.assert_array_equal(np.stack([found["a"], found["b"]], axis=1), VALUES.astype("f4"))
    assert preview_file(path).variables[0].n_samples == 400


def test_blank_lines_are_no_samples(tmp_path: Path) -> None:
    path = _write(tmp_path, "1.0\n\n2.0\n3.0\n\n\n")
    assert preview_file(path).variables[0].n_samples == 3
    assert read_file(path, ["*"])["column_1"].tolist() == [1.0, 2.0, 3.0]
