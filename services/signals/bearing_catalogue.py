"""The part of SignalService that keeps bearings: the catalogue's and those that users entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.signal.bearings import list_bearings
from database.connection import get_db_session
from models.user import Role
from services.datasets import entered_bearings
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result


def _no_list() -> list[dict[str, Any]]:
    return []


class BearingCatalogue:
    """Bearings by designation: geometry, fault orders and where they come from."""

    @staticmethod
    @returns_data(_no_list)
    def list_bearings(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return the bearings whose geometry is known, those that users entered first.

        Returns:
            ``designation, aliases, manufacturer, geometry, orders, source`` and ``bearing_id`` (None for the
            catalogue's, which can't be changed).
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            entered = entered_bearings.list_entered(session)
        return [*entered, *(entered_bearings.describe_entry(entry) for entry in list_bearings())]

    @staticmethod
    @returns_result
    def create_bearing(
        designation: str,
        n_rolling_elements: int,
        rolling_element_diameter_mm: float,
        pitch_diameter_mm: float,
        *,
        source: str,
        contact_angle_deg: float = 0.0,
        manufacturer: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Enter a bearing that the catalogue does not have.

        Args:
            designation: As it is written on the bearing; unlike every other one.
            n_rolling_elements: Per row.
            rolling_element_diameter_mm: Of a ball or roller.
            pitch_diameter_mm: Of the circle through their middles.
            source: Where the numbers come from.
            contact_angle_deg: 0 for deep-groove bearings.
            manufacturer: Its maker.
            actor: Who enters it; engineer or higher.

        Returns:
            ``bearing``: as `list_bearings` gives it.

        Errors: ``invalid_input``, ``conflict`` (the designation is taken), ``forbidden``.
        """
        require_role(actor, Role.ENGINEER)
        values = {
            "designation": designation,
            "n_rolling_elements": n_rolling_elements,
            "rolling_element_diameter_mm": rolling_element_diameter_mm,
            "pitch_diameter_mm": pitch_diameter_mm,
            "contact_angle_deg": contact_angle_deg,
            "manufacturer": manufacturer,
            "source": source,
        }
        with get_db_session() as session:
            created = entered_bearings.create_entered(session, values, actor)
            session.commit()
        return ok(bearing=created)

    @staticmethod
    @returns_result
    def update_bearing(
        bearing_id: int, changes: Mapping[str, Any], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Change some fields of an entered bearing; recordings that are there keep the orders they came with.

        Returns:
            ``bearing``: as it is now.

        Errors: ``not_found``, ``invalid_input``, ``conflict``, ``forbidden``.
        """
        require_role(actor, Role.ENGINEER)
        with get_db_session() as session:
            changed = entered_bearings.update_entered(session, bearing_id, changes, actor)
            session.commit()
        return ok(bearing=changed)

    @staticmethod
    @returns_result
    def delete_bearing(bearing_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete an entered bearing; recordings that are there keep the orders they came with.

        Returns:
            ``designation``: which it was.

        Errors: ``not_found``, ``forbidden``.
        """
        require_role(actor, Role.ENGINEER)
        with get_db_session() as session:
            designation = entered_bearings.delete_entered(session, bearing_id, actor)
            session.commit()
        return ok(designation=designation)
