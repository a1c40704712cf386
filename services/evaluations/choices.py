"""What validation recordings chose of a classifier: they flatter it, and promises that rest on them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.networks.registry import get_network_spec

# Random forest and support vectors learn without looking at validation.
_OF_CLASSICAL: Final[Mapping[str, str]] = {
    "gradient_boosting": "the number of rounds",
    "minirocket": "the ridge penalty",
}


def list_choices(network: str) -> list[str]:
    """Return what validation chose when this network was trained."""
    family = get_network_spec(network).family
    if family == "network":
        return ["the epoch"]
    if family == "ensemble":
        return ["its members, as far as they learn by it"]
    chosen = _OF_CLASSICAL.get(network)
    return [chosen] if chosen else []


def word_choices(chosen: Sequence[str]) -> str:
    """Return "the epoch and the temperature"."""
    return " and ".join([", ".join(chosen[:-1]), chosen[-1]] if len(chosen) > 1 else chosen)
