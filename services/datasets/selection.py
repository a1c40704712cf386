"""Which signals of a file are taken, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from core.datasets.metadata_table import COLUMNS, MetadataRow
from core.datasets.readers.base import FilePreview, VariablePreview
from services.datasets.mapping import FieldValues, ImportMapping, parse_fields
from services.shared.texts import to_plain
from utils.exceptions import ErrorCode, FileRefusedError

# CWRU calls the drive-end signal of record 97 "X097_DE_time": the number is the record, not the channel.
_RECORD_NUMBER = re.compile(r"^X\d{1,4}_?(?=[A-Za-z])")
_TIME_SUFFIX = re.compile(r"(?i)_time$")


@dataclass(frozen=True, slots=True)
class Selection:
    """A variable that is taken, with the fields that the rules and the metadata table give it."""

    variable: VariablePreview
    channel: str
    rule_values: FieldValues = field(default_factory=dict)
    table_values: FieldValues = field(default_factory=dict)


def suggest_channel(variable: str) -> str:
    """Return a channel's name from a variable's.

    >>> suggest_channel("X097_DE_time"), suggest_channel("bearing.gs"), suggest_channel("train/12")
    ('DE', 'gs', '12')
    """
    last = to_plain(re.split(r"[./]", variable)[-1])
    return (_TIME_SUFFIX.sub("", _RECORD_NUMBER.sub("", last)) or last)[:60]


def select_variables(file: str, preview: FilePreview, mapping: ImportMapping) -> list[Selection]:
    """Choose the signals of one file: by the metadata table, else by rules or globs, else every one.

    Raises:
        FileRefusedError: The file holds nothing of what was asked for.
    """
    if mapping.table:
        return _select_by_table(file, preview, mapping)
    if mapping.channels:
        return _select_by_rules(preview, mapping)
    chosen = [v for v in preview.variables if not mapping.variables or fits(v.name, mapping.variables)]
    if not chosen:
        raise _nothing_fits(preview, mapping.variables)
    return [Selection(variable, _name_channel(variable, preview)) for variable in chosen]


def fits(variable: str, globs: Iterable[str]) -> bool:
    """Tell whether a variable is meant: by its name, a glob, or a word of its name (``DE``)."""
    words = set(re.split(r"[^A-Za-z0-9]+", variable))
    return any(glob in (variable, "*") or fnmatchcase(variable, glob) or glob in words for glob in globs)


def _name_channel(variable: VariablePreview, preview: FilePreview) -> str:
    if "channel" in variable.attributes:
        return to_plain(str(variable.attributes["channel"]))[:60]
    if preview.format in ("split_hdf5", "flat_hdf5"):
        return "signal"
    return suggest_channel(variable.name)


def _select_by_rules(preview: FilePreview, mapping: ImportMapping) -> list[Selection]:
    selections = []
    for variable in preview.variables:
        values: FieldValues = {}
        fitting = [rule for rule in mapping.channels if fits(variable.name, (rule.variable,))]
        for rule in fitting:
            values |= rule.values
        if fitting:
            selections.append(Selection(variable, _name_channel(variable, preview), rule_values=values))
    if not selections:
        raise _nothing_fits(preview, tuple(rule.variable for rule in mapping.channels))
    return selections


def _select_by_table(file: str, preview: FilePreview, mapping: ImportMapping) -> list[Selection]:
    table = mapping.table
    rows = [row for row in table if row.file == file] or [
        row for row in table if row.file == PurePosixPath(file).name
    ]
    if not rows:
        raise FileRefusedError("The metadata table has no row for this file.", code=ErrorCode.NOT_FOUND)
    wanted = mapping.variables
    chosen = [_select_row(preview, row) for row in rows if not wanted or row.channel in wanted]
    if wanted and not chosen:
        chosen = [
            one for one in (_select_row(preview, row) for row in rows) if fits(one.variable.name, wanted)
        ]
    if not chosen:
        raise _nothing_fits(preview, wanted)
    return chosen


def _select_row(preview: FilePreview, row: MetadataRow) -> Selection:
    globs = (row.variable,) if row.variable else ()
    chosen = [v for v in preview.variables if not globs or fits(v.name, globs)]
    if not chosen:
        raise _nothing_fits(preview, globs)
    if len(chosen) > 1:
        raise FileRefusedError(
            f"'{row.variable or 'no variable'}' in the metadata table fits {len(chosen)} signals of the file "
            f"({', '.join(v.name for v in chosen[:4])}). Name one of them.",
            code=ErrorCode.NO_USABLE_VECTOR,
        )
    variable = replace(chosen[0], part=row.part) if row.part else chosen[0]
    return Selection(variable, _name_channel(variable, preview), table_values=parse_fields(row_values(row)))


def row_values(row: MetadataRow) -> FieldValues:
    """Return the fields that a row of the metadata table fills in."""
    named = {name: getattr(row, name) for name in COLUMNS if name not in ("file", "variable", "part")}
    return {name: value for name, value in named.items() if value is not None}


def _nothing_fits(preview: FilePreview, globs: tuple[str, ...]) -> FileRefusedError:
    held = ", ".join(variable.name for variable in preview.variables[:6])
    if not preview.variables:
        sentence = "The file holds no vector of numbers that could be a signal."
    else:
        sentence = f"The file has no signal that fits {', '.join(globs)}. It holds: {held}."
    return FileRefusedError(sentence, code=ErrorCode.NO_USABLE_VECTOR)
