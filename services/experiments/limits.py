"""What a diagnosis can't claim, in plain sentences drawn from what the classifier has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

_STRONG_AGREEMENT = 0.8
_FEW_TEST_RECORDINGS = 30
RULE_NOT_FOLLOWED = "Its open-set rule was measured, but not followed, as it was trained elsewhere."


class JudgedRecording(Protocol):
    """What the limits depend on."""

    @property
    def machine(self) -> str | None:
        """Its machine, where known."""

    @property
    def bearing(self) -> str | None:
        """Its bearing's designation, where known."""

    @property
    def shaft_speed_rpm(self) -> float | None:
        """Its shaft speed, where known."""


def list_limits(
    given: JudgedRecording,
    n_agreeing: int,
    n_windows: int,
    experiment: Mapping[str, Any],
    origin: Mapping[str, Any],
    confidence: str,
    *,
    can_reject: bool = False,
    no_rule: str = "",
) -> list[str]:
    """Return the limits, the weightiest first.

    ``confidence`` is the sentence on what the confidence rests on, empty where there is none; ``can_reject``
    says that a recording of another class may have been called unknown, ``no_rule`` why none can be.
    """
    limits = [
        *_foreign_limits(given, origin),
        *_agreement_limits(n_agreeing, n_windows),
        *_split_limits(experiment),
        *_test_limits(experiment),
    ]
    classes = ", ".join(name.replace("_", " ") for name in experiment["class_names"])
    other = (
        "what looks unlike them is called unknown." if can_reject else "it has no answer for anything else."
    )
    limits.append(f"The classifier can only answer {classes}; {other} {no_rule}".strip())
    return [*limits, confidence] if confidence else limits


def word_learned_part(part: str | None) -> list[str]:
    """Return the doubt about a recording that the classifier knows from its training."""
    use = {"train": "trained on", "validation": "chosen by"}.get(part or "")
    if use is None:
        return []
    return [f"The classifier was {use} this very recording: that it names it right shows nothing."]


def condense_findings(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one sentence per kind of leak finding, with how many more of the kind there are.

    >>> condense_findings([{"kind": "a", "sentence": "One."}, {"kind": "a", "sentence": "Two."}])
    ['One. (And 1 more of the kind.)']
    """
    by_kind: dict[str, list[str]] = {}
    for finding in findings:
        by_kind.setdefault(finding["kind"], []).append(finding["sentence"])
    return [
        first + (f" (And {len(others)} more of the kind.)" if others else "")
        for first, *others in by_kind.values()
    ]


def _foreign_limits(given: JudgedRecording, origin: Mapping[str, Any]) -> list[str]:
    limits = []
    for what, mine, seen in (
        ("machine", given.machine, origin.get("machines", [])),
        ("bearing", given.bearing, origin.get("bearings", [])),
    ):
        known = ", ".join(seen) or "none named"
        if mine is None:
            limits.append(
                f"The recording's {what} is unknown. The classifier was trained on {known}; nothing shows "
                "that it holds elsewhere."
            )
        elif mine not in seen:
            limits.append(
                f"Another {what} ({mine}) than in training ({known}): nothing shows that the "
                "classifier holds there. Take the answer as a hint only."
            )
    return limits + _speed_limits(given.shaft_speed_rpm, origin.get("shaft_speed_rpm"))


def _speed_limits(speed_rpm: float | None, seen: Mapping[str, float] | None) -> list[str]:
    if speed_rpm is None or seen is None:
        return []
    if 0.9 * seen["min"] <= speed_rpm <= 1.1 * seen["max"]:
        return []
    return [f"The shaft turns at {speed_rpm:g} rpm; training covered {seen['min']:g} to {seen['max']:g} rpm."]


def _agreement_limits(n_agreeing: int, n_windows: int) -> list[str]:
    if n_windows and n_agreeing / n_windows >= _STRONG_AGREEMENT:
        return []
    return [f"The windows disagree: only {n_agreeing} of {n_windows} support the classifier's answer."]


def _split_limits(experiment: Mapping[str, Any]) -> list[str]:
    if experiment["split_colour"] != "amber":
        return []
    amber = [finding for finding in experiment["split_findings"] if finding["colour"] == "amber"]
    sentences = " ".join(condense_findings(amber))
    return [f"Its test accuracy comes from an amber split (accepted on purpose). {sentences}"]


def _test_limits(experiment: Mapping[str, Any]) -> list[str]:
    test = experiment["test"]
    if test is None:
        return ["The classifier has not been tested on recordings of its own dataset."]
    level = test["recording_level"]
    if level["n"] >= _FEW_TEST_RECORDINGS:
        return []
    low, high = (round(100 * value) for value in level["accuracy_interval"])
    right = round(level["accuracy"] * level["n"])
    return [
        f"Tested on {level['n']} recordings only: {right} right at recording level, 95 % interval {low} to "
        f"{high} %."
    ]
