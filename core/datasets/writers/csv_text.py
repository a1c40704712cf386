"""CSV: a file of one column per signal, every sample with as many digits as its float32 needs."""

from __future__ import annotations

from pathlib import Path

from core.datasets.writers.archive import SUFFIX, name_member, write_archive
from core.datasets.writers.base import ExportedDataset, OnSignal

__all__ = ["SUFFIX", "write"]

_COLUMN = "value"


def write(path: Path, dataset: ExportedDataset, on_signal: OnSignal) -> None:
    """Write a version as a ZIP of CSV files with their table; see `canonical_hdf5.write`."""
    import pyarrow
    import pyarrow.csv

    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with write_archive(path, dataset, compressed=True) as archive:
        for number, signal in enumerate(dataset.signals, start=1):
            name = name_member(number, signal.recording, signal.channel, suffix=".csv")
            with archive.open_member(name) as member:
                member.write(f"{_COLUMN}\n".encode())
                for block in signal.blocks():
                    table = pyarrow.table({_COLUMN: pyarrow.array(block, pyarrow.float32())})
                    pyarrow.csv.write_csv(table, member, options)
            archive.add_row(name, _COLUMN, signal)
            on_signal(number)
