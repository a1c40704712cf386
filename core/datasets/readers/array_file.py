"""What readers of files made of named arrays have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from core.datasets.readers.arrays import ArrayInfo, ArrayPlan, Place, Stretch, plan_arrays, read_places
from core.datasets.readers.base import (
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReadOptions,
    missing_variable,
    refuse,
)
from utils.exceptions import ErrorCode


class ArrayFile(OpenRecordingFile):
    """An opened file of arrays. A subclass lists them and reads stretches of them.

    Parameters
    ----------
    format_name, title
        For programs and for people.
    options
        What a person said about the arrangement.
    """

    def __init__(self, format_name: str, title: str, options: ReadOptions) -> None:
        self._format, self._title, self._options = format_name, title, options
        self._scalars: dict[str, Attribute] = {}
        self._notes: list[str] = []
        self._plan: ArrayPlan | None = None

    @abstractmethod
    def _list_arrays(self) -> list[ArrayInfo]:
        """Return the arrays in the order of the file; note single values and what is left out."""

    @abstractmethod
    def _read_column(self, array: str) -> Sequence[Attribute | None]:
        """Return the values of a short vector."""

    @abstractmethod
    def _open_stretches(self, array: str, place: Place) -> Stretch:
        """Return ``read(lead, start, stop)`` over an array, as `read_places` wants it."""

    def _planned(self) -> ArrayPlan:
        if self._plan is None:
            arrays = self._list_arrays()
            self._plan = plan_arrays(arrays, self._scalars, self._options, self._read_column)
        return self._plan

    def preview(self) -> FilePreview:
        """List the signals with what the file says about them."""
        plan = self._planned()
        notes = [*self._notes, *plan.notes]
        if not plan.variables:
            held = ", ".join(list(self._scalars)[:8]) or "nothing that can be read"
            why = " ".join(["", *notes])
            raise refuse(
                f"The {self._title} holds no vector of numbers to use as a signal (found: {held}).{why}",
                ErrorCode.NO_USABLE_VECTOR,
            )
        return FilePreview(self._format, plan.variables, dict(self._scalars), notes=notes)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one signal."""
        for _, block in self.read_many([variable]):
            yield block

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield several signals, going through each array once."""
        for array, chosen in self._group(variables).items():
            place = next(iter(chosen.values()))
            yield from read_places(chosen, self._open_stretches(array, place))

    def _group(self, variables: Sequence[str]) -> dict[str, dict[str, Place]]:
        """Return the places of signals by their array."""
        places = self._planned().places
        grouped: dict[str, dict[str, Place]] = {}
        for name in variables:
            if name not in places:
                raise missing_variable(name, list(places))
            grouped.setdefault(places[name].array, {})[name] = places[name]
        return grouped
