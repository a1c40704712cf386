"""The command that writes a dataset into a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dashboard.cli.lookup import find_dataset
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.dataset_service import DatasetService


@click.command("export")
@click.argument("dataset")
@click.option(
    "--format",
    "file_format",
    default="hdf5",
    show_default=True,
    type=click.Choice(["hdf5", "mat", "csv", "parquet"]),
    help="hdf5: one file; the others: a ZIP with an import table.",
)
@click.option("--version", type=int, help="By default the newest.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="A file, or a folder; by default the file waits two days in the data folder.",
)
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def export(
    ctx: click.Context,
    dataset: str,
    file_format: str,
    version: int | None,
    output: Path | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Write a dataset into a file that can be imported again, bit by bit."""
    if detach:
        refuse_detach_without_worker("quick")
    folder = _find_folder(output, detach=detach)
    started = unwrap(
        DatasetService.export_dataset(
            find_dataset(dataset), file_format, str(folder) if folder else None, version=version
        )
    )
    if detach:
        waits = {"job_id": started["job_id"], "export_id": started["export_id"]}
        click.echo(json.dumps(waits) if as_json else f"Job {started['job_id']} waits.")
        return
    (job,) = wait_for_jobs([started["job_id"]], quiet=as_json)
    if job["state"] == "done" and output is not None and not output.is_dir():
        written = Path(job["result"]["path"])
        job["result"]["path"] = str(written.replace(output.resolve()))
    if as_json:
        click.echo(json.dumps(job))
    elif job["state"] == "done":
        result = job["result"]
        place = result.get("path") or f"export {result['export_id']}, {result['file_name']}"
        click.echo(f"{place}: {result['n_bytes']:,} bytes, SHA-256 {result['sha256']}")
    if job["state"] != "done":
        if not as_json:
            click.echo(f"Error: {job['error'] or 'the export was ' + job['state']}", err=True)
        ctx.exit(1)


def _find_folder(output: Path | None, *, detach: bool) -> Path | None:
    """Return the folder to write to; a file that is named there takes its name at the end."""
    if output is None:
        return None
    if output.is_dir():
        return output.resolve()
    if detach:
        raise click.ClickException("With --detach name a folder: nobody waits to give the file its name.")
    if not output.resolve().parent.is_dir():
        raise click.ClickException(f"There is no folder '{output.parent}' to write to.")
    return output.resolve().parent
