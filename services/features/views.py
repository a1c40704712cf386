"""What the explorer shows of a stored set: distributions, correlation, points, class spectra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.registry import FEATURES
from core.features.selection import compute_correlation
from models.feature_set import FeatureSet
from services.datasets.rows import UNLABELLED
from services.features.analyses import TSNE
from services.features.storage import StoredFeatures, read_analysis, read_features
from utils.exceptions import InvalidInputError

MAX_POINTS = 4000
_N_BINS = 40
_MOST_CORRELATED = 50_000
_PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
_LOWEST_DB = -200.0
# A histogram spans these; a few windows far out would else squeeze all others into one bin.
_SHOWN_PERCENTILES = (0.5, 99.5)


def list_classes(features: StoredFeatures) -> list[str]:
    """Return the class of every signal."""
    return [signal["fault_class"] or UNLABELLED for signal in features.signals]


def describe_features(
    names: Sequence[str], signals: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return what each feature means, with the signals' unit where they have one in common."""
    units = {signal["unit"] for signal in signals}
    unit = units.pop() if len(units) == 1 else None
    described = []
    for name in names:
        spec = FEATURES.get(name)
        described.append(
            {
                "name": name,
                "domain": spec.domain.value if spec else None,
                "meaning": spec.meaning if spec else "",
                "unit": _name_unit(spec.unit, unit) if spec else "",
            }
        )
    return described


def _name_unit(kind: str, unit: str | None) -> str:
    own = unit or "unit"
    return {"signal": own, "signal²": f"({own})²", "signal²/Hz": f"({own})²/Hz"}.get(kind, kind)


def _groups(features: StoredFeatures) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each class with a mask over the signals, by name."""
    classes = np.array(list_classes(features))
    for name in sorted(set(classes.tolist())):
        yield name, classes == name


def find_column(features: StoredFeatures, name: str) -> int:
    """Return a feature's column.

    Raises:
        InvalidInputError: The set has no such feature.
    """
    if name not in features.feature_names:
        raise InvalidInputError(f"The feature set has no feature '{name}'.")
    return features.feature_names.index(name)


def build_distribution(row: FeatureSet, name: str) -> dict[str, Any]:
    """Return one feature's histogram and percentiles per class, over all windows.

    The outermost windows on either side count into the first and last bin.
    """
    features = read_features(row)
    column = features.values[:, find_column(features, name)].astype(np.float64)
    edges = _choose_edges(column)
    classes = []
    for fault_class, of_signal in _groups(features):
        own = column[of_signal[features.signal_index]]
        if own.size == 0:
            continue
        counts, _ = np.histogram(np.clip(own, edges[0], edges[-1]), edges)
        classes.append(
            {
                "fault_class": fault_class,
                "n_windows": int(own.size),
                "n_recordings": _count_recordings(features, of_signal),
                "shares": (counts / own.size).tolist(),
                "percentiles": dict(
                    zip(
                        (f"p{value:g}" for value in _PERCENTILES),
                        np.percentile(own, _PERCENTILES).tolist(),
                        strict=True,
                    )
                ),
                "minimum": float(own.min()),
                "maximum": float(own.max()),
                "mean": float(own.mean()),
            }
        )
    (described,) = describe_features([name], features.signals)
    return {"feature": described, "edges": edges.tolist(), "classes": classes}


def _choose_edges(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return bins over all but the outermost windows; those count into the first and last bin."""
    low, high = np.percentile(column, _SHOWN_PERCENTILES)
    if not low < high:
        low, high = float(column.min()), float(column.max())
    return np.histogram_bin_edges(np.clip(column, low, high), bins=_N_BINS)


def _count_recordings(features: StoredFeatures, of_signal: NDArray[np.bool_]) -> int:
    return len({features.signals[index]["recording_id"] for index in np.flatnonzero(of_signal)})


def build_correlation(row: FeatureSet) -> dict[str, Any]:
    """Return the Pearson correlation of the set's features over its windows, and the closest pairs.

    Of more than 50,000 windows every so many-th is taken.
    """
    features = read_features(row)
    step = -(-len(features.values) // _MOST_CORRELATED)
    matrix = compute_correlation(features.values[::step])
    upper = np.triu(np.abs(matrix), 1)
    order = np.argsort(-upper, axis=None)[:20]
    first, second = np.unravel_index(order, upper.shape)
    names = features.feature_names
    pairs = [
        {"first": names[a], "second": names[b], "correlation": round(float(matrix[a, b]), 4)}
        for a, b in zip(first, second, strict=True)
        if a < b
    ]
    return {
        "feature_names": list(names),
        "correlation": np.round(matrix, 3).tolist(),
        "closest": pairs,
        "n_rows": len(features.values[::step]),
    }


def build_projection(row: FeatureSet, method: str) -> dict[str, Any] | None:
    """Return the points of a projection with what each belongs to; None where it was not computed yet.

    Raises:
        InvalidInputError: Unknown method, or too few windows or features for any projection.
    """
    if method not in ("pca", "tsne"):
        raise InvalidInputError("Projections are pca and tsne.")
    features = read_features(row)
    if method == "tsne":
        kept = read_analysis(row, TSNE)
        if kept is None:
            return None
        rows, points = np.asarray(kept["rows"]), np.asarray(kept["points"])
        shown: dict[str, Any] = {"perplexity": kept["perplexity"], "explained": None}
    else:
        if len(features.points) == 0:
            raise InvalidInputError("A projection takes at least three windows and two features.")
        rows, points = np.arange(len(features.points)), features.points
        shown = {"perplexity": None, "explained": list(features.explained)}
    if len(rows) > MAX_POINTS:
        kept_rows = np.linspace(0, len(rows) - 1, MAX_POINTS).round().astype(np.int64)
        rows, points = rows[kept_rows], points[kept_rows]
    owners = features.signal_index[rows]
    classes = list_classes(features)
    return {
        "method": method,
        "x": [round(float(value), 4) for value in points[:, 0]],
        "y": [round(float(value), 4) for value in points[:, 1]],
        "fault_class": [classes[owner] for owner in owners],
        "recording": [features.signals[owner]["recording"] for owner in owners],
        "channel": [features.signals[owner]["channel"] for owner in owners],
        "href": [_link(features.signals[owner]) for owner in owners],
        "start_s": features.start_s[rows].tolist(),
        "n_shown": len(rows),
        "n_rows": len(features.values),
        **shown,
    }


def _link(signal: Mapping[str, Any]) -> str | None:
    if signal["recording_id"] is None:
        return None
    return f"/signals/{signal['dataset_id']}/{signal['recording_id']}?signal={signal['signal_id']}"


def build_spectra(row: FeatureSet) -> dict[str, Any]:
    """Return per class the percentiles of the power density over its signals, in dB, by frequency."""
    features = read_features(row)
    if features.spectra.size == 0:
        raise InvalidInputError("This feature set keeps no spectra; choose an extraction.")
    with np.errstate(divide="ignore"):
        levels = np.maximum(10.0 * np.log10(features.spectra.astype(np.float64)), _LOWEST_DB)
    classes = []
    for fault_class, of_signal in _groups(features):
        low, middle, high = np.percentile(levels[of_signal], (10.0, 50.0, 90.0), axis=0)
        classes.append(
            {
                "fault_class": fault_class,
                "n_signals": int(of_signal.sum()),
                "n_recordings": _count_recordings(features, of_signal),
                **{
                    name: np.round(values, 2).tolist()
                    for name, values in (("p10_db", low), ("p50_db", middle), ("p90_db", high))
                },
            }
        )
    units = {signal["unit"] for signal in features.signals}
    frequencies = features.frequencies_hz
    return {
        "frequencies_hz": np.round(frequencies, 3).tolist(),
        "resolution_hz": float(frequencies[2] - frequencies[1]) if len(frequencies) > 2 else 0.0,
        "unit": units.pop() if len(units) == 1 else None,
        "classes": classes,
    }
