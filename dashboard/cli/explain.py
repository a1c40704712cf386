"""The command that says what a classifier looked at."""

from __future__ import annotations

import json
from typing import Any

import click

from dashboard.cli.experiments import parse_options
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.xai_service import XAIService


@click.command()
@click.argument("experiment", type=int)
@click.option("--signal", "signal_id", type=int, help="Id of the stored signal to explain.")
@click.option("--part", help="Explain all recordings of a part of the split, such as test.")
@click.option("--method", help="How; without it the method that fits the classifier. 'list' prints them.")
@click.option("--what-if", is_flag=True, help="Attenuate and boost bands, and see the probabilities move.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="A setting of the method.")
@click.option("--again", is_flag=True, help="Work it out once more where it is kept.")
@click.option("--detach", is_flag=True, help="Don't wait for the job; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def explain(
    ctx: click.Context,
    experiment: int,
    signal_id: int | None,
    part: str | None,
    method: str | None,
    what_if: bool,
    options: tuple[str, ...],
    again: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Explain what the classifier of EXPERIMENT (its id) looked at."""
    known = unwrap(XAIService.list_methods(experiment))
    if method == "list":
        click.echo(json.dumps(known["methods"]) if as_json else "\n".join(_list_methods(known)))
        return
    if (signal_id is None) == (part is None):
        raise click.UsageError("Name one of --signal and --part.")
    if detach:
        refuse_detach_without_worker("train" if part else "quick")
    given, name = dict(parse_options(options)), method or known["default_method"]
    if part is not None:
        asked = XAIService.explain_part(experiment, part, name, given, again=again)
    elif what_if:
        asked = XAIService.request_what_if(experiment, signal_id, given, again=again)
    else:
        asked = XAIService.request_explanation(experiment, signal_id, name, given, again=again)
    found = _wait(ctx, unwrap(asked), detach=detach, as_json=as_json)
    if found is not None:
        click.echo(json.dumps(found) if as_json else "\n".join(_describe(found)))


def _wait(ctx: click.Context, asked: dict[str, Any], *, detach: bool, as_json: bool) -> dict[str, Any] | None:
    if asked["explanation"] is not None:
        return XAIService.get_explanation(asked["explanation"]["explanation_id"])
    job_id = asked["job_id"]
    if detach:
        click.echo(json.dumps({"job_id": job_id}) if as_json else f"Job {job_id} waits.")
        return None
    (job,) = wait_for_jobs([job_id], quiet=as_json)
    if job["state"] == "done":
        return XAIService.get_explanation(job["result"]["explanation_id"])
    message = job["error"] or f"the explanation was {job['state']}"
    click.echo(json.dumps(job) if as_json else f"Error: {message}", err=not as_json)
    ctx.exit(1)
    return None


def _list_methods(known: dict[str, Any]) -> list[str]:
    return [
        f"{entry['name']}: " + (entry["description"] if entry["is_offered"] else f"no. {entry['reason']}")
        for entry in known["methods"]
    ]


def _describe(found: dict[str, Any]) -> list[str]:
    """Say the gist of one explanation; --json has all of it."""
    return [
        f"Explanation {found['explanation_id']}: {found['method']}",
        *map(_indent, found["summary"]["sentences"]),
    ]


def _indent(sentence: str) -> str:
    return f"  {sentence}"
