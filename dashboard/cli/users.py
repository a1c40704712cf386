"""Commands for accounts and keys: create-admin, create-api-key."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from services.api_key_service import APIKeyService
from services.authentication_service import AuthenticationService
from services.shared.actors import SYSTEM
from services.shared.api_keys import SCOPES

_NO_USER = "There is no account with this e-mail address. Create one with create-admin or in the browser."


def _unwrap(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        raise click.ClickException(result["error"])
    return result


@click.command("create-admin")
@click.option("--email", required=True, help="Address to sign in with.")
@click.option(
    "--password-file",
    required=True,
    type=click.File("r", encoding="utf-8"),
    help="File whose first line is the password; - reads it from standard input.",
)
@click.option("--name", default="", help="Name to show; the address's first part by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def create_admin(email: str, password_file: TextIO, name: str, as_json: bool) -> None:
    """Create an administrator's account."""
    password = password_file.readline().rstrip("\r\n")
    result = _unwrap(AuthenticationService.create_user(email, password, "admin", name, actor=SYSTEM))
    user = result["user"]
    click.echo(json.dumps(user) if as_json else f"Created the administrator {user['email']}.")


@click.command("create-api-key")
@click.option("--email", required=True, help="The owner; the key may never do more than they may.")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scopes", default="read", show_default=True, help=f"Separated by commas, of: {', '.join(SCOPES)}."
)
@click.option("--expires-in-days", type=click.IntRange(1, 3650), help="Without it the key does not run out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def create_api_key(email: str, name: str, scopes: str, expires_in_days: int | None, as_json: bool) -> None:
    """Make a key for the REST interface and print it; it can't be shown again."""
    owner = AuthenticationService.find_user(email, actor=SYSTEM)
    if owner is None:
        raise click.ClickException(_NO_USER)
    chosen = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    result = _unwrap(
        APIKeyService.generate_key(
            owner["user_id"], name, scopes=chosen, expires_in_days=expires_in_days, actor=SYSTEM
        )
    )
    if as_json:
        shown = {field: result[field] for field in ("api_key_id", "key", "prefix", "scopes")}
        click.echo(json.dumps(shown))
        return
    click.echo(result["key"])
    click.echo("Keep it now: only its hash is stored.", err=True)
