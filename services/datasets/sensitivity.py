"""From what a sensor gave out to what it measured: ``100 mV/g`` turns volts into g."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from utils.exceptions import InvalidInputError

_RATIO = re.compile(r"([0-9.eE+-]+)\s*([A-Za-zµ]{0,4})\s*(?:/\s*(\S.{0,23}))?")
# Units that a sensor or its amplifier gives out, as shares of the base unit of each.
_FACTORS: dict[str, tuple[str, float]] = (
    {"v": ("V", 1.0), "mv": ("V", 1e-3), "uv": ("V", 1e-6), "µv": ("V", 1e-6)}
    | {"a": ("A", 1.0), "ma": ("A", 1e-3), "ua": ("A", 1e-6), "µa": ("A", 1e-6)}
    | {"pc": ("C", 1e-12), "nc": ("C", 1e-9), "fs": ("FS", 1.0)}
)


@dataclass(frozen=True, slots=True)
class Scaling:
    """How the samples of a file become those that are stored: divided by `divisor`, they are in `unit`."""

    divisor: float
    unit: str
    sentence: str


def resolve_sensitivity(text: str, file_unit: str | None, said_unit: str | None) -> Scaling:
    """Work out what a sensitivity means for a file.

    Args:
        text: ``100 mV/g``; or a bare number of the file's units per unit, such as 1000 for milli-g into g.
        file_unit: What the file declares; without one, volts are meant by ``mV``.
        said_unit: The unit that a person gave for the signal.

    Raises:
        InvalidInputError: It is no sensitivity, or does not go together with the units.
    """
    found = _RATIO.fullmatch(text.strip())
    value = _parse_number(found.group(1)) if found else None
    if found is None or value is None:
        raise InvalidInputError(f"'{text[:40]}' is no sensitivity. Write it as 100 mV/g, or as a number.")
    given, unit = found.group(2), (found.group(3) or "").strip() or said_unit
    if unit is None:
        raise InvalidInputError(
            f"With the sensitivity {text} say which unit the samples are in after it, for example 100 mV/g."
        )
    if said_unit is not None and unit != said_unit:
        raise InvalidInputError(
            f"The sensitivity {text} leads to {unit}, but the unit was given as {said_unit}."
        )
    divisor = value * (_convert(given, file_unit, text) if given else 1.0)
    origin = file_unit or (_FACTORS[given.lower()][0] if given else "the file's unit")
    sentence = (
        f"Samples are those of the file ({origin}) divided by {divisor:.9g}, for {text.strip()}: in {unit}."
    )
    return Scaling(divisor, unit, sentence)


def _parse_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _convert(given: str, file_unit: str | None, text: str) -> float:
    """Return the factor from the sensitivity's electrical unit to that of the file."""
    if given.lower() not in _FACTORS:
        raise InvalidInputError(
            f"'{given}' in the sensitivity {text} is no unit of a sensor; use mV, V, mA, pC or FS."
        )
    base, factor = _FACTORS[given.lower()]
    if file_unit is None:
        return factor
    if file_unit.lower() not in _FACTORS or _FACTORS[file_unit.lower()][0] != base:
        raise InvalidInputError(
            f"The file declares its samples in {file_unit}; a sensitivity of {text} does not apply to them."
        )
    return factor / _FACTORS[file_unit.lower()][1]
