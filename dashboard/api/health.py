"""Signs of life for supervisors and load balancers; they tell nothing else."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, jsonify

from dashboard.api.errors import build_problem
from dashboard.auth.access import public
from services.authentication_service import AuthenticationService
from utils.exceptions import ErrorCode, ServiceUnavailableError

blueprint = APIBlueprint("health", __name__, enable_openapi=False)


@blueprint.get("/health")
@public
def show_health() -> Response:
    """Answer as long as this process serves requests; looks at nothing."""
    return jsonify(status="ok")


@blueprint.get("/ready")
@public
def show_readiness() -> Response:
    """Answer 200 when the database can be read, else 503."""
    try:
        AuthenticationService.has_users()
    except ServiceUnavailableError as error:
        return build_problem(ErrorCode.UNAVAILABLE, error.sentence)
    return jsonify(status="ready")
