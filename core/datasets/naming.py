"""What a file's name says: named groups of a pattern, and words that stand for a fault class."""

from __future__ import annotations

import re
from collections.abc import Mapping

from utils.constants import FAULT_CLASS_ALIASES, FAULT_CLASSES, ROLLING_FAULT_CLASSES
from utils.exceptions import ErrorCode, InvalidInputError

_MAX_PATTERN = 500
KNOWN_CLASSES = tuple(dict.fromkeys((*ROLLING_FAULT_CLASSES, *FAULT_CLASSES)))


def match_pattern(pattern: str, filename: str) -> dict[str, str] | None:
    """Return the named groups that fit, found anywhere in the name; None where the pattern does not fit.

    Parameters
    ----------
    pattern
        A regular expression with named groups: ``(?P<fault_class>IR|OR|B)(?P<severity>\\d+)_(?P<load>\\d)``.
        A pattern from a user can take for ever: match it by `IsolatedReader.match_names`.
    filename
        The name, with or without folders.

    Raises
    ------
    InvalidInputError
        The pattern is no regular expression or names no group.

    Examples
    --------
    >>> match_pattern(r"(?P<fault_class>[A-Z]+)(?P<severity>\\d+)_(?P<load>\\d)", "IR007_2.mat")
    {'fault_class': 'IR', 'severity': '007', 'load': '2'}
    """
    found = compile_pattern(pattern).search(filename)
    return {key: value for key, value in found.groupdict().items() if value is not None} if found else None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Check a pattern and compile it."""
    if len(pattern) > _MAX_PATTERN:
        raise InvalidInputError(f"The pattern is longer than {_MAX_PATTERN} characters.")
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidInputError(f"The pattern is no regular expression: {error}.") from error
    if not compiled.groupindex:
        example = "(?P<fault_class>[A-Z]+)(?P<severity>[0-9]+)_(?P<load>[0-9])"
        raise InvalidInputError(f"The pattern names no group. An example: {example}")
    return compiled


def map_label(value: str, mapping: Mapping[str, str] | None = None) -> str:
    """Return the fault class that a word stands for.

    Parameters
    ----------
    value
        A word from a file name, a folder, a column: ``IR``, ``Inner race``, ``désalignement``'s key, …
    mapping
        The user's own words: ``{"IR": "inner_race"}``; they win over the known ones.

    Raises
    ------
    InvalidInputError
        The word is empty (``LABEL_MISSING``) or stands for no class.

    Examples
    --------
    >>> map_label("IR", {"IR": "inner_race"}), map_label("Outer race"), map_label("sain")
    ('inner_race', 'outer_race', 'healthy')
    """
    word = value.strip()
    if not word:
        raise InvalidInputError("The label is empty.", code=ErrorCode.LABEL_MISSING)
    mapped = {key.casefold(): target for key, target in (mapping or {}).items()}.get(word.casefold(), word)
    found = _known_class(mapped)
    if found is None:
        raise InvalidInputError(
            f"'{mapped[:80]}' is no fault class. Map it to one of: {', '.join(KNOWN_CLASSES)}."
        )
    return found


def _known_class(word: str) -> str | None:
    key = re.sub(r"[\s\-]+", "_", word.strip().lower())
    return key if key in KNOWN_CLASSES else FAULT_CLASS_ALIASES.get(key)


def find_label(text: str, mapping: Mapping[str, str] | None = None) -> str:
    """Find the fault class that a file or folder name speaks of.

    A word counts where it stands alone: digits, punctuation or a change from small to capital letters end it.

    Parameters
    ----------
    text
        ``IR007_0.mat``, ``InnerRaceFault_vload_1.mat``, ``outer race``.
    mapping
        The user's own words; without any, the classes' own names are looked for.

    Raises
    ------
    InvalidInputError
        No word is found, or words for different classes (``LABEL_MISSING``).

    Examples
    --------
    >>> find_label("OR007@6_1.mat", {"OR": "outer_race", "IR": "inner_race"})
    'outer_race'
    >>> find_label("InnerRaceFault_vload_1.mat", {"InnerRace": "inner_race", "baseline": "healthy"})
    'inner_race'
    """
    known = {word: word for word in (*KNOWN_CLASSES, *FAULT_CLASS_ALIASES)}
    words = dict(mapping) if mapping else known
    hits = _without_inner_hits([hit for word in words if word and (hit := _locate(word, text))])
    found = sorted({map_label(word, mapping) for _, _, word in hits})
    if len(found) == 1:
        return found[0]
    shown = " and ".join(found) if found else "no label"
    raise InvalidInputError(
        f"'{text[:120]}' names {shown}. Give the words to look for: IR=inner_race OR=outer_race …",
        code=ErrorCode.LABEL_MISSING,
    )


def _locate(word: str, text: str) -> tuple[int, int, str] | None:
    spelled = "[ _-]?".join(re.escape(piece) for piece in re.split(r"[ _-]+", word))
    for found in re.finditer(rf"(?<![A-Za-z]){spelled}", text, re.IGNORECASE):
        after, last = text[found.end() : found.end() + 1], found.group()[-1:]
        if not after.isalpha() or (last.islower() and after.isupper()):
            return found.start(), found.end(), word
    return None


def _without_inner_hits(hits: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Drop a word found inside a longer one: ``inner`` in ``inner_race``."""
    return [
        hit
        for hit in hits
        if not any(
            other[0] <= hit[0] and hit[1] <= other[1] and other[1] - other[0] > hit[1] - hit[0]
            for other in hits
        )
    ]
