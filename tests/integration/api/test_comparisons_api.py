"""Comparisons over REST: the data, the files, and who may have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.user import Role
from tests.factories.comparisons import add_experiment, add_test_part, change
from tests.integration.api.conftest import Program

TARGETS = ["healthy"] * 8 + ["inner_race"] * 8


@pytest.fixture
def ids(program: Program) -> str:
    assert program.user_id
    part = add_test_part("Rig", TARGETS)
    pair = [add_experiment(part, change(TARGETS, *range(n)), name=f"N{n}") for n in (0, 7)]
    return ",".join(map(str, pair))


def test_a_comparison_is_told(program: Program, ids: str) -> None:
    found = program.get("/compare", ids=ids)
    assert [each["label"] for each in found["contestants"]] == ["N0", "N7"]
    assert found["statistics"]["pairs"][0]["only_first"] == 7
    assert found["statistics"]["pairs"][0]["differ"] is True
    assert found["reading"]


@pytest.mark.parametrize(
    ("kind", "ending", "media_type", "start"),
    [
        ("pdf", "pdf", "application/pdf", b"%PDF-"),
        ("csv", "csv", "text/csv; charset=utf-8", b"table,training"),
        ("latex", "tex", "application/x-tex; charset=utf-8", b"\\documentclass"),
    ],
)
def test_a_viewer_takes_a_file_away(
    make_program: Callable[..., Program], ids: str, kind: str, ending: str, media_type: str, start: bytes
) -> None:
    viewer = make_program("vic", Role.VIEWER, ["read"])
    answer = viewer.call("GET", "/compare/export", query_string={"ids": ids, "format": kind})
    assert answer.status_code == 200
    name = f"comparison-{ids.replace(',', '-')}.{ending}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == (
        media_type,
        "nosniff",
    )
    assert answer.data.startswith(start)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"ids": "1"}, 422, "invalid_input"),
        ({"ids": "1,abc"}, 422, "invalid_input"),
        ({"ids": "1,9999999999"}, 422, "invalid_input"),
        ({"ids": "1,77"}, 404, "not_found"),
        ({}, 422, "invalid_input"),
        ({"ids": "1,2", "format": "docx"}, 422, "invalid_input"),
    ],
)
def test_what_can_not_be_compared_is_refused(
    program: Program, ids: str, query: dict[str, str], status: int, code: str
) -> None:
    assert ids
    for path in ("/compare", "/compare/export"):
        answer = program.call("GET", path, query_string=query)
        assert (answer.status_code, answer.json["code"]) == (status, code)


def test_nobody_compares_without_a_key(program: Program, ids: str) -> None:
    answer = program.client.get(f"/api/v1/compare?ids={ids}")
    assert answer.status_code == 401
