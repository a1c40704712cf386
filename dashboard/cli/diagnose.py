"""The command that diagnoses recordings: by their lines, and by a trained classifier where one is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dashboard.cli.results import unwrap
from dashboard.cli.waiting import wait_for_jobs
from services.experiment_service import ExperimentService

_N_SHOWN_LINES = 8


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--experiment", type=int, help="Id of an experiment whose classifier is asked beside.")
@click.option("--channel", help="Which signal of a file with several, by name, part of it or pattern.")
@click.option("--sample-rate", type=float, help="In Hz, where the file does not say it.")
@click.option("--speed-rpm", type=float, help="Shaft speed in rpm.")
@click.option("--machine", help="Name of the machine.")
@click.option("--bearing", help="Designation of the bearing, for example 6205-2RS.")
@click.option("--geometry", help="Of a rolling bearing instead: n=9,d=7.94,D=39.04,phi=0 (mm, degrees).")
@click.option("--orders", help="Its fault orders instead: bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398.")
@click.option("--machine-kind", type=click.Choice(["rolling", "journal"]), help="Which bearings it has.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def diagnose(
    ctx: click.Context,
    files: tuple[Path, ...],
    experiment: int | None,
    channel: str | None,
    sample_rate: float | None,
    speed_rpm: float | None,
    as_json: bool,
    **known: str | None,
) -> None:
    """Diagnose recordings. One file prints one diagnosis, several a list under "diagnoses".

    Without --experiment by the physical evidence alone: of a rolling bearing its designation, geometry or
    fault orders and the shaft speed must be known.
    """
    requests = [
        unwrap(
            ExperimentService.request_diagnosis(
                experiment_id=experiment,
                path=str(file),
                sample_rate_hz=sample_rate,
                variable=channel,
                shaft_speed_rpm=speed_rpm,
                **known,
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
    if "probabilities" not in document:
        return lines[0]
    lines.append(f"  status: {verdict['status']}, decided by {verdict['decided_by'] or 'nothing'}")
    ranked = sorted(document["probabilities"].items(), key=lambda item: -item[1])
    lines += [f"  {share:7.2%}  {name}" for name, share in ranked]
    shown = _choose_lines(document["evidence"], verdict["nearest_class"])
    lines += [_describe_line(line) for line in shown]
    lines += [f"  contradiction: {sentence}" for sentence in document["contradictions"]]
    lines += [f"  note: {note}" for note in document["notes"]]
    lines += [f"  limit: {limit}" for limit in document["limits"]]
    return "\n".join(lines)


def _choose_lines(evidence: list[dict[str, Any]], leading: str | None) -> list[dict[str, Any]]:
    """Return the highest of the lines that were found, those of the leading fault first."""
    found = [line for line in evidence if line["is_found"] and line["snr_db"] is not None]
    ranked = sorted(found, key=lambda line: (line["fault_class"] != leading, -line["snr_db"]))
    return ranked[:_N_SHOWN_LINES]


def _describe_line(line: dict[str, Any]) -> str:
    remark = f" ({line['remark']})" if line["remark"] else ""
    return (
        f"  line {line['line']}: {line['found_hz']:.2f} Hz, {line['snr_db']:.1f} dB over the floor, "
        f"supports {line['supports']}{remark}"
    )
