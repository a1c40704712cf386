"""The command that asks a trained classifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dashboard.cli.results import unwrap
from dashboard.cli.waiting import wait_for_jobs
from services.experiment_service import ExperimentService


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--experiment", required=True, type=int, help="Id of the experiment whose classifier is asked.")
@click.option("--channel", help="Which signal of a file with several, by name, part of it or pattern.")
@click.option("--sample-rate", type=float, help="In Hz, where the file does not say it.")
@click.option("--speed-rpm", type=float, help="Shaft speed in rpm.")
@click.option("--machine", help="Name of the machine.")
@click.option("--bearing", help="Designation of the bearing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def diagnose(
    ctx: click.Context,
    files: tuple[Path, ...],
    experiment: int,
    channel: str | None,
    sample_rate: float | None,
    speed_rpm: float | None,
    machine: str | None,
    bearing: str | None,
    as_json: bool,
) -> None:
    """Diagnose recordings. One file prints one diagnosis, several a list under "diagnoses"."""
    requests = [
        unwrap(
            ExperimentService.request_diagnosis(
                experiment_id=experiment,
                path=str(file),
                sample_rate_hz=sample_rate,
                variable=channel,
                shaft_speed_rpm=speed_rpm,
                machine=machine,
                bearing=bearing,
            )
        )
        for file in files
    ]
    jobs = wait_for_jobs([request["job_id"] for request in requests], quiet=as_json)
    documents = [_get_document(file, job) for file, job in zip(files, jobs, strict=True)]
    if as_json:
        click.echo(json.dumps(documents[0] if len(documents) == 1 else {"diagnoses": documents}))
    else:
        click.echo("\n\n".join(_describe(document) for document in documents))
    ctx.exit(0 if all(job["state"] == "done" for job in jobs) else 1)


def _get_document(file: Path, job: dict[str, Any]) -> dict[str, Any]:
    if job["state"] == "done":
        answer: dict[str, Any] = job["result"]
        return answer
    sentence = job["error"] or f"The job is {job['state']}."
    verdict = {"status": "refused", "fault_class": None, "confidence": None, "sentence": sentence}
    return {"verdict": verdict, "code": job["error_code"], "recording": {"name": file.name}}


def _describe(document: dict[str, Any]) -> str:
    verdict, recording = document["verdict"], document["recording"]
    lines = [f"{recording['name']}: {verdict['sentence']}"]
    if verdict["status"] == "refused":
        return lines[0]
    ranked = sorted(document["probabilities"].items(), key=lambda item: -item[1])
    lines += [f"  {share:7.2%}  {name}" for name, share in ranked]
    lines += [f"  note: {note}" for note in document["notes"]]
    lines += [f"  limit: {limit}" for limit in document["limits"]]
    return "\n".join(lines)
