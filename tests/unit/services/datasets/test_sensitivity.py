"""A sensitivity turns what a sensor gave out into what it measured, or says why it can't."""

from __future__ import annotations

import pytest

from services.datasets.sensitivity import resolve_sensitivity
from utils.exceptions import InvalidInputError


@pytest.mark.parametrize(
    ("text", "file_unit", "said", "divisor", "unit"),
    [
        ("100 mV/g", "V", None, 0.1, "g"),
        ("100 mV/g", None, None, 0.1, "g"),
        ("100 mV/g", "mV", "g", 100.0, "g"),
        ("0.1V/g", "mV", None, 100.0, "g"),
        ("4 mV/mm/s", "V", None, 0.004, "mm/s"),
        ("0.05 FS/g", "FS", None, 0.05, "g"),
        ("1000", None, "g", 1000.0, "g"),
        ("1000", "milli-g", "g", 1000.0, "g"),
        ("10 pC/g", "nC", None, 0.01, "g"),
    ],
)
def test_samples_are_divided_into_the_unit(
    text: str, file_unit: str | None, said: str | None, divisor: float, unit: str
) -> None:
    found = resolve_sensitivity(text, file_unit, said)
    assert (found.divisor, found.unit) == (pytest.approx(divisor, rel=1e-12), unit)
    assert unit in found.sentence
    assert text in found.sentence


@pytest.mark.parametrize(
    ("text", "file_unit", "said", "says"),
    [
        ("much", None, "g", "no sensitivity"),
        ("-100 mV/g", "V", None, "no sensitivity"),
        ("0", None, "g", "no sensitivity"),
        ("1000", None, None, "which unit"),
        ("100 mV/g", "g", None, "does not apply"),
        ("100 mV/g", "mA", None, "does not apply"),
        ("100 mV/g", "V", "m/s²", "leads to g"),
        ("100 pounds/g", "V", None, "no sensitivity"),
        ("100 lb/g", "V", None, "no unit of a sensor"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    text: str, file_unit: str | None, said: str | None, says: str
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        resolve_sensitivity(text, file_unit, said)
