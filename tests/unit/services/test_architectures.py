"""Which of several experiments nothing beats in accuracy and size."""

from __future__ import annotations

from typing import Any

from services.evaluations.architectures import _is_better


def row(accuracy: float, n_bytes: int, split_id: int = 1) -> dict[str, Any]:
    return {"split_id": split_id, "n_bytes": n_bytes, "recording_level": {"accuracy": accuracy}}


def test_better_and_as_small_beats_on_the_same_split_only() -> None:
    assert _is_better(row(0.9, 10), row(0.8, 10))
    assert _is_better(row(0.9, 5), row(0.9, 10))
    assert not _is_better(row(0.9, 20), row(0.8, 10))
    assert not _is_better(row(0.9, 10), row(0.9, 10))
    assert not _is_better(row(0.9, 10, split_id=2), row(0.8, 10))
