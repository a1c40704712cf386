"""Commands that make data: synthetic datasets, noise variants of a test part."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click

from dashboard.cli.lookup import find_dataset, find_split
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.dataset_service import DatasetService

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_config(path: Path) -> dict[str, Any]:
    """Return a configuration from a TOML file, or a JSON file where it is called so."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        config = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path.name} is not UTF-8 text", param_hint="--config") from None
    except ValueError as error:
        raise click.BadParameter(f"{path.name} can't be read: {error}", param_hint="--config") from None
    if not isinstance(config, dict):
        raise click.BadParameter(f"{path.name} holds no configuration", param_hint="--config")
    return config


@click.command()
@click.option("--config", "path", required=True, type=_FILE, help="TOML or JSON file; docs/generator.md.")
@click.option("--name", default="", help="Of the new dataset; may stand in the file too.")
@click.option("--description", default="", help="Of the new dataset.")
@click.option("--seed", type=int, help="Instead of the file's.")
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def generate(
    ctx: click.Context,
    path: Path,
    name: str,
    description: str,
    seed: int | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Make a synthetic dataset of journal or rolling bearings.

    The same configuration and seed give the same samples, bit for bit, however many processes make them.
    """
    if detach:
        refuse_detach_without_worker("quick")
    config = read_config(path)
    if seed is not None:
        config["seed"] = seed
    started = unwrap(DatasetService.generate_dataset(config, name, description=description))
    _finish(ctx, started["job_id"], detach=detach, as_json=as_json)


@click.command("add-noise")
@click.argument("dataset")
@click.option("--split", "split_name", required=True, help="Whose test part gets noise: name or id.")
@click.option("--snr", "snrs_db", default="20,10,5", show_default=True, help="In dB, parted by commas.")
@click.option(
    "--colour",
    "colours",
    multiple=True,
    type=click.Choice(["white", "pink"]),
    default=("white",),
    show_default=True,
    help="May be given twice.",
)
@click.option("--name", default="", help="Of the new dataset.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the noise.")
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def add_noise(
    ctx: click.Context,
    dataset: str,
    split_name: str,
    snrs_db: str,
    colours: tuple[str, ...],
    name: str,
    seed: int,
    detach: bool,
    as_json: bool,
) -> None:
    """Make noisy copies of a split's test part, as a dataset that holds the split and its variants."""
    if detach:
        refuse_detach_without_worker("quick")
    try:
        ratios = [float(text) for text in snrs_db.split(",") if text.strip()]
    except ValueError:
        raise click.BadParameter(f"'{snrs_db}' is no list of numbers", param_hint="--snr") from None
    split_id = find_split(find_dataset(dataset), split_name)
    started = unwrap(DatasetService.make_noise_variants(split_id, ratios, colours, name=name, seed=seed))
    _finish(ctx, started["job_id"], detach=detach, as_json=as_json)


def _finish(ctx: click.Context, job_id: int, *, detach: bool, as_json: bool) -> None:
    if detach:
        click.echo(json.dumps({"job_id": job_id}) if as_json else f"Job {job_id} waits.")
        return
    (job,) = wait_for_jobs([job_id], quiet=as_json)
    if as_json:
        click.echo(json.dumps(job))
    elif job["state"] == "done":
        result = job["result"]
        click.echo(
            f"Dataset '{result['dataset_name']}' (id {result['dataset_id']}): {result['n_recordings']} "
            f"recordings with {result['n_signals']} signals made."
        )
    if job["state"] != "done":
        if not as_json:
            click.echo(f"Error: {job['error'] or 'the job was ' + job['state']}", err=True)
        ctx.exit(1)
