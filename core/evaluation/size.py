"""How large a stored classifier is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from utils.exceptions import DataDamagedError

# Numbers that a network counts while it learns, and does not learn.
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_HEADER_BYTES = 8


@dataclass(frozen=True, slots=True)
class ClassifierSize:
    """What a classifier needs on disk, and how many numbers it has learned."""

    n_bytes: int
    n_parameters: int


def measure_size(folder: Path) -> ClassifierSize:
    """Measure the files of a classifier, without loading them.

    Parameters
    ----------
    folder
        Where it lies; an ensemble's members lie in folders below.

    Raises
    ------
    DataDamagedError
        A file of weights can't be read.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    return ClassifierSize(
        n_bytes=sum(path.stat().st_size for path in files),
        n_parameters=sum(_count_parameters(path) for path in weights),
    )


def _count_parameters(path: Path) -> int:
    """Read the header of a safetensors file: its length in eight bytes, then JSON."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_HEADER_BYTES), "little")
            header: dict[str, Any] = json.loads(file.read(length))
    except (OSError, ValueError) as error:
        raise DataDamagedError("The classifier's weights can't be read.") from error
    return sum(
        prod(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and not name.endswith(_STATISTICS)
    )
