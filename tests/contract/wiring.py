"""Finds what Dash keeps silent about: unknown and double ids, two writers, unused ids, dead controls."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dash.development.base_component import Component

FRAME = "frame"
# What a person can operate; each needs a callback, an address, or an action that a script handles.
CONTROLS = frozenset(
    {
        *("Button", "Input", "Select", "Checklist", "RadioItems", "Checkbox", "Switch", "Textarea", "Tabs"),
        *("Dropdown", "Slider", "RangeSlider", "Upload", "AgGrid", "Pagination", "Summary", "Interval"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """One (id, property) that a callback reads or writes. Of a pattern id only the type counts."""

    name: str
    property: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One callback: what it writes, and what it reads."""

    writes: tuple[Place, ...]
    reads: tuple[Place, ...]

    def __str__(self) -> str:
        return f"{[f'{p.name}.{p.property}' for p in self.reads]} -> {[p.name for p in self.writes]}"


def name_of(component_id: Any) -> str:
    """Return the name that an id is known by: itself, or the type of a pattern id."""
    if isinstance(component_id, str) and component_id.startswith("{"):
        component_id = json.loads(component_id)
    return str(component_id["type"] if isinstance(component_id, Mapping) else component_id)


def read_wires(callback_list: Iterable[Mapping[str, Any]]) -> list[Wire]:
    """Return Dash's list of callbacks as wires."""
    wires = []
    for entry in callback_list:
        writes = [] if entry.get("no_output") else _split_outputs(entry["output"])
        reads = [Place(name_of(each["id"]), each["property"]) for each in (*entry["inputs"], *entry["state"])]
        wires.append(Wire(tuple(writes), tuple(reads)))
    return wires


def _split_outputs(output: str) -> list[Place]:
    parts = output[2:-2].split("...") if output.startswith("..") else [output]
    pairs = (part.rsplit(".", 1) for part in parts)
    return [Place(name_of(each), prop.split("@")[0]) for each, prop in pairs]


def walk(root: Component | Sequence[Component]) -> Iterator[Component]:
    """Yield every component of a tree, also those that sit in other properties than children."""
    if isinstance(root, Component):
        yield root
        for name in root.to_plotly_json()["props"]:
            yield from walk(getattr(root, name))
    elif isinstance(root, list | tuple):
        for each in root:
            yield from walk(each)


class Wiring:
    """A frame with its pages, their callbacks and ids."""

    def __init__(
        self,
        pages: Mapping[str, Sequence[Component]],
        wires: Sequence[Wire],
        enums: Iterable[type[StrEnum]],
        scripts: str,
    ) -> None:
        """``pages`` maps a page to its trees, `FRAME` to the frame's; dynamic parts are further trees."""
        self.pages = {name: list(walk(list(trees))) for name, trees in pages.items()}
        self.wires = wires
        self.enums = enums
        self.scripts = scripts
        self._found: dict[str, dict[str, list[Component]]] = {}
        for name, components in self.pages.items():
            found: dict[str, list[Component]] = defaultdict(list)
            for component in components:
                if getattr(component, "id", None) is not None:
                    found[name_of(component.id)].append(component)
            self._found[name] = found

    def find_violations(self) -> list[str]:
        """Return every violation, in words."""
        return [
            *self._find_unknown_ids(),
            *self._find_scattered_callbacks(),
            *self._find_unknown_properties(),
            *self._find_double_ids(),
            *self._find_two_writers(),
            *self._find_unused_members(),
            *self._find_dead_controls(),
        ]

    def _known(self) -> set[str]:
        return {name for found in self._found.values() for name in found}

    def _find_unknown_ids(self) -> list[str]:
        known = self._known()
        return [
            f"{place.name} is in no layout: {wire}"
            for wire in self.wires
            for place in (*wire.writes, *wire.reads)
            if place.name not in known
        ]

    def _find_scattered_callbacks(self) -> list[str]:
        """A callback whose ids are never on one page together fails in the browser."""
        scattered = []
        for wire in self.wires:
            names = {place.name for place in (*wire.writes, *wire.reads)} & self._known()
            together = [{*found, *self._found[FRAME]} for found in self._found.values()]
            if not any(names <= ids for ids in together):
                scattered.append(f"ids of different pages in one callback: {wire}")
        return scattered

    def _find_unknown_properties(self) -> list[str]:
        wrong = []
        for wire in self.wires:
            for place in (*wire.writes, *wire.reads):
                for component in [c for found in self._found.values() for c in found.get(place.name, [])]:
                    # Location, Interval and Store bring more properties than a layout sets
                    if place.property not in component.available_properties:
                        wrong.append(f"{place.name} has no property {place.property}: {wire}")
        return sorted(set(wrong))

    def _find_double_ids(self) -> list[str]:
        double = []
        for page, components in self.pages.items():
            seen = components if page == FRAME else [*components, *self.pages[FRAME]]
            counts = Counter(
                json.dumps(component.id, sort_keys=True)
                for component in seen
                if getattr(component, "id", None) is not None
            )
            double += [f"{key} is {n} times in {page}" for key, n in counts.items() if n > 1]
        return double

    def _find_two_writers(self) -> list[str]:
        counts = Counter(place for wire in self.wires for place in wire.writes)
        return [f"{place.name}.{place.property} has {n} writers" for place, n in counts.items() if n > 1]

    def _find_unused_members(self) -> list[str]:
        known = self._known()
        members = [member for enum in self.enums for member in enum]
        return [f"{member!r} is in no layout" for member in members if member.value not in known]

    def _find_dead_controls(self) -> list[str]:
        heard = {place.name for wire in self.wires for place in wire.reads}
        heard |= {place.name for wire in self.wires for place in wire.writes if place.property == "href"}
        dead = []
        for page, components in self.pages.items():
            for component in components:
                if component._type in CONTROLS and not self._is_alive(component, heard):
                    dead.append(f"{component._type} {getattr(component, 'id', '')!r} in {page} does nothing")
        return dead

    def _is_alive(self, component: Component, heard: set[str]) -> bool:
        if getattr(component, "href", None):
            return True
        action = getattr(component, "data-action", None)
        if action:
            return f'"{action}"' in self.scripts
        component_id = getattr(component, "id", None)
        if component_id is None:
            # the summary of plain <details> opens it without anybody's help
            return component._type == "Summary"
        return name_of(component_id) in heard
