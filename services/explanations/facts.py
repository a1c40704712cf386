"""What is known of recordings' machines that explanations rest on: part of the question.

A speed, bearing or kind of machine that is entered later asks anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.signal.bearings import BearingEntry
from models.experiment import Experiment
from models.recording import Recording, Signal
from models.split import SplitMember
from services.datasets.bearings import find_fault_orders
from services.datasets.entered_bearings import load_entries
from services.datasets.rows import show_as_edited
from utils.exceptions import NotFoundError

_RELATIONS = (joinedload(Signal.recording).joinedload(Recording.machine), joinedload(Signal.bearing))


def read_signal_facts(session: Session, signal_id: int) -> tuple[str, dict[str, Any]]:
    """Return a signal's name, and what is known of its machine.

    Raises:
        NotFoundError: There is no such signal.
    """
    signal = session.get(Signal, signal_id, options=_RELATIONS)
    if signal is None:
        raise NotFoundError("There is no such signal.")
    show_as_edited(session, [signal])
    return f"{signal.recording.name} ({signal.channel})", _state_facts(signal, load_entries(session))


def read_part_facts(session: Session, experiment: Experiment, part: str) -> dict[str, Any]:
    """Return what is known of the machines of all signals in a part of an experiment's split."""
    chosen = (
        select(Signal)
        .join(SplitMember, SplitMember.signal_id == Signal.id)
        .where(SplitMember.split_id == experiment.split_id, SplitMember.part == part)
        .options(*_RELATIONS)
        .order_by(Signal.id)
    )
    if experiment.channel is not None:
        chosen = chosen.where(Signal.channel == experiment.channel)
    signals = session.scalars(chosen).all()
    show_as_edited(session, signals)
    entered = load_entries(session)
    return {"signals": [[signal.id, _state_facts(signal, entered)] for signal in signals]}


def _state_facts(signal: Signal, entered: Sequence[BearingEntry]) -> dict[str, Any]:
    orders = find_fault_orders(signal.bearing, entered)
    machine = signal.recording.machine
    return {
        "shaft_speed_rpm": signal.recording.shaft_speed_rpm,
        "bearing_type": ((machine and machine.details) or {}).get("bearing_type"),
        "fault_orders": list(astuple(orders)) if orders is not None else None,
    }
