"""A torch network as the trained part of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.options import OptionValue
from core.networks.registry import build_network, get_network_spec
from core.training.conditions import check_conditions, check_turns
from core.training.preprocessing import standardise
from utils.exceptions import DataDamagedError

BATCH_WINDOWS = 128


class NetworkModel:
    """A network in evaluation mode over standardised windows; the rest as in its spec."""

    def __init__(
        self, network: torch.nn.Module, needs: tuple[str, ...] = (), fewest_turns: float = 0.0
    ) -> None:
        self._network = network.eval()
        self._needs = needs
        self._fewest_turns = fewest_turns

    def predict_probabilities(
        self,
        windows: NDArray[np.float32],
        sample_rate_hz: float,
        conditions: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Map windows to probabilities, batch by batch.

        Raises
        ------
        InvalidInputError
            The network needs to know more of the machine than is known, or windows with more turns.
        """
        check_conditions(conditions, self._needs)
        check_turns(conditions, windows.shape[1] / sample_rate_hz, self._fewest_turns)
        parts = []
        for start in range(0, len(windows), BATCH_WINDOWS):
            part = slice(start, start + BATCH_WINDOWS)
            known = conditions[part] if self._needs else None
            parts.append(compute_probabilities(self._network, standardise(windows[part]), known))
        return np.concatenate(parts)

    @property
    def network(self) -> torch.nn.Module:
        """The network itself: standardised windows, and conditions where its spec needs them, to logits."""
        return self._network

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name."""
        return tensors_to_arrays(self._network.state_dict())


def compute_logits(
    network: torch.nn.Module, windows: torch.Tensor, conditions: NDArray[np.float32] | None
) -> torch.Tensor:
    """Call a network with what it takes: windows, and conditions unless they are None."""
    logits: torch.Tensor = (
        network(windows)
        if conditions is None
        else network(windows, torch.from_numpy(conditions).to(windows.device))
    )
    return logits


def compute_probabilities(
    network: torch.nn.Module,
    standardised: NDArray[np.float32],
    conditions: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Softmax of a network's logits for one batch of standardised windows."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        logits = compute_logits(network, torch.from_numpy(standardised).to(device), conditions)
        probabilities: NDArray[np.float64] = torch.softmax(logits.double(), dim=1).cpu().numpy()
    return probabilities


def load_network_model(
    name: str,
    options: dict[str, OptionValue],
    arrays: dict[str, NDArray[Any]],
    *,
    n_samples: int,
    n_classes: int,
    sample_rate_hz: float,
) -> NetworkModel:
    """Build the network and put the stored weights in.

    Raises
    ------
    DataDamagedError
        The weights belong to another architecture.
    """
    with torch.random.fork_rng(devices=[]):
        network = build_network(
            name, options, n_samples=n_samples, n_classes=n_classes, sample_rate_hz=sample_rate_hz
        )
    try:
        network.load_state_dict(arrays_to_tensors(arrays))
    except RuntimeError as error:
        raise DataDamagedError(f"The stored weights do not fit the network '{name}'.") from error
    spec = get_network_spec(name)
    return NetworkModel(network, spec.needs, spec.fewest_turns)


def tensors_to_arrays(tensors: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """Copy tensors into arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def arrays_to_tensors(arrays: dict[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """Copy arrays into tensors."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
