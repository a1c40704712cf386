"""What the files of an import have in common: globs that name a channel, or a value, in all of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from glob import escape
from typing import Any

from core.datasets.readers.base import FilePreview, VariablePreview
from services.datasets.planning import PreviewedFile
from services.datasets.selection import suggest_channel
from services.shared.texts import to_plain

_SELF_DESCRIBING = ("canonical_hdf5", "split_hdf5", "flat_hdf5")
_OWN_CHANNELS = "*/*"
_MAX_LISTED = 60
_MAX_EXAMPLES = 3


def suggest_channels(files: Sequence[PreviewedFile]) -> list[dict[str, Any]]:
    """Return the channels that the files seem to hold, the most frequent first.

    Each is ``{channel, glob, n_files, n_signals, examples, sample_rates_hz, units}``; ``channel`` is None
    where the files name their channels themselves. Only a proposal: nothing is taken from it unasked.
    """
    found: dict[str, list[tuple[str, VariablePreview]]] = defaultdict(list)
    for file, preview in _readable(files):
        for variable in preview.variables:
            found[_key_channel(preview, variable)].append((file, variable))
    every = {variable.name for entries in found.values() for _, variable in entries}
    channels = [_describe_channel(key, entries, every) for key, entries in found.items()]
    return _most_frequent(channels)


def list_channel_keys(preview: FilePreview) -> list[str]:
    """Return what the channels of a file are recognised by, in every file of its layout."""
    return [_key_channel(preview, variable) for variable in preview.variables]


def _most_frequent(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(described, key=lambda each: -int(each["n_files"]))[:_MAX_LISTED]


def _describe_channel(
    key: str, entries: Sequence[tuple[str, VariablePreview]], every: set[str]
) -> dict[str, Any]:
    names = [variable.name for _, variable in entries]
    rates = {variable.sample_rate_hz for _, variable in entries if variable.sample_rate_hz is not None}
    return {
        "channel": None if key == _OWN_CHANNELS else key,
        "glob": key if key == _OWN_CHANNELS else find_glob(names, every),
        "n_files": len({file for file, _ in entries}),
        "n_signals": len(names),
        "examples": list(dict.fromkeys(names))[:_MAX_EXAMPLES],
        "sample_rates_hz": sorted(rates),
        "units": sorted({variable.unit for _, variable in entries if variable.unit}),
    }


def _readable(files: Iterable[PreviewedFile]) -> list[tuple[str, FilePreview]]:
    return [(file.name, file.preview) for file in files if file.preview is not None]


def _key_channel(preview: FilePreview, variable: VariablePreview) -> str:
    """Files that describe themselves name signals ``recording/channel`` or ``part/row``: one rule for all."""
    if preview.format in _SELF_DESCRIBING:
        return _OWN_CHANNELS
    own = variable.attributes.get("channel")
    return to_plain(str(own))[:60] if own is not None else suggest_channel(variable.name)


def suggest_values(files: Sequence[PreviewedFile]) -> list[dict[str, Any]]:
    """Return the single numbers beside the signals: ``{glob, n_files, low, high, examples}``.

    ``X097RPM`` and ``X105RPM`` of two files are one value, unless one file has several that differ only in
    their numbers.
    """
    readable = [(file, _list_numbers(preview)) for file, preview in _readable(files)]
    crowded: set[str] = set()
    for _, numbers in readable:
        counts = Counter(_without_digits(name) for name in numbers)
        crowded |= {key for key, count in counts.items() if count > 1}
    found: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for file, numbers in readable:
        for name, value in numbers.items():
            key = _without_digits(name)
            found[name if key in crowded else key].append((file, name, value))
    every = {name for _, numbers in readable for name in numbers}
    return _most_frequent([_describe_value(entries, every) for entries in found.values()])


def _list_numbers(preview: FilePreview) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in preview.scalars.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _describe_value(entries: Sequence[tuple[str, str, float]], every: set[str]) -> dict[str, Any]:
    names = [name for _, name, _ in entries]
    numbers = [number for _, _, number in entries]
    return {
        "glob": find_glob(names, every),
        "n_files": len({file for file, _, _ in entries}),
        "low": min(numbers),
        "high": max(numbers),
        "examples": list(dict.fromkeys(names))[:_MAX_EXAMPLES],
    }


def find_glob(names: Iterable[str], every: Iterable[str]) -> str:
    """Return a glob that fits all ``names`` and, where one can, none of the others of ``every``.

    >>> find_glob(["X097_DE_time", "X105_DE_time"], ["X097_DE_time", "X105_DE_time", "X105_FE_time"])
    '*_DE_time'
    >>> find_glob(["acc"], ["acc", "time"])
    'acc'
    """
    wanted = sorted(set(names))
    if len(wanted) == 1:
        return escape(wanted[0])
    others = set(every) - set(wanted)
    start = _common_start(wanted)
    shortest = min(map(len, wanted)) - len(start)
    end = _common_start([name[::-1] for name in wanted])[::-1]
    end = end[max(len(end) - shortest, 0) :]
    globs = [f"*{escape(end)}", f"{escape(start)}*{escape(end)}"]
    clear = (glob for glob in globs if not any(fnmatchcase(other, glob) for other in others))
    return next(clear, globs[-1])


def _common_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = (index for index, char in enumerate(first) if last[index : index + 1] != char)
    return first[: next(same, len(first))]
