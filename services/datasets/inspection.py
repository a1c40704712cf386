"""Look into the files of an import through the isolated reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.datasets.isolated import IsolatedReader
from core.datasets.readers.base import FilePreview, ReadOptions
from dashboard_config import get_settings
from services.datasets.mapping import ImportMapping
from services.datasets.planning import PreviewedFile
from services.datasets.selection import suggest_channel
from services.datasets.sources import SourceFile
from utils.exceptions import LstmPfdError, ServiceUnavailableError, StorageFullError

_MAX_LISTED_VARIABLES = 50


def open_reader() -> IsolatedReader:
    """Return the limited process that reads files from outside; a context manager."""
    return IsolatedReader(memory_bytes=get_settings().reader_memory_bytes)


def inspect_files(
    reader: IsolatedReader,
    sources: Sequence[SourceFile],
    mapping: ImportMapping,
    *,
    on_file: Callable[[int], None] = lambda _: None,
) -> list[PreviewedFile]:
    """Preview every file; one that can't be read carries its error and does not stop the others."""
    names = [source.name for source in sources]
    groups: Sequence[dict[str, str] | None] = [{} for _ in names]
    if mapping.pattern is not None:
        groups = reader.match_names(mapping.pattern, names)
    files = []
    for index, source in enumerate(sources):
        on_file(index)
        preview, error = _preview(reader, source, mapping.options)
        files.append(PreviewedFile(source.name, preview, error, groups[index]))
    return files


def _preview(
    reader: IsolatedReader, source: SourceFile, options: ReadOptions
) -> tuple[FilePreview | None, LstmPfdError | None]:
    try:
        return reader.preview(source.path, source.name, options), None
    except (ServiceUnavailableError, StorageFullError):
        raise
    except LstmPfdError as error:
        return None, error


def describe_preview(source: SourceFile, file: PreviewedFile) -> dict[str, Any]:
    """Return a preview as plain data for the wizard."""
    preview = file.preview
    shown = preview.variables[:_MAX_LISTED_VARIABLES] if preview else []
    return {
        "file": source.name,
        "upload_id": source.upload_id,
        "format": preview.format if preview else None,
        "variables": [
            {
                "name": variable.name,
                "suggested_channel": str(
                    variable.attributes.get("channel") or suggest_channel(variable.name)
                ),
                "n_samples": variable.n_samples,
                "dtype": variable.dtype,
                "sample_rate_hz": variable.sample_rate_hz,
                "unit": variable.unit,
                "attributes": dict(variable.attributes),
                "part": variable.part,
            }
            for variable in shown
        ],
        "n_variables": len(preview.variables) if preview else 0,
        "scalars": dict(preview.scalars) if preview else {},
        "parts": list(preview.parts) if preview else [],
        "notes": list(preview.notes) if preview else [],
        "problem": file.error.sentence if file.error else None,
        "code": file.error.code.value if file.error else None,
    }
