from __future__ import annotations

from dash import html

from layouts.components.nav import build_nav, may_open
from layouts.page_spec import NavGroup, PageSpec
from tests.contract.wiring import walk


def _page(path: str, **changes) -> PageSpec:
    return PageSpec(module=f"pages{path}", path=path, title=path, layout=html.Div, **changes)


def _list_paths(role: str) -> list[str]:
    pages = [
        _page("/open", nav_group=NavGroup.DATA),
        _page("/engineers", nav_group=NavGroup.LEARNING, role="engineer"),
        _page("/detail"),
    ]
    return [c.href for c in walk(build_nav(pages, role)) if c._type == "NavLink"]


def test_pages_that_a_role_can_not_open_are_not_shown() -> None:
    assert _list_paths("viewer") == ["/", "/open"]
    assert _list_paths("engineer") == ["/", "/open", "/engineers"]


def test_a_group_without_a_page_has_no_heading() -> None:
    headings = [c.children for c in walk(build_nav([_page("/x", nav_group=NavGroup.DATA)], "admin"))]
    assert "Data" in headings
    assert "Learning" not in headings


def test_an_administrator_may_open_everything() -> None:
    assert all(may_open("admin", _page("/x", role=role)) for role in ("viewer", "engineer", "admin"))
    assert not may_open("viewer", _page("/x", role="engineer"))
