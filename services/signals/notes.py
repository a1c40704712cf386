"""What a view has to say beside its numbers."""

from __future__ import annotations


def join_notes(*notes: str | None) -> str | None:
    """Return the sentences there are as one text, or None."""
    return " ".join(note for note in notes if note) or None
