"""Commands that train and judge."""

from __future__ import annotations

import json
from typing import Any

import click

from dashboard.cli.lookup import find_dataset, find_split
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.experiment_service import ExperimentService


def parse_options(texts: tuple[str, ...]) -> dict[str, str]:
    """Return ``k=v`` texts as a dictionary; a text without ``=`` ends the command."""
    parsed = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.BadParameter(f"'{text}' is not of the form name=value", param_hint="--option")
        parsed[name.strip()] = value.strip()
    return parsed


def parse_seeds(text: str) -> list[int]:
    """Return ``0,1,2`` as numbers."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter("give whole numbers, for example 0,1,2", param_hint="--seeds") from None


@click.command()
@click.option("--dataset", required=True, help="Name or id of the dataset.")
@click.option("--split", required=True, help="Name or id of its split.")
@click.option("--network", required=True, help="For example random_forest, cnn_lstm, lstm.")
@click.option("--channel", help="Only this channel, for example DE.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the network.")
@click.option("--seeds", default="0", show_default=True, help="One training per seed, for example 0,1,2.")
@click.option("--name", default="", help="Name of the experiment.")
@click.option("--parent", type=int, help="Fine-tune: begin with the weights of this experiment.")
@click.option(
    "--baseline/--no-baseline",
    default=True,
    show_default=True,
    help="Train a classical model beside a network, on the same windows.",
)
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def train(
    ctx: click.Context,
    dataset: str,
    split: str,
    network: str,
    channel: str | None,
    options: tuple[str, ...],
    seeds: str,
    name: str,
    parent: int | None,
    baseline: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Train a network on a split and judge it once on the test recordings."""
    if detach:
        refuse_detach_without_worker("train")
    dataset_id = find_dataset(dataset)
    config = {
        "dataset_id": dataset_id,
        "split_id": find_split(dataset_id, split),
        "network": network,
        "channel": channel,
        "options": parse_options(options),
        "seeds": parse_seeds(seeds),
        "name": name,
        "parent_id": parent,
        "baseline": baseline,
    }
    created = unwrap(ExperimentService.create_experiment(config))
    if detach:
        _say_detached(created, as_json)
        return
    beside = created["baseline"] or {"experiment_ids": [], "job_ids": []}
    jobs = wait_for_jobs([*created["job_ids"], *beside["job_ids"]], quiet=as_json)
    document: dict[str, Any] = {
        "experiments": _collect(created["experiment_ids"]),
        "group": ExperimentService.get_group_summary(created["group_key"]),
        "baseline": next(iter(_collect(beside["experiment_ids"])), None),
        "failed": [
            {"job_id": job["id"], "state": job["state"], "error": job["error"]}
            for job in jobs
            if job["state"] != "done"
        ],
    }
    click.echo(json.dumps(document) if as_json else _describe(document))
    ctx.exit(0 if not document["failed"] else 1)


def _collect(experiment_ids: list[int]) -> list[dict[str, Any]]:
    found = [ExperimentService.get_results(number) for number in experiment_ids]
    return [each for each in found if each]


def _say_detached(created: dict[str, Any], as_json: bool) -> None:
    ids = {name: created[name] for name in ("experiment_ids", "job_ids", "baseline")}
    numbers = ", ".join(str(number) for number in ids["experiment_ids"])
    click.echo(json.dumps(ids) if as_json else f"Started experiment {numbers}.")


def _describe(document: dict[str, Any]) -> str:
    lines = []
    beside = [document["baseline"]] if document["baseline"] else []
    for found in [*document["experiments"], *beside]:
        word = "Baseline, experiment" if found in beside else "Experiment"
        lines.append(
            f"{word} {found['experiment_id']}: {found['network']}, seed {found['seed']}, "
            f"{found['train_cpu_s']:.0f} CPU seconds, best epoch {found['best_epoch']}"
        )
        for part in ("validation", "test"):
            if found[part]:
                lines.append(f"  {part}: {_describe_levels(found[part])}")
        if found["split_colour"] == "amber":
            lines.append(f"  amber split, accepted: {found['split_accepted_reason']}")
            lines.extend(f"    {sentence}" for sentence in found["split_findings"])
    lines.extend(f"Job {job['job_id']} {job['state']}: {job['error']}" for job in document["failed"])
    return "\n".join(lines)


def _describe_levels(metrics: dict[str, Any]) -> str:
    recording, window = metrics["recording_level"], metrics["window_level"]
    right = round(recording["accuracy"] * recording["n"])
    return (
        f"{right} of {recording['n']} recordings right (recording-level {recording['accuracy']:.1%}), "
        f"window-level {window['accuracy']:.1%} of {window['n']} windows"
    )
