"""From previews and a mapping to the signals of an import: each with all its fields, or what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from core.datasets.readers.base import FilePreview, VariablePreview
from services.datasets.bearings import resolve_bearing
from services.datasets.labels import LabelReader
from services.datasets.mapping import FIELDS, FieldValues, ImportMapping, OverrideRule, parse_field
from services.datasets.selection import Selection, select_variables
from services.datasets.sensitivity import Scaling, resolve_sensitivity
from services.shared.texts import to_plain
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError

_RATE_TOLERANCE = 1e-3
_LARGEST_RATE_HZ = 1e8
_MANY_RECORDINGS = ("canonical_hdf5", "split_hdf5", "flat_hdf5")
# Reading one channel goes through the samples of all of them.
_INTERLEAVED = ("csv", "wav", "flac")
_MAX_RECORDING_NAME = 200
_MAX_UNIT = 24
_MAX_NOTES = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and the sentence that says what to do."""

    field: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file (or one of its signals) that is left out, with the reason."""

    file: str
    code: str
    sentence: str

    @classmethod
    def because_of(cls, file: str, error: LstmPfdError) -> Skipped:
        """Keep an error's sentence; it may hold names that the file brought along."""
        return cls(file, error.code.value, to_plain(error.sentence))


@dataclass(slots=True)
class PlannedSignal:
    """One signal to import."""

    file: str
    source: int
    variable: str
    n_samples: int
    recording: str
    channel: str
    sample_rate_hz: float | None = None
    rate_origin: str | None = None
    shaft_speed_rpm: float | None = None
    load: str | None = None
    unit: str | None = None
    machine: str | None = None
    measurement_point: str | None = None
    bearing: str | None = None
    geometry: str | None = None
    orders: str | None = None
    fault_class: str | None = None
    severity: str | None = None
    group: str | None = None
    part: str | None = None
    sensitivity: str | None = None
    acquired_utc: str | None = None
    is_interleaved: bool = False
    divisor: float | None = None
    scaling: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        row = asdict(self)
        for inner in ("source", "divisor", "is_interleaved"):
            del row[inner]
        return row


@dataclass(slots=True)
class ImportPlan:
    """What an import would do."""

    signals: list[PlannedSignal]
    skipped: list[Skipped]
    notes: list[str] = field(default_factory=list)

    @property
    def problem(self) -> LstmPfdError | None:
        """The first thing that has to be put right, naming whose it is; None when the import can run."""
        if not self.signals:
            return _nothing_usable(self.skipped)
        found: dict[tuple[str, str], list[PlannedSignal]] = defaultdict(list)
        for signal in self.signals:
            for problem in signal.problems:
                found[(problem.code, problem.field)].append(signal)
        if not found:
            return None
        (code, name), signals = next(iter(found.items()))
        return _summarise(ErrorCode(code), name, signals)


@dataclass(frozen=True, slots=True)
class PreviewedFile:
    """A file as it was found: its preview, or the error that met the reader.

    ``groups`` is what the name pattern found in its name: empty without a pattern, None where it does not
    fit.
    """

    name: str
    preview: FilePreview | None
    error: LstmPfdError | None = None
    groups: Mapping[str, str] | None = field(default_factory=dict)


def build_plan(files: Sequence[PreviewedFile], mapping: ImportMapping) -> ImportPlan:
    """Work out every signal of an import; reads no file.

    Raises:
        InvalidInputError: The mapping as a whole does not fit (``label_missing``: the label field it names
            is in no file, table or pattern).
    """
    labels = LabelReader(mapping)
    plan = ImportPlan([], [])
    prefixes = _choose_recording_prefixes([file.name for file in files])
    for index, file in enumerate(files):
        if file.preview is None:
            error = file.error or InvalidInputError("The file can't be read.")
            plan.skipped.append(Skipped.because_of(file.name, error))
            continue
        try:
            chosen = select_variables(file.name, file.preview, mapping)
        except LstmPfdError as error:
            plan.skipped.append(Skipped.because_of(file.name, error))
            continue
        for selection in chosen:
            plan.signals.append(_plan_signal(file, index, prefixes[file.name], selection, mapping, labels))
    plan.skipped += _list_missing_files(files, mapping)
    _check_together(plan.signals)
    plan.notes = _gather_notes(files)
    return plan


def _gather_notes(files: Sequence[PreviewedFile]) -> list[str]:
    """What was found out about the layouts of the files, each sentence once."""
    counts = Counter(note for file in files if file.preview is not None for note in file.preview.notes)
    several = len(files) > 1
    return [
        f"{to_plain(note)} ({count} {'file' if count == 1 else 'files'})" if several else to_plain(note)
        for note, count in counts.most_common(_MAX_NOTES)
    ]


def _choose_recording_prefixes(names: list[str]) -> dict[str, str]:
    """A file's recording is called as the file, with its folder where two files are called the same."""
    stems = {name: PurePosixPath(name).stem for name in names}
    counts = Counter(stems.values())
    return {
        name: stem if counts[stem] == 1 else str(PurePosixPath(name).with_suffix(""))
        for name, stem in stems.items()
    }


def _plan_signal(
    file: PreviewedFile,
    index: int,
    prefix: str,
    selection: Selection,
    mapping: ImportMapping,
    labels: LabelReader,
) -> PlannedSignal:
    assert file.preview is not None  # noqa: S101 -- narrows the type; unreadable files never come here
    variable = selection.variable
    problems: list[Problem] = []
    values = _declared_values(file.preview, variable, prefix, selection, mapping)
    declared_unit = values.pop("unit", None)
    values |= _scalar_values(file.preview, mapping, problems)
    values |= mapping.defaults | selection.rule_values
    with _noting(problems, "file name"):
        values |= labels.read_fields(file.groups)
    overrides = _override_values(file.name, variable.name, mapping.overrides)
    with _noting(problems, "fault_class"):
        values["fault_class"] = labels.read_class(file.name, file.groups, values, selection, overrides)
    for given in (selection.table_values, overrides):
        values |= {name: value for name, value in given.items() if name != "fault_class"}
    rate, origin = _settle_rate(variable, values.pop("sample_rate_hz", None), problems)
    _check_speed(values.get("shaft_speed_rpm"), problems)
    scaling = _settle_unit(values, declared_unit, problems)
    with _noting(problems, "bearing"):
        resolve_bearing(values.get("bearing"), values.get("geometry"), values.get("orders"))
    return PlannedSignal(
        file=file.name,
        source=index,
        variable=variable.name,
        n_samples=variable.n_samples,
        sample_rate_hz=rate,
        rate_origin=origin,
        part=variable.part,
        is_interleaved=file.preview.format in _INTERLEAVED,
        divisor=scaling.divisor if scaling else None,
        scaling=scaling.sentence if scaling else None,
        problems=problems,
        **values,
    )


def _settle_unit(values: FieldValues, declared: str | None, problems: list[Problem]) -> Scaling | None:
    """A sensitivity leads from the file's unit to the signal's; without one the samples stay as they are."""
    scaling = None
    if values.get("sensitivity") is not None:
        with _noting(problems, "sensitivity"):
            scaling = resolve_sensitivity(values["sensitivity"], declared, values.get("unit"))
    unit = scaling.unit if scaling else values.get("unit") or declared
    if unit is not None:
        values["unit"] = unit[:_MAX_UNIT]
    return scaling


def _declared_values(
    preview: FilePreview,
    variable: VariablePreview,
    prefix: str,
    selection: Selection,
    mapping: ImportMapping,
) -> FieldValues:
    """Fields as the file declares them, and the names that follow from the file's own."""
    values: FieldValues = {"recording": prefix[:_MAX_RECORDING_NAME], "channel": selection.channel}
    own = variable.attributes.get("recording_id")
    if preview.format in _MANY_RECORDINGS:
        values["recording"] = to_plain(str(own or f"{prefix}/{variable.name}"))[:_MAX_RECORDING_NAME]
    elif own is not None:
        values["recording"] = to_plain(f"{prefix}/{own}")[:_MAX_RECORDING_NAME]
    for name in FIELDS:
        if name in variable.attributes and name not in ("recording", "sample_rate_hz"):
            try:
                parsed = parse_field(name, variable.attributes[name])
            except InvalidInputError:
                continue
            values |= {} if parsed is None else {name: parsed}
    moment = _find_moment(variable, mapping)
    values |= {"acquired_utc": moment} if moment else {}
    return values | ({"unit": variable.unit[:_MAX_UNIT]} if variable.unit else {})


def _find_moment(variable: VariablePreview, mapping: ImportMapping) -> str | None:
    """Return when a signal was taken: by its own time, or so many seconds after a start.

    A time that carries no date counts from the start that a person gave, else from 1970: then only
    differences mean something, which the preview says.
    """
    attributes = variable.attributes
    start = mapping.start_time or datetime.fromtimestamp(0, UTC)
    try:
        if "elapsed_s" in attributes:
            return (start + timedelta(seconds=float(attributes["elapsed_s"]))).isoformat()
        if "unix_s" in attributes:
            return datetime.fromtimestamp(float(attributes["unix_s"]), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _scalar_values(preview: FilePreview, mapping: ImportMapping, problems: list[Problem]) -> FieldValues:
    """Fields that the mapping takes from single values of the file, such as ``X097RPM``."""
    values: FieldValues = {}
    for rule in mapping.scalars:
        found = [value for name, value in preview.scalars.items() if fnmatchcase(name, rule.glob)]
        if len(found) > 1:
            sentence = f"'{rule.glob}' fits {len(found)} values of the file; name the one of {rule.field}."
            problems.append(Problem(rule.field, ErrorCode.INVALID_INPUT, sentence))
        elif found:
            with _noting(problems, rule.field):
                parsed = parse_field(rule.field, _plain(found[0]))
                number = parsed * rule.factor if isinstance(parsed, float) else parsed
                values |= {} if number is None else {rule.field: number}
    return values


def _plain(value: Any) -> Any:
    """A load of 270.0 in one file and of 270 in another are one load."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@contextmanager
def _noting(problems: list[Problem], name: str) -> Iterator[None]:
    """Turn an expected failure into a problem of the signal's field ``name``."""
    try:
        yield
    except LstmPfdError as error:
        problems.append(Problem(name, error.code.value, error.sentence))


def _override_values(file: str, variable: str, rules: Iterable[OverrideRule]) -> FieldValues:
    values: FieldValues = {}
    for rule in rules:
        if _fits_file(file, rule.file) and fnmatchcase(variable, rule.variable):
            values |= rule.values
    return values


def _fits_file(name: str, glob: str) -> bool:
    return name == glob or fnmatchcase(name, glob) or fnmatchcase(PurePosixPath(name).name, glob)


def _settle_rate(
    variable: VariablePreview, said: float | None, problems: list[Problem]
) -> tuple[float | None, str | None]:
    """The rate is read from the file or said by a person; where they differ, nobody guesses."""
    declared = variable.sample_rate_hz
    if said is not None and not 0 < said <= _LARGEST_RATE_HZ:
        sentence = (
            f"A sample rate of {said:g} Hz is not possible; give the true number of samples per second."
        )
        problems.append(Problem("sample_rate_hz", ErrorCode.SAMPLE_RATE_INVALID, sentence))
        return None, None
    if declared is not None and said is not None and abs(declared - said) > _RATE_TOLERANCE * declared:
        sentence = (
            f"The file itself declares {declared:g} Hz, but {said:g} Hz was given. Correct the given "
            "rate, or leave it out."
        )
        problems.append(Problem("sample_rate_hz", ErrorCode.SAMPLE_RATE_INVALID, sentence))
        return None, None
    if declared is not None:
        return declared, "file"
    if said is None:
        sentence = "The file does not say its sample rate. Give it: it is never guessed."
        problems.append(Problem("sample_rate_hz", ErrorCode.SAMPLE_RATE_MISSING, sentence))
        return None, None
    return said, "mapping"


def _check_speed(speed_rpm: float | None, problems: list[Problem]) -> None:
    if speed_rpm is not None and not 0 < speed_rpm < 1e6:
        sentence = (
            f"A shaft speed of {speed_rpm:g} rpm is not possible; give turns per minute, or leave it out."
        )
        problems.append(Problem("shaft_speed_rpm", ErrorCode.INVALID_INPUT, sentence))


def _list_missing_files(files: Sequence[PreviewedFile], mapping: ImportMapping) -> list[Skipped]:
    names = {file.name for file in files} | {PurePosixPath(file.name).name for file in files}
    missing = dict.fromkeys(row.file for row in mapping.table if row.file not in names)
    sentence = "The metadata table names this file, but it is not among the files of the import."
    return [Skipped(name, ErrorCode.NOT_FOUND.value, sentence) for name in missing]


def _check_together(signals: list[PlannedSignal]) -> None:
    """A channel occurs once in its recording; one bearing has one fault class in one recording."""
    places: dict[tuple[str, str], PlannedSignal] = {}
    classes: dict[tuple[str, str, str | None], PlannedSignal] = {}
    for signal in signals:
        other = places.setdefault((signal.recording, signal.channel), signal)
        if other is not signal:
            sentence = (
                f"Recording '{signal.recording}' would have the channel '{signal.channel}' twice "
                f"({other.file}: {other.variable}, {signal.file}: {signal.variable}). Give the "
                "channels different names."
            )
            signal.problems.append(Problem("channel", ErrorCode.INVALID_INPUT, sentence))
        if signal.bearing is None or signal.fault_class is None:
            continue
        same = classes.setdefault((signal.recording, signal.bearing, signal.group), signal)
        if same.fault_class != signal.fault_class:
            sentence = (
                f"Recording '{signal.recording}' gives bearing {signal.bearing} two fault classes "
                f"({same.fault_class}, {signal.fault_class}). One bearing has one; correct the label or the "
                "bearing."
            )
            signal.problems.append(Problem("fault_class", ErrorCode.INVALID_INPUT, sentence))


def _summarise(code: ErrorCode, name: str, signals: list[PlannedSignal]) -> LstmPfdError:
    first = next(p.sentence for p in signals[0].problems if p.code == code and p.field == name)
    return InvalidInputError(f"{name_some(dict.fromkeys(s.file for s in signals))}: {first}", code=code)


def name_some(names: Iterable[str], at_most: int = 5) -> str:
    """Return up to ``at_most`` names and how many more there are.

    >>> name_some(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    every = list(names)
    shown = ", ".join(every[:at_most])
    return shown if len(every) <= at_most else f"{shown} and {len(every) - at_most} more"


def _nothing_usable(skipped: list[Skipped]) -> LstmPfdError:
    if not skipped:
        return InvalidInputError("The files hold no signal to import.", code=ErrorCode.NO_USABLE_VECTOR)
    first = skipped[0]
    more = f" {len(skipped) - 1} more were left out too." if len(skipped) > 1 else ""
    return InvalidInputError(
        f"Nothing can be imported. {first.file}: {first.sentence}{more}", code=ErrorCode(first.code)
    )
