"""The kinds of evaluation, and what each of them can be asked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.evaluation.disturbances import DISTURBANCES
from services.shared.texts import check_text
from utils.exceptions import InvalidInputError

# A change of what results mean raises this: stored ones are worked out anew.
RESULTS_VERSION: Final = 2
_MOST_LEVELS = 20
_MOST_DB = 80.0


class EvaluationKind(StrEnum):
    """What can be asked of a finished experiment."""

    ROC = "roc"
    ERRORS = "errors"
    SLICES = "slices"
    CALIBRATION = "calibration"
    CONFORMAL = "conformal"
    ROBUSTNESS = "robustness"
    OPEN_SET = "open_set"
    RECORDINGS = "recordings"
    LATENCY = "latency"
    PREDICTIONS = "predictions"


# Worked out at once from what was said when the experiment was judged; the test part is not met again.
QUICK_KINDS: Final = frozenset(
    {
        EvaluationKind.ROC,
        EvaluationKind.ERRORS,
        EvaluationKind.SLICES,
        EvaluationKind.CALIBRATION,
        EvaluationKind.CONFORMAL,
    }
)
JOB_KINDS: Final = frozenset(EvaluationKind) - QUICK_KINDS

# The levels that the page offers and draws.
COVERAGES: Final = (0.8, 0.9, 0.95, 0.99)

TITLES: Final[Mapping[EvaluationKind, str]] = {
    EvaluationKind.ROC: "ROC and precision-recall curves",
    EvaluationKind.ERRORS: "Error analysis",
    EvaluationKind.SLICES: "Accuracy by condition",
    EvaluationKind.CALIBRATION: "Calibration",
    EvaluationKind.CONFORMAL: "Conformal sets",
    EvaluationKind.ROBUSTNESS: "Robustness sweep",
    EvaluationKind.OPEN_SET: "Open-set rejection",
    EvaluationKind.RECORDINGS: "Evaluation on other recordings",
    EvaluationKind.LATENCY: "Latency",
    EvaluationKind.PREDICTIONS: "Judging once more",
}


@dataclass(frozen=True, slots=True)
class _Field:
    default: Any
    check: Callable[[str, Any], Any]


def parse_kind(kind: str) -> EvaluationKind:
    """Return the kind of this name.

    Raises:
        InvalidInputError: There is none.
    """
    try:
        return EvaluationKind(kind)
    except ValueError:
        known = ", ".join(EvaluationKind)
        raise InvalidInputError(f"There is no evaluation '{kind}'. Known: {known}.") from None


def parse_config(kind: EvaluationKind, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a complete configuration, or raise for the first setting that can't be used.

    Numbers may come as texts, and lists as texts with commas, as the command line gives them.

    Raises:
        InvalidInputError: An unknown setting, or an impossible value.
    """
    fields = _FIELDS[kind]
    given = dict(config or {})
    unknown = sorted(set(given) - set(fields))
    if unknown:
        known = ", ".join(fields) or "none"
        raise InvalidInputError(f"This evaluation has no setting '{unknown[0]}'. It has: {known}.")
    return {
        name: field.check(name, given[name]) if given.get(name) is not None else field.default
        for name, field in fields.items()
    }


def is_kept(kind: EvaluationKind, config: Mapping[str, Any]) -> bool:
    """Tell whether a quick evaluation is stored: usual questions only, as whoever may look may ask."""
    usual = parse_config(kind, {"part": config["part"]})
    if config.get("coverage") in COVERAGES:
        usual["coverage"] = config["coverage"]
    return dict(config) == usual


def hash_config(config: Mapping[str, Any]) -> str:
    """Return what makes an evaluation the same as another one of its kind."""
    text = json.dumps([RESULTS_VERSION, config], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        number = _read_number(name, value)
        if number != int(number) or not low <= number <= high:
            raise InvalidInputError(f"{name} is a whole number from {low} to {high}.")
        return int(number)

    return check


def _share(name: str, value: Any) -> float:
    number = _read_number(name, value)
    if not 0.0 < number < 1.0:
        raise InvalidInputError(f"{name} lies between 0 and 1, for example 0.9.")
    return number


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, (int, float)):
        return [value]
    if not isinstance(value, (list, tuple)):
        raise InvalidInputError(f"{name} is a list.")
    return list(value)


def _levels(name: str, value: Any) -> list[float]:
    found = list(dict.fromkeys(_read_number(name, each) for each in _list(name, value)))
    if not found or len(found) > _MOST_LEVELS or any(abs(level) > _MOST_DB for level in found):
        raise InvalidInputError(f"{name} are 1 to {_MOST_LEVELS} levels in dB, from -80 to 80.")
    return found


def _noise_types(name: str, value: Any) -> list[str]:
    found = list(dict.fromkeys(str(each).strip() for each in _list(name, value)))
    unknown = [text for text in found if text not in DISTURBANCES]
    if unknown or not found:
        raise InvalidInputError(f"{name} are some of {', '.join(DISTURBANCES)}.")
    return found


def _text(name: str, value: Any) -> str:
    text = str(value).strip()
    check_text(text, name)
    if not text or len(text) > 60:
        raise InvalidInputError(f"{name} is a text of up to 60 characters.")
    return text


def _judged_part(name: str, value: Any) -> str:
    if value not in ("test", "validation"):
        raise InvalidInputError(f"{name} is test or validation.")
    return str(value)


def _read_number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{name} is a number.") from None
    if not math.isfinite(number):
        raise InvalidInputError(f"{name} is a number.")
    return number


_ANY_PART = {"part": _Field("test", _text)}
_FIELDS: Final[Mapping[EvaluationKind, Mapping[str, _Field]]] = {
    EvaluationKind.ROC: {
        **_ANY_PART,
        "n_bootstrap": _Field(1000, _whole(200, 5000)),
        "seed": _Field(0, _whole(0, 2**31 - 1)),
    },
    EvaluationKind.ERRORS: _ANY_PART,
    EvaluationKind.SLICES: _ANY_PART,
    EvaluationKind.CALIBRATION: _ANY_PART,
    EvaluationKind.CONFORMAL: {**_ANY_PART, "coverage": _Field(0.9, _share)},
    EvaluationKind.ROBUSTNESS: {
        "noise_types": _Field(list(DISTURBANCES), _noise_types),
        "noise_levels": _Field([20.0, 10.0, 5.0, 0.0, -5.0], _levels),
        "gain_levels": _Field([-12.0, -6.0, 6.0, 12.0], _levels),
        "part": _Field("test", _judged_part),
        "max_recordings": _Field(None, _whole(1, 1_000_000)),
        "seed": _Field(0, _whole(0, 2**31 - 1)),
    },
    EvaluationKind.OPEN_SET: {"false_alarms": _Field(0.05, _share)},
    EvaluationKind.RECORDINGS: {
        "dataset_id": _Field(None, _whole(1, 2**31 - 1)),
        "version": _Field(None, _whole(1, 2**31 - 1)),
        "channel": _Field(None, _text),
    },
    EvaluationKind.LATENCY: {"n_runs": _Field(30, _whole(5, 1000))},
    EvaluationKind.PREDICTIONS: {},
}
