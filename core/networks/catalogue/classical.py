"""Models that are grown from features of each window."""

from __future__ import annotations

from core.networks.catalogue.options import WINDOW_OPTIONS
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

CLASSICAL_SPECS = (
    NetworkSpec(
        name="random_forest",
        title="Random forest",
        family="classical",
        description="Trees on gain-invariant features of each window: the baseline, trained in seconds.",
        options=(
            *WINDOW_OPTIONS,
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
        own_options=("max_depth", "min_leaf_windows", "feature_share"),
        builder="core.networks.random_forest:grow_forest",
    ),
)  # fmt: skip
