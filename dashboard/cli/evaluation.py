"""The command that says more of a finished experiment than its accuracy."""

from __future__ import annotations

import json
from typing import Any

import click

from dashboard.cli.experiments import parse_options
from dashboard.cli.lookup import find_dataset
from dashboard.cli.results import unwrap
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService

_LEVELS = (("recording_level", "recording-level"), ("window_level", "window-level"))
_KINDS = (
    "roc, errors, slices, calibration, conformal, robustness, open_set, latency or predictions; without it "
    "the results, their calibration and coverage."
)


@click.command()
@click.argument("experiment", type=int)
@click.option("--recordings", "dataset", metavar="DATASET", help="Judge it on this dataset's recordings.")
@click.option("--kind", help=_KINDS)
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="A setting of the kind.")
@click.option("--again", is_flag=True, help="Work it out once more where it is stored.")
@click.option("--detach", is_flag=True, help="Don't wait for a job; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    experiment: int,
    dataset: str | None,
    kind: str | None,
    options: tuple[str, ...],
    again: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Evaluate EXPERIMENT (its id), on its own recordings or on another dataset's."""
    config: dict[str, Any] = dict(parse_options(options))
    if dataset is not None:
        if kind not in (None, "recordings"):
            raise click.BadParameter("--recordings is a kind of its own.", param_hint="--kind")
        kind, config["dataset_id"] = "recordings", find_dataset(dataset)
    if kind is None:
        _show_summary(experiment, as_json)
        return
    if detach:
        refuse_detach_without_worker("train")
    asked = unwrap(EvaluationService.request_evaluation(experiment, kind, config, again=again))
    found = asked["evaluation"]
    if found is None and detach:
        job_id = asked["job_id"]
        click.echo(json.dumps({"job_id": job_id}) if as_json else f"Job {job_id} waits.")
        return
    if found is None:
        found = _wait(ctx, experiment, kind, config, asked["job_id"], as_json)
    click.echo(json.dumps(found) if as_json else "\n".join(_describe(found)))


def _wait(
    ctx: click.Context, experiment: int, kind: str, config: dict[str, Any], job_id: int, as_json: bool
) -> dict[str, Any]:
    (job,) = wait_for_jobs([job_id], quiet=as_json)
    found = EvaluationService.get_evaluation(experiment, kind, config) if job["state"] == "done" else None
    if found is None:
        message = job["error"] or f"the evaluation was {job['state']}"
        click.echo(json.dumps(job) if as_json else f"Error: {message}", err=not as_json)
        ctx.exit(1)
    return found


def _show_summary(experiment: int, as_json: bool) -> None:
    results = ExperimentService.get_results(experiment)
    if results is None:
        raise click.ClickException(f"Experiment {experiment} does not exist or has no results yet.")
    document: dict[str, Any] = {**results, "test_use": EvaluationService.get_test_use(experiment)}
    for kind in ("roc", "calibration", "conformal"):
        asked = EvaluationService.request_evaluation(experiment, kind)
        document[f"{kind}_evaluation"] = asked["evaluation"]["results"] if asked["success"] else None
    click.echo(json.dumps(document) if as_json else "\n".join(_summarise(document)))


def _summarise(document: dict[str, Any]) -> list[str]:
    lines = [f"Experiment {document['experiment_id']}: {document['network']}, seed {document['seed']}"]
    for part in ("validation", "test"):
        if document[part]:
            lines += _describe_levels(part, document[part])
    roc, trust = document["roc_evaluation"], document["calibration_evaluation"]
    for level, words in _LEVELS:
        if roc and roc[level]["macro"]["auc"] is not None:
            macro = roc[level]["macro"]
            span = macro["auc_interval"]
            ends = (
                f"95 % interval {span[0]:.4f} to {span[1]:.4f}" if span else "no interval: too few recordings"
            )
            lines.append(f"  {words} macro AUC {macro['auc']:.4f} ({ends})")
        if trust:
            lines.append(f"  {words} calibration: {trust[level]['sentence']}")
    if document["conformal_evaluation"]:
        lines.append(f"  conformal sets: {document['conformal_evaluation']['recording_level']['sentence']}")
    use = document["test_use"]
    lines.append(f"  the test part was met {use['n_test_evaluations']} times")
    return lines


def _describe_levels(name: str, metrics: dict[str, Any]) -> list[str]:
    lines = []
    for level, words in _LEVELS:
        found = metrics[level]
        if found["accuracy"] is None:
            continue
        span = found["accuracy_interval"]
        ends = f"95 % interval {span[0]:.1%} to {span[1]:.1%}" if span else "no interval"
        lines.append(
            f"  {name}, {words}: {found['accuracy']:.1%} of {found['n']} ({ends}), ECE {found['ece']:.3f} "
            f"({found['ece_uncalibrated']:.3f} before calibration)"
        )
    return lines


def _describe(found: dict[str, Any]) -> list[str]:
    """Say the gist of one evaluation; --json has all of it."""
    results = found["results"]
    number = f" {found['evaluation_id']}" if found["evaluation_id"] is not None else ", not stored"
    lines = [f"Evaluation{number}: {found['kind']} of experiment {found['experiment_id']}"]
    if found["kind"] == "recordings":
        lines += _describe_levels(results["dataset"], results)
    if found["kind"] == "robustness":
        lines += _describe_sweep(results)
    if found["kind"] == "latency":
        timed = results["recording_ms"]
        lines.append(
            f"  a recording of {results['recording_s']:g} s: {timed['p50']:.2f} ms (p95 "
            f"{timed['p95']:.2f} ms), {results['n_parameters']:,} parameters, "
            f"{results['n_bytes'] / 1e6:.2f} MB"
        )
    for level, words in _LEVELS:
        sentence = (results.get(level) or {}).get("sentence")
        lines += [f"  {words}: {sentence}"] if sentence else []
    lines += [f"  {results['sentence']}"] if "sentence" in results else []
    lines += [f"  note: {note}" for note in results["notes"]]
    if found["n_test_evaluations"]:
        lines.append(f"  this met the test part {found['n_test_evaluations']} times")
    return lines


def _describe_sweep(results: dict[str, Any]) -> list[str]:
    named = [("as they are", results["clean"])]
    named += [(f"{row['title']} {row['level_db']:+g} dB", row) for row in results["rows"]]
    return [
        f"  {name}: recording-level {row['recording_level']['accuracy']:.1%}, window-level "
        f"{row['window_level']['accuracy']:.1%}"
        for name, row in named
    ]
