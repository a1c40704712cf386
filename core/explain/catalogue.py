"""The methods of explanation with their options. Importing this module loads neither torch nor Captum."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from core.networks.options import OptionSpec, OptionValue, parse_options
from utils.exceptions import ErrorCode, InvalidInputError

BASELINES: Final[Mapping[str, str]] = MappingProxyType(
    {"zero": "Silence", "healthy_mean": "Healthy class mean", "phase_randomised": "Random phases"}
)
BASELINE_HELP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zero": "Nothing at all: what the window holds counts as a whole.",
        "healthy_mean": "The mean spectrum of the healthy training recordings with the window's own phases: "
        "what differs from them counts.",
        "phase_randomised": "The window's own spectrum with random phases: impacts and modulation count, "
        "steady lines do not.",
    }
)


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One method of explanation.

    ``kind`` says what the values lie over. ``package`` is what must be installed for it, if anything.
    ``complete`` says whether the values are claimed to add up to the score. ``builder`` is
    ``module:function``; the function takes an `Explainable` and a `Request` and returns `Found`.
    """

    name: str
    title: str
    description: str
    kind: Literal["waveform", "features"]
    options: tuple[OptionSpec, ...]
    builder: str
    needs_gradient: bool = False
    package: str = ""
    adds_up: bool = False
    complete: bool = False

    def load_builder(self) -> Any:
        """Import the function: this is where torch and Captum are loaded."""
        module, _, name = self.builder.partition(":")
        return getattr(importlib.import_module(module), name)


_BASELINE = OptionSpec(
    "baseline", "choice", "zero", choices=tuple(BASELINES), help="What the window is compared with."
)
_SEED = OptionSpec("seed", "int", 0, 0, 2**31 - 1, help="Equal seeds draw the same phases and samples.")
_SEGMENTS = OptionSpec(
    "n_segments", "int", 16, 2, 128, help="Equal stretches of time that are kept or replaced as a whole."
)
_COALITIONS = OptionSpec(
    "n_coalitions", "int", 512, 16, 20_000,
    help="How many choices of stretches are judged; where there are no more than that, all of them.",
)  # fmt: skip

METHODS: Final[Mapping[str, MethodSpec]] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            MethodSpec(
                name="integrated_gradients",
                title="Integrated gradients",
                description="The network's gradient, summed up on the way from the baseline to the window; "
                "the values add up to the change of the score.",
                kind="waveform",
                options=(
                    _BASELINE,
                    OptionSpec(
                        "most_steps", "int", 2048, 32, 20_000,
                        help="Most gradients per window; the way is divided where they change until the "
                        "values add up.",
                    ),
                    _SEED,
                ),
                builder="core.explain.integrated_gradients:integrate_gradients",
                needs_gradient=True,
                package="captum",
                adds_up=True,
                complete=True,
            ),
            MethodSpec(
                name="gradient_shap",
                title="GradientSHAP",
                description="Gradients at random places between the window and many baselines.",
                kind="waveform",
                options=(
                    replace(_BASELINE, default="phase_randomised"),
                    OptionSpec("n_draws", "int", 64, 4, 5000, help="Number of baselines drawn."),
                    OptionSpec(
                        "noise", "float", 0.0, 0.0, 1.0,
                        help="Standard deviation of noise on the window, as a share of the window's.",
                    ),
                    _SEED,
                ),
                builder="core.explain.gradient_shap:sample_gradients",
                needs_gradient=True,
                adds_up=True,
            ),
            MethodSpec(
                name="kernel_shap",
                title="KernelSHAP",
                description="Shapley values of stretches of time: what each adds to the score, on average "
                "over what else is there; the values add up.",
                kind="waveform",
                options=(_BASELINE, _SEGMENTS, _COALITIONS, _SEED),
                builder="core.explain.kernel_shap:estimate_shapley_values",
                adds_up=True,
                complete=True,
            ),
            MethodSpec(
                name="lime",
                title="LIME",
                description="A straight-line model of the score near the window, over stretches of time.",
                kind="waveform",
                options=(
                    _BASELINE,
                    replace(_SEGMENTS, default=20),
                    _COALITIONS,
                    OptionSpec(
                        "kernel_width", "float", 0.25, 0.05, 10.0,
                        help="How near to the window a changed one must be to count.",
                    ),
                    _SEED,
                ),
                builder="core.explain.lime:fit_local_model",
            ),
            MethodSpec(
                name="gradcam",
                title="Grad-CAM",
                description="Where in time the last convolution found what speaks for the class.",
                kind="waveform",
                options=(),
                builder="core.explain.gradcam:map_activations",
                needs_gradient=True,
                package="captum",
            ),
            MethodSpec(
                name="occlusion",
                title="Occlusion",
                description="How far the score falls when a stretch of the window is replaced.",
                kind="waveform",
                options=(
                    _BASELINE,
                    OptionSpec(
                        "segment_ms", "float", None, 0.01, 60_000.0,
                        help="Length of the stretch in milliseconds; empty: 1/32 of the window.",
                    ),
                    OptionSpec(
                        "overlap", "float", 0.5, 0.0, 0.95,
                        help="Share of a stretch that the next one covers again.",
                    ),
                    _SEED,
                ),
                builder="core.explain.occlusion:occlude",
            ),
            MethodSpec(
                name="feature_shap",
                title="SHAP of features",
                description="Shapley values of named features or groups of them; the values add up.",
                kind="features",
                options=(
                    replace(_BASELINE, default="phase_randomised"),
                    OptionSpec(
                        "by", "choice", "group", choices=("group", "feature"),
                        help="Whether features of one kind are kept or replaced together.",
                    ),
                    OptionSpec(
                        "n_coalitions", "int", 2048, 16, 200_000,
                        help="How many choices of features are judged; where there are no more than that, "
                        "all of them.",
                    ),
                    _SEED,
                ),
                builder="core.explain.feature_shap:explain_features",
                adds_up=True,
                complete=True,
            ),
        )
    }
)  # fmt: skip


def get_method_spec(name: str) -> MethodSpec:
    """Return a method.

    Raises
    ------
    InvalidInputError
        There is no such method; the sentence names the known ones.
    """
    if name not in METHODS:
        raise InvalidInputError(
            f"There is no method '{name}'. Known: {', '.join(METHODS)}.", code=ErrorCode.UNKNOWN_OPTION
        )
    return METHODS[name]


def parse_method_options(name: str, options: Mapping[str, Any]) -> dict[str, OptionValue]:
    """Check the options of a method (values or their text form) and fill in the defaults.

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_OPTION`` with what is allowed, or a value outside its limits.
    """
    return parse_options(get_method_spec(name).options, options, name)
