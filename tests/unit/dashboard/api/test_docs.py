"""The OpenAPI document for the packaged viewer."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.api.docs import to_openapi_30


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "x"},
            {"allOf": [{"type": "string"}], "nullable": True, "title": "x"},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        ({"items": {"const": 3}}, {"items": {"enum": [3]}}),
        ({"exclusiveMinimum": 0, "maximum": 2}, {"minimum": 0, "exclusiveMinimum": True, "maximum": 2}),
        ([{"type": "string"}, 3, None], [{"type": "string"}, 3, None]),
    ],
)
def test_the_words_of_3_1_become_those_of_3_0(new: Any, old: Any) -> None:
    assert to_openapi_30(new) == old
