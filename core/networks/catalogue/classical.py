"""Models that are grown from features of each window."""

from __future__ import annotations

from dataclasses import replace

from core.networks.catalogue.options import NOISE_DEFAULTS, WINDOW_OPTIONS, build_copy_options
from core.networks.options import OptionSpec
from core.networks.specs import NetworkSpec

FEATURES = OptionSpec(
    "features", "choice", "general",
    choices=("general", "noise_floor", "envelope_orders", "general_and_envelope_orders"),
    help="What is read from each window: general vibration features; lines and bursts over the noise floor "
    "(journal bearings of two-pole machines; windows of at least 0.5 s, best whole recordings); the "
    "envelope's lines by shaft order (rolling bearings; windows of at least 16 turns), or general ones and "
    "these. None of them change with the gain.",
)  # fmt: skip


def _look_at(window_s: float, options: tuple[OptionSpec, ...]) -> tuple[OptionSpec, ...]:
    """Give the window another default length."""
    return tuple(
        replace(option, default=window_s) if option.name == "window_s" else option for option in options
    )


CLASSICAL_SPECS = (
    NetworkSpec(
        name="random_forest",
        title="Random forest",
        family="classical",
        description="Trees on gain-invariant features of each window: the baseline, trained in seconds.",
        options=(
            *WINDOW_OPTIONS,
            *build_copy_options(),
            OptionSpec("n_trees", "int", 200, 1, 5000, help="Number of trees."),
            OptionSpec("max_depth", "int", None, 1, 100, help="Deepest tree; empty: no limit."),
            OptionSpec("min_leaf_windows", "int", 2, 1, 1000, help="Fewest windows in a leaf."),
            OptionSpec(
                "feature_share", "float", 0.5, 0.01, 1.0,
                help="Share of the features that each branching may choose from.",
            ),
            FEATURES,
            OptionSpec(
                "use_shaft_speed", "bool", False,
                help="Add features at the shaft frequency; then every recording needs its shaft speed.",
            ),
        ),
        own_options=("n_trees", "max_depth", "min_leaf_windows", "feature_share"),
        builder="core.networks.random_forest:ForestLearner",
    ),
    NetworkSpec(
        name="extra_trees",
        title="Extremely randomised trees",
        family="classical",
        description="Journal bearings: trees on lines and bursts over the noise floor, for 5 s recordings.",
        options=(
            *_look_at(5.0, WINDOW_OPTIONS),
            *build_copy_options(augmented_copies=4, **NOISE_DEFAULTS),
            OptionSpec("n_trees", "int", 200, 1, 5000, help="Number of trees."),
            OptionSpec("max_depth", "int", None, 1, 100, help="Deepest tree; empty: no limit."),
            OptionSpec("min_leaf_windows", "int", 1, 1, 1000, help="Fewest windows in a leaf."),
            OptionSpec(
                "feature_share", "float", 1.0, 0.01, 1.0,
                help="Share of the features that each branching may choose from.",
            ),
            replace(FEATURES, default="noise_floor"),
        ),
        own_options=("n_trees", "max_depth", "min_leaf_windows", "feature_share"),
        builder="core.networks.random_forest:ExtraTreesLearner",
    ),
    NetworkSpec(
        name="gradient_boosting",
        title="Gradient boosting",
        family="classical",
        description="Small trees on features of each window; each mends what the ones before got wrong.",
        options=(
            *WINDOW_OPTIONS,
            *build_copy_options(),
            OptionSpec("n_rounds", "int", 100, 1, 2000, help="Most rounds; each grows one tree per class."),
            OptionSpec("learning_rate", "float", 0.1, 0.001, 1.0, help="How much of its tree a round keeps."),
            OptionSpec("max_leaves", "int", 7, 2, 255, help="Most leaves of a tree."),
            OptionSpec("min_leaf_windows", "int", 20, 1, 1000, help="Fewest windows in a leaf."),
            OptionSpec("leaf_penalty", "float", 1.0, 0.0, 1000.0, help="Pull of leaves towards zero."),
            OptionSpec(
                "feature_share", "float", 0.5, 0.01, 1.0,
                help="Share of the features that each branching may choose from.",
            ),
            OptionSpec(
                "patience_rounds", "int", 25, 5, 2000, group="stopping",
                help="Training ends after this many rounds without a better validation loss.",
            ),
            FEATURES,
        ),
        own_options=(
            "n_rounds", "learning_rate", "max_leaves", "min_leaf_windows", "leaf_penalty", "feature_share",
            "patience_rounds",
        ),
        builder="core.networks.gradient_boosting:BoostingLearner",
    ),
    NetworkSpec(
        name="svm",
        title="Support vector machine",
        family="classical",
        description="One kernel machine per class against the rest, on features of each window.",
        options=(
            *WINDOW_OPTIONS,
            *build_copy_options(),
            OptionSpec(
                "penalty", "float", 10.0, 0.001, 100_000.0,
                help="What a window on the wrong side costs; large values bend the boundary.",
            ),
            OptionSpec(
                "kernel_width", "float", None, 1e-6, 1000.0,
                help="Gamma of the radial kernel on standardised features; empty: a tenth over their number.",
            ),
            OptionSpec(
                "most_windows", "int", 4000, 50, 50_000,
                help="Of more training windows, so many are drawn: fitting takes the square of their number.",
            ),
            FEATURES,
        ),
        own_options=("penalty", "kernel_width", "most_windows"),
        builder="core.networks.svm:SvmLearner",
    ),
    NetworkSpec(
        name="minirocket",
        title="MiniRocket",
        family="classical",
        description="A linear rule on thousands of simple convolution features of the waveform itself.",
        options=(
            *WINDOW_OPTIONS,
            *build_copy_options(augmented_copies=1, path_variation=1.0),
            OptionSpec(
                "n_features", "int", 2016, 84, 4032,
                help="Number of convolution features, in multiples of 84.",
            ),
        ),
        own_options=("n_features",),
        builder="core.networks.minirocket:MinirocketLearner",
    ),
)  # fmt: skip
