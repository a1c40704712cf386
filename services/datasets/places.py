"""Machines, measurement points and bearings by name: found, or made."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.machine import Bearing, Machine, MeasurementPoint
from services.datasets.bearings import BearingOrders
from services.datasets.rows import Row
from utils.exceptions import ConflictError

BearingKey = tuple[str | None, str]


class Places:
    """The places that the rows of an import name, with their ids, inside one write transaction.

    Args:
        session: The open write transaction.
        rows: The new rows.
        bearings: What is known of each bearing, by machine and designation.

    Raises:
        ConflictError: A bearing is already known with other fault orders.
    """

    def __init__(
        self, session: Session, rows: Iterable[Row], bearings: dict[BearingKey, BearingOrders]
    ) -> None:
        self._session = session
        listed = list(rows)
        self.machines = self._find_machines({row["machine"] for row in listed if row["machine"]})
        self.points = self._find_points(
            {(row["machine"], row["measurement_point"]) for row in listed if row["measurement_point"]}
        )
        self.bearings = self._find_bearings(bearings)

    def machine_id(self, name: str | None) -> int | None:
        """Return a machine's id; None where none is named."""
        return None if name is None else self.machines[name]

    def point_id(self, row: Row) -> int | None:
        """Return the id of a row's measurement point."""
        return self.points.get((row["machine"], row["measurement_point"]))

    def bearing_id(self, row: Row) -> int | None:
        """Return the id of a row's bearing."""
        return self.bearings.get((row["machine"], row["bearing"]))

    def _find_machines(self, names: set[str]) -> dict[str, int]:
        found = {
            row.name: row.id for row in self._session.scalars(select(Machine).where(Machine.name.in_(names)))
        }
        fresh = [Machine(name=name) for name in sorted(names - set(found))]
        self._session.add_all(fresh)
        self._session.flush()
        return found | {row.name: row.id for row in fresh}

    def _find_points(self, wanted: set[tuple[str | None, str]]) -> dict[tuple[str | None, str], int]:
        names = {machine_id: name for name, machine_id in self.machines.items()}
        chosen = select(MeasurementPoint).where(MeasurementPoint.name.in_({name for _, name in wanted}))
        rows = self._session.scalars(chosen.where(self._on_these(MeasurementPoint.machine_id))).all()
        found = {(names.get(row.machine_id or 0), row.name): row.id for row in rows}
        fresh = {
            key: MeasurementPoint(machine_id=self.machine_id(key[0]), name=key[1])
            for key in sorted(wanted - set(found), key=str)
        }
        self._session.add_all(fresh.values())
        self._session.flush()
        return found | {key: row.id for key, row in fresh.items()}

    def _find_bearings(self, wanted: dict[BearingKey, BearingOrders]) -> dict[BearingKey, int]:
        names = {machine_id: name for name, machine_id in self.machines.items()}
        chosen = select(Bearing).where(Bearing.designation.in_({name for _, name in wanted}))
        rows = self._session.scalars(chosen.where(self._on_these(Bearing.machine_id))).all()
        found: dict[BearingKey, Bearing] = {
            (names.get(row.machine_id or 0), row.designation): row for row in rows
        }
        for key, known in wanted.items():
            if key in found:
                _settle_orders(found[key], known)
                continue
            found[key] = Bearing(
                machine_id=self.machine_id(key[0]),
                designation=known.designation,
                orders=known.orders,
                orders_source=known.source,
            )
            self._session.add(found[key])
        self._session.flush()
        return {key: row.id for key, row in found.items()}

    def _on_these(self, column: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
        return column.is_(None) | column.in_(self.machines.values())


def _settle_orders(row: Bearing, known: BearingOrders) -> None:
    """A bearing without orders takes them; one that has others keeps them, and the import is refused."""
    if known.orders is None:
        return
    if row.orders is None:
        row.orders, row.orders_source = known.orders, known.source
    elif any(abs(row.orders[name] - order) > 1e-3 * order for name, order in known.orders.items()):
        raise ConflictError(
            f"Bearing {row.designation} of this machine is already known with other fault orders "
            f"({row.orders_source}). Give this one another designation."
        )
