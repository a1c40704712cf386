"""Fault classes and other fields from file names, folders and columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from core.datasets.naming import find_label, map_label
from services.datasets.mapping import FIELDS, LABEL_GROUPS, FieldValues, ImportMapping, parse_field
from services.datasets.rows import UNLABELLED
from services.datasets.selection import Selection, row_values
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError

NameGroups = Mapping[str, str]


class UnreadableLabelError(InvalidInputError):
    """A file's name or column does not give a fault class."""

    code = ErrorCode.LABEL_MISSING


class LabelReader:
    """Reads the fields of one signal after another from names and columns, as the mapping says.

    Raises:
        UnreadableLabelError: The metadata table lacks the column that should name the fault class.
    """

    def __init__(self, mapping: ImportMapping) -> None:
        self._mapping = mapping
        self._groups = tuple(re.compile(mapping.pattern).groupindex) if mapping.pattern else ()
        self._check_label_column()

    def _check_label_column(self) -> None:
        name, table = self._mapping.label_from, self._mapping.table
        if name in (None, "filename", "folder", *self._groups) or not table:
            return
        filled = {column for row in table for column in row_values(row)}
        if name not in filled:
            raise UnreadableLabelError(
                f"The metadata table has no filled column '{name}' to take the fault class from. "
                f"Filled columns: {', '.join(sorted(filled))}."
            )

    def read_fields(self, groups: NameGroups | None) -> FieldValues:
        """Return the fields that the name pattern found in a file's name.

        Raises:
            InvalidInputError: The name does not fit the pattern, or a field's text can't be its value.
        """
        if groups is None:
            code = (
                ErrorCode.LABEL_MISSING if set(LABEL_GROUPS) & set(self._groups) else ErrorCode.INVALID_INPUT
            )
            raise InvalidInputError("The name does not fit the name pattern.", code=code)
        values: FieldValues = {}
        for name, text in groups.items():
            if name in FIELDS and name not in LABEL_GROUPS:
                parsed = parse_field(name, text)
                values |= {} if parsed is None else {name: parsed}
        return values

    def read_class(
        self,
        file: str,
        groups: NameGroups | None,
        values: FieldValues,
        selection: Selection,
        overrides: FieldValues,
    ) -> str | None:
        """Return the fault class of one signal as the mapping finds and names it; None where unlabelled.

        Raises:
            UnreadableLabelError: It should be there and is not, or is none that is known.
        """
        try:
            text = overrides.get("fault_class") or self._find_label(file, groups or {}, values, selection)
            blank = text is None or str(text).strip() in ("", UNLABELLED)
            return None if blank else map_label(str(text), self._mapping.class_map)
        except LstmPfdError as error:
            raise UnreadableLabelError(error.sentence) from error

    def _find_label(self, file: str, groups: NameGroups, values: FieldValues, selection: Selection) -> Any:
        wanted = self._mapping.label_from
        if "fault_class" in selection.rule_values:
            said = selection.rule_values[
                "fault_class"
            ]  # the name speaks of another bearing than this channel
            return selection.table_values.get("fault_class", said)
        from_name = next((groups[name] for name in LABEL_GROUPS if groups.get(name)), None)
        if wanted is None or (wanted == "filename" and from_name is not None):
            said = from_name or values.get("fault_class")
            return selection.table_values.get("fault_class", said) if wanted is None else said
        if wanted == "filename":
            return find_label(PurePosixPath(file).stem, self._mapping.class_map)
        if wanted == "folder":
            return find_label(PurePosixPath(file).parent.name, self._mapping.class_map)
        places: tuple[Mapping[str, Any], ...] = (
            groups,
            selection.table_values,
            selection.variable.attributes,
            values,
        )
        found = next((place[wanted] for place in places if place.get(wanted) not in (None, "")), None)
        if found is None and wanted not in self._groups and not self._mapping.table:
            raise UnreadableLabelError(
                f"'{wanted}', which should name the fault class, is no group of the name pattern and no "
                "field of the file."
            )
        return found
