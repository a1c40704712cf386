"""The files that a comparison leaves as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.comparisons import assembly
from services.comparisons.exports.latex import write_latex
from services.comparisons.exports.pdf import write_pdf
from services.comparisons.exports.report import build_report
from services.comparisons.exports.tidy import write_csv
from utils.exceptions import InvalidInputError

# Format to file ending and media type.
FORMATS = {
    "pdf": ("pdf", "application/pdf"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "latex": ("tex", "application/x-tex; charset=utf-8"),
}
_NAMED_IDS = 6


def write_export(experiment_ids: Sequence[int], format: str) -> dict[str, Any]:
    """Return ``content``, ``file_name`` and ``media_type``.

    Raises:
        InvalidInputError: Such a format does not exist.
    """
    if format not in FORMATS:
        raise InvalidInputError(f"There is no format '{format}'. Known: {', '.join(FORMATS)}.")
    found = assembly.compare(experiment_ids)
    ending, media_type = FORMATS[format]
    if format == "csv":
        content = write_csv(found).encode()
    elif format == "latex":
        content = write_latex(build_report(found)).encode()
    else:
        content = write_pdf(build_report(found))
    ids = found["experiment_ids"]
    named = "-".join(map(str, ids[:_NAMED_IDS])) + ("-and-more" if len(ids) > _NAMED_IDS else "")
    return {"content": content, "file_name": f"comparison-{named}.{ending}", "media_type": media_type}
