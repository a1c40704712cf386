"""Where faults would show: on the same machine for explanations as for diagnoses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.signal.bearings import FaultOrders
from services.diagnoses.evidence import read_evidence
from services.experiments.given import GivenSignal
from services.explanations.places import find_places

ORDERS = FaultOrders(3.5848, 5.4152, 2.357, 0.3983)
ROLLING = ("healthy", "inner_race")
JOURNAL = ("healthy", "oil_whirl")


@pytest.mark.parametrize(
    ("known", "class_names", "kind"),
    [
        ({"machine_kind": "journal"}, ROLLING, "journal"),
        ({"machine_kind": "journal", "fault_orders": ORDERS}, JOURNAL, "journal"),
        ({"machine_kind": "rolling"}, JOURNAL, "rolling"),
        ({"fault_orders": ORDERS}, JOURNAL, "rolling"),
        ({}, JOURNAL, "journal"),
        ({}, ROLLING, "rolling"),
    ],
)
def test_explanations_and_diagnoses_take_a_machine_for_the_same(
    known: dict[str, Any], class_names: tuple[str, ...], kind: str
) -> None:
    noise = np.random.default_rng(1).standard_normal(400).astype(np.float32)
    given = GivenSignal("x", noise, 1000.0, shaft_speed_rpm=1800.0, **known)
    explainable: Any = SimpleNamespace(takes_conditions=True, shaft_frequency_hz=30.0)
    places, _ = find_places(given, class_names, explainable)
    assert places.machine_kind == kind
    assert read_evidence(given, class_names).machine_kind == kind
