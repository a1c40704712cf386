"""A torch network as the trained part of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.options import OptionValue
from core.networks.registry import build_network
from core.training.preprocessing import standardise
from utils.exceptions import DataDamagedError

BATCH_WINDOWS = 128


class NetworkModel:
    """A network in evaluation mode over standardised windows."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network.eval()

    def predict_probabilities(
        self,
        windows: NDArray[np.float32],
        sample_rate_hz: float,  # noqa: ARG002 - part of the WindowModel protocol; a network knows windows only
        shaft_frequency_hz: float | None,  # noqa: ARG002 - part of the WindowModel protocol
    ) -> NDArray[np.float64]:
        """Map windows to probabilities, batch by batch."""
        starts = range(0, len(windows), BATCH_WINDOWS)
        parts = [standardise(windows[start : start + BATCH_WINDOWS]) for start in starts]
        return np.concatenate([compute_probabilities(self._network, part) for part in parts])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name."""
        return tensors_to_arrays(self._network.state_dict())


def compute_probabilities(network: torch.nn.Module, standardised: NDArray[np.float32]) -> NDArray[np.float64]:
    """Softmax of a network's logits for one batch of standardised windows."""
    with torch.inference_mode():
        logits = network(torch.from_numpy(standardised))
        probabilities: NDArray[np.float64] = torch.softmax(logits.double(), dim=1).numpy()
    return probabilities


def load_network_model(
    name: str,
    options: dict[str, OptionValue],
    arrays: dict[str, NDArray[Any]],
    *,
    n_samples: int,
    n_classes: int,
) -> NetworkModel:
    """Build the network and put the stored weights in.

    Raises
    ------
    DataDamagedError
        The weights belong to another architecture.
    """
    with torch.random.fork_rng(devices=[]):
        network = build_network(name, options, n_samples=n_samples, n_classes=n_classes)
    try:
        network.load_state_dict(arrays_to_tensors(arrays))
    except RuntimeError as error:
        raise DataDamagedError(f"The stored weights do not fit the network '{name}'.") from error
    return NetworkModel(network)


def tensors_to_arrays(tensors: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """Copy tensors into arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def arrays_to_tensors(arrays: dict[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """Copy arrays into tensors."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
