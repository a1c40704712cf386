"""What a classical model reads from a window: features by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.features.envelope_orders import compute_envelope_orders
from core.features.noise_floor import compute_noise_floor_features
from core.features.registry import compute_features
from core.networks.options import OptionValue
from core.training.conditions import check_conditions, check_turns, get_shaft_frequencies
from utils.constants import MIN_ENVELOPE_TURNS

Compute = Callable[[NDArray[np.float32], float, NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Features of windows; none of them changes with the sensor's gain.

    Attributes
    ----------
    compute
        Maps windows ``(n, n_samples)``, their rate in Hz and conditions ``(n, 5)`` to float32 ``(n, k)``.
    needs
        What must be known of the machine: ``shaft_speed``, ``fault_orders``.
    fewest_turns
        That a window must hold of the shaft.
    """

    compute: Compute
    needs: tuple[str, ...] = ()
    fewest_turns: float = 0.0

    def __call__(
        self, windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Compute the features.

        Raises
        ------
        InvalidInputError
            Something is needed of the machine and not known, or a window holds too few turns of its shaft.
        """
        check_conditions(conditions, self.needs)
        check_turns(conditions, windows.shape[1] / sample_rate_hz, self.fewest_turns)
        return self.compute(windows, sample_rate_hz, conditions)


def choose_front_end(options: Mapping[str, OptionValue]) -> FrontEnd:
    """Return the front end that the options of a classical model name."""
    name = str(options.get("features") or "general")
    if name == "general" and options.get("use_shaft_speed"):
        return _GENERAL_WITH_SHAFT
    return FRONT_ENDS[name]


def _compute_general(
    windows: NDArray[np.float32],
    sample_rate_hz: float,
    conditions: NDArray[np.float32],  # noqa: ARG001 - part of a front end's form
) -> NDArray[np.float32]:
    return compute_features(
        windows, sample_rate_hz, shaft_frequency_hz=None, feature_set="gain_invariant"
    ).values


def _compute_general_with_shaft(
    windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
) -> NDArray[np.float32]:
    return compute_features(
        windows,
        sample_rate_hz,
        shaft_frequency_hz=get_shaft_frequencies(conditions),
        feature_set="gain_invariant_with_shaft",
    ).values


def _compute_envelope_orders(
    windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
) -> NDArray[np.float32]:
    return compute_envelope_orders(
        windows, sample_rate_hz, get_shaft_frequencies(conditions), conditions[:, 1:]
    )


def _compute_general_and_orders(
    windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
) -> NDArray[np.float32]:
    general = _compute_general(windows, sample_rate_hz, conditions)
    orders = _compute_envelope_orders(windows, sample_rate_hz, conditions)
    return np.concatenate([general, orders], axis=1)


def _compute_noise_floor(
    windows: NDArray[np.float32],
    sample_rate_hz: float,
    conditions: NDArray[np.float32],  # noqa: ARG001 - part of a front end's form
) -> NDArray[np.float32]:
    return compute_noise_floor_features(windows, sample_rate_hz)


_GENERAL_WITH_SHAFT = FrontEnd(_compute_general_with_shaft, ("shaft_speed",))

_ROLLING = ("shaft_speed", "fault_orders")

# By the names that the option `features` accepts.
FRONT_ENDS: dict[str, FrontEnd] = {
    "general": FrontEnd(_compute_general),
    "noise_floor": FrontEnd(_compute_noise_floor),
    "envelope_orders": FrontEnd(_compute_envelope_orders, _ROLLING, MIN_ENVELOPE_TURNS),
    "general_and_envelope_orders": FrontEnd(_compute_general_and_orders, _ROLLING, MIN_ENVELOPE_TURNS),
}
