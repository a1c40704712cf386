"""What an explanation says in words: never more than its numbers show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from core.explain.trust import (
    MOST_INFIDELITY,
    MOST_RANDOM_CORRELATION,
    MOST_SENSITIVITY,
    CheckName,
)

COMPLETENESS: Final = "completeness"
RESONANCE: Final = "resonance"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        COMPLETENESS: "Completeness",
        CheckName.INFIDELITY: "Infidelity",
        CheckName.SENSITIVITY: "Sensitivity",
        CheckName.DELETION: "Deletion",
        CheckName.INSERTION: "Insertion",
        CheckName.RANDOMISED_WEIGHTS: "Random weights",
    }
)
RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        COMPLETENESS: "Passes where the values add up to the change of the score within 1 %.",
        CheckName.INFIDELITY: (
            f"Passes below {MOST_INFIDELITY:g}, and below 97.5 % of the same attribution shuffled."
        ),
        CheckName.SENSITIVITY: f"Passes up to {MOST_SENSITIVITY:g}, for noise 26 dB below the signal.",
        CheckName.DELETION: "Passes where the area lies below those of 95 % of random orders.",
        CheckName.INSERTION: "Passes where the area lies above those of 95 % of random orders.",
        CheckName.RANDOMISED_WEIGHTS: (
            "Passes where the rank correlation with random weights, signs aside, stays below "
            f"{MOST_RANDOM_CORRELATION:g}."
        ),
    }
)


def say_class(name: str) -> str:
    """Return a class as it stands in a sentence.

    >>> say_class("outer_race")
    'outer race'
    """
    return name.replace("_", " ")


def word_subject(prediction: Mapping[str, Any], target: str, windows: Sequence[Mapping[str, Any]]) -> str:
    """Say what is explained."""
    said, share = say_class(prediction["class_name"]), prediction["probabilities"][prediction["class_name"]]
    n_windows = prediction["n_windows"]
    starts = ", ".join(f"{window['start_s']:.2f} s" for window in windows)
    which = "window" if len(windows) == 1 else "windows"
    where = (
        "its only window"
        if n_windows == 1
        else f"{len(windows)} of its {n_windows} windows: the {which} at {starts}"
    )
    return (
        f"The classifier says {said} for this recording ({share:.1%}). Explained is what speaks for "
        f"{say_class(target)} in {where}."
    )


def word_bands(bands: Sequence[Mapping[str, Any]]) -> str:
    """Say which of the bands looked at stand out against random bands."""
    told = list_telling(bands)
    if not told:
        return "No line of the machine could be placed."
    above = sorted((band for band in told if band["is_above_control"]), key=_rank, reverse=True)
    if not above:
        return "None of the lines looked for gets more than random bands of the same width."
    named = ", ".join(
        f"{band['label']} ({band['share']:.1%}, random bands {band['control_share']:.1%})"
        for band in above[:4]
    )
    more = f" and {len(above) - 4} more" if len(above) > 4 else ""
    return f"More than random bands of the same width get: {named}{more}."


def list_telling(bands: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out the resonance: it was chosen where the classifier looks, so that its share tells nothing."""
    return [band for band in bands if band["name"] != RESONANCE]


def _rank(band: Mapping[str, Any]) -> float:
    return float(band["share"]) - float(band["control_share"])


def find_top_band(bands: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the band that stands out most against its control; None where there is none."""
    told = list_telling(bands)
    if not told:
        return None
    top = max(told, key=_rank)
    return {name: top[name] for name in ("label", "share", "control_share", "is_above_control")}


def word_trust(checks: Sequence[Mapping[str, Any]]) -> str:
    """Say whether the checks let the attribution be read, over each of its axes."""
    axes = dict.fromkeys(check["axis"] for check in checks)
    said = [_word_axis(axis, [check for check in checks if check["axis"] == axis]) for axis in axes]
    return " ".join(said) if said else "This attribution was not checked."


def _word_axis(axis: str, checks: Sequence[Mapping[str, Any]]) -> str:
    judged = [check for check in checks if check["passes"] is not None]
    failed = [check["title"].lower() for check in judged if not check["passes"]]
    if not judged:
        return f"Over {axis} no check applies."
    if not failed:
        which = "the one check that applies" if len(judged) == 1 else f"all {len(judged)} checks that apply"
        return f"Over {axis} {which} passed."
    verb, named = ("fails" if len(failed) == 1 else "fail"), ", ".join(failed)
    return (
        f"Over {axis} {len(failed)} of {len(judged)} checks {verb} ({named}): don't rest a decision on that "
        "plot."
    )


def judge_axes(checks: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    """Return for each axis whether every check that applies passed; None where none applies."""
    judged: dict[str, bool | None] = {check["axis"]: None for check in checks}
    for check in checks:
        if check["passes"] is not None:
            judged[check["axis"]] = judged[check["axis"]] is not False and check["passes"]
    return judged
