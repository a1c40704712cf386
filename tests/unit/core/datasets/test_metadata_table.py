"""Import tables: read exactly, refused by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.datasets.metadata_table import COLUMNS, MetadataRow, read_metadata_table
from tests.data import find_test_data
from utils.exceptions import FileRefusedError, InvalidInputError


def test_the_tables_beside_the_recordings_are_read_whole() -> None:
    found = find_test_data()
    cwru, mfpt = (read_metadata_table(folder / "metadata.csv") for folder in (found.cwru, found.mfpt))
    assert (len(cwru), len(mfpt)) == (30, 9)
    assert {row.fault_class for row in cwru} == {"ball", "inner_race", "outer_race", "healthy"}
    assert {row.sample_rate_hz for row in mfpt} == {48_828.0, 97_656.0}
    assert {row.load for row in cwru} == {"0", "1", "2"}
    assert all(
        (folder / row.file).is_file()
        for folder, rows in ((found.cwru, cwru), (found.mfpt, mfpt))
        for row in rows
    )


def test_a_row_is_read_with_types_and_empty_cells_as_none() -> None:
    text = (
        ",".join(COLUMNS)
        + "\nIR007_0.mat,*_DE_time,DE,12000,1797.5,0,g,rig,drive end,6205-2RS,IR,007,b1,100 mV/g,,r1,test,\n"
    )
    assert read_metadata_table(text) == [
        MetadataRow(2, "IR007_0.mat", "*_DE_time", "DE", 12_000.0, 1_797.5, "0", "g", "rig", "drive end",
                    "6205-2RS", "IR", "007", "b1", "100 mV/g", None, "r1", "test")
    ]  # fmt: skip
    assert read_metadata_table("file,load\na.mat,\n") == [MetadataRow(2, "a.mat")]


@pytest.mark.parametrize(
    "text", ["file;load\na.mat;x,y\n", "\ufefffile;load\r\na.mat;x,y\r\n\r\n", "FILE\tLoad\na.mat\tx,y"]
)
def test_other_delimiters_line_ends_and_marks_are_understood(text: str) -> None:
    assert [(row.file, row.load) for row in read_metadata_table(text)] == [("a.mat", "x,y")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("load\n1\n", "Line 1: the column 'file' is missing"),
        ("file,rpm\na,1\n", "Line 1: the column 'rpm' is unknown"),
        ("file,load,load\na,1,1\n", "Line 1: the column 'load' comes twice"),
        ("file,load\na,1\n\n,2\n", "Line 4, column 'file': the cell is empty"),
        (
            "file,sample_rate_hz\na,1\nb,fast\n",
            "Line 3, column 'sample_rate_hz': 'fast' is not a number above 0",
        ),
        ("file,sample_rate_hz\na,0\n", "Line 2, column 'sample_rate_hz'"),
        ("file,sample_rate_hz\na,nan\n", "Line 2, column 'sample_rate_hz'"),
        ("file,shaft_speed_rpm\na,-5\n", "Line 2, column 'shaft_speed_rpm'"),
        ("file,load\na,1,2\n", "Line 2 has 3 cells, but the table has 2 columns"),
        ('file,load\n"a\nb",1\nc\n', "Line 4 has 1 cells"),
        ("file,channel\na,DE\na,FE\na,DE\n", "Line 4, column 'file': 'a' comes with the same .* line 2"),
        ("", "Line 1: the column 'file' is missing"),
    ],
)
def test_a_wrong_table_is_refused_by_line_and_column(text: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_metadata_table(text)


def test_a_table_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"file\n\xff\xfe\n")
    with pytest.raises(FileRefusedError, match="UTF-8"):
        read_metadata_table(tmp_path / "a.csv")
    with pytest.raises(FileRefusedError, match="No such file"):
        read_metadata_table(tmp_path / "b.csv")
