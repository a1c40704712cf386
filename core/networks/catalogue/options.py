"""Options that many networks share."""

from __future__ import annotations

from core.networks.options import OptionSpec

WINDOW_OPTIONS = (
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


def build_network_options(*own: OptionSpec, epochs: int, batch_size: int) -> tuple[OptionSpec, ...]:
    """Return the options of every trained network, followed by its own."""
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
        *WINDOW_OPTIONS,
        *own,
    )  # fmt: skip


DROPOUT = OptionSpec("dropout", "float", 0.2, 0.0, 0.9, help="Share of features dropped while training.")
