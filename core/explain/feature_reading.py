"""What a model of features reads from a window, by name and by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.envelope_orders import ENVELOPE_ORDER_NAMES
from core.features.noise_floor import list_noise_floor_features
from core.features.registry import FEATURES, list_features
from core.networks.options import OptionValue
from core.networks.rocket_features import KERNELS
from core.training.classical_model import ClassicalModel
from core.training.classifier import Classifier
from core.training.metrics import take_logarithms

_ENVELOPE_GROUPS = {
    "outer": "Outer race lines",
    "inner": "Inner race lines",
    "ball": "Ball lines",
    "cage": "Cage lines",
    "shaft": "Shaft orders of the envelope",
    "pulses": "Pulses",
    "unrest": "Envelope floor",
}
# The first of these that a name begins with, longest first.
_NOISE_FLOOR_GROUPS = {
    "1x": "Line at 1X",
    "2x": "Line at 2X",
    "3x": "Line at 3X",
    "4x": "Line at 4X",
    "band_": "Highest lines near 1X to 3X",
    "pair": "Line with its octave",
    "shaft": "Shaft",
    "subsynchronous": "Subsynchronous line",
    "whirl": "Whirl line",
    "slow_swelling": "Swelling of the noise",
    "swelling": "Swelling of the noise",
    "slow": "Slow line",
    "drift": "Drift",
    "quiet": "Colour of the noise",
    "burst": "Bursts",
    "hiss": "Bursts",
    "impact": "Impacts",
}
_RATIOS = "Ratios of lines"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureReading:
    """The features of a model and how it judges rows of them.

    Attributes
    ----------
    names, groups
        Of the columns: a name of its own, and what it belongs to in words.
    read
        Maps standardised windows ``(n, n_samples)`` to features ``(n, n_features)``.
    score
        Maps features to log-probabilities ``(n, n_classes)``.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    read: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    score: Callable[[NDArray[np.floating]], NDArray[np.float64]]


def build_feature_reading(classifier: Classifier, conditions: NDArray[np.float32]) -> FeatureReading | None:
    """Return what a classical classifier reads; None for any other."""
    model = classifier.model
    if not isinstance(model, ClassicalModel):
        return None
    rate_hz = classifier.preprocessing.analysis_rate_hz

    def read(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return model.reader.read(windows, rate_hz, np.tile(conditions, (len(windows), 1)))

    def score(features: NDArray[np.floating]) -> NDArray[np.float64]:
        return take_logarithms(model.model.predict_probabilities(features))

    names, groups = name_features(classifier.options, model.reader.arrays)
    return FeatureReading(names, groups, read, score)


def name_features(
    options: Mapping[str, OptionValue], arrays: Mapping[str, NDArray[Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and groups of the columns that a model with these options and kernels reads."""
    if "dilations" in arrays:
        return _name_rocket(arrays["dilations"], arrays["biases_per_kernel"])
    kind = str(options.get("features") or "general")
    if kind == "noise_floor":
        names = list_noise_floor_features()
        return names, tuple(_group_noise_floor(name) for name in names)
    envelope = tuple(ENVELOPE_ORDER_NAMES)
    envelope_groups = tuple(_ENVELOPE_GROUPS[name.split("_")[0]] for name in envelope)
    if kind == "envelope_orders":
        return envelope, envelope_groups
    with_shaft = kind == "general" and bool(options.get("use_shaft_speed"))
    general = list_features("gain_invariant_with_shaft" if with_shaft else "gain_invariant")
    general_groups = tuple(FEATURES[name].domain.value.capitalize() + " features" for name in general)
    if kind == "general":
        return general, general_groups
    return (*general, *envelope), (*general_groups, *envelope_groups)


def _group_noise_floor(name: str) -> str:
    if "_over_" in name:
        return _RATIOS
    return next(group for start, group in _NOISE_FLOOR_GROUPS.items() if name.startswith(start))


def _name_rocket(
    dilations: NDArray[np.integer], biases_per_kernel: NDArray[np.integer]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name columns as `core.networks.rocket_features` lays them out: by dilation, kernel and bias."""
    names, groups = [], []
    for dilation, n_biases in zip(dilations.tolist(), biases_per_kernel.tolist(), strict=True):
        for kernel in range(len(KERNELS)):
            for bias in range(n_biases):
                names.append(f"dilation_{dilation}_kernel_{kernel}_bias_{bias}")
                groups.append(f"Kernels of {8 * dilation + 1} samples")
    return tuple(names), tuple(groups)
