"""Sets that people keep: values of their own, choices of a set's features, and tables."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.projection import project_pca
from services.features.sets import add_set, load_set
from services.features.storage import StoredFeatures, read_features
from services.shared.actors import Actor
from services.shared.texts import check_text
from utils.exceptions import AccessDeniedError, InvalidInputError, NotFoundError

_MAX_METADATA = 20_000
_MAX_DOMAIN = 24
_PIECE_CHARACTERS = 200_000
# A spreadsheet takes cells that begin like this for formulas.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def check_folder(output_dir: str | Path | None, actor: Actor) -> Path | None:
    """Return the folder that a script names.

    Raises:
        AccessDeniedError: Somebody else than a script names one.
        NotFoundError: It is not there.
    """
    if output_dir is None:
        return None
    if not actor.is_system:
        raise AccessDeniedError("Only scripts on this machine name a folder; download the table instead.")
    folder = Path(output_dir)
    if not folder.is_dir():
        raise NotFoundError("There is no such folder to write the table into.")
    return folder


def save_given(
    dataset_id: int,
    version_id: int,
    values: NDArray[np.float64],
    labels: Sequence[str | None],
    names: Sequence[str],
    domain: str,
    metadata: Mapping[str, Any] | None,
    name: str,
    actor: Actor,
) -> int:
    """Keep values that somebody computed; every row stands for itself."""
    if len(labels) != len(values):
        raise InvalidInputError("Give one label per window.")
    if len(set(names)) != len(names) or not all(isinstance(each, str) and each for each in names):
        raise InvalidInputError("Every feature needs a name of its own.")
    described = dict(metadata or {})
    check_text([described, list(names), list(labels), domain], "feature set")
    if not 0 < len(domain) <= _MAX_DOMAIN or len(json.dumps(described)) > _MAX_METADATA:
        raise InvalidInputError("The domain has 1 to 24 characters, and the metadata at most 20,000.")
    single = values.astype(np.float32)
    classes = sorted({label for label in labels if label}, key=str)
    order: list[str | None] = [*classes, *([None] if None in labels else [])]
    signals = tuple(_build_stand_in(dataset_id, label) for label in order)
    features = StoredFeatures(
        values=single,
        feature_names=tuple(names),
        signal_index=np.array([order.index(label) for label in labels], dtype=np.int32),
        start_s=np.zeros(len(single)),
        signals=signals,
        frequencies_hz=np.zeros(0),
        spectra=np.zeros((0, 0), dtype=np.float32),
        **_project(single),
    )
    digest = hashlib.sha256(single.tobytes()).hexdigest()
    config = {"kind": "given", "metadata": described}
    identity = {**config, "name": name, "values": digest, "names": list(names), "labels": list(labels)}
    return add_set(
        version_id,
        features,
        domain=domain,
        config=config,
        identity=identity,
        name=name,
        actor=actor,
        created_by=actor.user_id,
    )


def _build_stand_in(dataset_id: int, label: str | None) -> dict[str, Any]:
    nothing = dict.fromkeys(("signal_id", "recording_id", "machine", "unit", "load", "severity"))
    fields = {"recording": "", "channel": "", "group": None, "shaft_speed_rpm": None}
    return {**nothing, **fields, "dataset_id": dataset_id, "fault_class": label}


def _project(values: NDArray[np.float32]) -> dict[str, Any]:
    if len(values) < 3 or values.shape[1] < 2:
        return {"points": np.zeros((0, 2), dtype=np.float32), "explained": ()}
    found = project_pca(values)
    return {"points": found.points, "explained": found.explained}


def save_selection(feature_set_id: int, name: str, names: Sequence[str], actor: Actor) -> int:
    """Keep some columns of a set under a name.

    Raises:
        InvalidInputError: None are chosen, or the set has no such feature.
    """
    row = load_set(feature_set_id)
    source = read_features(row)
    chosen = list(dict.fromkeys(names))
    unknown = [each for each in chosen if each not in source.feature_names]
    if not chosen or unknown:
        sentence = f"The feature set has no feature '{unknown[0]}'." if unknown else "Choose some features."
        raise InvalidInputError(sentence)
    columns = [source.feature_names.index(each) for each in chosen]
    values = np.ascontiguousarray(source.values[:, columns])
    features = StoredFeatures(
        values=values,
        feature_names=tuple(chosen),
        signal_index=source.signal_index,
        start_s=source.start_s,
        signals=source.signals,
        frequencies_hz=source.frequencies_hz,
        spectra=source.spectra,
        **_project(values),
    )
    config = {**row.config, "kind": "selection", "source_id": row.id}
    identity = {"source": row.sha256, "name": name, "names": chosen}
    return add_set(
        row.dataset_version_id,
        features,
        domain=row.domain,
        config=config,
        identity=identity,
        name=name,
        actor=actor,
        created_by=actor.user_id,
    )


def list_rows(features: StoredFeatures, start: int, size: int) -> list[dict[str, Any]]:
    """Return some rows of a set: what the window is of, and its values."""
    rows = []
    for index in range(start, min(start + size, len(features.values))):
        signal = features.signals[features.signal_index[index]]
        rows.append(
            {
                **{name: signal[name] for name in ("recording_id", "recording", "channel", "fault_class")},
                "group": signal["group"],
                "start_s": float(features.start_s[index]),
                "values": features.values[index].tolist(),
            }
        )
    return rows


def iterate_table(feature_set_id: int) -> Iterator[str]:
    """Read a set and return its lines as CSV, a few hundred at a time."""
    return _iterate_lines(read_features(load_set(feature_set_id)))


def _iterate_lines(features: StoredFeatures) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ("recording", "channel", "start_s", "fault_class", "group")
    writer.writerow([*head, *(_defuse(name) for name in features.feature_names)])
    texts = [
        [_defuse(str(signal[name] or "")) for name in ("recording", "channel", "fault_class", "group")]
        for signal in features.signals
    ]
    for index, start_s, values in zip(
        features.signal_index.tolist(), features.start_s.tolist(), features.values, strict=True
    ):
        recording, channel, fault_class, group = texts[index]
        numbers = [f"{value:.8g}" for value in values.tolist()]
        writer.writerow([recording, channel, f"{start_s:.9g}", fault_class, group, *numbers])
        if text.tell() > _PIECE_CHARACTERS:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def write_table(feature_set_id: int, path: Path) -> str:
    """Write a set as CSV and return where."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(iterate_table(feature_set_id))
    return str(path)


def _defuse(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
