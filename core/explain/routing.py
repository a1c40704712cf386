"""Which methods apply to which network, and why the others do not. Loads neither torch nor Captum."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.explain.catalogue import BASELINES, METHODS, MethodSpec, get_method_spec
from core.explain.explainable import Explainable
from core.networks.registry import get_network_spec
from utils.exceptions import InvalidInputError, MissingDependencyError

# The last layer whose output still lies over time, of every network that has a convolution over time.
TIME_LAYERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lstm": "stem",
        "bilstm_attention": "stem",
        "cnn_lstm": "blocks",
        "cnn1d": "blocks",
        "wdcnn": "layers.7",
        "resnet1d": "blocks",
        "inception_time": "groups",
        "tcn": "levels",
        "patch_transformer": "embed",
        "physics_constrained": "base.blocks",
    }
)
# Networks that choose what they read: the score jumps where the choice changes, and no gradient sees a jump.
_CHOOSING: Final = ("spectral_net", "order_net")


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """Whether a method can be asked for.

    ``reason`` is empty where it can, and else a sentence. ``complete`` says whether its values are claimed to
    add up to the score.
    """

    method: str
    title: str
    reason: str
    complete: bool

    @property
    def is_offered(self) -> bool:
        """Whether it can be asked for."""
        return not self.reason


def list_offers(network: str) -> tuple[MethodOffer, ...]:
    """Return every method for a network of the registry or an ensemble, in the order of the catalogue."""
    return tuple(
        MethodOffer(spec.name, spec.title, find_reason(network, spec), spec.complete)
        for spec in METHODS.values()
    )


def list_baselines(*, has_healthy: bool) -> tuple[tuple[str, str, str], ...]:
    """Return name, title and the reason why a baseline can't be chosen, empty where it can."""
    reason = "The training part has no healthy recording."
    return tuple(
        (name, title, reason if name == "healthy_mean" and not has_healthy else "")
        for name, title in BASELINES.items()
    )


def choose_method(network: str) -> str:
    """Return the method that suits a network best."""
    family = get_network_spec(network).family
    if family == "classical":
        return "feature_shap"
    gradients = family == "network" and network not in _CHOOSING and not _find_missing("captum")
    return "integrated_gradients" if gradients else "occlusion"


def find_reason(network: str, spec: MethodSpec) -> str:
    """Say why a method does not apply to a network; empty where it does. A bare network has no name."""
    family = get_network_spec(network).family if network else "network"
    title = get_network_spec(network).title if network else "This network"
    if spec.needs_gradient and family == "classical":
        return f"{title} has no gradient: it is grown from features, not from the waveform."
    if spec.needs_gradient and family == "ensemble":
        return "The votes of an ensemble have no common gradient; explain its members one by one."
    if spec.needs_gradient and spec.name != "gradcam" and network in _CHOOSING:
        return (
            f"{title} chooses the lines and frames that it reads: its score jumps where a choice changes, "
            "and gradients do not see jumps."
        )
    if spec.kind == "features" and family != "classical":
        return f"{title} reads the waveform itself, so there are no named features to explain."
    if spec.name == "gradcam" and network and network not in TIME_LAYERS:
        return f"{title} has no convolution over time: its filters lie over lines of the spectrum."
    if spec.package and _find_missing(spec.package):
        return f"Not available: install {spec.package}."
    return ""


def check_offered(network: str, method: str) -> None:
    """Check that a method applies to a network.

    Raises
    ------
    InvalidInputError
        It does not; the sentence says why.
    MissingDependencyError
        It would with a package that is not installed.
    """
    spec = get_method_spec(method)
    reason = find_reason(network, spec)
    if not reason:
        return
    if spec.package and _find_missing(spec.package) and reason.startswith("Not available"):
        raise MissingDependencyError(reason)
    raise InvalidInputError(f"{spec.title} does not apply. {reason}")


def check_applies(explainable: Explainable, spec: MethodSpec) -> None:
    """Check that a method applies to what is to be explained.

    Raises
    ------
    InvalidInputError
        It does not; the sentence says why.
    MissingDependencyError
        It would with a package that is not installed.
    """
    check_offered(explainable.network_name, spec.name)
    if spec.needs_gradient and explainable.network is None:
        raise InvalidInputError(f"{spec.title} does not apply. There is no network to take a gradient of.")
    if spec.kind == "features" and explainable.features is None:
        raise InvalidInputError(f"{spec.title} does not apply. There are no named features to explain.")


def _find_missing(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is None
    except ValueError:  # it was taken out of reach
        return True
