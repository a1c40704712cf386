"""Texts as numbers: a column of a few different texts becomes an array of codes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Interner:
    """Gives each text a code, from 0 in the order in which they come; a code never changes."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._codes: dict[str, int] = {}
        self._kept: dict[str, tuple[int, NDArray[Any]]] = {}
        self._parsed: list[dict[str, Any]] = []
        self._parsing = threading.Lock()

    def encode(self, texts: Sequence[str | None]) -> NDArray[np.int32]:
        """Return the codes of texts, -1 for None."""
        return np.array([-1 if text is None else self._code(text) for text in texts], np.int32)

    def find(self, text: str) -> int:
        """Return the code of a text, -1 where it never came."""
        return self._codes.get(text, -1)

    def _code(self, text: str) -> int:
        code = self._codes.get(text)
        if code is None:
            code = len(self.values)
            self.values.append(text)
            self._codes[text] = code
        return code

    def rank(self) -> NDArray[np.float64]:
        """Return the place of each text in alphabetical order, whatever its case."""
        return self.derive("rank", _rank)

    def derive(self, key: str, compute: Callable[[list[Any]], NDArray[Any]]) -> NDArray[Any]:
        """Return an array worked out from all texts, kept until there are more of them."""
        n_values = len(self.values)
        n_known, found = self._kept.get(key, (-1, None))
        if found is None or n_known != n_values:
            found = compute(self.values[:n_values])
            self._kept[key] = (n_values, found)
        return found

    def parse(self) -> list[dict[str, Any]]:
        """Return the texts read as JSON objects, each parsed once."""
        with self._parsing:
            for text in self.values[len(self._parsed) :]:
                self._parsed.append(json.loads(text))
        return self._parsed


def _rank(values: list[str]) -> NDArray[np.float64]:
    order = sorted(range(len(values)), key=lambda code: values[code].casefold())
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return ranks
