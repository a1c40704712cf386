"""Everything that can be trained, with its options. Importing this module loads neither torch nor sklearn."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.networks.options import OptionSpec, OptionValue, parse_options
from utils.exceptions import ErrorCode, InvalidInputError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """One trainable architecture.

    ``builder`` is ``module:function``; for the family ``network`` the function takes
    ``(n_samples, n_classes, **own options)`` and returns a torch module, for ``classical`` it names the
    function that grows the model from features.
    """

    name: str
    title: str
    family: Literal["network", "classical"]
    description: str
    options: tuple[OptionSpec, ...]
    own_options: tuple[str, ...]
    builder: str

    def load_builder(self) -> Any:
        """Import the builder: this is where torch or sklearn is loaded."""
        module, _, name = self.builder.partition(":")
        return getattr(importlib.import_module(module), name)

    def pick_own_options(self, options: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
        """Return the options that shape the architecture itself."""
        return {name: options[name] for name in self.own_options}


_WINDOW_OPTIONS = (
    OptionSpec("window_s", "float", 0.25, 0.005, 60.0, help="Length of a window in seconds."),
    OptionSpec(
        "hop_s", "float", None, 0.001, 60.0,
        help="Seconds from one window's start to the next; empty: half a window.",
    ),
    OptionSpec(
        "analysis_rate_hz", "float", None, 100.0, 1_000_000.0,
        help="Every signal is resampled to this rate in Hz; empty: the lowest rate in the training signals.",
    ),
)  # fmt: skip


def _network_options(*own: OptionSpec, epochs: int, batch_size: int) -> tuple[OptionSpec, ...]:
    return (
        OptionSpec("epochs", "int", epochs, 1, 10_000, help="Most passes over the training windows."),
        OptionSpec("batch_size", "int", batch_size, 1, 4096, help="Windows per step."),
        OptionSpec("learning_rate", "float", 0.002, 1e-7, 1.0, help="Learning rate after the warm-up."),
        OptionSpec("weight_decay", "float", 0.01, 0.0, 1.0, help="Pull of the weights towards zero (AdamW)."),
        OptionSpec(
            "patience", "int", 15, 1, 10_000,
            help="Training ends after this many epochs without a better validation loss.",
        ),
        OptionSpec(
            "path_variation", "float", 1.0, 0.0, 5.0,
            help="Strength of random filters on training windows, as if on other ways to the sensor.",
        ),
        *_WINDOW_OPTIONS,
        *own,
    )  # fmt: skip


_DROPOUT = OptionSpec("dropout", "float", 0.2, 0.0, 0.9, help="Share of features dropped while training.")

_SPECS = (
    NetworkSpec(
        name="random_forest",
        title="Random forest",
        family="classical",
        description="Trees on gain-invariant features of each window: the baseline, trained in seconds.",
        options=(
            *_WINDOW_OPTIONS,
            OptionSpec("n_trees", "int", 200, 1, 5000, help="Number of trees."),
            OptionSpec("max_depth", "int", None, 1, 100, help="Deepest tree; empty: no limit."),
            OptionSpec("min_leaf_windows", "int", 2, 1, 1000, help="Fewest windows in a leaf."),
            OptionSpec(
                "feature_share", "float", 0.5, 0.01, 1.0,
                help="Share of the features that each branching may choose from.",
            ),
            OptionSpec(
                "use_shaft_speed", "bool", False,
                help="Add features at the shaft frequency; then every recording needs its shaft speed.",
            ),
        ),
        own_options=("max_depth", "min_leaf_windows", "feature_share"),
        builder="core.networks.random_forest:grow_forest",
    ),
    NetworkSpec(
        name="cnn_lstm",
        title="CNN-LSTM",
        family="network",
        description="Convolutions find short patterns, an LSTM reads their sequence.",
        options=_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of the first convolution."),
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of the LSTM's state."),
            _DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "hidden_size", "dropout"),
        builder="core.networks.cnn_lstm:build_cnn_lstm",
    ),
    NetworkSpec(
        name="lstm",
        title="LSTM",
        family="network",
        description="An LSTM behind one strided convolution, which keeps long windows cheap.",
        options=_network_options(
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of each LSTM layer's state."),
            OptionSpec("n_layers", "int", 1, 1, 6, help="Number of LSTM layers."),
            _DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("hidden_size", "n_layers", "dropout"),
        builder="core.networks.lstm:build_lstm",
    ),
)  # fmt: skip

NETWORKS: dict[str, NetworkSpec] = {spec.name: spec for spec in _SPECS}


def get_network_spec(name: str) -> NetworkSpec:
    """Return a registered network.

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_NETWORK``; the sentence names the known ones.
    """
    if name not in NETWORKS:
        raise InvalidInputError(
            f"There is no network '{name}'. Known: {', '.join(NETWORKS)}.", code=ErrorCode.UNKNOWN_NETWORK
        )
    return NETWORKS[name]


def validate_options(name: str, options: Mapping[str, Any]) -> dict[str, OptionValue]:
    """Check the options of a network (values or their text form) and fill in the defaults.

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_NETWORK``, ``UNKNOWN_OPTION`` with what is allowed, or a value outside its limits.
    """
    return parse_options(get_network_spec(name).options, options, name)


def build_network(
    name: str, options: Mapping[str, OptionValue], *, n_samples: int, n_classes: int
) -> torch.nn.Module:
    """Build a torch network for windows of ``n_samples``; its weights follow torch's random state.

    The network maps ``(n_windows, n_samples)`` standardised windows to logits ``(n_windows, n_classes)``.

    Raises
    ------
    InvalidInputError
        The name is unknown or not of the family ``network``.
    """
    spec = get_network_spec(name)
    if spec.family != "network":
        raise InvalidInputError(f"'{name}' is grown from features, not built as a network.")
    network: torch.nn.Module = spec.load_builder()(
        n_samples=n_samples, n_classes=n_classes, **spec.pick_own_options(options)
    )
    return network
