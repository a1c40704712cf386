"""Parquet: a table of one column per signal, its metadata with the column and with the file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from core.datasets.writers.archive import SUFFIX, name_member, write_archive
from core.datasets.writers.base import BLOCK_SAMPLES, ExportedDataset, ExportedSignal, OnSignal

__all__ = ["SUFFIX", "write"]

_COLUMN = "value"


def write(path: Path, dataset: ExportedDataset, on_signal: OnSignal) -> None:
    """Write a version as a ZIP of Parquet tables with their table; see `canonical_hdf5.write`."""
    with (
        tempfile.TemporaryDirectory(prefix=".parquet-", dir=path.parent) as folder,
        write_archive(path, dataset, compressed=False) as archive,
    ):
        draft = Path(folder) / "signal.parquet"
        for number, signal in enumerate(dataset.signals, start=1):
            _write_table(draft, signal)
            name = name_member(number, signal.recording, signal.channel, suffix=".parquet")
            with archive.open_member(name) as member, draft.open("rb") as written:
                shutil.copyfileobj(written, member, 1 << 20)
            archive.add_row(name, _COLUMN, signal)
            on_signal(number)


def _write_table(path: Path, signal: ExportedSignal) -> None:
    """Write one table, in row groups of a million samples."""
    import pyarrow
    import pyarrow.parquet

    about = {name: str(value) for name, value in signal.describe().items()}
    schema = pyarrow.schema([pyarrow.field(_COLUMN, pyarrow.float32(), metadata=about)], metadata=about)
    with pyarrow.parquet.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT"
    ) as writer:
        for block in signal.blocks():
            table = pyarrow.table([pyarrow.array(block, pyarrow.float32())], schema=schema)
            writer.write_table(table, row_group_size=BLOCK_SAMPLES)
