from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from dash.exceptions import PreventUpdate

from callbacks import context
from services.shared.actors import SYSTEM
from services.shared.results import failure, ok
from utils.exceptions import (
    ErrorCode,
    InvalidInputError,
    LstmPfdError,
    NotFoundError,
    ServiceUnavailableError,
)


def test_unwrap_gives_the_payload_of_every_pattern() -> None:
    assert context.unwrap(ok(split_id=3))["split_id"] == 3
    assert context.unwrap((True, "payload", None)) == "payload"
    assert context.unwrap((True, "")) == ()


def test_unwrap_raises_a_failure_with_its_sentence_and_code() -> None:
    with pytest.raises(LstmPfdError, match="Give a name") as caught:
        context.unwrap(failure(InvalidInputError("Give a name.")))
    assert caught.value.code == ErrorCode.INVALID_INPUT
    with pytest.raises(LstmPfdError, match="no"):
        context.unwrap((False, None, "no"))


def test_an_expected_failure_is_told_as_it_is() -> None:
    title, sentence, level, reference = context.describe_failure(NotFoundError("There is no such dataset."))
    assert (title, sentence, level, reference) == ("Not found", "There is no such dataset.", "warning", None)


def test_an_unexpected_failure_is_numbered_logged_and_tells_nothing_of_the_inside(caplog) -> None:
    _title, sentence, level, reference = context.describe_failure(KeyError("secret_column"))
    assert [record.reference_id for record in caplog.records if record.exc_info] == [reference]
    assert reference in sentence
    assert "secret_column" not in sentence
    assert level == "danger"


def _fail(error: Exception):
    def callback() -> None:
        raise error

    return context.fills_area(callback)


def test_a_failure_fills_the_area_instead_of_leaving_the_skeleton(monkeypatch) -> None:
    monkeypatch.setattr(context.ctx.__class__, "outputs_list", property(lambda _self: {"id": "x"}))
    state = _fail(ServiceUnavailableError("The database can't be reached."))()
    assert "state-error" in state.className
    monkeypatch.setattr(context.ctx.__class__, "outputs_list", property(lambda _self: [{}, {}, {}]))
    state, *others = _fail(ServiceUnavailableError("The database can't be reached."))()
    assert "state-error" in state.className
    assert len(others) == 2


def test_no_update_stays_no_update() -> None:
    with pytest.raises(PreventUpdate):
        _fail(PreventUpdate())()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (7, 7),
        ("0", None),
        ("-1", None),
        ("7; drop", None),
        (None, None),
        ("none", None),
        ("9" * 30, None),
    ],
)
def test_an_id_from_the_address_is_a_row_id_or_nothing(text, number) -> None:
    assert context.parse_id(text) == number


def test_the_guard_finds_a_callbacks_role_also_below_other_decorators() -> None:
    marked = context.fills_area(context.requires_role("engineer")(lambda: None))
    assert marked.required_role == "engineer"


def test_the_way_to_the_viewer_keeps_a_channel_whatever_it_is_called(monkeypatch) -> None:
    stored = {7: {"dataset_id": 1, "recording_id": 2, "channel": "DE & fan #2"}}
    monkeypatch.setattr(context.DatasetService, "get_signal", lambda number, actor: stored.get(number))
    link = urlsplit(context.find_viewer(7, SYSTEM))
    assert link.path == "/signals/1/2"
    assert parse_qs(link.query) == {"channel": ["DE & fan #2"]}
    assert (context.find_viewer(8, SYSTEM), context.find_viewer(None, SYSTEM)) == (None, None)
