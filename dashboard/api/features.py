"""``/features`` and ``/feature-sets``: what features there are, and their values of a dataset version."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.data_schemas import VersionQuery
from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService
from services.feature_service import FeatureService
from services.signal_service import SignalService
from utils.constants import MAX_ID
from utils.exceptions import NotFoundError

blueprint = APIBlueprint("features", __name__, url_prefix="/api/v1", tag="Features")

Domain = Literal[
    "all", "time", "frequency", "envelope", "wavelet", "cepstrum", "bispectrum", "burst", "order"
]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Extraction(_Query):
    """What to extract."""

    domain: Domain = "all"
    version: int | None = Field(None, ge=1, le=MAX_ID, description="By default the newest.")
    window_s: float = Field(1.0, gt=0, le=3600)
    hop_s: float | None = Field(None, gt=0, le=3600, description="By default a window.")
    channel: str | None = Field(None, max_length=60, description="By default every one.")
    analysis_rate_hz: float | None = Field(None, gt=0, description="By default the lowest of the signals.")
    max_windows_per_signal: int = Field(200, ge=1, le=2000)


class Ranking(_Query):
    """What to rate or choose features by; only the split's training part is looked at."""

    split_id: int = Field(ge=1, le=MAX_ID)
    kind: Literal["importance", "selection"] = "importance"
    method: Literal["mutual_info", "random_forest", "permutation", "mrmr", "variance", "rfe"] = "mutual_info"
    num_features: int = Field(15, ge=1, le=500)


class RowsQuery(_Query):
    """Which rows of values to show with a set."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(0, ge=0, le=1000, description="0: none.")


class FeatureQuery(_Query):
    """One feature of a set."""

    feature: str = Field(max_length=200)


class ProjectionQuery(_Query):
    """A projection of a set."""

    method: Literal["pca", "tsne"] = "pca"


class FeatureSpec(BaseModel):
    """What is known of a feature."""

    name: str
    domain: str
    meaning: str
    unit: str
    gain_power: int
    need: str


class FeatureSpecs(BaseModel):
    """Every registered feature."""

    items: list[FeatureSpec]


class FeatureSet(BaseModel):
    """Values of a dataset version with their settings."""

    feature_set_id: int
    name: str | None
    dataset_id: int
    dataset_name: str
    version: int
    domain: str
    config: dict[str, Any]
    n_rows: int
    n_features: int
    feature_names: list[str]
    sha256: str
    created_at: str


class FeatureSetDetails(FeatureSet):
    """A set with what its features mean, and some rows."""

    features: list[dict[str, Any]]
    n_signals: int
    n_recordings: int
    rows: list[dict[str, Any]] | None = None


class FeatureSets(BaseModel):
    """Sets, the newest first."""

    items: list[FeatureSet]


class Extracted(BaseModel):
    """A set that was stored before, or the job that makes it."""

    feature_set_id: int | None
    job_id: int | None
    feature_names: list[str]
    n_rows: int
    reused: bool
    missing: list[str]


class Ranked(BaseModel):
    """A ranking that was worked out before, or the job that does it."""

    job_id: int | None
    ranking: dict[str, Any] | None


class Rankings(BaseModel):
    """Rankings of a set, the newest first."""

    items: list[dict[str, Any]]


class View(BaseModel):
    """What the explorer shows of a set."""

    model_config = ConfigDict(extra="allow")


@blueprint.get("/features")
@requires("read")
@blueprint.output(FeatureSpecs)
def list_features() -> dict[str, Any]:
    """Return every feature: domain, meaning, unit, scale law, and what it needs to be known."""
    return {"items": FeatureService.list_features(actor=current_actor())}


@blueprint.get("/datasets/<int:dataset_id>/feature-sets")
@requires("read")
@blueprint.input(VersionQuery, location="query")
@blueprint.output(FeatureSets)
def list_feature_sets(dataset_id: int, query_data: VersionQuery) -> dict[str, Any]:
    """Return the feature sets of a dataset, or of one version of it."""
    actor = current_actor()
    require_found(DatasetService.get_dataset_details(dataset_id, query_data.version, actor=actor), "dataset")
    return {"items": FeatureService.list_feature_sets(dataset_id, query_data.version, actor=actor)}


@blueprint.post("/datasets/<int:dataset_id>/feature-sets")
@requires("write")
@blueprint.input(Extraction, location="json")
@blueprint.output(Extracted, status_code=202)
def extract_features(dataset_id: int, json_data: Extraction) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Extract features in a job; 200 with the stored set where the same was extracted before."""
    config = json_data.model_dump(exclude={"domain", "version"})
    started = unwrap(
        FeatureService.extract_features(
            dataset_id,
            json_data.domain,
            config,
            version=json_data.version,
            as_job=True,
            actor=current_actor(),
        )
    )
    if started["job_id"] is None:
        return started, 200, {"Location": f"/api/v1/feature-sets/{started['feature_set_id']}"}
    return started, 202, {"Location": f"/api/v1/jobs/{started['job_id']}"}


@blueprint.get("/feature-sets/<int:feature_set_id>")
@requires("read")
@blueprint.input(RowsQuery, location="query")
@blueprint.output(FeatureSetDetails)
def show_feature_set(feature_set_id: int, query_data: RowsQuery) -> dict[str, Any]:
    """Return a set, and a page of its values where ``per_page`` is given."""
    found: dict[str, Any] = require_found(
        FeatureService.get_feature_set(
            feature_set_id, page=query_data.page, per_page=query_data.per_page, actor=current_actor()
        ),
        "feature set",
    )
    return found


@blueprint.delete("/feature-sets/<int:feature_set_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def delete_feature_set(feature_set_id: int) -> str:
    """Delete a set; an extraction can be made again."""
    unwrap(FeatureService.delete_feature_set(feature_set_id, actor=current_actor()))
    return ""


@blueprint.get("/feature-sets/<int:feature_set_id>/table")
@requires("read")
@blueprint.doc(responses={200: {"description": "The values as CSV.", "content": {"text/csv": {}}}})
def show_table(feature_set_id: int) -> Response:
    """Return all values as CSV: recording, channel, window, class, group, features."""
    text = require_found(
        FeatureService.get_feature_table(feature_set_id, actor=current_actor()), "feature set"
    )
    disposition = f'attachment; filename="features-{feature_set_id}.csv"'
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": disposition})


@blueprint.get("/feature-sets/<int:feature_set_id>/rankings")
@requires("read")
@blueprint.output(Rankings)
def list_rankings(feature_set_id: int) -> dict[str, Any]:
    """Return what was rated and chosen on a set."""
    actor = current_actor()
    require_found(FeatureService.get_feature_set(feature_set_id, actor=actor), "feature set")
    return {"items": FeatureService.list_rankings(feature_set_id, actor=actor)}


@blueprint.post("/feature-sets/<int:feature_set_id>/rankings")
@requires("write")
@blueprint.input(Ranking, location="json")
@blueprint.output(Ranked, status_code=202)
def rank_features(feature_set_id: int, json_data: Ranking) -> tuple[dict[str, Any], int]:
    """Rate or choose features on a split's training part in a job; 200 where that was done before."""
    started = unwrap(
        FeatureService.rank_features(feature_set_id, **json_data.model_dump(), actor=current_actor())
    )
    return started, 200 if started["job_id"] is None else 202


@blueprint.get("/feature-sets/<int:feature_set_id>/distribution")
@requires("read")
@blueprint.input(FeatureQuery, location="query")
@blueprint.output(View)
def show_distribution(feature_set_id: int, query_data: FeatureQuery) -> dict[str, Any]:
    """Return one feature's histogram and percentiles per class, window-level."""
    found: dict[str, Any] = unwrap(
        FeatureService.get_distribution(feature_set_id, query_data.feature, actor=current_actor())
    )
    return found


@blueprint.get("/feature-sets/<int:feature_set_id>/correlation")
@requires("read")
@blueprint.output(View)
def show_correlation(feature_set_id: int) -> dict[str, Any]:
    """Return the correlation of the features, and the closest pairs."""
    found: dict[str, Any] = unwrap(FeatureService.get_correlation(feature_set_id, actor=current_actor()))
    return found


@blueprint.get("/feature-sets/<int:feature_set_id>/projection")
@requires("read")
@blueprint.input(ProjectionQuery, location="query")
@blueprint.output(View)
def show_projection(feature_set_id: int, query_data: ProjectionQuery) -> dict[str, Any]:
    """Return a stored projection, a point per window; ``ready`` is false where t-SNE was not computed yet."""
    found: dict[str, Any] = unwrap(
        FeatureService.get_projection(feature_set_id, query_data.method, actor=current_actor())
    )
    return found


@blueprint.get("/feature-sets/<int:feature_set_id>/spectra")
@requires("read")
@blueprint.output(View)
def show_spectra(feature_set_id: int) -> dict[str, Any]:
    """Return percentiles of the power density per class."""
    found: dict[str, Any] = unwrap(FeatureService.get_class_spectra(feature_set_id, actor=current_actor()))
    return found


class RecordingFeaturesQuery(_Query):
    """Which features of a recording."""

    channel: str | None = Field(None, max_length=60, description="By default the recording's first.")
    domain: Domain | None = Field(None, description="Also the features of every window, of this domain.")
    window_s: float | None = Field(
        None, gt=0, le=3600, description="By default 1 s, or the whole of a shorter recording."
    )
    version: int | None = Field(None, ge=1, le=MAX_ID)


class WindowFeatures(BaseModel):
    """Features of a recording's windows."""

    features: list[dict[str, Any]]
    windows: list[dict[str, Any]]
    window_s: float
    analysis_rate_hz: float
    missing: list[str]


class RecordingFeatures(BaseModel):
    """Basic features of a signal, and those of its windows where a domain was asked for."""

    signal_id: int
    channel: str
    features: dict[str, float]
    features_note: str | None
    by_window: WindowFeatures | None = None


@blueprint.get("/recordings/<int:recording_id>/features")
@requires("read")
@blueprint.input(RecordingFeaturesQuery, location="query")
@blueprint.output(RecordingFeatures)
def show_recording_features(recording_id: int, query_data: RecordingFeaturesQuery) -> dict[str, Any]:
    """Return the basic features of a channel (rms, kurtosis, crest factor …), and of its windows if asked."""
    actor = current_actor()
    recording = require_found(
        DatasetService.get_recording(recording_id, query_data.version, actor=actor), "recording"
    )
    wanted = query_data.channel
    signal = next((each for each in recording["signals"] if wanted in (None, each["channel"])), None)
    if signal is None:
        there = ", ".join(each["channel"] for each in recording["signals"])
        raise NotFoundError(f"The recording has no channel '{wanted}'. Channels: {there}.")
    found: dict[str, Any] = require_found(
        SignalService.get_signal_with_features(recording["dataset_id"], signal["signal_id"], actor=actor),
        "recording",
    )
    if query_data.domain is None:
        return found
    by_window = unwrap(
        FeatureService.get_recording_features(
            recording_id,
            domain=query_data.domain,
            window_s=query_data.window_s,
            channel=signal["channel"],
            version=query_data.version,
            actor=actor,
        )
    )
    return {**found, "by_window": by_window}
