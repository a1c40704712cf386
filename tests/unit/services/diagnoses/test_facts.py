"""What a person says of a recording is checked, and bearings are found by what they said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.signal.bearings import BearingEntry, FaultOrders
from services.diagnoses.facts import check_facts
from services.experiments.given import GivenSignal, complete
from services.experiments.machine_kind import find_machine_kind
from utils.exceptions import LstmPfdError

GEOMETRY = "n=9,d=7.94,D=39.04,phi=0"
ORDERS = "bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398"


def given(**known: Any) -> GivenSignal:
    return GivenSignal("x", np.zeros(10, np.float32), 1000.0, **known)


def test_geometry_and_orders_may_come_as_text_or_as_names_with_numbers() -> None:
    named = check_facts(
        {"geometry": {"D": 39.04, "n": 9.0, "d": 7.94, "phi": 0}, "machine": None, "bearing": ""}
    )
    assert named == {"geometry": GEOMETRY}
    assert check_facts({"orders": ORDERS}) == {"orders": ORDERS}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"geometry": "n=9"}, "missing"),
        ({"geometry": "n=40,d=7.94,D=39.04"}, "do not fit"),
        ({"orders": "bpfo=x"}, "holds no number"),
        ({"geometry": GEOMETRY, "orders": ORDERS}, "not both"),
        ({"machine_kind": "magnetic"}, "rolling or journal"),
        ({"machine_kind": "journal", "orders": ORDERS}, "no rolling elements"),
        ({"shaft_speed_rpm": -5.0}, "rpm"),
        ({"sample_rate_hz": 0.1}, "12000"),
        ({"bearing": "a\x00b"}, "NUL"),
    ],
)
def test_what_cannot_be_is_refused_with_how_it_is_given(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(LstmPfdError, match=words):
        check_facts(facts)


def test_orders_come_from_what_was_said_before_what_is_stored() -> None:
    stored = given(bearing="6205-2RS", fault_orders=FaultOrders(1.0, 2.0, 3.0, 0.4), orders_source="stored")
    assert complete(stored, {}).fault_orders == FaultOrders(1.0, 2.0, 3.0, 0.4)
    assert complete(stored, {"bearing": "6205-2RS"}).orders_source == "stored"
    said = complete(stored, {"orders": ORDERS})
    assert said.fault_orders == FaultOrders(3.58, 5.42, 2.36, 0.398)
    assert (said.bearing, said.orders_source) == ("6205-2RS", "orders as given")
    by_geometry = complete(stored, {"geometry": GEOMETRY})
    assert by_geometry.fault_orders is not None
    assert by_geometry.fault_orders.bpfi == pytest.approx(5.4152, abs=1e-3)


def test_another_bearing_is_looked_up_and_an_unknown_one_has_no_orders() -> None:
    stored = given(bearing="6205-2RS", fault_orders=FaultOrders(1.0, 2.0, 3.0, 0.4))
    other = complete(stored, {"bearing": "6203"})
    assert other.fault_orders is not None
    assert other.fault_orders.bpfi == pytest.approx(4.947, abs=1e-3)
    assert complete(stored, {"bearing": "nobody's"}).fault_orders is None
    own = BearingEntry("Mine", (), None, FaultOrders(2.0, 3.0, 4.0, 0.3), "my notes")
    mine = complete(given(), {"bearing": "mine"}, [own])
    assert mine.fault_orders == own.orders
    assert mine.orders_source == "entered: my notes"


def test_a_file_that_names_a_known_bearing_needs_no_geometry() -> None:
    found = complete(given(bearing="6205-2RS"), {"shaft_speed_rpm": 1797})
    assert found.fault_orders is not None
    assert found.shaft_speed_rpm == 1797.0


@pytest.mark.parametrize(
    ("known", "class_names", "kind"),
    [
        ({"machine_kind": "journal", "bearing": "6205"}, (), "journal"),
        ({"fault_orders": FaultOrders(3.5, 5.4, 2.3, 0.4)}, ("healthy", "oil_whirl"), "rolling"),
        ({}, ("healthy", "inner_race", "ball"), "rolling"),
        ({}, ("healthy", "imbalance"), "journal"),
        ({}, ("new", "worn"), None),
        ({}, ("healthy",), None),
        ({"bearing": "nobody's"}, (), "rolling"),
        ({}, (), None),
    ],
)
def test_the_kind_of_bearing_comes_from_what_is_known(
    known: dict[str, Any], class_names: tuple[str, ...], kind: str | None
) -> None:
    assert find_machine_kind(given(**known), class_names) == kind
