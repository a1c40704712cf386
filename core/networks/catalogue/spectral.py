"""Networks with a spectral front end."""

from __future__ import annotations

from core.networks.catalogue.options import DROPOUT, NOISE_DEFAULTS, build_network_options
from core.networks.options import OptionSpec
from core.networks.specs import NetworkSpec
from utils.constants import MIN_ENVELOPE_TURNS

SPECTRAL_SPECS: tuple[NetworkSpec, ...] = (
    NetworkSpec(
        name="spectral_net",
        title="Spectral network",
        family="network",
        description="Journal bearings: lines and bursts over the noise floor, from recordings of 5 s.",
        options=build_network_options(
            OptionSpec(
                "lowest_shaft_hz", "float", 48.0, 1.0, 1000.0,
                help="The shaft's frequency is looked for from here; it is not asked for.",
            ),
            OptionSpec(
                "highest_shaft_hz", "float", 72.0, 1.0, 1500.0,
                help="The shaft's frequency is looked for up to here; less than twice the lowest is best.",
            ),
            OptionSpec("hidden_size", "int", 48, 4, 512, help="Width of the hidden layers."),
            DROPOUT,
            epochs=15,
            batch_size=32,
            window_s=5.0,
            learning_rate=0.003,
            **NOISE_DEFAULTS,
        ),
        own_options=("lowest_shaft_hz", "highest_shaft_hz", "hidden_size", "dropout"),
        builder="core.networks.spectral_net:build_spectral_net",
    ),
    NetworkSpec(
        name="order_net",
        title="Order network",
        family="network",
        description="Rolling bearings: reads envelopes by shaft order, alike for every bearing and speed.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 12, 2, 256, help="Filters over a fault's lines."),
            OptionSpec("hidden_size", "int", 32, 4, 512, help="Width of the hidden layer."),
            OptionSpec(
                "spectrum_bands", "int", 0, 0, 128,
                help="Also reads the levels of so many bands of the spectrum: better on the machines it was "
                "trained on, worse on others; 0: none.",
            ),
            DROPOUT,
            epochs=30,
            batch_size=16,
            window_s=2.0,
        ),
        own_options=("n_filters", "hidden_size", "spectrum_bands", "dropout"),
        builder="core.networks.order_net:build_order_net",
        needs=("shaft_speed", "fault_orders"),
        fewest_turns=MIN_ENVELOPE_TURNS,
    ),
)  # fmt: skip
