"""Every id, output and control of the interface is wired, once."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import tomllib
from enum import StrEnum
from pathlib import Path

import dash
import dash_bootstrap_components as dbc
import pytest
from dash import ALL, Input, Output, dcc, html

import layouts.ids
from callbacks import register_all
from layouts.ids import pattern_id
from layouts.pages import PAGES, register_pages
from layouts.shell import Viewer, build_shell
from tests.contract.dynamic_parts import DYNAMIC_PARTS
from tests.contract.wiring import FRAME, Wiring, read_wires

ASSETS = Path(__file__).resolve().parents[2] / "dashboard" / "assets"
ACCESS_TABLE = Path(__file__).with_name("access_table.toml")


def _list_enums() -> list[type[StrEnum]]:
    enums = []
    for module in pkgutil.iter_modules(layouts.ids.__path__, "layouts.ids."):
        members = vars(importlib.import_module(module.name)).values()
        enums += [
            each
            for each in members
            if inspect.isclass(each) and issubclass(each, StrEnum) and each is not StrEnum
        ]
    return enums


def _read_product() -> Wiring:
    app = dash.Dash("wiring", use_pages=True, pages_folder="")
    register_pages()
    register_all(app)
    pages = {page.module.rpartition(".")[2]: [page.layout()] for page in PAGES}
    pages[FRAME] = [build_shell(Viewer(name="Somebody", role="admin"))]
    assert set(DYNAMIC_PARTS) <= set(pages)
    for page, build in DYNAMIC_PARTS.items():
        pages[page] = [*pages[page], *build()]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    return Wiring(pages, read_wires(app._callback_list), _list_enums(), scripts)


def test_the_whole_interface_is_wired() -> None:
    assert _read_product().find_violations() == []


def test_no_id_is_written_in_two_enums() -> None:
    values = [member.value for enum in _list_enums() for member in enum]
    assert sorted(values) == sorted(set(values))


def test_every_clientside_function_is_in_the_assets() -> None:
    app = dash.Dash("wiring", use_pages=True, pages_folder="")
    register_all(app)
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    wanted = [
        entry["clientside_function"] for entry in app._callback_list if entry.get("clientside_function")
    ]
    assert wanted
    for function in wanted:
        assert f"{function['namespace']}.{function['function_name']} = " in scripts, function


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_opens_with_nothing_and_with_what_a_stranger_puts_into_its_address(page) -> None:
    assert page.layout() is not None
    assert page.layout(unknown="x", tab="<b>", page="-1") is not None


class _SampleId(StrEnum):
    NAME = "sample-name"
    SAVE = "sample-save"
    OPEN = "sample-open"
    RESULT = "sample-result"


def _sample_page() -> list:
    return [
        html.Div(
            [
                dbc.Input(id=_SampleId.NAME),
                dbc.Button("Save", id=_SampleId.SAVE),
                dbc.Button("Open", id=pattern_id(_SampleId.OPEN, 1)),
                html.Div(id=_SampleId.RESULT),
                html.Button("Next", **{"data-action": "next"}),
                dbc.Button("Elsewhere", href="/elsewhere"),
            ]
        )
    ]


def _wire_sample(app: dash.Dash) -> None:
    inputs = [
        Input(_SampleId.NAME, "value"),
        Input(_SampleId.SAVE, "n_clicks"),
        Input(pattern_id(_SampleId.OPEN, ALL), "n_clicks"),
    ]
    app.callback(Output(_SampleId.RESULT, "children"), *inputs)(lambda *_values: None)


def _check_sample(*, page=None, more=None, enums=(_SampleId,), scripts='"next"', other=()) -> list[str]:
    app = dash.Dash("sample")
    _wire_sample(app)
    if more is not None:
        more(app)
    pages = {FRAME: [dcc.Store(id="frame-store")], "sample": page or _sample_page(), "other": list(other)}
    return Wiring(pages, read_wires(app._callback_list), enums, scripts).find_violations()


def test_a_well_wired_page_has_no_violations() -> None:
    assert _check_sample() == []


def _callback(*places):
    return lambda app: app.callback(*places)(lambda *_values: None)


def test_an_input_that_is_in_no_layout_is_found() -> None:
    found = _check_sample(more=_callback(Output("frame-store", "data"), Input("nowhere", "value")))
    assert [each for each in found if "nowhere is in no layout" in each]


def test_an_output_that_is_in_no_layout_is_found() -> None:
    found = _check_sample(more=_callback(Output("nowhere", "data"), Input(_SampleId.NAME, "value")))
    assert [each for each in found if "nowhere is in no layout" in each]


def test_an_id_that_is_twice_in_a_page_is_found() -> None:
    found = _check_sample(page=[*_sample_page(), html.Div(id=_SampleId.RESULT)])
    assert found == ['"sample-result" is 2 times in sample']


def test_an_id_that_is_in_the_page_and_in_the_frame_is_found() -> None:
    found = _check_sample(page=[*_sample_page(), html.Div(id="frame-store")])
    assert found == ['"frame-store" is 2 times in sample']


def test_an_output_with_two_writers_is_found_even_where_dash_was_told_to_allow_it() -> None:
    place = Output(_SampleId.RESULT, "children", allow_duplicate=True)
    found = _check_sample(
        more=lambda app: app.callback(place, Input(_SampleId.NAME, "value"), prevent_initial_call=True)(
            lambda *_values: None
        )
    )
    assert found == ["sample-result.children has 2 writers"]


def test_an_enum_member_that_is_in_no_layout_is_found() -> None:
    class MoreId(StrEnum):
        FORGOTTEN = "sample-forgotten"

    assert [each for each in _check_sample(enums=(_SampleId, MoreId)) if "FORGOTTEN" in each]


@pytest.mark.parametrize(
    "control",
    [
        dbc.Button("Dead", id="dead"),
        dbc.Button("Dead, without an id"),
        dbc.Input(id="dead"),
        dbc.Select(id="dead"),
        html.Button("Dead", **{"data-action": "nobody-listens"}),
    ],
    ids=["button", "button without id", "input", "select", "action without script"],
)
def test_a_control_that_does_nothing_is_found(control) -> None:
    found = _check_sample(page=[*_sample_page(), control])
    assert len(found) == 1
    assert "does nothing" in found[0]


def test_a_callback_over_two_pages_is_found() -> None:
    other = [html.Div(id="other-result")]
    found = _check_sample(
        more=_callback(Output("other-result", "children"), Input(_SampleId.NAME, "value")), other=other
    )
    assert len(found) == 1
    assert "different pages" in found[0]


def test_a_property_that_the_component_does_not_have_is_found() -> None:
    found = _check_sample(more=_callback(Output("frame-store", "data"), Input(_SampleId.NAME, "active_tab")))
    assert len(found) == 1
    assert "has no property active_tab" in found[0]


def test_every_link_leads_to_a_page_or_a_file() -> None:
    known = {page.path for page in PAGES}
    templates = [
        re.compile(re.sub("<[^>]+>", "[^/]+", page.path_template)) for page in PAGES if page.path_template
    ]
    table = tomllib.loads(ACCESS_TABLE.read_text(encoding="utf-8"))["routes"]
    files = [rule.removeprefix("GET ") for rule in table if rule.startswith("GET /api/")]
    templates += [re.compile(re.sub("<[^>]+>", "[^/]+", path)) for path in files]
    dead = set()
    for components in _read_product().pages.values():
        for component in components:
            path = str(getattr(component, "href", None) or "").partition("?")[0]
            if (
                path.startswith("/")
                and path not in known
                and not any(each.fullmatch(path) for each in templates)
            ):
                dead.add(path)
    assert dead == set()
