from __future__ import annotations

from callbacks.tables import build_response, read_request


def test_a_block_of_rows_becomes_a_page() -> None:
    wish = read_request({"startRow": 100, "endRow": 150, "sortModel": [], "filterModel": {}})
    assert wish == {"page": 3, "per_page": 50, "sort": None, "filters": {}}


def test_sorting_downwards_has_a_minus() -> None:
    request = {"startRow": 0, "endRow": 50, "sortModel": [{"colId": "load", "sort": "desc"}]}
    assert read_request(request)["sort"] == "-load"


def test_filters_keep_their_kind_and_limits() -> None:
    model = {"rate": {"filterType": "number", "type": "inRange", "filter": 1, "filterTo": 2}}
    request = {"startRow": 0, "endRow": 50, "filterModel": model}
    assert read_request(request)["filters"] == {"rate": {"type": "inRange", "value": 1, "to": 2}}


def test_an_empty_request_is_the_first_page() -> None:
    assert read_request({})["page"] == 1


def test_the_response_says_how_many_rows_there_are_in_all() -> None:
    assert build_response([{"a": 1}], 7) == {"rowData": [{"a": 1}], "rowCount": 7}
