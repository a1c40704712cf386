"""Sign-in, sign-out and first set-up: forms rendered here, outside Dash."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.errors import build_problem
from dashboard.auth.access import JSON_TYPE, accepts_forms, public, wants_html
from dashboard.auth.cookies import (
    SecretCookie,
    clear_session_cookies,
    read_cookie,
    set_csrf_cookie,
    set_secret_cookie,
)
from dashboard.auth.csrf import build_form_token, get_form_nonce, is_form_token_right, keep_form_nonce
from services.authentication_service import AuthenticationService
from utils.exceptions import ERROR_TABLE, ErrorCode

blueprint = Blueprint("auth", __name__, template_folder="../templates")

_LOGIN, _SETUP = "login", "setup"
_STALE_FORM = "The form was open for too long. Please try again."
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_MAX_FIELD = 4096


def clean_next(target: str | None) -> str:
    """Return a path of this server to go to after signing in; ``/`` for anything else."""
    if not target or _CONTROL.search(target) or not target.startswith("/") or target.startswith("//"):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path in {"/login", "/setup", "/logout"}:
        return "/"
    return "/" if parts.path.startswith(("/api/", "/_")) else target


def _read_fields() -> dict[str, str]:
    """Return the posted fields, from a form or from JSON; what is no text is left out."""
    posted: Any = request.get_json() if request.mimetype == JSON_TYPE else request.form
    items = posted.items() if hasattr(posted, "items") else ()
    return {name: value[:_MAX_FIELD] for name, value in items if isinstance(value, str)}


def _render(form: str, status: int = 200, **values: Any) -> Response:
    nonce = get_form_nonce()
    page = render_template(f"auth/{form}.html", form_token=build_form_token(nonce, form), **values)
    response = make_response(page, status)
    keep_form_nonce(response, nonce)
    return response


def _refuse(form: str, code: str, sentence: str, retry_after_s: int | None = None, **values: Any) -> Response:
    """Answer a refused form with the form and the reason, or a script with a problem."""
    status = ERROR_TABLE[ErrorCode(code)].http_status
    if wants_html():
        response = _render(form, status, error=sentence, **values)
    else:
        response = build_problem(ErrorCode(code), sentence)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    elif status == 503:
        response.headers["Retry-After"] = "3"
    return response


@blueprint.get("/login")
@public
def show_login() -> BaseResponse:
    """Show the sign-in form; give scripts a form token."""
    if not wants_html():
        nonce = get_form_nonce()
        response = jsonify(form_token=build_form_token(nonce, _LOGIN))
        keep_form_nonce(response, nonce)
        return response
    if not AuthenticationService.has_users():
        return redirect("/setup", 303)
    target = clean_next(request.args.get("next"))
    token = read_cookie(SecretCookie.SESSION)
    if token and AuthenticationService.validate_session(token, touch=False):
        return redirect(target, 303)
    return _render(_LOGIN, next=target, email="")


@blueprint.post("/login")
@accepts_forms
@public
def sign_in() -> BaseResponse:
    """Check the password, end the browser's former session, and start a new one."""
    fields = _read_fields()
    shown = {"next": clean_next(fields.get("next")), "email": fields.get("email", "")}
    if not is_form_token_right(fields.get("form_token", ""), _LOGIN):
        return _refuse(_LOGIN, ErrorCode.CSRF_FAILED, _STALE_FORM, **shown)
    result = AuthenticationService.authenticate(
        shown["email"],
        fields.get("password", ""),
        ip_address=request.remote_addr,
        user_agent=request.user_agent.string,
    )
    if not result["success"]:
        return _refuse(_LOGIN, result["error_code"], result["error"], result.get("retry_after_s"), **shown)
    former = read_cookie(SecretCookie.SESSION)
    if former:
        AuthenticationService.end_session(former, ip_address=request.remote_addr)
    return _begin(result, shown["next"])


def _begin(result: dict[str, Any], target: str) -> BaseResponse:
    """Give the browser its new session: a person goes on to a page, a script gets the CSRF token."""
    response: BaseResponse
    if wants_html():
        response = redirect(target, 303)
    else:
        response = jsonify(csrf_token=result["csrf_token"], user_id=result["user"]["user_id"])
    set_secret_cookie(response, SecretCookie.SESSION, result["session_token"])
    set_csrf_cookie(response, result["csrf_token"])
    return response


@blueprint.post("/logout")
@accepts_forms
def sign_out() -> BaseResponse:
    """End the session; the guard has checked its CSRF token."""
    AuthenticationService.end_session(read_cookie(SecretCookie.SESSION) or "", ip_address=request.remote_addr)
    response: BaseResponse = redirect("/login", 303) if wants_html() else make_response("", 204)
    clear_session_cookies(response)
    return response


@blueprint.get("/setup")
@public
def show_setup() -> BaseResponse:
    """Show the set-up form while there is no user."""
    if AuthenticationService.has_users():
        return redirect("/login", 303)
    return _render(_SETUP, token=request.args.get("token", "")[:_MAX_FIELD], email="", display_name="")


@blueprint.post("/setup")
@accepts_forms
@public
def set_up() -> BaseResponse:
    """Create the first administrator and sign them in."""
    fields = _read_fields()
    shown = {name: fields.get(name, "") for name in ("token", "email", "display_name")}
    if not is_form_token_right(fields.get("form_token", ""), _SETUP):
        return _refuse(_SETUP, ErrorCode.CSRF_FAILED, _STALE_FORM, **shown)
    if fields.get("password") != fields.get("password_again"):
        return _refuse(_SETUP, ErrorCode.INVALID_INPUT, "The two passwords differ.", **shown)
    result = AuthenticationService.register_first_admin(
        shown["token"], shown["email"], fields.get("password", ""), shown["display_name"]
    )
    if not result["success"]:
        return _refuse(_SETUP, result["error_code"], result["error"], **shown)
    session = AuthenticationService.create_session(
        result["user"]["user_id"], ip_address=request.remote_addr, user_agent=request.user_agent.string
    )
    if not session["success"]:
        return redirect("/login", 303)
    return _begin({**session, "user": result["user"]}, "/")
