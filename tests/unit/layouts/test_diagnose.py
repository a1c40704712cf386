from __future__ import annotations

from typing import Any

import pytest

from layouts.pages.diagnose import build_view_options


def make_view(key: str, fault_class: str | None, n_found: int) -> dict[str, Any]:
    lines = [{"is_found": index < n_found} for index in range(8)]
    return {"key": key, "title": key.capitalize(), "fault_class": fault_class, "lines": lines}


@pytest.mark.parametrize(
    ("outer", "inner", "shaft", "first"),
    [
        (3, 7, 0, "outer"),  # the likeliest comes first, however many lines another has
        (0, 2, 0, "inner"),
        (0, 0, 0, "waveform"),
        (1, 0, 4, "shaft"),  # lines of several faults in one curve
    ],
)
def test_the_curve_of_the_likeliest_fault_is_shown_first(
    outer: int, inner: int, shaft: int, first: str
) -> None:
    views = [
        make_view("waveform", None, 0),
        make_view("shaft", None, shaft),
        make_view("outer", "outer_race", outer),
        make_view("inner", "inner_race", inner),
    ]
    options, chosen = build_view_options(views)
    assert chosen == first
    assert [option["value"] for option in options] == ["waveform", "shaft", "outer", "inner"]


def test_nothing_is_chosen_where_there_is_nothing() -> None:
    assert build_view_options([]) == ([], None)
