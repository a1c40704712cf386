"""Options of a network: what may be set, within which limits, and how a text becomes a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from utils.exceptions import ErrorCode, InvalidInputError

OptionValue = int | float | bool | str | None


class HasOptions(Protocol):
    """Whatever carries options by name."""

    @property
    def options(self) -> Mapping[str, OptionValue]:
        """Values by name."""


class ReadsOptions:
    """Gives the values of ``options`` by kind; raises `TypeError` where one is of another kind."""

    __slots__ = ()

    def get_whole(self: HasOptions, name: str) -> int:
        """Return an option that is a whole number."""
        value = self.options[name]
        if not isinstance(value, int):
            raise TypeError(f"option {name} is no whole number")
        return value

    def get_number(self: HasOptions, name: str) -> float:
        """Return an option that is a number."""
        value = self.options[name]
        if not isinstance(value, (int, float)):
            raise TypeError(f"option {name} is no number")
        return float(value)


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option: its type, default and limits (both inclusive).

    A ``default`` of None means that the value is worked out from the recordings; the ``help`` says how.
    ``group`` names what it belongs with, see `core.networks.catalogue.options.GROUP_TITLES`.
    """

    name: str
    type: Literal["int", "float", "bool", "choice"]
    default: OptionValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""
    group: str = "network"

    def parse(self, value: Any) -> OptionValue:
        """Turn a value or its text form into a checked value.

        Raises
        ------
        InvalidInputError
            The value has the wrong type or lies outside the limits; the sentence names both.
        """
        if self.default is None and (value is None or value == ""):
            return None
        parsed = _PARSERS[self.type](value)
        if parsed is None or not self._allows(parsed):
            raise InvalidInputError(f"Option '{self.name}' can't be {value!r}: {self.describe_limits()}.")
        return parsed

    def describe_limits(self) -> str:
        """Say in words what the option accepts."""
        if self.type == "bool":
            return "give true or false"
        if self.type == "choice":
            return f"give one of {', '.join(self.choices)}"
        noun = "a whole number" if self.type == "int" else "a number"
        return f"give {noun} from {self.minimum:g} to {self.maximum:g}"

    def _allows(self, value: OptionValue) -> bool:
        if self.type == "choice":
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self.type == "bool"
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


def parse_options(
    specs: tuple[OptionSpec, ...], options: Mapping[str, Any], owner: str
) -> dict[str, OptionValue]:
    """Check ``options`` against ``specs`` and fill in the defaults.

    Raises
    ------
    InvalidInputError
        ``UNKNOWN_OPTION`` with the allowed names, or a value outside its limits.
    """
    known = {spec.name: spec for spec in specs}
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InvalidInputError(
            f"'{owner}' has no option '{unknown[0]}'. Allowed: {', '.join(sorted(known))}.",
            code=ErrorCode.UNKNOWN_OPTION,
        )
    return {
        name: spec.parse(options[name]) if name in options else spec.default for name, spec in known.items()
    }


def _parse_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _parse_whole_number(value: Any) -> int | None:
    number = _parse_number(value)
    return int(number) if number is not None and number == int(number) else None


def _parse_truth(value: Any) -> bool | None:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return words.get(str(value).strip().lower())


def _parse_word(value: Any) -> str:
    return str(value).strip()


_PARSERS = {
    "int": _parse_whole_number,
    "float": _parse_number,
    "bool": _parse_truth,
    "choice": _parse_word,
}
