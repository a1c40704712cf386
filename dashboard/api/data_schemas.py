"""Shapes of datasets, recordings, signals, splits and views in the REST interface."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

from services.datasets.table import SORT_KEYS
from utils.constants import MAX_ID

Colour = Literal["clear", "note", "amber", "red"]
_DATASET_SORTS = ("name", "created_at", "version", "n_recordings", "n_signals")


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class VersionQuery(_Query):
    """Which version of the dataset; by default its newest."""

    version: int | None = Field(None, ge=1, le=MAX_ID)


class DatasetQuery(_Query):
    """Which datasets to list."""

    q: str | None = Field(None, max_length=200, description="Text in name or description.")
    sort: str = Field("-created_at", description=f"{', '.join(_DATASET_SORTS)}; '-' in front: downwards.")
    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=200)
    archived: bool = Field(False, description="Also those taken out of the lists.")
    shelf: Literal["active", "archived", "trash", "all"] = Field(
        "active", description="all: active and archived."
    )

    @field_validator("sort")
    @classmethod
    def _known_column(cls, value: str) -> str:
        return _check_sort(value, _DATASET_SORTS)


_NONE = "'(none)' for signals without one."


class RecordingFilters(_Query):
    """Which recordings are meant: those that fit all of it."""

    q: str | None = Field(None, max_length=200, description="Text in name, file, class, machine or bearing.")
    channel: str | None = Field(None, max_length=60)
    fault_class: str | None = Field(None, max_length=60, description="'unlabelled' for signals without one.")
    severity: str | None = Field(None, max_length=40, description=_NONE)
    load: str | None = Field(None, max_length=60, description=_NONE)
    machine: str | None = Field(None, max_length=120, description=_NONE)
    bearing: str | None = Field(None, max_length=120, description=_NONE)
    group: str | None = Field(None, max_length=120, description=f"The physical bearing; {_NONE}")
    measurement_point: str | None = Field(None, max_length=120, description=_NONE)
    unit: str | None = Field(None, max_length=24, description=_NONE)
    flag: str | None = Field(None, max_length=60, description="A quality flag's name, such as damaged.")
    sample_rate_hz: float | None = Field(None, gt=0)
    min_shaft_speed_rpm: float | None = Field(None, ge=0)
    max_shaft_speed_rpm: float | None = Field(None, ge=0)
    split_id: int | None = Field(None, ge=1, le=MAX_ID)
    part: str | None = Field(None, max_length=12, description="train, validation, test; needs split_id.")


class RecordingOrder(RecordingFilters):
    """Which recordings of which version, in which order."""

    version: int | None = Field(None, ge=1, le=MAX_ID, description="By default the newest.")
    sort: str = Field("recording", description=f"{', '.join(SORT_KEYS)}; '-' in front: downwards.")

    @field_validator("sort")
    @classmethod
    def _known_column(cls, value: str) -> str:
        return _check_sort(value, SORT_KEYS)

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that are set."""
        return self.model_dump(include=set(RecordingFilters.model_fields), exclude_none=True)


class RecordingQuery(RecordingOrder):
    """Which page of recordings to list."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=200)


def _check_sort(value: str, columns: tuple[str, ...]) -> str:
    if value.removeprefix("-") not in columns:
        raise ValueError(f"sort by one of {', '.join(columns)}")
    return value


class StretchQuery(_Query):
    """The visible stretch of one channel of a recording."""

    channel: str | None = Field(None, description="By default the recording's first.")
    from_s: float | None = Field(None, alias="from", description="Seconds from the start.")
    to_s: float | None = Field(None, alias="to")
    points: int = Field(4000, ge=2, le=4000)
    quantity: Literal["acceleration", "velocity", "displacement"] | None = Field(
        None, description="By default as measured; refused where the unit is unknown."
    )
    high_pass_hz: float | None = Field(None, gt=0, description="For integration.")

    @property
    def x_range_s(self) -> tuple[float, float] | None:
        """The range as the services take it."""
        if self.from_s is None and self.to_s is None:
            return None
        return (self.from_s or 0.0, float("1e12") if self.to_s is None else self.to_s)


class SpectralQuery(StretchQuery):
    """A stretch and the frequencies to show of it."""

    min_hz: float = Field(0.0, ge=0)
    max_hz: float | None = Field(None, gt=0)


class SpectrumQuery(SpectralQuery):
    """An amplitude spectrum."""

    window: Literal["hann", "flattop", "hamming", "blackman", "rectangular"] = "hann"
    scaling: Literal["peak", "rms"] = "peak"


class EnvelopeQuery(SpectralQuery):
    """An envelope spectrum; without a band a plain default is used and said."""

    low_hz: float | None = Field(None, ge=0)
    high_hz: float | None = Field(None, gt=0)


class FaultLineQuery(_Query):
    """A bearing and speed instead of the recording's own."""

    channel: str | None = None
    shaft_speed_rpm: float | None = Field(None, gt=0)
    bearing: str | None = Field(None, max_length=120)
    geometry: str | None = Field(None, max_length=200, examples=["n=9,d=7.94,D=39.04,phi=0"])
    orders: str | None = Field(None, max_length=200, examples=["bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398"])
    max_hz: float | None = Field(None, gt=0)
    n_harmonics: int = Field(3, ge=1, le=20)
    slip: float = Field(0.02, ge=0, le=0.1, description="Half the width of a rolling bearing's band.")
    kinds: str | None = Field(
        None, max_length=200, description="Families or kinds, parted by commas.", examples=["rolling,mains"]
    )


class ChannelQuery(_Query):
    """Which channel of a recording; by default its first."""

    channel: str | None = None


class _Open(BaseModel):
    """A shape that may gain fields."""

    model_config = ConfigDict(extra="allow")


class Signal(_Open):
    """One channel of a recording."""

    signal_id: int
    channel: str
    sample_rate_hz: float
    n_samples: int
    duration_s: float
    unit: str | None
    measurement_point: str | None
    bearing: str | None
    fault_class: str | None = Field(description="null: unlabelled")
    severity: str | None
    group: str | None = Field(description="The physical bearing.")
    sha256: str
    quality: list[dict[str, Any]]


class Recording(_Open):
    """One acquisition."""

    recording_id: int
    recording: str
    dataset_id: int
    source_file: str
    machine: str | None
    shaft_speed_rpm: float | None
    load: str | None
    acquired_at: str | None
    fault_classes: list[str]
    signals: list[Signal]


class RecordingPage(BaseModel):
    """A page of recordings."""

    items: list[Recording]
    total: int
    page: int
    per_page: int


class Dataset(_Open):
    """A dataset with its newest version."""

    dataset_id: int
    name: str
    description: str
    archived: bool
    created_at: str
    version: int
    n_recordings: int
    n_signals: int
    duration_s: float
    classes: dict[str, int] = Field(description="Recordings per fault class.")
    channels: list[str]
    sample_rates_hz: list[float]


class DatasetPage(BaseModel):
    """A page of datasets."""

    items: list[Dataset]
    total: int
    page: int
    per_page: int


class ImportForm(BaseModel):
    """Fields of an import's form, beside its files."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=120, description="An existing dataset gets its next version.")
    mapping: str = Field("{}", description="JSON: what the fields of the signals are.")
    description: str = Field("", description="Of a new dataset.")
    strict: bool = Field(False, description="One file that can't be used refuses them all.")
    upload_ids: str = Field("", description="Ids of files that were uploaded before, parted by commas.")


class ImportRequest(BaseModel):
    """An import of files that were uploaded before."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=120, description="An existing dataset gets its next version.")
    mapping: dict[str, Any] = Field({}, description="What the fields of the signals are.")
    description: str = Field("", description="Of a new dataset.")
    strict: bool = Field(False, description="One file that can't be used refuses them all.")
    upload_ids: list[str] = Field(description="Ids of the files.")


class DatasetChange(BaseModel):
    """What of a dataset can be changed."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=10_000)
    archived: bool | None = None


class EditedValues(BaseModel):
    """Fields with their new values; null: not known."""

    model_config = ConfigDict(extra="forbid")

    fault_class: str | None = Field(None, max_length=60)
    severity: str | None = Field(None, max_length=40)
    group: str | None = Field(None, max_length=120, description="The physical bearing.")
    bearing: str | None = Field(None, max_length=120)
    machine: str | None = Field(None, max_length=120)
    measurement_point: str | None = Field(None, max_length=120)
    shaft_speed_rpm: float | None = Field(None, ge=0, le=1e7)
    load: str | None = Field(None, max_length=60)
    unit: str | None = Field(None, max_length=24)


class RecordingEdit(BaseModel):
    """An edit of labels or metadata: a new version of the dataset, no copy of samples."""

    model_config = ConfigDict(extra="forbid")

    changes: EditedValues
    reason: str = Field("", max_length=300, description="Why; kept with the new version.")
    version: int | None = Field(
        None, ge=1, le=MAX_ID, description="The version looked at; refused where it is not the newest."
    )
    signal_ids: list[int] | None = Field(None, min_length=1, max_length=10_000)
    filters: RecordingFilters = Field(default_factory=RecordingFilters)
    preview: bool = Field(False, description="Only say what would change.")


class EditOutcome(_Open):
    """What an edit changes or changed."""

    dataset_id: int
    version: int | None = Field(description="The new version; in a preview the one that would be edited.")
    n_signals: int


class Version(_Open):
    """One version of a dataset."""

    number: int
    n_recordings: int
    n_signals: int
    manifest_sha256: str
    kind: str = Field(description="import, edit, generate, …")
    reason: str
    author: str | None
    changes: dict[str, int] | None = Field(description="Signals added, removed, relabelled, edited.")
    labels: dict[str, int] | None = Field(
        description="Signals by the class that they got, where one edit gave several; else null."
    )
    created_at: str


class VersionList(BaseModel):
    """The versions of a dataset, newest first."""

    items: list[Version]


class Differences(BaseModel):
    """What differs between two versions."""

    dataset_id: int
    older: int
    newer: int
    changes: dict[str, int]
    fields: dict[str, int] = Field(description="Signals per field that differs.")
    rows: list[dict[str, Any]] = Field(description="The first of them.")
    most_rows: int = Field(description="How many rows are listed at most.")


class NewerQuery(_Query):
    """The version to compare with; by default the newest."""

    newer: int | None = Field(None, ge=1, le=MAX_ID)


class RemovalQuery(_Query):
    """How to delete."""

    permanently: bool = Field(False, description="For good and now, instead of into the trash.")


class SplitRequest(BaseModel):
    """How to split."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(description="bearing, recording, given, or a field such as load.", max_length=60)
    test_values: list[str] | None = Field(None, max_length=10_000)
    channel: str | None = Field(None, max_length=60)
    version: int | None = Field(None, ge=1, le=MAX_ID)
    seed: int = Field(0, ge=0, le=MAX_ID)
    validation_fraction: float = Field(0.2, ge=0, lt=1)
    test_fraction: float = Field(0.2, ge=0, lt=1)


class NewSplit(SplitRequest):
    """A split to store."""

    name: str = Field(min_length=1, max_length=120)
    accept_amber: str | None = Field(
        None, max_length=2000, description="Why an amber split is accepted; stamped on every result."
    )


class CarryRequest(BaseModel):
    """Which split of an older version to carry over."""

    model_config = ConfigDict(extra="forbid")

    carry_from: int = Field(ge=1, le=MAX_ID, description="A split of an older version of this dataset.")
    version: int | None = Field(None, ge=1, le=MAX_ID, description="The newer one; by default the newest.")


class CarriedSplit(CarryRequest):
    """A split to carry over."""

    name: str | None = Field(None, min_length=1, max_length=120, description="By default the split's own.")
    accept_amber: str | None = Field(None, max_length=2000, description="As for a new split; asked anew.")


def _choose(data: Any, by_rule: type[BaseModel], carried: type[BaseModel]) -> BaseModel:
    """Check a body as the one of two shapes that it is meant to be, so that its errors are of that one."""
    is_carried = isinstance(data, dict) and "carry_from" in data
    return (carried if is_carried else by_rule).model_validate(data)


class SplitBody(RootModel[NewSplit | CarriedSplit]):
    """A split by a rule, or one that is carried over."""

    @model_validator(mode="wrap")
    @classmethod
    def _by_kind(cls, data: Any, _handler: Any) -> SplitBody:
        return cls.model_construct(_choose(data, NewSplit, CarriedSplit))


class SplitCheckBody(RootModel[SplitRequest | CarryRequest]):
    """The rule of a split, or the split to carry over."""

    @model_validator(mode="wrap")
    @classmethod
    def _by_kind(cls, data: Any, _handler: Any) -> SplitCheckBody:
        return cls.model_construct(_choose(data, SplitRequest, CarryRequest))


class CarriedFrom(BaseModel):
    """Where a carried split comes from, and what differs there."""

    split_id: int
    version: int
    n_new: int = Field(description="Labelled signals that came since; they are in no part.")
    n_gone: int = Field(description="Signals of the split that the newer version does not have.")


class SplitFinding(BaseModel):
    """One thing that the leak check found."""

    colour: Colour
    kind: str
    sentence: str
    left: str | None
    right: str | None
    evidence: dict[str, float] | None = Field(None, description="lag_s, gain, correlation, overlap_s.")


class CheckedSplit(_Open):
    """A split that was worked out and checked."""

    colour: Colour
    findings: list[SplitFinding]
    counts: dict[str, Any]
    class_names: list[str]
    by: str
    test_values: list[str] | None
    channel: str | None
    carried_from: CarriedFrom | None


class Split(CheckedSplit):
    """A stored split."""

    split_id: int
    name: str
    dataset_id: int
    version: int
    accepted_reason: str | None
    parts: dict[str, list[int]] = Field(description="Signal ids of each part.")


class SplitHead(_Open):
    """A stored split without its findings."""

    split_id: int
    name: str
    version: int
    colour: Colour
    by: str


class SplitList(BaseModel):
    """The splits of a dataset."""

    items: list[SplitHead]


class View(_Open):
    """A view of the visible stretch."""

    signal_id: int
    start_s: float
    stop_s: float
    duration_s: float
    sample_rate_hz: float
    unit: str | None
    note: str | None


class Waveform(View):
    """A waveform: of every few samples the smallest and the largest."""

    time_s: list[float]
    values: list[float]
    n_samples: int
    decimated: bool


class Spectrum(View):
    """An amplitude spectrum."""

    frequencies_hz: list[float]
    amplitudes: list[float]
    resolution_hz: float
    window: str
    scaling: str
    peaks: list[dict[str, float]]


class Psd(View):
    """A power spectral density."""

    frequencies_hz: list[float]
    density: list[float]
    density_unit: str
    resolution_hz: float
    n_segments: int


class FaultLines(BaseModel):
    """Where the lines of the shaft and of a faulty bearing would be."""

    lines: list[dict[str, Any]]
    shaft_frequency_hz: float | None
    speed_origin: str | None
    bearing: str | None
    orders: dict[str, float] | None
    orders_origin: str | None
    source: str | None
    slip: float
    missing: list[str]
    coincidences: list[str]
