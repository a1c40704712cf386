"""Between AG Grid's requests for rows and the paged lists of the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layouts.components.tables import PAGE_SIZE


def read_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{page, per_page, sort, filters}`` for a list method of a service.

    ``sort`` is a field, with a minus for descending, or None. ``filters`` maps a field to
    ``{"type": "contains" | "equals" | "greaterThan" | …, "value": …, "to": …}``.
    """
    start = max(int(request.get("startRow") or 0), 0)
    size = max(int(request.get("endRow") or 0) - start, 0) or PAGE_SIZE
    order = (request.get("sortModel") or [None])[0]
    sort = None if order is None else f"{'-' if order['sort'] == 'desc' else ''}{order['colId']}"
    model = request.get("filterModel") or {}
    return {
        "page": start // size + 1,
        "per_page": size,
        "sort": sort,
        "filters": {field: _read_filter(spec) for field, spec in model.items()},
    }


def _read_filter(spec: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {"type": spec["type"], "value": spec.get("filter")}
    if spec.get("filterTo") is not None:
        chosen["to"] = spec["filterTo"]
    return chosen


def build_response(items: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """Return what the grid expects: this block's rows and how many there are in all."""
    return {"rowData": items, "rowCount": total}
