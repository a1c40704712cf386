"""Where a classifier may decide: on its own machine and bearing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from core.evidence.verdict import Standing
from core.networks.registry import validate_options
from core.signal.bearings import compute_fault_orders, find_bearing, parse_geometry
from core.training.classifier import Classifier
from services.diagnoses.evidence import get_shaft_hz
from services.diagnoses.opinions import find_standing
from services.experiments.given import GivenSignal

ORIGIN = {"machines": ["Rig A"], "bearings": ["6205-2RS"]}


def make_classifier(network: str = "cnn1d", origin: dict[str, Any] = ORIGIN) -> Classifier:
    known = SimpleNamespace(network=network, options=validate_options(network, {}), origin=origin)
    return cast(Classifier, known)


def given(**known: Any) -> GivenSignal:
    return GivenSignal("x", np.zeros(10, np.float32), 1000.0, **known)


@pytest.mark.parametrize(
    ("known", "standing"),
    [
        ({}, "unknown_origin"),
        ({"machine": "Rig A"}, "home"),
        ({"bearing": "6205-2RS"}, "home"),
        ({"machine": "Rig A", "bearing": "6205-2RS"}, "home"),
        ({"machine": "Rig A", "bearing": "6205 2rs"}, "home"),
        ({"machine": "Rig B"}, "elsewhere"),
        ({"machine": "Rig A", "bearing": "6203"}, "elsewhere"),
    ],
)
def test_another_machine_or_bearing_takes_its_say(known: dict[str, Any], standing: str) -> None:
    assert find_standing(given(**known), make_classifier(), ()) == standing


def test_a_bearing_is_the_same_by_its_orders_whatever_it_is_called() -> None:
    orders = compute_fault_orders(parse_geometry("n=9,d=7.94,D=39.04,phi=0"))
    assert find_standing(given(bearing="ours", fault_orders=orders), make_classifier(), ()) is Standing.HOME
    other = find_bearing("6203")
    assert other is not None
    found = find_standing(given(bearing="ours", fault_orders=other.orders), make_classifier(), ())
    assert found is Standing.ELSEWHERE


def test_one_that_reads_lines_by_order_may_still_contradict() -> None:
    found = find_standing(given(machine="Rig B"), make_classifier("order_net"), ())
    assert found is Standing.ELSEWHERE_READS_ORDERS


def test_a_classifier_that_knows_no_machine_is_neither_foreign_nor_at_home() -> None:
    known = given(machine="Rig B", bearing="6203")
    classifier = make_classifier(origin={})
    assert find_standing(known, classifier, ()) is Standing.UNKNOWN_ORIGIN
    assert find_standing(known, classifier, (), is_of_its_data=True) is Standing.HOME


def test_a_recording_of_its_own_data_is_at_home_unless_it_names_another_machine() -> None:
    assert find_standing(given(), make_classifier(), (), is_of_its_data=True) is Standing.HOME
    foreign = find_standing(given(machine="Rig B"), make_classifier(), (), is_of_its_data=True)
    assert foreign is Standing.ELSEWHERE


@pytest.mark.parametrize(("speed_rpm", "shaft_hz"), [(1800.0, 30.0), (0.0, None), (None, None)])
def test_a_speed_of_nought_says_as_little_as_none(speed_rpm: float | None, shaft_hz: float | None) -> None:
    assert get_shaft_hz(given(shaft_speed_rpm=speed_rpm)) == shaft_hz
