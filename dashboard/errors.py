"""The edge of every request: failures become a problem for programs and a page for people."""

from __future__ import annotations

from dash.exceptions import DependencyException
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.errors import build_problem, describe_limit, describe_status
from dashboard.auth.access import wants_html
from utils.exceptions import ERROR_TABLE, ErrorCode, LstmPfdError
from utils.ids import new_reference_id
from utils.logger import setup_logger

logger = setup_logger(__name__)


def register_error_handlers(server: Flask) -> None:
    """Answer failures in one form each for programs and for people."""
    server.register_error_handler(LstmPfdError, _show_expected)
    server.register_error_handler(DependencyException, _show_unknown_file)
    server.register_error_handler(HTTPException, _show_http)
    server.register_error_handler(Exception, _show_unexpected)


def _answer(
    code: ErrorCode, sentence: str, status: int | None = None, reference_id: str | None = None
) -> Response:
    extra = {"reference_id": reference_id} if reference_id else {}
    problem = build_problem(code, sentence, status=status, **extra)
    if not wants_html():
        return problem
    title = ERROR_TABLE[code].title
    page = render_template("auth/error.html", heading=title, sentence=sentence, reference_id=reference_id)
    response = make_response(page, problem.status_code)
    if "Retry-After" in problem.headers:
        response.headers["Retry-After"] = problem.headers["Retry-After"]
    return response


def _show_expected(error: LstmPfdError) -> Response:
    return _answer(error.code, error.sentence)


def _show_unknown_file(_error: DependencyException) -> Response:
    return _answer(ErrorCode.NOT_FOUND, "There is no such file.")


def _show_http(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect
    own_words = error.description != type(error).description
    code, sentence = describe_status(status, error.description, own_words)
    if status == 413:
        sentence = describe_limit(request)
    response = _answer(code, sentence, status=status)
    if status == 405 and (allowed := error.get_response().headers.get("Allow")):
        response.headers["Allow"] = allowed
    return response


def _show_unexpected(error: Exception) -> Response:
    reference_id = new_reference_id()
    context = {"reference_id": reference_id, "http_method": request.method, "http_path": request.path}
    logger.error("request failed", exc_info=error, extra=context)
    return _answer(
        ErrorCode.INTERNAL,
        "Something went wrong on our side. Nothing was changed.",
        reference_id=reference_id,
    )
