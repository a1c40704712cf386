"""Commands about datasets: import files, split a dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from dashboard.cli.lookup import find_dataset
from dashboard.cli.results import unwrap
from dashboard.cli.templates import find_template
from dashboard.cli.waiting import refuse_detach_without_worker, wait_for_jobs
from services.dataset_service import DatasetService
from utils.constants import ARRANGEMENTS, RECORDING_ENDINGS
from utils.exceptions import ErrorCode

# In a folder this is the table about its recordings, never one of them.
METADATA_NAME = "metadata.csv"
_FIELDS = ("sample_rate_hz", "unit", "sensitivity", "machine", "bearing", "shaft_speed_rpm")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def list_files(paths: Sequence[Path], besides: Path | None) -> list[dict[str, str]]:
    """Return the files of ``paths`` as an import takes them; those of a folder are named from there."""
    found: dict[Path, str] = {}
    for path in paths:
        for file, name in _walk(path.resolve()):
            if besides is None or file != besides.resolve():
                found.setdefault(file, name)
    if not found:
        raise click.ClickException(f"There is no file to import ({', '.join(RECORDING_ENDINGS)}).")
    return [{"path": str(file), "name": name} for file, name in found.items()]


def _walk(path: Path) -> Iterator[tuple[Path, str]]:
    if path.is_file():
        yield path, path.name
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.suffix.lower() in RECORDING_ENDINGS and file.name != METADATA_NAME:
            yield file, file.relative_to(path).as_posix()


def parse_class_map(texts: Sequence[str]) -> dict[str, str]:
    """Return ``IR=inner_race`` texts as a dictionary; several may stand in one text, parted by commas."""
    parsed = {}
    for text in ",".join(texts).split(","):
        if not text.strip():
            continue
        word, sign, fault_class = text.partition("=")
        if not sign:
            raise click.BadParameter(f"'{text}' is not of the form IR=inner_race", param_hint="--map")
        parsed[word.strip()] = fault_class.strip()
    return parsed


def build_mapping(template: dict[str, Any], metadata: Path | None, **given: Any) -> dict[str, Any]:
    """Return the mapping of an import: the template's, with what the command line says on top."""
    mapping = dict(template)
    if metadata is not None:
        mapping["metadata_csv"] = _read_text(metadata, "--metadata")
    if given["pattern"]:
        mapping["pattern"] = given["pattern"]
    if given["class_map"]:
        mapping["map"] = {**mapping.get("map", {}), **given["class_map"]}
    if given["label_from"]:
        mapping["label_from"] = given["label_from"]
    if given["channel"]:
        mapping["variables"] = [given["channel"]]
    for key in ("arrangement", "start_time"):
        if given[key]:
            mapping[key] = given[key]
    fields = {name: given[name] for name in _FIELDS}
    defaults = {**mapping.get("defaults", {}), **{k: v for k, v in fields.items() if v is not None}}
    return {**mapping, "defaults": defaults} if defaults else mapping


def _find_template(name: str) -> dict[str, Any]:
    """Return the mapping of a kept template, or else of a JSON file."""
    found = find_template(name)
    if found is not None:
        return dict(found["mapping"])
    if not Path(name).is_file():
        raise click.BadParameter(
            f"there is no template and no file '{name}'; 'templates list' names the templates",
            param_hint="--template",
        )
    return read_template(Path(name))


def read_template(path: Path) -> dict[str, Any]:
    try:
        template = json.loads(_read_text(path, "--template"))
    except ValueError as error:
        raise click.BadParameter(f"{path.name} is not valid JSON: {error}", param_hint="--template") from None
    if not isinstance(template, dict):
        raise click.BadParameter(f"{path.name} holds no mapping", param_hint="--template")
    return template


def _read_text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path.name} is not UTF-8 text", param_hint=option) from None


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--name", required=True, help="Of the dataset; an existing one gets its next version.")
@click.option("--template", help="Name of a kept template, or a JSON file with a mapping.")
@click.option("--save-template", metavar="NAME", help="Keep the mapping for the next files of this layout.")
@click.option("--metadata", type=_FILE, help="CSV table with a row per file and channel.")
@click.option("--pattern", help="Regular expression for file names; its named groups are fields.")
@click.option("--map", "class_map", multiple=True, metavar="IR=inner_race", help="What a label word means.")
@click.option("--label-from", help="filename, folder, or the field that names the fault class.")
@click.option(
    "--sample-rate", "sample_rate_hz", type=float, metavar="HZ", help="Where the files do not say it."
)
@click.option("--unit", help="Of the samples, for example g.")
@click.option("--sensitivity", help="Of the sensor, for example '100 mV/g': volts of the files become g.")
@click.option("--machine", help="Name of the machine.")
@click.option("--bearing", help="Designation of the bearing, for example 6205-2RS.")
@click.option("--channel", help="Only this signal of each file: a name, a glob, or a word such as DE.")
@click.option("--speed-rpm", "shaft_speed_rpm", type=float, metavar="R", help="Shaft speed.")
@click.option(
    "--arrangement",
    type=click.Choice(ARRANGEMENTS),
    help="Of tables whose shape does not tell which side is time.",
)
@click.option(
    "--start-time", metavar="WHEN", help="Where the times of the files carry no date: 2026-03-01T10:00."
)
@click.option("--description", default="", help="Of a new dataset.")
@click.option("--strict", is_flag=True, help="One file that can't be used refuses them all.")
@click.option("--detach", is_flag=True, help="Don't wait; refused when no worker lives.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def import_files(
    ctx: click.Context,
    paths: tuple[Path, ...],
    name: str,
    template: str | None,
    save_template: str | None,
    metadata: Path | None,
    class_map: tuple[str, ...],
    description: str,
    strict: bool,
    detach: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Import recordings from files and folders as a dataset.

    What the files do not say themselves comes from a metadata table, the file names, or options. The sample
    rate is read or given, never guessed.
    """
    if detach:
        refuse_detach_without_worker("quick")
    kept = _find_template(template) if template else {}
    mapping = build_mapping(kept, metadata, class_map=parse_class_map(class_map), **given)
    files = list_files(paths, metadata)
    if save_template:
        unwrap(DatasetService.save_import_template(save_template, mapping, files))
    started = unwrap(
        DatasetService.import_dataset(files, mapping, name, description=description, strict=strict)
    )
    if detach:
        click.echo(
            json.dumps({"job_id": started["job_id"]}) if as_json else f"Job {started['job_id']} waits."
        )
        return
    (job,) = wait_for_jobs([started["job_id"]], quiet=as_json)
    if as_json:
        click.echo(json.dumps(job))
    elif job["state"] == "done":
        click.echo(_describe_import(job["result"]))
    if job["state"] != "done":
        if not as_json:
            click.echo(f"Error: {job['error'] or 'the import was ' + job['state']}", err=True)
        ctx.exit(1)


def _describe_import(result: dict[str, Any]) -> str:
    lines = [
        f"Dataset '{result['dataset_name']}' (id {result['dataset_id']}), version {result['version']}: "
        f"{result['n_recordings']} recordings with {result['n_signals']} signals imported."
    ]
    lines += [f"  note: {note}" for note in result["notes"]]
    lines += [f"  left out: {entry['file']}: {entry['sentence']}" for entry in result["skipped"]]
    more = result["n_skipped"] - len(result["skipped"])
    lines += [f"  left out: {more:,} more"] if more > 0 else []
    return "\n".join(lines)


@click.command()
@click.argument("dataset")
@click.option("--by", required=True, help="bearing, recording, given, or a field such as load.")
@click.option("--test", "test_values", multiple=True, help="A value to test on; may be given several times.")
@click.option("--accept-amber", metavar="REASON", help="Why an amber split is accepted; stamped on results.")
@click.option("--channel", help="Only this channel, for example DE.")
@click.option("--name", help="Of the split; by default made from the rule.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the drawing.")
@click.option("--validation-fraction", type=float, default=0.2, show_default=True)
@click.option(
    "--test-fraction", type=float, default=0.2, show_default=True, help="Where --test is not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def split(
    dataset: str,
    by: str,
    test_values: tuple[str, ...],
    accept_amber: str | None,
    channel: str | None,
    name: str | None,
    seed: int,
    validation_fraction: float,
    test_fraction: float,
    as_json: bool,
) -> None:
    """Split a dataset into train, validation and test, and check it for leaks."""
    dataset_id = find_dataset(dataset)
    create = partial(
        DatasetService.create_split,
        dataset_id,
        name or name_split(by, test_values, channel, seed),
        by,
        test_values or None,
        channel=channel,
        accept_amber=accept_amber,
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
    )
    created = create()
    if created["error_code"] == ErrorCode.LEAK_CHECK_RUNNING:
        _compare_signals(dataset_id, quiet=as_json)
        created = create()
    created = unwrap(created)
    document = {key: value for key, value in created.items() if key not in ("success", "error", "error_code")}
    click.echo(json.dumps(document) if as_json else _describe_split(document))


def _compare_signals(dataset_id: int, *, quiet: bool) -> None:
    """Wait for the comparison of signals that a leak check needs and that takes long."""
    job_id = unwrap(DatasetService.start_leak_check(dataset_id))["job_id"]
    if job_id is not None:
        (job,) = wait_for_jobs([job_id], quiet=quiet)
        if job["state"] != "done":
            raise click.ClickException(job["error"] or f"the leak check was {job['state']}")


def name_split(by: str, test_values: Sequence[str], channel: str | None, seed: int) -> str:
    """Return a name that says the rule: ``by load, test 2, DE``."""
    parts = [f"by {by}"]
    parts.append(f"test {' '.join(test_values)}" if test_values else f"seed {seed}")
    return ", ".join([*parts, *([channel] if channel else [])])[:120]


def _describe_split(found: dict[str, Any]) -> str:
    lines = [f"Split '{found['name']}' (id {found['split_id']}): {found['colour']}"]
    for part, counts in found["counts"].items():
        classes = ", ".join(f"{name} {n}" for name, n in counts["classes"].items())
        lines.append(f"  {part}: {counts['n_recordings']} recordings ({classes})")
    lines += [f"  {finding['colour']}: {finding['sentence']}" for finding in found["findings"]]
    return "\n".join(lines)


COMMANDS = [import_files, split]
