"""The registered features, their sets, and the one function that computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.features import bispectrum, bursts, cepstrum, envelope, frequency, order, time_domain, wavelet
from core.features.arrays import FloatArray
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec, Need
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

# A change of what a feature means raises this: stored values of another version are not used again.
FEATURES_VERSION: Final = 1
FAULT_ORDER_NAMES: Final = tuple(name for name, _, _ in order.FAULT_LINES)

Precision = Literal["single", "double"]

# About what the processor's cache holds; windows go in multiples of eight, as many as the transforms take at
# once.
_CHUNK_SAMPLES = 500_000
_CHUNK_MULTIPLE = 8
_SHORTEST = 16
_LARGEST = float(np.finfo(np.float32).max)

_COMPUTE: Final[Mapping[Domain, Callable[[WindowBatch], dict[str, FloatArray]]]] = MappingProxyType(
    {
        Domain.TIME: time_domain.compute_time_features,
        Domain.FREQUENCY: frequency.compute_frequency_features,
        Domain.ENVELOPE: envelope.compute_envelope_features,
        Domain.WAVELET: wavelet.compute_wavelet_features,
        Domain.CEPSTRUM: cepstrum.compute_cepstrum_features,
        Domain.BISPECTRUM: bispectrum.compute_bispectrum_features,
        Domain.BURST: bursts.compute_burst_features,
        Domain.ORDER: order.compute_order_features,
    }
)

FEATURES: Final[Mapping[str, FeatureSpec]] = MappingProxyType(
    {
        spec.name: spec
        for module in (time_domain, frequency, envelope, wavelet, cepstrum, bispectrum, bursts, order)
        for spec in module.SPECS
    }
)

# What the forests read, in the order in which their trees count the columns. Never reorder, never extend:
# classifiers that were trained with these lists are still in use.
_FOREST = (
    *("rms", "peak", "crest_factor", "shape_factor", "impulse_factor", "clearance_factor", "kurtosis"),
    *("skewness", "zero_crossing_share", "block_rms_variation"),
    *("total_power", "spectral_centroid_hz", "spectral_spread_hz", "spectral_skewness", "spectral_kurtosis"),
    *("dominant_frequency_hz", "roll_off_frequency_hz", "spectral_entropy", "spectral_flatness"),
    *("spectral_peakiness", *(f"band_share_{index:02d}" for index in range(1, 13))),
    *("envelope_rms", "envelope_depth", "envelope_kurtosis", "envelope_skewness", "envelope_crest_factor"),
    *("envelope_modulation_hz", "envelope_peakiness", "envelope_entropy", "envelope_share_5_50_hz"),
    *("envelope_share_50_90_hz", "envelope_share_90_130_hz", "envelope_share_130_180_hz"),
    *("envelope_share_180_260_hz", "envelope_share_260_400_hz"),
)
_FOREST_SHAFT = ("ratio_2x_to_1x", "ratio_3x_to_1x", "share_below_1x", "share_1x", "share_2x", "share_3x")


def _keep_invariant(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if FEATURES[name].gain_invariant)


def _list_domain(domain: Domain) -> tuple[str, ...]:
    return tuple(spec.name for spec in FEATURES.values() if spec.domain is domain)


FEATURE_SETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "all": tuple(FEATURES),
        **{domain.value: _list_domain(domain) for domain in Domain},
        "gain_invariant": _keep_invariant(_FOREST),
        "gain_invariant_with_shaft": _keep_invariant((*_FOREST, *_FOREST_SHAFT)),
    }
)


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Feature values, float32 of shape ``(n_windows, n_features)``, and their names."""

    values: NDArray[np.float32]
    names: tuple[str, ...]


def list_features(feature_set: str, *, has_speed: bool = True, has_orders: bool = True) -> tuple[str, ...]:
    """Return the names of a set, without those that need what is not known.

    Raises
    ------
    InvalidInputError
        There is no such set.
    """
    if feature_set not in FEATURE_SETS:
        raise InvalidInputError(f"Unknown feature set '{feature_set}'. Known: {', '.join(FEATURE_SETS)}.")
    known = {Need.NOTHING: True, Need.SHAFT_SPEED: has_speed, Need.FAULT_ORDERS: has_speed and has_orders}
    return tuple(name for name in FEATURE_SETS[feature_set] if known[FEATURES[name].need])


def compute_features(
    windows: NDArray[np.floating],
    sample_rate_hz: float,
    *,
    shaft_frequency_hz: ArrayLike | None = None,
    fault_orders: Mapping[str, ArrayLike] | None = None,
    feature_set: str = "all",
    precision: Precision = "double",
) -> FeatureMatrix:
    """Compute a feature set over a batch of windows.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit, at least 16 samples, finite.
    sample_rate_hz
        Sample rate, positive.
    shaft_frequency_hz
        One value or one per window. Without it ``all`` leaves out the features that need it.
    fault_orders
        ``bpfo``, ``bpfi``, ``bsf``, ``ftf`` of the bearing, one value or one per window each.
    feature_set
        A key of `FEATURE_SETS`.
    precision
        ``double`` computes in float64; ``single`` in float32, twice as quick, and within 1e-3 of it (most
        features within 1e-5) for a signal with noise in it.

    Returns
    -------
    FeatureMatrix
        Finite, also for constant and zero windows; a window's row does not depend on its neighbours.

    Raises
    ------
    SignalError
        Windows are not finite or too short.
    InvalidInputError
        Unknown feature set; a set of order features without a positive shaft frequency.
    """
    values = _check_windows(windows)
    shaft = _check_positive("shaft frequency", shaft_frequency_hz, len(values))
    orders = _check_orders(fault_orders, len(values))
    names = _resolve_names(feature_set, has_speed=shaft is not None, has_orders=orders is not None)
    result = np.empty((len(values), len(names)), dtype=np.float32)
    step = max(1, _CHUNK_SAMPLES // values.shape[1] // _CHUNK_MULTIPLE) * _CHUNK_MULTIPLE
    dtype: type[np.floating[Any]] = np.float32 if precision == "single" else np.float64
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        batch = WindowBatch(
            values[part],
            sample_rate_hz,
            dtype,
            None if shaft is None else shaft[part],
            None if orders is None else {name: column[part] for name, column in orders.items()},
        )
        result[part] = _compute_columns(batch, names)
    return FeatureMatrix(result, names)


def _compute_columns(batch: WindowBatch, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Compute the domains that are asked for, and give each feature its scale back."""
    computed: dict[str, FloatArray] = {}
    for domain in dict.fromkeys(FEATURES[name].domain for name in names):
        computed |= _COMPUTE[domain](batch)
    columns = np.array([computed[name] for name in names], dtype=np.float64)
    powers = np.array([FEATURES[name].gain_power for name in names])
    columns *= batch.scale[None, :] ** powers[:, None]
    return np.clip(columns, -_LARGEST, _LARGEST, out=columns).T


def _check_windows(windows: NDArray[np.floating]) -> NDArray[np.floating]:
    values = np.asarray(windows)
    if values.ndim != 2 or values.shape[1] < _SHORTEST:
        raise SignalError("Features need windows of at least 16 samples.", code=ErrorCode.RECORDING_TOO_SHORT)
    if not np.isfinite(values).all():
        raise SignalError(
            "The signal holds missing or infinite values: features can't be computed.",
            code=ErrorCode.NON_FINITE_SIGNAL,
        )
    return values


def _check_positive(what: str, given: ArrayLike | None, n_windows: int) -> NDArray[np.float64] | None:
    if given is None:
        return None
    values = np.broadcast_to(np.asarray(given, dtype=np.float64), (n_windows,))
    if not (np.isfinite(values) & (values > 0)).all():
        raise InvalidInputError(f"The {what} must be a positive number for every window.")
    return values


def _check_orders(
    given: Mapping[str, ArrayLike] | None, n_windows: int
) -> dict[str, NDArray[np.float64]] | None:
    if given is None:
        return None
    missing = [name for name in FAULT_ORDER_NAMES if given.get(name) is None]
    if missing:
        raise InvalidInputError(f"The order {', '.join(missing)} of the bearing is missing.")
    checked = {name: _check_positive(f"order {name}", given[name], n_windows) for name in FAULT_ORDER_NAMES}
    return {name: values for name, values in checked.items() if values is not None}


def _resolve_names(feature_set: str, *, has_speed: bool, has_orders: bool) -> tuple[str, ...]:
    names = list_features(feature_set, has_speed=has_speed, has_orders=has_orders)
    if feature_set == "gain_invariant_with_shaft" and not has_speed:
        raise InvalidInputError(f"The feature set '{feature_set}' needs the shaft speed of every recording.")
    if not names:
        raise InvalidInputError(f"The feature set '{feature_set}' needs the shaft speed.")
    return names
