"""What the deeper views of a recording take and answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.data_schemas import EnvelopeQuery, Spectrum, View
from utils.constants import MAX_ID


class PartQuery(BaseModel):
    """The visible stretch of one channel of a recording."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    channel: str | None = Field(None, description="By default the recording's first.")
    from_s: float | None = Field(None, alias="from", description="Seconds from the start.")
    to_s: float | None = Field(None, alias="to")

    @property
    def x_range_s(self) -> tuple[float, float] | None:
        """The range as the services take it."""
        if self.from_s is None and self.to_s is None:
            return None
        return (self.from_s or 0.0, float("1e12") if self.to_s is None else self.to_s)


class SpectrogramQuery(PartQuery):
    """A spectrogram."""

    segment_s: float | None = Field(None, gt=0, description="By default about as many segments as bins.")
    overlap: float = Field(0.5, ge=0, le=0.99)
    max_hz: float | None = Field(None, gt=0)


class KurtogramQuery(PartQuery):
    """A kurtogram."""

    max_level: int | None = Field(None, ge=1, le=9, description="log2 of the number of the narrowest bands.")


class CepstrumQuery(PartQuery):
    """A cepstrum."""

    kind: Literal["power", "real"] = "power"
    prewhiten: bool = Field(False, description="Flatten the spectrum by its running median first.")
    segment_s: float | None = Field(None, gt=0, description="Half of it is the longest quefrency.")


class AutocorrelationQuery(PartQuery):
    """An autocorrelation."""

    max_lag_s: float | None = Field(None, gt=0)
    low_hz: float | None = Field(None, ge=0)
    high_hz: float | None = Field(None, gt=0)
    envelope: bool = Field(False, description="Of the envelope instead of the signal.")

    @property
    def band_hz(self) -> tuple[float | None, float | None] | None:
        """The band that is looked at; an end that is not given is open."""
        return None if self.low_hz is None and self.high_hz is None else (self.low_hz, self.high_hz)


class CyclicCoherenceQuery(PartQuery):
    """Cyclic coherence."""

    max_cyclic_hz: float | None = Field(None, gt=0)
    low_hz: float | None = Field(None, ge=0, description="Of the band that is averaged.")
    high_hz: float | None = Field(None, gt=0)


class ShapedEnvelopeQuery(EnvelopeQuery):
    """An envelope spectrum, its signal pre-whitened or its envelope squared or taken as a logarithm."""

    prewhiten: bool = False
    squared: bool = False
    logarithmic: bool = False


class OtherQuery(PartQuery):
    """Another recording to compare with."""

    other: int = Field(ge=1, le=MAX_ID, description="Id of the other recording; may be the same one.")
    other_channel: str | None = Field(None, description="By default the other recording's first.")
    min_hz: float = Field(0.0, ge=0)
    max_hz: float | None = Field(None, gt=0)


class OverlayQuery(OtherQuery):
    """Two signals in one view."""

    view: Literal["waveform", "spectrum", "psd", "envelope_spectrum"] = "waveform"
    align: bool = Field(False, description="Move the other in time to where both correlate most.")
    low_hz: float | None = Field(None, ge=0)
    high_hz: float | None = Field(None, gt=0)


class Spectrogram(View):
    """A spectrogram: a row of levels per frequency."""

    times_s: list[float]
    frequencies_hz: list[float]
    level_db: list[list[float]]
    level_unit: str
    resolution_hz: float
    hop_s: float
    segment_s: float
    row_hz: float
    column_s: float


class Kurtogram(View):
    """The kurtosis of each band, level by level, and the most impulsive one."""

    levels: list[dict[str, Any]]
    best: dict[str, float]
    is_impulsive: bool


class Cepstrum(View):
    """A cepstrum and its peaks."""

    quefrencies_s: list[float]
    values: list[float]
    kind: str
    n_segments: int
    peaks: list[dict[str, float]]


class Autocorrelation(View):
    """An autocorrelation; 1 at lag 0."""

    lags_s: list[float]
    values: list[float]


class CyclicCoherence(View):
    """Cyclic coherence, squared: a row per frequency; and its average over a band."""

    cyclic_frequencies_hz: list[float]
    frequencies_hz: list[float]
    coherence: list[list[float]]
    average: dict[str, list[float]]
    band_hz: list[float]
    resolution_hz: float
    cyclic_resolution_hz: float


class EnvelopeSpectrum(Spectrum):
    """An envelope spectrum; `unit` is that of the envelope as it was shaped."""

    band_hz: list[float]
    band_origin: str
    demodulation: str
    is_prewhitened: bool


class Coherence(View):
    """Coherence of two signals, 0 to 1."""

    other_signal_id: int
    frequencies_hz: list[float]
    coherence: list[float]
    n_segments: int
    n_independent: float
    significance_95: float
    resolution_hz: float
    is_simultaneous: bool


class Overlay(View):
    """Two signals over one axis, and the first minus the second."""

    other_signal_id: int
    view: str
    first: dict[str, list[float]]
    second: dict[str, list[float]]
    difference: dict[str, list[float]]
    x_unit: str
    y_unit: str | None
    shift_s: float | None
    correlation: float | None
