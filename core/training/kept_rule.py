"""A rule that travels with a classifier; what it means is said by who made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

_PREFIX: Final = "strangeness/"


@dataclass(frozen=True, slots=True)
class KeptRule:
    """Plain values for the card and arrays for the weights.

    Attributes
    ----------
    facts
        JSON values.
    arrays
        By name.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def name_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays under names that no model uses."""
        return {f"{_PREFIX}{name}": array for name, array in self.arrays.items()}


def split_arrays(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Return a classifier's own arrays, and those of its rule."""
    own = {name: array for name, array in arrays.items() if not name.startswith(_PREFIX)}
    kept = {name.removeprefix(_PREFIX): array for name, array in arrays.items() if name.startswith(_PREFIX)}
    return own, kept


def read_rule(card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> KeptRule | None:
    """Return a card's rule; classifiers from before there was one have none."""
    facts = card.get("strangeness")
    return KeptRule(facts, split_arrays(arrays)[1]) if facts else None
