"""Bearings that users enter: checked, found by name, changed and deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from database.connection import get_db_session
from models.audit import AuditEvent
from models.user import Role
from services.data_service import DataService
from services.shared.actors import Actor
from services.signal_service import SignalService
from tests.factories.imports import make_noise, run_import, write_canonical_file

VIEWER = Actor(user_id=None, role=Role.VIEWER, name="viewer")
ENGINEER = Actor(user_id=None, role=Role.ENGINEER, name="engineer")
MILL: dict[str, Any] = {
    "designation": "Mill 22/7",
    "n_rolling_elements": 10,
    "rolling_element_diameter_mm": 10.0,
    "pitch_diameter_mm": 50.0,
    "source": "drawing 4711",
}

pytestmark = pytest.mark.usefixtures("database")


def test_an_entered_bearing_is_listed_first_with_its_orders() -> None:
    created = SignalService.create_bearing(**MILL, manufacturer="Works", actor=ENGINEER)
    assert created["success"], created["error"]
    first, *others = SignalService.list_bearings(actor=VIEWER)
    assert first == created["bearing"]
    assert (first["designation"], first["manufacturer"], first["source"]) == (
        "Mill 22/7",
        "Works",
        "drawing 4711",
    )
    assert first["orders"]["bpfo"] == pytest.approx(4.0)  # 10 / 2 x (1 - 10 / 50)
    assert first["orders"]["bpfi"] == pytest.approx(6.0)
    assert all(other["bearing_id"] is None for other in others)
    assert "6205-2RS" in {other["designation"] for other in others}


def test_changes_are_checked_kept_and_audited() -> None:
    bearing_id = SignalService.create_bearing(**MILL)["bearing"]["bearing_id"]
    changed = SignalService.update_bearing(bearing_id, {"contact_angle_deg": 60.0})
    assert changed["bearing"]["orders"]["bpfo"] == pytest.approx(4.5)  # cos 60° = 1/2
    for wrong in ({"n_rolling_elements": 2}, {"pitch_diameter_mm": -1}, {"source": ""}, {"colour": "red"}):
        refused = SignalService.update_bearing(bearing_id, wrong)
        assert (refused["error_code"], next(iter(wrong)) in refused["error"]) == ("invalid_input", True)
    too_many = SignalService.update_bearing(bearing_id, {"n_rolling_elements": 40})
    assert "do not fit" in too_many["error"]
    assert SignalService.delete_bearing(bearing_id)["designation"] == "Mill 22/7"
    assert SignalService.delete_bearing(bearing_id)["error_code"] == "not_found"
    assert all(bearing["bearing_id"] is None for bearing in SignalService.list_bearings())
    with get_db_session(read_only=True) as session:
        actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
    assert actions == ["bearing_created", "bearing_changed", "bearing_deleted"]


@pytest.mark.parametrize("name", ["6205-2RS", "6205 2rs", "MFPT", "mill-22 7"])
def test_a_designation_is_given_once(name: str) -> None:
    assert SignalService.create_bearing(**MILL)["success"]
    refused = SignalService.create_bearing(**{**MILL, "designation": name})
    assert refused["error_code"] == "conflict"


def test_viewers_look_and_do_not_touch() -> None:
    bearing_id = SignalService.create_bearing(**MILL)["bearing"]["bearing_id"]
    assert SignalService.create_bearing(**MILL, actor=VIEWER)["error_code"] == "forbidden"
    assert SignalService.update_bearing(bearing_id, {}, actor=VIEWER)["error_code"] == "forbidden"
    assert SignalService.delete_bearing(bearing_id, actor=VIEWER)["error_code"] == "forbidden"


def test_lines_follow_a_geometry_that_was_entered_after_the_import(tmp_path: Path) -> None:
    facts = {"shaft_speed_rpm": 600.0, "bearing": "MILL-22/7"}
    file = write_canonical_file(tmp_path / "run.h5", {"run/DE": make_noise(1)}, **facts)
    job = run_import([file], {})
    (row,) = DataService.load_signals(job["result"]["dataset_id"])
    before = SignalService.get_fault_lines(row["signal_id"])
    assert "MILL-22/7" in before["missing"][0]
    SignalService.create_bearing(**MILL)
    found = SignalService.get_fault_lines(row["signal_id"])
    lines = {line["label"]: line["frequency_hz"] for line in found["lines"]}
    assert lines["BPFO"] == pytest.approx(40.0)
    assert (found["missing"], found["source"]) == ([], "entered: drawing 4711")
    named = SignalService.get_fault_lines(row["signal_id"], bearing="mill 22/7 C3")
    assert named["orders"] == found["orders"]
