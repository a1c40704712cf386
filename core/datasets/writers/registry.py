"""The formats that datasets leave in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.datasets.writers import canonical_hdf5, csv_text, matlab, parquet
from utils.exceptions import InvalidInputError


@dataclass(frozen=True, slots=True)
class WriterSpec:
    """A registered format.

    Attributes
    ----------
    name, title
        For programs and for people.
    suffix
        Of the file.
    bytes_per_sample
        About how much room it needs, at the most.
    write
        ``write(path, dataset, on_signal)``.
    """

    name: str
    title: str
    suffix: str
    bytes_per_sample: float
    write: Any  # Callable[[Path, ExportedDataset, OnSignal], None]; a field would bind as a method


WRITERS = {
    spec.name: spec
    for spec in (
        WriterSpec("hdf5", "Canonical HDF5 (one file)", canonical_hdf5.SUFFIX, 4.0, canonical_hdf5.write),
        WriterSpec("mat", "MATLAB level 5 (ZIP, a file per recording)", matlab.SUFFIX, 4.0, matlab.write),
        WriterSpec("csv", "CSV (ZIP, a file per signal)", csv_text.SUFFIX, 7.0, csv_text.write),
        WriterSpec("parquet", "Parquet (ZIP, a file per signal)", parquet.SUFFIX, 4.0, parquet.write),
    )
}


def get_writer(name: str) -> WriterSpec:
    """Return a format by name.

    Raises
    ------
    InvalidInputError
        There is none; the sentence names those that there are.
    """
    if name not in WRITERS:
        raise InvalidInputError(f"'{name[:40]}' is no export format. Formats: {', '.join(WRITERS)}.")
    return WRITERS[name]
