"""Networks that read the waveform as it is."""

from __future__ import annotations

from core.networks.catalogue.options import DROPOUT, build_network_options
from core.networks.options import OptionSpec
from core.networks.specs import NetworkSpec

RAW_SPECS = (
    NetworkSpec(
        name="cnn_lstm",
        title="CNN-LSTM",
        family="network",
        description="Convolutions find short patterns, an LSTM reads their sequence.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of the first convolution."),
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of the LSTM's state."),
            DROPOUT,
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
        options=build_network_options(
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of each LSTM layer's state."),
            OptionSpec("n_layers", "int", 1, 1, 6, help="Number of LSTM layers."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("hidden_size", "n_layers", "dropout"),
        builder="core.networks.lstm:build_lstm",
    ),
)  # fmt: skip
