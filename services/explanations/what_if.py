"""What a classifier would say of a recording if bands of it were weaker or stronger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.signal.band_pass import Band
from services.explanations.describing import round_number
from services.explanations.material import Subject, describe_given, read_subject
from services.explanations.places import Places, find_places, find_ringing_band
from services.explanations.signals import Work, describe_prediction
from services.explanations.wording import say_class
from utils.exceptions import InvalidInputError

if TYPE_CHECKING:
    from core.explain.explainable import Explainable
    from core.explain.fault_bands import FaultBand
    from core.explain.what_if import BandSweep

_NO_BANDS = (
    "No line of this machine can be placed: the recording does not say its shaft speed or its bearing. Name "
    "the bands in Hz."
)


def try_bands(work: Work, signal_id: int) -> dict[str, Any]:
    """Attenuate and boost the bands that were asked for, one by one."""
    work.handle.report(0.05, "reading the recording")
    options, names = work.options, work.classifier.class_names
    subject = read_subject(work.classifier, signal_id, ())
    places, explainable = find_places(subject.given, names, subject.explainable)
    chosen = explainable.choose(_choose(subject, options["n_windows"], options["start_s"]))
    ringing_hz = _find_ringing(subject, places, chosen.sample_rate_hz)
    bands = _list_bands(chosen, places, ringing_hz, options["bands"])
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    for place, band in enumerate(bands):
        work.handle.report(0.1 + 0.85 * place / len(bands), f"band {place + 1} of {len(bands)}")
        work.handle.raise_if_interrupted()
        try:
            rows.append(_describe_sweep(band, _sweep(chosen, band, ringing_hz, options["gains_db"]), names))
        except InvalidInputError as error:
            left_out.append({"name": band.label, "reason": error.sentence})
    if not rows:
        raise InvalidInputError(left_out[0]["reason"] if left_out else _NO_BANDS)
    return _summarise(work, subject, chosen, rows, left_out)


def _choose(subject: Subject, n_windows: int, start_s: float | None) -> list[int]:
    """Return windows evenly spread over the recording, or those from ``start_s`` on."""
    n_all = subject.explainable.n_windows
    if start_s is not None:
        first = int(np.abs(subject.explainable.window_start_s - start_s).argmin())
        return list(range(first, min(first + n_windows, n_all)))
    return [int(place) for place in np.unique(np.linspace(0, n_all - 1, min(n_windows, n_all)).round())]


def _find_ringing(subject: Subject, places: Places, rate_hz: float) -> Band | None:
    """Return the band whose envelope is changed; None without a rolling bearing, whose lines lie there."""
    if subject.fault_orders is None or places.shaft_frequency_hz is None:
        return None
    return find_ringing_band(subject.given, subject.fault_orders, places.shaft_frequency_hz, rate_hz)


def _list_bands(
    explainable: Explainable,
    places: Places,
    ringing_hz: Band | None,
    asked: Sequence[dict[str, Any]] | None,
) -> list[FaultBand]:
    from core.explain.band_report import list_bands
    from core.explain.fault_bands import BandAxis, FaultBand

    if asked is None:
        return list(list_bands(explainable, places.machine_kind, ringing_hz))
    return [
        FaultBand(band["name"], band["name"], BandAxis.FREQUENCY, ((band["low_hz"], band["high_hz"]),))
        for band in asked
    ]


def _sweep(
    explainable: Explainable, band: FaultBand, ringing_hz: Band | None, gains_db: Sequence[float]
) -> BandSweep:
    from core.explain.what_if import sweep_band

    return sweep_band(
        explainable.judge,
        explainable.windows,
        explainable.sample_rate_hz,
        band.ranges_hz,
        gains_db=gains_db,
        axis=band.axis,
        demodulation_band_hz=ringing_hz,
    )


def _describe_sweep(band: FaultBand, sweep: BandSweep, class_names: Sequence[str]) -> dict[str, Any]:
    return {
        "name": band.name,
        "label": band.label,
        "axis": band.axis.value,
        "ranges_hz": [[round(low, 3), round(high, 3)] for low, high in band.ranges_hz],
        "gains_db": [float(gain) for gain in sweep.gains_db],
        "probabilities": [[round(float(each), 6) for each in row] for row in sweep.probabilities],
        "flips": [{"gain_db": float(gain), "class_name": class_names[place]} for gain, place in sweep.flips],
    }


def _summarise(
    work: Work,
    subject: Subject,
    explainable: Explainable,
    rows: list[dict[str, Any]],
    left_out: list[dict[str, str]],
) -> dict[str, Any]:
    prediction, names = describe_prediction(subject), list(work.classifier.class_names)
    target = work.options["target_class"] or prediction["class_name"]
    unchanged = rows[0]["probabilities"][rows[0]["gains_db"].index(0.0)]
    return {
        "kind": "what_if",
        "headline": {
            "target_class": target,
            "predicted": prediction["class_name"],
            "confidence": prediction["probabilities"][prediction["class_name"]],
            "trusted": None,
            "failed": 0,
            "top_band": None,
        },
        "sentences": _word(rows, target, names),
        "notes": [
            *subject.prediction.notes,
            "The probabilities are the classifier's own, not calibrated, over "
            + ("one window." if explainable.n_windows == 1 else f"{explainable.n_windows} windows together."),
        ],
        "recording": describe_given(subject.given),
        "classifier": work.describe_classifier(prediction["n_windows"]),
        "prediction": prediction,
        "target_class": target,
        "class_names": names,
        "unchanged": [round_number(each) for each in unchanged],
        "windows": [
            {
                "start_s": round(float(start_s), 6),
                "length_s": explainable.n_samples / explainable.sample_rate_hz,
            }
            for start_s in explainable.window_start_s
        ],
        "bands": rows,
        "left_out": left_out,
    }


def _word(rows: Sequence[dict[str, Any]], target: str, class_names: Sequence[str]) -> list[str]:
    place = class_names.index(target)
    reach = [(_measure_reach(row, place), row) for row in rows]
    low, high, label = max(((*span, row["label"]) for span, row in reach), key=lambda each: each[1] - each[0])
    sentences = [
        f"Of the bands tried, {label} moves the probability of {say_class(target)} furthest: between "
        f"{low:.1%} and {high:.1%}."
    ]
    turned = [row["label"] for row in rows if row["flips"]]
    if turned:
        sentences.append(f"Another class becomes the likeliest by changing: {', '.join(turned)}.")
    else:
        sentences.append("None of these changes makes another class the likeliest.")
    return sentences


def _measure_reach(row: dict[str, Any], place: int) -> tuple[float, float]:
    values = [each[place] for each in row["probabilities"]]
    return min(values), max(values)
