"""Service results in commands: a failure becomes one sentence and exit status 1."""

from __future__ import annotations

from typing import Any

import click


def unwrap(result: dict[str, Any]) -> dict[str, Any]:
    """Return a successful pattern-C result, or end the command with its sentence."""
    if not result["success"]:
        raise click.ClickException(f"{result['error']} [{result['error_code']}]")
    return result
