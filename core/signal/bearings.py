"""Rolling-bearing kinematics: fault orders from geometry, and known bearings.

An order is a frequency divided by the shaft frequency. Inner ring turning, outer ring standing, no slip;
real lines slip by 1 to 2 %.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from utils.exceptions import InvalidInputError

_CATALOGUE = Path(__file__).with_name("bearings.json")
_MAKERS = ("SKF", "FAG", "NSK", "NTN", "NACHI", "KOYO", "TIMKEN", "INA", "SNR", "LDK", "REXNORD")
# Seals, shields, clearance, cage and grease: none of them changes the kinematics.
_SUFFIXES = (
    *("2RS1", "2RSH", "2RSR", "2RSL", "2RS", "RS1", "RSH", "RS", "2RZ", "RZ", "2ZR", "2Z", "ZZ", "Z"),
    *("DDU", "DD", "VV", "LLU", "LLB", "LLH", "C2", "C3", "C4", "C5", "CN", "CM", "JEM", "TN9", "MT33"),
)
_GEOMETRY_FORM = (
    "n=9,d=7.94,D=39.04,phi=0 (number, element and pitch diameter in mm, contact angle in degrees)"
)
_ORDERS_FORM = "bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398 (multiples of the shaft frequency)"


@dataclass(frozen=True, slots=True)
class BearingGeometry:
    """What the fault orders follow from.

    Attributes
    ----------
    n_rolling_elements
        Per row.
    rolling_element_diameter_mm, pitch_diameter_mm
        Only their ratio matters.
    contact_angle_deg
        0 for a deep-groove ball bearing under radial load.

    Raises
    ------
    InvalidInputError
        The elements would not fit on the pitch circle, or a number is impossible.
    """

    n_rolling_elements: int
    rolling_element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0

    def __post_init__(self) -> None:
        if self.n_rolling_elements < 3:
            raise InvalidInputError("A bearing has at least three rolling elements.")
        if not 0.0 < self.rolling_element_diameter_mm < self.pitch_diameter_mm < math.inf:
            raise InvalidInputError(
                "The rolling elements must be smaller than the pitch diameter, both above 0 mm."
            )
        if not 0.0 <= self.contact_angle_deg < 90.0:
            raise InvalidInputError("The contact angle must lie between 0 and 90 degrees.")
        half_angle = math.asin(self.rolling_element_diameter_mm / self.pitch_diameter_mm)
        if self.n_rolling_elements * half_angle > math.pi:
            elements = (
                f"{self.n_rolling_elements} rolling elements of {self.rolling_element_diameter_mm:g} mm"
            )
            raise InvalidInputError(
                f"{elements} do not fit on a pitch circle of {self.pitch_diameter_mm:g} mm; "
                "check the numbers and their units."
            )


@dataclass(frozen=True, slots=True)
class FaultOrders:
    """Fault frequencies divided by the shaft frequency; a ball defect shows at twice `bsf`."""

    bpfo: float
    bpfi: float
    bsf: float
    ftf: float

    def __post_init__(self) -> None:
        if not all(
            math.isfinite(order) and order > 0.0 for order in (self.bpfo, self.bpfi, self.bsf, self.ftf)
        ):
            raise InvalidInputError("Fault orders must be numbers above 0.")


FAULT_ORDER_NAMES = ("bpfo", "bpfi", "bsf", "ftf")


@dataclass(frozen=True, slots=True)
class BearingEntry:
    """A bearing by name; `geometry` is None where only its orders are known."""

    designation: str
    aliases: tuple[str, ...]
    geometry: BearingGeometry | None
    orders: FaultOrders
    source: str


def compute_fault_orders(geometry: BearingGeometry) -> FaultOrders:
    """Compute fault orders from geometry.

    With g = (d/D)·cos φ: FTF = (1−g)/2, BPFO = Z·(1−g)/2, BPFI = Z·(1+g)/2, BSF = (D/d)·(1−g²)/2; hence
    BPFO + BPFI = Z. Randall & Antoni (2011), Mechanical Systems and Signal Processing 25(2), equations 1 to
    4.

    >>> orders = compute_fault_orders(BearingGeometry(9, 7.94, 39.04, 0.0))
    >>> round(orders.bpfi, 3), round(orders.bpfo, 3)
    (5.415, 3.585)
    """
    ratio = geometry.rolling_element_diameter_mm / geometry.pitch_diameter_mm
    g = ratio * math.cos(math.radians(geometry.contact_angle_deg))
    return FaultOrders(
        bpfo=0.5 * geometry.n_rolling_elements * (1.0 - g),
        bpfi=0.5 * geometry.n_rolling_elements * (1.0 + g),
        bsf=0.5 / ratio * (1.0 - g * g),
        ftf=0.5 * (1.0 - g),
    )


@lru_cache(maxsize=1)
def list_bearings() -> tuple[BearingEntry, ...]:
    """List the bearings of ``bearings.json``, each with the source of its geometry."""
    raw = json.loads(_CATALOGUE.read_text(encoding="utf-8"))
    return tuple(_read_entry(entry) for entry in raw["bearings"])


def find_bearing(designation: str, entered: Sequence[BearingEntry] = ()) -> BearingEntry | None:
    """Find a bearing by any usual spelling of its name.

    Case, blanks, hyphens, the maker's name, remarks in brackets and suffixes that do not change the
    kinematics (seals, shields, clearance, cage) make no difference; everything else does: 7205 is not 6205.

    Parameters
    ----------
    designation
        As somebody wrote it.
    entered
        Entries beside the catalogue's, looked at first.

    Returns
    -------
    BearingEntry or None
        None when it is in neither.

    Examples
    --------
    >>> find_bearing("SKF 6205 2rs/C3 (drive end)").designation
    '6205-2RS'
    >>> find_bearing("7205") is None
    True
    """
    names = {**_get_name_index(), **_index_names(entered)}
    return next((names[spelling] for spelling in _list_spellings(designation) if spelling in names), None)


def same_designation(first: str, second: str) -> bool:
    """Tell whether two names differ only in case, blanks, hyphens and the like.

    >>> same_designation("6205-2RS", "6205 2rs"), same_designation("6205", "6205-2RS")
    (True, False)
    """
    return _normalise(first) == _normalise(second)


def parse_geometry(text: str) -> BearingGeometry:
    """Read a geometry such as ``n=9,d=7.94,D=39.04,phi=0``; without ``phi`` the contact angle is 0.

    Raises
    ------
    InvalidInputError
        It is not of that form (the sentence shows it) or not possible.
    """
    numbers = _parse_assignments(text, required=("n", "d", "D"), optional=("phi",), form=_GEOMETRY_FORM)
    if not numbers["n"].is_integer():
        raise InvalidInputError("The number of rolling elements must be a whole number.")
    return BearingGeometry(int(numbers["n"]), numbers["d"], numbers["D"], numbers.get("phi", 0.0))


def parse_orders(text: str) -> FaultOrders:
    """Read fault orders such as ``bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398``.

    Raises
    ------
    InvalidInputError
        It is not of that form (the sentence shows it) or not possible.
    """
    names = ("bpfo", "bpfi", "bsf", "ftf")
    return FaultOrders(**_parse_assignments(text.lower(), required=names, optional=(), form=_ORDERS_FORM))


def _read_entry(raw: Mapping[str, str | float | list[str]]) -> BearingEntry:
    geometry = BearingGeometry(
        n_rolling_elements=int(str(raw["n_rolling_elements"])),
        rolling_element_diameter_mm=float(str(raw["rolling_element_diameter_mm"])),
        pitch_diameter_mm=float(str(raw["pitch_diameter_mm"])),
        contact_angle_deg=float(str(raw["contact_angle_deg"])),
    )
    aliases = tuple(str(alias) for alias in raw["aliases"]) if isinstance(raw["aliases"], list) else ()
    orders = compute_fault_orders(geometry)
    return BearingEntry(str(raw["designation"]), aliases, geometry, orders, str(raw["source"]))


@lru_cache(maxsize=1)
def _get_name_index() -> dict[str, BearingEntry]:
    return _index_names(list_bearings())


def _index_names(entries: Sequence[BearingEntry]) -> dict[str, BearingEntry]:
    return {_normalise(name): entry for entry in entries for name in (entry.designation, *entry.aliases)}


def _normalise(name: str) -> str:
    return re.sub(r"[^A-Z0-9.]", "", name.upper())


def _list_spellings(designation: str) -> Iterator[str]:
    """Give the name as it is, then with a maker or a suffix taken off at a time, the longest first."""
    remark_free = re.sub(r"\(.*?\)", "", designation)
    waiting = [_normalise(designation), _normalise(remark_free)]
    seen: set[str] = set()
    while waiting:
        spelling = waiting.pop(0)
        if not spelling or spelling in seen:
            continue
        seen.add(spelling)
        yield spelling
        waiting += [spelling.removesuffix(suffix) for suffix in _SUFFIXES + _MAKERS]
        waiting += [spelling.removeprefix(maker) for maker in _MAKERS]


def _parse_assignments(
    text: str, *, required: tuple[str, ...], optional: tuple[str, ...], form: str
) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;]", text))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in required + optional or name in numbers:
            raise InvalidInputError(f"'{part}' is not understood. Write {form}.")
        try:
            numbers[name] = float(value)
        except ValueError:
            raise InvalidInputError(f"'{part}' holds no number. Write {form}.") from None
    missing = [name for name in required if name not in numbers]
    if missing:
        raise InvalidInputError(f"{', '.join(missing)} missing in '{text}'. Write {form}.")
    return numbers
