"""What an explanation can be asked with: the method's own options and those that all of them share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.explain.catalogue import BASELINE_HELP, METHODS, get_method_spec, parse_method_options
from core.explain.routing import check_offered, choose_method, list_baselines, list_offers
from core.explain.what_if import GAINS_DB, MAX_GAIN_DB
from core.networks.options import OptionSpec, OptionValue, parse_options
from services.shared.texts import to_plain
from utils.constants import HEALTHY_CLASS
from utils.exceptions import ErrorCode, InvalidInputError

WHAT_IF: Final = "what_if"
MAX_WINDOWS: Final = 8
_LONGEST_S = 1e7
_WHAT_IF_OPTIONS: Final = ("bands", "gains_db", "start_s", "n_windows", "target_class")
_MOST_BANDS = 12
_MOST_GAINS = 25

_SHARED: Final = (
    OptionSpec(
        "n_windows",
        "int",
        1,
        1,
        MAX_WINDOWS,
        help="How many windows of the recording are explained: those that speak most for the class.",
    ),
    OptionSpec(
        "start_s",
        "float",
        None,
        0.0,
        _LONGEST_S,
        help="Explain the window that begins nearest to this moment, in seconds, and those after it.",
    ),
    OptionSpec(
        "trust",
        "bool",
        True,
        help="Also measure whether the attribution can be trusted; that takes several times as long.",
    ),
)
_OF_A_PART: Final = (
    OptionSpec(
        "max_recordings",
        "int",
        100,
        1,
        10_000,
        help="Explain at most so many recordings, drawn by class in turn.",
    ),
    OptionSpec("n_windows", "int", 1, 1, MAX_WINDOWS, help="How many windows of each recording."),
)


def parse_signal_options(
    method: str, options: Mapping[str, Any], class_names: Sequence[str]
) -> dict[str, Any]:
    """Return the complete options of a signal's explanation.

    Raises:
        InvalidInputError: There is no such method, option, class or value.
    """
    given = dict(options)
    target = _parse_class(given.pop("target_class", None), class_names)
    shared, own = _part_options(given, _SHARED)
    return {
        **parse_options(_SHARED, shared, method),
        **parse_method_options(method, own),
        "target_class": target,
    }


def parse_part_options(method: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the complete options of a part's explanation; errors as `parse_signal_options`."""
    shared, own = _part_options(dict(options), _OF_A_PART)
    return {**parse_options(_OF_A_PART, shared, method), **parse_method_options(method, own)}


def pick_method_options(method: str, complete: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of complete options that are the method's own."""
    return {spec.name: complete[spec.name] for spec in get_method_spec(method).options}


def parse_what_if(options: Mapping[str, Any], class_names: Sequence[str]) -> dict[str, Any]:
    """Return the complete options of a what-if: bands in Hz, gains in dB, windows.

    Raises:
        InvalidInputError: An unknown option, or a value that can't be.
    """
    given = dict(options)
    unknown = sorted(set(given) - set(_WHAT_IF_OPTIONS))
    if unknown:
        allowed = ", ".join(_WHAT_IF_OPTIONS)
        raise InvalidInputError(
            f"A what-if has no option '{unknown[0]}'. Allowed: {allowed}.", code=ErrorCode.UNKNOWN_OPTION
        )
    gains, start_s = given.get("gains_db"), given.get("start_s")
    n_windows = given.get("n_windows")
    return {
        "bands": _parse_bands(given.get("bands")),
        "gains_db": _parse_gains(GAINS_DB if gains in (None, "", []) else gains),
        "start_s": None if start_s in (None, "") else parse_number("start_s", start_s, 0.0, _LONGEST_S),
        "n_windows": int(
            parse_number("n_windows", MAX_WINDOWS if n_windows is None else n_windows, 1, MAX_WINDOWS)
        ),
        "target_class": _parse_class(given.get("target_class"), class_names),
    }


def _parse_bands(value: Any) -> list[dict[str, Any]] | None:
    """None stands for the bands of the machine's own lines; a text is ``500-1000,2000-3000``."""
    if value in (None, "", []):
        return None
    if isinstance(value, str):
        ends = [text.partition("-") for text in value.split(",")]
        value = [{"low_hz": low, "high_hz": high} for low, _, high in ends]
    if not isinstance(value, (list, tuple)) or len(value) > _MOST_BANDS:
        raise InvalidInputError(f"bands is a list of 1 to {_MOST_BANDS} entries with low_hz and high_hz.")
    bands = []
    for entry in value:
        if not isinstance(entry, Mapping) or not {"low_hz", "high_hz"} <= set(entry) <= {
            "low_hz",
            "high_hz",
            "name",
        }:
            raise InvalidInputError("A band has low_hz and high_hz, and may have a name.")
        low_hz = parse_number("low_hz", entry["low_hz"], 0.0, 1e7)
        high_hz = parse_number("high_hz", entry["high_hz"], 0.0, 1e7)
        if high_hz <= low_hz:
            raise InvalidInputError("A band's high_hz lies above its low_hz.")
        name = to_plain(str(entry.get("name") or f"{low_hz:g}-{high_hz:g} Hz")).strip()[:60]
        bands.append({"low_hz": low_hz, "high_hz": high_hz, "name": name})
    return bands


def _parse_gains(value: Any) -> list[float]:
    entries = value.split(",") if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple)) or not 0 < len(entries) <= _MOST_GAINS:
        raise InvalidInputError(f"gains_db is a list of 1 to {_MOST_GAINS} gains in dB.")
    return sorted({parse_number("gains_db", each, -MAX_GAIN_DB, MAX_GAIN_DB) for each in entries})


def parse_number(name: str, value: Any, lowest: float, highest: float) -> float:
    """Return a number within limits.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not lowest <= number <= highest:
        raise InvalidInputError(f"{name} is a number from {lowest:g} to {highest:g}.")
    return number


def _parse_class(value: Any, class_names: Sequence[str]) -> str | None:
    if value in (None, ""):
        return None
    if value not in class_names:
        raise InvalidInputError(f"This classifier has no class '{value}'. It has: {', '.join(class_names)}.")
    return str(value)


def _part_options(
    given: Mapping[str, Any], shared: Sequence[OptionSpec]
) -> tuple[dict[str, Any], dict[str, Any]]:
    names = {spec.name for spec in shared}
    return (
        {name: value for name, value in given.items() if name in names},
        {name: value for name, value in given.items() if name not in names},
    )


def check_method(network: str, method: str) -> None:
    """Refuse a method that can't explain this network.

    Raises:
        InvalidInputError: There is no such method, or it can't; the sentence says why.
        MissingDependencyError: A package is missing.
    """
    get_method_spec(method)
    check_offered(network, method)


def check_baseline(name: Any, class_names: Sequence[str]) -> None:
    """Refuse a baseline that this classifier's training recordings can't give.

    Raises:
        InvalidInputError: They can't; the sentence says why.
    """
    for known, _, reason in list_baselines(has_healthy=HEALTHY_CLASS in class_names):
        if known == name and reason:
            raise InvalidInputError(reason)


def describe_methods(network: str, class_names: Sequence[str]) -> dict[str, Any]:
    """Return every method with why it is not offered, the baselines, and the options, as plain data."""
    return {
        "default_method": choose_method(network),
        "class_names": list(class_names),
        "methods": [
            {
                "name": offer.method,
                "title": offer.title,
                "description": METHODS[offer.method].description,
                "kind": METHODS[offer.method].kind,
                "is_offered": offer.is_offered,
                "reason": offer.reason,
                "complete": offer.complete,
                "options": [describe_option(spec) for spec in METHODS[offer.method].options],
            }
            for offer in list_offers(network)
        ],
        "baselines": [
            {"name": name, "title": title, "help": BASELINE_HELP[name], "reason": reason}
            for name, title, reason in list_baselines(has_healthy=HEALTHY_CLASS in class_names)
        ],
        "signal_options": [describe_option(spec) for spec in _SHARED],
        "part_options": [describe_option(spec) for spec in _OF_A_PART],
    }


def describe_option(spec: OptionSpec) -> dict[str, OptionValue | list[str]]:
    """Return an option as plain data."""
    return {
        "name": spec.name,
        "type": spec.type,
        "default": spec.default,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "choices": list(spec.choices),
        "help": spec.help,
    }
