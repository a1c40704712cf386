"""Extract the features of a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dashboard.cli.lookup import find_dataset
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.feature_service import FeatureService

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("dataset")
@click.option("--domain", default="all", show_default=True, help="all, time, frequency, envelope, order, …")
@click.option("--window", "window_s", type=float, default=1.0, show_default=True, help="Seconds per window.")
@click.option("--hop", "hop_s", type=float, help="Seconds from one window to the next; by default a window.")
@click.option("--channel", help="Only this channel, for example DE.")
@click.option("--version", type=int, help="Of the dataset; by default the newest.")
@click.option(
    "--csv", "csv_path", type=click.Path(dir_okay=False, path_type=Path), help="Write a table here."
)
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def features(
    ctx: click.Context,
    dataset: str,
    domain: str,
    window_s: float,
    hop_s: float | None,
    channel: str | None,
    version: int | None,
    csv_path: Path | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Extract the features of every window of a dataset; what was extracted before is used again."""
    if detach:
        refuse_detach_without_worker("quick")
    config = {"window_s": window_s, "hop_s": hop_s, "channel": channel}
    started = unwrap(
        FeatureService.extract_features(find_dataset(dataset), domain, config, version=version, as_job=True)
    )
    if detach and started["job_id"] is not None:
        job_id = started["job_id"]
        click.echo(json.dumps({"job_id": job_id}) if as_json else f"Job {job_id} waits.")
        return
    found = _finish(ctx, started, as_json)
    if csv_path is not None:
        _write_table(found["feature_set_id"], csv_path)
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(
        f"Feature set {found['feature_set_id']}: {found['n_features']} features of {found['n_rows']} windows."
    )
    for sentence in found["missing"]:
        click.echo(f"  note: {sentence}")


def _finish(ctx: click.Context, started: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Wait for the job, where there is one, and return what it made."""
    if started["job_id"] is None:
        kept = ("feature_set_id", "n_rows", "missing", "reused")
        return {**{name: started[name] for name in kept}, "n_features": len(started["feature_names"])}
    (job,) = wait_for_jobs([started["job_id"]], quiet=as_json)
    if job["state"] != "done":
        message = job["error"] or f"the extraction was {job['state']}"
        click.echo(json.dumps(job) if as_json else f"Error: {message}", err=not as_json)
        ctx.exit(1)
    result: dict[str, Any] = job["result"]
    return {**result, "reused": False}


def _write_table(feature_set_id: int, path: Path) -> None:
    text = FeatureService.get_feature_table(feature_set_id)
    if text is None:
        raise click.ClickException("The stored feature values can't be read. Extract them again.")
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(text)
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}.") from None
