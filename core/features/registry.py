"""The registered features, their scale laws, and the one function that computes them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.features.arrays import FloatArray, centre_windows
from core.features.envelope import MODULATION_EDGES_HZ, compute_envelope_features
from core.features.shaft import compute_shaft_features
from core.features.spectral import N_BANDS, compute_spectral_features
from core.features.time_domain import compute_time_features
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

_CHUNK_SAMPLES = 2_000_000


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature: its name, domain and scale law.

    ``gain_power`` is the power of a sensor gain that the feature follows: 0 for a pure shape,
    1 for an amplitude, 2 for a power.
    """

    name: str
    domain: str
    gain_power: int = 0

    @property
    def gain_invariant(self) -> bool:
        """Whether another sensor gain leaves the feature as it is."""
        return self.gain_power == 0


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Feature values, float32 of shape ``(n_windows, n_features)``, and their names."""

    values: NDArray[np.float32]
    names: tuple[str, ...]


def _specs(domain: str, names: Sequence[str], **gain_powers: int) -> tuple[FeatureSpec, ...]:
    return tuple(FeatureSpec(name, domain, gain_powers.get(name, 0)) for name in names)


_TIME = _specs(
    "time",
    ("rms", "peak", "crest_factor", "shape_factor", "impulse_factor", "clearance_factor", "kurtosis",
     "skewness", "zero_crossing_share", "block_rms_variation"),
    rms=1, peak=1,
)  # fmt: skip
_SPECTRAL = _specs(
    "spectral",
    ("total_power", "spectral_centroid_hz", "spectral_spread_hz", "spectral_skewness", "spectral_kurtosis",
     "dominant_frequency_hz", "roll_off_frequency_hz", "spectral_entropy", "spectral_flatness",
     "spectral_peakiness", *(f"band_share_{index + 1:02d}" for index in range(N_BANDS))),
    total_power=2,
)  # fmt: skip
_ENVELOPE = _specs(
    "envelope",
    ("envelope_rms", "envelope_depth", "envelope_kurtosis", "envelope_skewness", "envelope_crest_factor",
     "envelope_modulation_hz", "envelope_peakiness", "envelope_entropy",
     *(f"envelope_share_{low:.0f}_{high:.0f}_hz"
       for low, high in itertools.pairwise(MODULATION_EDGES_HZ))),
    envelope_rms=1,
)  # fmt: skip
_SHAFT = _specs(
    "shaft",
    ("ratio_2x_to_1x", "ratio_3x_to_1x", "share_below_1x", "share_1x", "share_2x", "share_3x"),
)

FEATURES: dict[str, FeatureSpec] = {spec.name: spec for spec in (*_TIME, *_SPECTRAL, *_ENVELOPE, *_SHAFT)}

FEATURE_SETS: dict[str, tuple[str, ...]] = {
    "all": tuple(spec.name for spec in (*_TIME, *_SPECTRAL, *_ENVELOPE)),
    "all_with_shaft": tuple(FEATURES),
    "gain_invariant": tuple(spec.name for spec in (*_TIME, *_SPECTRAL, *_ENVELOPE) if spec.gain_invariant),
    "gain_invariant_with_shaft": tuple(spec.name for spec in FEATURES.values() if spec.gain_invariant),
}


def compute_features(
    windows: NDArray[np.floating],
    sample_rate_hz: float,
    *,
    shaft_frequency_hz: ArrayLike | None = None,
    feature_set: str | None = None,
) -> FeatureMatrix:
    """Compute a feature set over a batch of windows.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit, at least 16 samples, finite.
    sample_rate_hz
        Sample rate, positive.
    shaft_frequency_hz
        One value or one per window; needed by the sets ``*_with_shaft``.
    feature_set
        A key of `FEATURE_SETS`; by default ``all``, with the shaft features where the speed is given.

    Returns
    -------
    FeatureMatrix
        Finite, also for constant and zero windows; a window's row does not depend on its neighbours.

    Raises
    ------
    SignalError
        Windows are not finite or too short.
    InvalidInputError
        Unknown feature set; a set with shaft features without a positive shaft frequency.
    """
    values = _check_windows(windows)
    shaft = _check_shaft_frequency(shaft_frequency_hz, len(values))
    names = _resolve_feature_set(feature_set, has_shaft=shaft is not None)
    result = np.empty((len(values), len(names)), dtype=np.float32)
    step = max(1, _CHUNK_SAMPLES // values.shape[1])
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        computed = _compute_all(values[part], sample_rate_hz, None if shaft is None else shaft[part])
        result[part] = np.column_stack([computed[name] for name in names])
    return FeatureMatrix(result, names)


def _compute_all(
    windows: NDArray[np.floating], sample_rate_hz: float, shaft_frequency_hz: FloatArray | None
) -> dict[str, FloatArray]:
    centred = centre_windows(windows)
    computed = {
        **compute_time_features(centred),
        **compute_spectral_features(centred, sample_rate_hz),
        **compute_envelope_features(centred, sample_rate_hz),
    }
    if shaft_frequency_hz is not None:
        computed |= compute_shaft_features(centred, sample_rate_hz, shaft_frequency_hz)
    return computed


def _check_windows(windows: NDArray[np.floating]) -> NDArray[np.floating]:
    values = np.asarray(windows)
    if values.ndim != 2 or values.shape[1] < 16:
        raise SignalError("Features need windows of at least 16 samples.", code=ErrorCode.RECORDING_TOO_SHORT)
    if not np.isfinite(values).all():
        raise SignalError(
            "The signal holds missing or infinite values: features can't be computed.",
            code=ErrorCode.NON_FINITE_SIGNAL,
        )
    return values


def _check_shaft_frequency(shaft_frequency_hz: ArrayLike | None, n_windows: int) -> FloatArray | None:
    if shaft_frequency_hz is None:
        return None
    values = np.broadcast_to(np.asarray(shaft_frequency_hz, dtype=np.float64), (n_windows,))
    if not (np.isfinite(values) & (values > 0)).all():
        raise InvalidInputError("The shaft frequency must be a positive number of Hz for every window.")
    return values


def _resolve_feature_set(feature_set: str | None, *, has_shaft: bool) -> tuple[str, ...]:
    name = feature_set or ("all_with_shaft" if has_shaft else "all")
    if name not in FEATURE_SETS:
        raise InvalidInputError(f"Unknown feature set '{name}'. Known: {', '.join(FEATURE_SETS)}.")
    if name.endswith("_with_shaft") and not has_shaft:
        raise InvalidInputError(f"The feature set '{name}' needs the shaft speed of every recording.")
    return FEATURE_SETS[name]
