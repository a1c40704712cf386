"""Commands about import templates: list, show, rename, delete."""

from __future__ import annotations

import json
from typing import Any

import click

from dashboard.cli.results import unwrap
from services.dataset_service import DatasetService

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def templates() -> None:
    """Import templates: mappings that were kept under a name (import --save-template)."""


def find_template(name: str) -> dict[str, Any] | None:
    """Return the template of a name, or None."""
    return next((each for each in DatasetService.list_import_templates() if each["name"] == name), None)


def _require(name: str) -> dict[str, Any]:
    found = find_template(name)
    if found is None:
        raise click.ClickException(f"There is no import template '{name}'. 'templates list' names them.")
    return found


@templates.command("list")
@_AS_JSON
def list_templates(as_json: bool) -> None:
    """List the templates by name."""
    found = DatasetService.list_import_templates()
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo("\n".join(each["name"] for each in found) or "There is no import template yet.")


@templates.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a template's mapping as JSON, which 'import --template FILE' takes too."""
    click.echo(json.dumps(_require(name)["mapping"], indent=2, ensure_ascii=False))


@templates.command()
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Give a template another name."""
    unwrap(DatasetService.rename_import_template(_require(name)["template_id"], new_name))
    click.echo(f"'{name}' is now '{new_name}'.")


@templates.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete a template; datasets imported with it stay."""
    unwrap(DatasetService.delete_import_template(_require(name)["template_id"]))
    click.echo(f"Template '{name}' is deleted.")
