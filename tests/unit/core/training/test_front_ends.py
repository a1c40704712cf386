"""What the front ends of classical models need and give."""

from __future__ import annotations

import numpy as np
import pytest

from core.features.envelope_orders import ENVELOPE_ORDER_NAMES
from core.networks.catalogue.classical import FEATURES
from core.signal.bearings import FaultOrders
from core.training.conditions import build_conditions
from core.training.front_ends import FRONT_ENDS
from utils.exceptions import InvalidInputError

ORDERS = FaultOrders(bpfo=3.58, bpfi=5.42, bsf=2.36, ftf=0.398)


def _windows() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 12_000)).astype(np.float32)


def test_every_front_end_can_be_chosen_and_every_choice_is_one() -> None:
    assert set(FEATURES.choices or ()) == set(FRONT_ENDS)


@pytest.mark.parametrize("name", ["envelope_orders", "general_and_envelope_orders"])
def test_envelope_orders_ask_for_the_speed_then_for_the_bearing(name: str) -> None:
    with pytest.raises(InvalidInputError, match="shaft speed is needed"):
        FRONT_ENDS[name](_windows(), 12_000.0, np.tile(build_conditions(), (2, 1)))
    with pytest.raises(InvalidInputError, match="fault orders are needed"):
        FRONT_ENDS[name](_windows(), 12_000.0, np.tile(build_conditions(1750.0), (2, 1)))


def test_both_together_are_one_beside_the_other() -> None:
    conditions = np.tile(build_conditions(1750.0, ORDERS), (2, 1))
    general, orders, both = (
        FRONT_ENDS[name](_windows(), 12_000.0, conditions)
        for name in ("general", "envelope_orders", "general_and_envelope_orders")
    )

    assert orders.shape == (2, len(ENVELOPE_ORDER_NAMES))
    np.testing.assert_array_equal(both, np.concatenate([general, orders], axis=1))


def test_a_window_with_too_few_turns_is_refused_with_the_length_it_needs() -> None:
    conditions = build_conditions(1758.0, ORDERS)[None]
    with pytest.raises(InvalidInputError, match=r"holds 7\.3 turns .* Set window_s to 0\.6 s or more"):
        FRONT_ENDS["envelope_orders"](_windows()[:1, :3000], 12_000.0, conditions)
