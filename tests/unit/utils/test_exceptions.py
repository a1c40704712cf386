"""The one table of error codes is complete and makes sense."""

from __future__ import annotations

import pytest

from utils.exceptions import ERROR_TABLE, ErrorCode, LstmPfdError, ServiceUnavailableError, ToastLevel


def all_errors(root: type[LstmPfdError] = LstmPfdError) -> list[type[LstmPfdError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in all_errors(child))]


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_a_status_a_toast_and_a_title(code: ErrorCode) -> None:
    shown = ERROR_TABLE[code]
    assert 400 <= shown.http_status < 600
    assert isinstance(shown.toast, ToastLevel)
    assert shown.title[0].isupper()


def test_the_table_has_no_row_without_a_code() -> None:
    assert set(ERROR_TABLE) == set(ErrorCode)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_class_has_a_code_of_the_table(error: type[LstmPfdError]) -> None:
    assert error.code in ERROR_TABLE


def test_a_code_can_be_made_finer() -> None:
    error = ServiceUnavailableError("Away.", code=ErrorCode.NO_WORKER)
    assert (error.sentence, error.code) == ("Away.", ErrorCode.NO_WORKER)
