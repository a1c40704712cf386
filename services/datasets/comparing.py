"""What differs between two versions of a dataset: rows that came, went, or say otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from core.datasets.row_index import RowIndex
from services.datasets import table
from services.datasets.editing import EDITABLE, read_value
from services.datasets.rows import find_version

_MAX_LISTED = 100

Mask = npt.NDArray[np.bool_]


def compare_versions(session: Session, dataset_id: int, older: int, newer: int | None) -> dict[str, Any]:
    """Return counts of what was added, removed, relabelled and edited, and the first rows of it.

    Raises:
        NotFoundError: No such dataset or version.
    """
    before, after = find_version(session, dataset_id, older), find_version(session, dataset_id, newer)
    old, new = table.open_index(session, before), table.open_index(session, after)
    here = np.isin(new.keys, old.keys)
    kept = np.flatnonzero(here).astype(np.int32)
    was = old.find_positions(new.keys[kept])
    differs = {name: _differ(old, new, was, kept, name) for name in EDITABLE}
    relabelled = differs["fault_class"]
    edited = np.zeros(len(kept), bool)
    for name, mask in differs.items():
        edited |= mask if name != "fault_class" else False
    added = np.flatnonzero(~here)
    removed = np.flatnonzero(~np.isin(old.keys, new.keys))
    changed = np.flatnonzero(relabelled | edited)[:_MAX_LISTED]
    return {
        "dataset_id": dataset_id,
        "older": before.number,
        "newer": after.number,
        "changes": {
            "added": len(added),
            "removed": len(removed),
            "relabelled": int(np.count_nonzero(relabelled)),
            "edited": int(np.count_nonzero(edited)),
        },
        "fields": {name: int(np.count_nonzero(mask)) for name, mask in differs.items() if mask.any()},
        "most_rows": _MAX_LISTED,
        "rows": [
            *(_describe(new, at, "added") for at in added[:_MAX_LISTED]),
            *(_describe(old, at, "removed") for at in removed[:_MAX_LISTED]),
            *(
                {
                    **_describe(new, kept[at], "changed"),
                    "fields": _list_differences(old, new, was[at], kept[at], differs, at),
                }
                for at in changed
            ),
        ][:_MAX_LISTED],
    }


def _differ(
    old: RowIndex, new: RowIndex, was: npt.NDArray[np.int32], kept: npt.NDArray[np.int32], name: str
) -> Mask:
    before, after = old.values(name)[was], new.values(name)[kept]
    if not new.is_text(name):
        return np.asarray((before != after) & ~(np.isnan(before) & np.isnan(after)))
    ranks = [new.find_rank(name, text) for text in old.list_texts(name)]
    now = np.array([*(-2 if rank is None else rank for rank in ranks), -1], np.int64)
    return np.asarray(now[before] != after)  # -1, no text, reads the last entry


def _describe(index: RowIndex, position: int, what: str) -> dict[str, Any]:
    return {
        "what": what,
        "recording": read_value(index, "recording", index.values("recording")[position]),
        "channel": read_value(index, "channel", index.values("channel")[position]),
        "fields": {},
    }


def _list_differences(
    old: RowIndex, new: RowIndex, was: int, now: int, differs: dict[str, Mask], at: int
) -> dict[str, list[Any]]:
    return {
        name: [read_value(old, name, old.values(name)[was]), read_value(new, name, new.values(name)[now])]
        for name, mask in differs.items()
        if mask[at]
    }
