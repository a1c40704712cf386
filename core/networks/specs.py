"""What describes one trainable architecture. Loads neither torch nor sklearn."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.networks.options import OptionSpec, OptionValue


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """One trainable architecture.

    ``builder`` is ``module:function``; for the family ``network`` the function takes
    ``(n_samples, n_classes, sample_rate_hz, **own options)`` and returns a torch module, for ``classical`` it
    names a `core.networks.classical.Learner`.

    ``needs`` names what must be known of the machine beside the signal: ``shaft_speed``, ``fault_orders``. A
    network that needs something is called with ``(windows, conditions)``, see `core.training.conditions`. A
    window must hold at least ``fewest_turns`` of the shaft.
    """

    name: str
    title: str
    family: Literal["network", "classical", "ensemble"]
    description: str
    options: tuple[OptionSpec, ...]
    own_options: tuple[str, ...]
    builder: str
    needs: tuple[str, ...] = ()
    fewest_turns: float = 0.0

    def load_builder(self) -> Any:
        """Import the builder: this is where torch or sklearn is loaded."""
        module, _, name = self.builder.partition(":")
        return getattr(importlib.import_module(module), name)

    def pick_own_options(self, options: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
        """Return the options that shape the architecture itself."""
        return {name: options[name] for name in self.own_options}
