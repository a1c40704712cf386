"""Everything that can be trained, with its options. Importing this module loads neither torch nor sklearn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.networks.catalogue.classical import CLASSICAL_SPECS
from core.networks.catalogue.raw import RAW_SPECS
from core.networks.catalogue.spectral import SPECTRAL_SPECS
from core.networks.options import OptionValue, parse_options
from core.networks.specs import NetworkSpec
from utils.exceptions import ErrorCode, InvalidInputError

if TYPE_CHECKING:
    import torch

NETWORKS: dict[str, NetworkSpec] = {
    spec.name: spec for spec in (*CLASSICAL_SPECS, *RAW_SPECS, *SPECTRAL_SPECS)
}


# Not trained itself but made of trained classifiers, so not in the list of what can be trained.
ENSEMBLE = NetworkSpec(
    name="ensemble",
    title="Soft-vote ensemble",
    family="ensemble",
    description="Trained classifiers of the same classes that vote: the mean of their log-probabilities.",
    options=(),
    own_options=(),
    builder="core.training.ensemble:combine",
)


def get_network_spec(name: str) -> NetworkSpec:
    """Return a registered network, or what describes an ensemble.

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_NETWORK``; the sentence names the known ones.
    """
    if name == ENSEMBLE.name:
        return ENSEMBLE
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
    name: str, options: Mapping[str, OptionValue], *, n_samples: int, n_classes: int, sample_rate_hz: float
) -> torch.nn.Module:
    """Build a torch network for windows of ``n_samples``; its weights follow torch's random state.

    The network maps ``(n_windows, n_samples)`` standardised windows, and where its spec needs them the
    conditions ``(n_windows, 5)``, to logits ``(n_windows, n_classes)``.

    Raises
    ------
    InvalidInputError
        The name is unknown or not of the family ``network``.
    """
    spec = get_network_spec(name)
    if spec.family != "network":
        raise InvalidInputError(f"'{name}' is grown from features, not built as a network.")
    network: torch.nn.Module = spec.load_builder()(
        n_samples=n_samples,
        n_classes=n_classes,
        sample_rate_hz=sample_rate_hz,
        **spec.pick_own_options(options),
    )
    return network
