"""A ZIP of one file per signal or recording, with ``metadata.csv`` and ``dataset.json`` beside them.

``metadata.csv`` is an import table: unpacked, the folder is imported with it and nothing has to be said
again.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.datasets.metadata_table import COLUMNS, FORMULA_STARTS
from core.datasets.writers.base import ExportedDataset, ExportedSignal, write_whole

SUFFIX = ".zip"
_FOLDER = "signals"
_MAX_STEM = 60


class SignalArchive:
    """An archive that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._rows: list[list[str]] = []

    @contextmanager
    def open_member(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file of the archive for writing."""
        with self._archive.open(f"{_FOLDER}/{name}", "w", force_zip64=True) as member:
            yield member

    def add_row(self, name: str, variable: str, signal: ExportedSignal) -> None:
        """Note what a signal of a file is."""
        values = {**signal.describe(), "file": f"{_FOLDER}/{name}", "variable": variable}
        values.setdefault("fault_class", "unlabelled")
        self._rows.append([_as_cell(values.get(column)) for column in COLUMNS])

    def finish(self, dataset: ExportedDataset) -> None:
        """Write the table and the facts of the dataset."""
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        writer.writerows(self._rows)
        self._archive.writestr("metadata.csv", table.getvalue().encode("utf-8"), zipfile.ZIP_DEFLATED)
        facts = {
            "name": dataset.name,
            "version": dataset.version,
            "manifest_sha256": dataset.manifest_sha256,
            "class_names": list(dataset.class_names),
            "created_utc": dataset.created_utc.isoformat(),
            "n_signals": dataset.n_signals,
        }
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        self._archive.writestr("dataset.json", text.encode("utf-8"), zipfile.ZIP_DEFLATED)


@contextmanager
def write_archive(path: Path, dataset: ExportedDataset, *, compressed: bool) -> Iterator[SignalArchive]:
    """Give an archive to write signals into; it appears at ``path`` whole or not at all."""
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with write_whole(path) as temporary, zipfile.ZipFile(temporary, "x", kind, compresslevel=1) as archive:
        written = SignalArchive(archive)
        yield written
        written.finish(dataset)


def name_member(number: int, *names: str, suffix: str) -> str:
    """Return a file name that every system takes and that comes once.

    >>> name_member(7, "IR 007/1", "DE", suffix=".csv")
    '00007_IR_007_1_DE.csv'
    """
    plain = unicodedata.normalize("NFKD", "_".join(names)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9.-]+", "_", plain).strip("._-")[:_MAX_STEM].rstrip("._-")
    return f"{number:05d}_{stem}{suffix}" if stem else f"{number:05d}{suffix}"


def _as_cell(value: str | float | None) -> str:
    """Return a cell's text; one that a spreadsheet would take for a formula is marked as text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    return f"'{value}" if value.startswith(FORMULA_STARTS) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
