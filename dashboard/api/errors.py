"""Failures as problem+json (RFC 9457): one table of codes, no stack, no SQL, no path."""

from __future__ import annotations

import json
from typing import Any

from apiflask import HTTPError
from flask import Request, Response

from utils.exceptions import ERROR_TABLE, ErrorCode, LstmPfdError

PROBLEM_TYPE = "application/problem+json"
# Codes for refusals that Flask or Werkzeug decide on.
_CODE_OF_STATUS = {
    400: ErrorCode.INVALID_INPUT,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    422: ErrorCode.INVALID_INPUT,
}
_BODY = "body"  # what a problem is called that is not one field's
_RESULT_WORDS = frozenset({"success", "error", "error_code"})
_SENTENCES = {
    400: "The request can't be understood. Check its form; a body has to be valid JSON.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The request is too large.",
    415: "This address does not take this kind of body.",
}


def build_problem(code: ErrorCode, sentence: str, *, status: int | None = None, **extra: Any) -> Response:
    """Return a failure for programs: title, status, sentence, code."""
    presentation = ERROR_TABLE[code]
    status = status or presentation.http_status
    body = {
        "type": "about:blank",
        "title": presentation.title,
        "status": status,
        "detail": sentence,
        "code": code.value,
        **extra,
    }
    response = Response(json.dumps(body), status=status, content_type=PROBLEM_TYPE)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def describe_status(status: int, description: str | None, own_words: bool) -> tuple[ErrorCode, str]:
    """Return code and sentence for a refusal by status; ``description`` counts where it is in our words."""
    code = _CODE_OF_STATUS.get(status, ErrorCode.INVALID_INPUT if status < 500 else ErrorCode.INTERNAL)
    sentence = (
        description if own_words and description else _SENTENCES.get(status, "The request was refused.")
    )
    return code, sentence


def describe_limit(request: Request) -> str:
    """Return the sentence for a body that is larger than this request's may be."""
    limit = request.max_content_length
    if limit is None:
        return _SENTENCES[413]
    return f"The request is larger than {limit / 1e6:,.0f} MB, the most that one to this address may be."


def unwrap(result: Any) -> Any:
    """Return the payload of a pattern C or A result; raise its failure for the edge to show."""
    if isinstance(result, dict):
        if not result["success"]:
            raise LstmPfdError(result["error"], code=ErrorCode(result["error_code"]))
        return {name: value for name, value in result.items() if name not in _RESULT_WORDS}
    success, *payload, error = result
    if not success:
        raise LstmPfdError(str(error), code=ErrorCode(error.code))
    return payload[0] if len(payload) == 1 else tuple(payload)


def show_invalid_input(error: HTTPError) -> Response:
    """Answer a body or query that does not fit its schema, with the reason for each field."""
    problems = {
        _BODY if name == "_schema" else name: messages
        for fields in (error.detail.values() if isinstance(error.detail, dict) else ())
        for name, messages in fields.items()
    }
    named = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in problems.items())
    return build_problem(ErrorCode.INVALID_INPUT, named or error.message, errors=problems)


def require_found(found: Any, noun: str) -> Any:
    """Return what a pattern B look-up found; raise "not found" for None."""
    if found is None:
        raise LstmPfdError(f"There is no such {noun}.", code=ErrorCode.NOT_FOUND)
    return found
