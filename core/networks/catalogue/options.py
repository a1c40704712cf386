"""Options that many networks share: what is trained on, how, and for how long."""

from __future__ import annotations

from dataclasses import replace

from core.networks.options import OptionSpec, OptionValue

# The groups of options in the order in which they are shown.
GROUP_TITLES = {
    "network": "Network",
    "windows": "Windows",
    "training": "Optimiser and loss",
    "schedule": "Learning rate",
    "stopping": "Stopping and guards",
    "augmentation": "Augmentation",
    "hardware": "Computing",
}


def _put_into(group: str, *options: OptionSpec) -> tuple[OptionSpec, ...]:
    return tuple(replace(option, group=group) for option in options)


WINDOW_OPTIONS = _put_into(
    "windows",
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

_TRAINING_OPTIONS = _put_into(
    "training",
    OptionSpec("epochs", "int", 20, 1, 10_000, help="Most passes over the training windows."),
    OptionSpec("batch_size", "int", 32, 1, 4096, help="Windows per step."),
    OptionSpec(
        "optimiser", "choice", "adamw", choices=("adamw", "adam", "sgd", "rmsprop"),
        help="How a gradient becomes a step; sgd has Nesterov momentum.",
    ),
    OptionSpec("learning_rate", "float", 0.002, 1e-7, 1.0, help="Learning rate after the warm-up."),
    OptionSpec("momentum", "float", 0.9, 0.0, 0.999, help="Of sgd and rmsprop; the others have their own."),
    OptionSpec("weight_decay", "float", 0.01, 0.0, 1.0, help="Pull of the weights towards zero."),
    OptionSpec("gradient_clip", "float", 1.0, 0.0, 1000.0, help="Longest gradient of a step; 0: any length."),
    OptionSpec(
        "class_weights", "choice", "balanced", choices=("balanced", "softened", "none"),
        help="balanced: every class weighs the same; softened: the square root of that; "
        "none: every window weighs the same.",
    ),
    OptionSpec(
        "label_smoothing", "float", 0.0, 0.0, 0.5,
        help="Share of each label that is spread over all classes.",
    ),
    OptionSpec(
        "ema_decay", "float", 0.0, 0.0, 0.9999,
        help="A running average of the weights is validated and kept; what it keeps of itself in a step. "
        "0: no average.",
    ),
    OptionSpec(
        "fine_tune", "choice", "all", choices=("all", "head"),
        help="When beginning from another experiment: all layers learn, or only the last one.",
    ),
)  # fmt: skip

_SCHEDULE_OPTIONS = _put_into(
    "schedule",
    OptionSpec(
        "schedule", "choice", "cosine", choices=("cosine", "linear", "step", "constant"),
        help="Way of the learning rate after the warm-up; step: a tenth after 60 % of the steps and again "
        "after 85 %.",
    ),
    OptionSpec("warm_up_share", "float", 0.05, 0.0, 0.5, help="Share of all steps in which the rate rises."),
    OptionSpec(
        "final_rate_share", "float", 0.0, 0.0, 1.0,
        help="Share of learning_rate at which cosine and linear end.",
    ),
    OptionSpec(
        "plateau_factor", "float", 1.0, 0.01, 1.0,
        help="The rate is multiplied by this when validation gets no better; 1: never.",
    ),
    OptionSpec(
        "plateau_patience", "int", 5, 1, 10_000,
        help="Epochs without gain after which plateau_factor counts.",
    ),
)  # fmt: skip

_STOPPING_OPTIONS = _put_into(
    "stopping",
    OptionSpec(
        "patience", "int", 15, 1, 10_000,
        help="Training ends after this many epochs without a better validation.",
    ),
    OptionSpec(
        "minimum_gain", "float", 0.0, 0.0, 1.0, help="An epoch is better only if it is so by more than this.",
    ),
    OptionSpec(
        "best_by", "choice", "loss", choices=("loss", "macro_f1"),
        help="Validation number, over windows, that says which epoch is the best.",
    ),
    OptionSpec(
        "divergence_retries", "int", 2, 0, 10,
        help="How often a training whose loss is no longer finite goes back and lowers its rate, "
        "before it fails.",
    ),
)  # fmt: skip

_AUGMENTATION_OPTIONS = _put_into(
    "augmentation",
    OptionSpec(
        "time_shift", "float", 1.0, 0.0, 1.0, help="Training windows start up to this share of a hop later.",
    ),
    OptionSpec(
        "path_variation", "float", 1.0, 0.0, 5.0,
        help="Strength of random filters on training windows, as if on other ways to the sensor.",
    ),
    OptionSpec(
        "rate_variation", "float", 0.0, 0.0, 0.2,
        help="Training windows are resampled as if the machine turned faster or slower by up to this share.",
    ),
    OptionSpec(
        "gain_drift_db", "float", 0.0, 0.0, 40.0,
        help="The gain moves by up to plus or minus this within a window; a constant gain changes nothing.",
    ),
    OptionSpec("white_noise_share", "float", 0.0, 0.0, 1.0, help="Share of windows that get white noise."),
    OptionSpec("pink_noise_share", "float", 0.0, 0.0, 1.0, help="Share of windows that get pink noise."),
    OptionSpec("mains_noise_share", "float", 0.0, 0.0, 1.0, help="Share of windows that get mains hum."),
    OptionSpec("tone_share", "float", 0.0, 0.0, 1.0, help="Share of windows that get stray tones."),
    OptionSpec("snr_low_db", "float", 0.0, -20.0, 60.0, help="Lowest ratio of a window to what is added."),
    OptionSpec("snr_high_db", "float", 30.0, -20.0, 60.0, help="Highest ratio of a window to what is added."),
    OptionSpec(
        "segment_dropout", "float", 0.0, 0.0, 0.9,
        help="A stretch of up to this share of each training window is silenced.",
    ),
    OptionSpec(
        "healthy_mixing", "float", 0.0, 0.0, 1.0,
        help="Share of the faulty training windows that are mixed with a healthy one and stay faulty, "
        "as earlier stages of their faults.",
    ),
    OptionSpec(
        "healthy_mixing_lowest", "float", 0.3, 0.01, 1.0,
        help="Least share of the faulty window in such a mix.",
    ),
)  # fmt: skip

_MIXUP = OptionSpec(
    "mixup", "float", 0.0, 0.0, 2.0, group="augmentation",
    help="Blends pairs of training windows and their labels; the shape of the blending. 0: none.",
)  # fmt: skip

_HARDWARE_OPTIONS = _put_into(
    "hardware",
    OptionSpec(
        "device", "choice", "auto", choices=("auto", "cpu"), help="auto: on a GPU where there is one.",
    ),
    OptionSpec(
        "mixed_precision", "bool", False,
        help="Half precision where it is enough; on a GPU only, on a CPU it is left out and the log says so.",
    ),
    OptionSpec(
        "deterministic", "bool", True,
        help="The same result bit for bit on the same machine; false: the quickest algorithms.",
    ),
)  # fmt: skip


def build_network_options(
    *own: OptionSpec, epochs: int, batch_size: int, **defaults: OptionValue
) -> tuple[OptionSpec, ...]:
    """Return the options of every trained network, followed by its own.

    ``defaults`` are this network's own defaults of options that all have.
    """
    shared = (
        *_TRAINING_OPTIONS,
        *_SCHEDULE_OPTIONS,
        *_STOPPING_OPTIONS,
        *_AUGMENTATION_OPTIONS,
        _MIXUP,
        *_HARDWARE_OPTIONS,
        *WINDOW_OPTIONS,
    )
    return (*_replace_defaults(shared, {"epochs": epochs, "batch_size": batch_size, **defaults}), *own)


def build_copy_options(**defaults: OptionValue) -> tuple[OptionSpec, ...]:
    """Return the options by which a classical model sees changed copies of its training windows."""
    copies = OptionSpec(
        "augmented_copies", "int", 0, 0, 50, group="augmentation",
        help="Further copies of the training windows, each one changed as the options below say.",
    )  # fmt: skip
    unlike_networks: dict[str, OptionValue] = {"path_variation": 0.0, **defaults}
    return _replace_defaults((copies, *_AUGMENTATION_OPTIONS), unlike_networks)


def _replace_defaults(
    options: tuple[OptionSpec, ...], defaults: dict[str, OptionValue]
) -> tuple[OptionSpec, ...]:
    unknown = defaults.keys() - {option.name for option in options}
    if unknown:
        raise ValueError(f"no such options: {sorted(unknown)}")
    return tuple(
        replace(option, default=defaults[option.name]) if option.name in defaults else option
        for option in options
    )


DROPOUT = OptionSpec("dropout", "float", 0.2, 0.0, 0.9, help="Share of features dropped while training.")

# What recordings over their noise floor are trained with: noise of other levels and colours, tones, and
# faults at earlier stages. A random filter would only move the floor that everything is measured by.
NOISE_DEFAULTS: dict[str, float] = {
    "path_variation": 0.0,
    "white_noise_share": 0.4,
    "pink_noise_share": 0.3,
    "tone_share": 0.1,
    "snr_low_db": -12.0,
    "snr_high_db": 25.0,
    "healthy_mixing": 0.4,
    "healthy_mixing_lowest": 0.25,
}
