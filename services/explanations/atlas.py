"""All recordings of a part explained, and what each class looks like in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from services.evaluations.works import choose_recordings
from services.experiments.material import MaterialRow, build_labelled_signals
from services.explanations.describing import describe_bands, describe_features, round_number, round_optional
from services.explanations.material import Subject, load_rows, read_healthy, read_subject
from services.explanations.options import pick_method_options
from services.explanations.packing import pack_groups
from services.explanations.places import find_places
from services.explanations.signals import Work, describe_prediction
from services.explanations.wording import RESONANCE, find_top_band, say_class
from utils.exceptions import InvalidInputError, SignalError

if TYPE_CHECKING:
    from core.explain.band_attribution import AxisAttribution
    from core.explain.band_report import BandReport
    from core.explain.class_signature import ClassSignature, RecordingSignature

# The axis that recordings of different speeds have in common: up to 20 times the shaft's.
_MOST_ORDERS, _ORDER_STEP = 20.0, 0.05
_N_CELLS = 400
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, eq=False)
class _Explained:
    """One recording of the part, explained; ``features`` where a method lies over them."""

    row: MaterialRow
    subject: Subject
    report: BandReport
    features: dict[str, Any] | None

    @property
    def answer(self) -> str:
        """The class that was explained."""
        return self.subject.explainable.class_names[self.subject.prediction.class_index]


def explain_recordings(work: Work, part: str) -> tuple[dict[str, Any], bytes | None]:
    """Explain the recordings of a part; return the summary and the packed densities of the classes."""
    rows = load_rows(work.experiment.id)
    chosen = choose_rows(rows, part, work.experiment.class_names, work.options["max_recordings"])
    healthy = read_healthy(rows) if work.options.get("baseline") == "healthy_mean" else []
    found: list[_Explained] = []
    left_out: list[dict[str, Any]] = []
    for place, row in enumerate(chosen):
        work.handle.report(0.05 + 0.9 * place / len(chosen), f"recording {place + 1} of {len(chosen)}")
        work.handle.raise_if_interrupted()
        try:
            found.append(_explain_row(work, row, healthy))
        except (SignalError, InvalidInputError) as error:
            left_out.append(
                {"signal_id": row.signal.id, "recording": row.describe(), "reason": error.sentence}
            )
    if not found:
        raise InvalidInputError(f"No recording could be explained: {left_out[0]['reason']}")
    on_orders = all(each.report.shaft_frequency_hz is not None for each in found)
    by_envelope = all(each.report.envelope is not None for each in found)
    edges = _build_edges(work.classifier.preprocessing.analysis_rate_hz, on_orders=on_orders)
    signatures = [_sign(each, edges, on_orders, by_envelope) for each in found]
    atlas = _order_classes(signatures, work.classifier.class_names)
    summary = _summarise(work, part, found, left_out, atlas)
    summary |= {"axis": "envelope" if by_envelope else "frequency"}
    summary |= {"steps": {"orders" if on_orders else "frequency": {"step": float(edges[1] - edges[0])}}}
    densities = {entry.fault_class: entry.density[None] for entry in atlas}
    return summary, pack_groups({"orders" if on_orders else "frequency": densities})


def choose_rows(
    rows: Sequence[MaterialRow], part: str, class_names: Sequence[str], limit: int
) -> list[MaterialRow]:
    """Return the signals of up to ``limit`` recordings of a part, drawn by class in turn.

    Raises:
        InvalidInputError: The split has no such part, or nothing labelled in it.
    """
    own = [row for row in rows if row.part == part]
    if not own:
        raise InvalidInputError(f"The split's {part} part holds no labelled recordings.")
    signals = build_labelled_signals(own, part, list(class_names))
    kept = {id(signal) for signal in choose_recordings(signals, limit, seed=0)}
    return [row for row, signal in zip(own, signals, strict=True) if id(signal) in kept]


def _explain_row(
    work: Work, row: MaterialRow, healthy: Sequence[tuple[NDArray[np.float32], float]]
) -> _Explained:
    from core.explain.band_report import compute_band_attribution
    from core.explain.explainer import explain
    from services.explanations.attributing import take_lines_away

    def check_in(_n_done: int, _n_all: int) -> None:
        work.handle.raise_if_interrupted()

    subject = read_subject(work.classifier, row.signal.id, healthy)
    places, explainable = find_places(subject.given, work.classifier.class_names, subject.explainable)
    target = subject.prediction.class_index
    explainable = explainable.choose(subject.choose_windows(target, work.options["n_windows"], None))
    own = pick_method_options(work.method, work.options)
    found = explain(explainable, work.method, target_class=target, options=own, on_progress=check_in)
    report = compute_band_attribution(
        explainable,
        take_lines_away(found) if found.feature_names else found,
        places.machine_kind,
        n_random_networks=0,
        on_progress=check_in,
    )
    return _Explained(row, subject, report, describe_features(found))


def _build_edges(analysis_rate_hz: float, *, on_orders: bool) -> NDArray[np.float64]:
    if on_orders:
        return np.arange(0.0, _MOST_ORDERS + _ORDER_STEP / 2, _ORDER_STEP)
    return np.linspace(0.0, analysis_rate_hz / 2.0, _N_CELLS + 1)


def _sign(
    explained: _Explained, edges: NDArray[np.float64], on_orders: bool, by_envelope: bool
) -> RecordingSignature:
    from core.explain.band_attribution import lay_on_edges
    from core.explain.class_signature import RecordingSignature

    report = explained.report
    axis: AxisAttribution = (
        report.envelope if by_envelope and report.envelope is not None else report.frequency
    )
    scale = report.shaft_frequency_hz if on_orders and report.shaft_frequency_hz is not None else 1.0
    return RecordingSignature(
        fault_class=explained.answer,
        band_shares={share.band.name: share.share for share in report.bands},
        control_shares={share.band.name: share.control_share for share in report.bands},
        density=lay_on_edges(axis.density, axis.frequencies_hz, edges * scale),
    )


def _order_classes(
    signatures: Sequence[RecordingSignature], class_names: Sequence[str]
) -> list[ClassSignature]:
    from core.explain.class_signature import build_atlas

    return sorted(build_atlas(signatures), key=lambda entry: class_names.index(entry.fault_class))


def _summarise(
    work: Work,
    part: str,
    found: Sequence[_Explained],
    left_out: Sequence[Mapping[str, Any]],
    atlas: Sequence[ClassSignature],
) -> dict[str, Any]:
    labels = {
        share.band.name: RESONANCE if share.band.name == RESONANCE else share.band.label
        for each in found
        for share in each.report.bands
    }
    n_recordings = len({each.row.recording.id for each in found})
    return {
        "kind": "atlas",
        "headline": {
            "target_class": None,
            "predicted": None,
            "confidence": None,
            "trusted": None,
            "failed": 0,
            "top_band": None,
        },
        "sentences": _word(part, n_recordings, atlas, labels),
        "notes": _note(work, found, left_out),
        "part": part,
        "classifier": work.describe_classifier(),
        "n_recordings": n_recordings,
        "n_signals": len(found),
        "n_left_out": len(left_out),
        "baseline": work.options.get("baseline"),
        "settings": dict(work.options),
        "formula": found[0].report.formula,
        "recordings": [_describe_row(each) for each in found],
        "left_out": list(left_out)[:_MOST_NAMED],
        "classes": [_describe_class(entry, labels, found) for entry in atlas],
    }


def _describe_row(explained: _Explained) -> dict[str, Any]:
    row, report = explained.row, explained.report
    prediction, agreement = describe_prediction(explained.subject), report.agreement
    said = prediction["class_name"]
    return {
        "signal_id": row.signal.id,
        "recording": row.recording.name,
        "channel": row.signal.channel,
        "target": row.fault_class,
        "predicted": said,
        "correct": said == row.fault_class,
        "confidence": prediction["probabilities"][said],
        "explained_class": said,
        "agreement": round_number(agreement.score) if agreement is not None else None,
        "passes": bool(agreement.passes) if agreement is not None else None,
        "shares": {share.band.name: round_number(share.share) for share in report.bands},
        "top_band": find_top_band(describe_bands(report.bands)),
    }


def _describe_class(
    entry: ClassSignature, labels: Mapping[str, str], found: Sequence[_Explained]
) -> dict[str, Any]:
    return {
        "fault_class": entry.fault_class,
        "n_recordings": entry.n_recordings,
        "note": entry.note,
        "bands": [
            {
                "name": band.name,
                "label": labels[band.name],
                "mean": round_number(band.mean),
                "low": round_optional(band.low),
                "high": round_optional(band.high),
                "control": round_number(band.control),
                "n": band.n,
                "is_above_control": None if band.is_above_control is None else bool(band.is_above_control),
            }
            for band in entry.bands
        ],
        "features": _average_features([each for each in found if each.answer == entry.fault_class]),
    }


def _average_features(found: Sequence[_Explained]) -> list[dict[str, Any]]:
    """Return the mean attribution of each group of features, the largest first; none over the waveform."""
    sums: dict[str, float] = {}
    for each in found:
        for entry in each.features["groups"] if each.features is not None else []:
            sums[entry["group"]] = sums.get(entry["group"], 0.0) + entry["attribution"]
    ranked = sorted(sums.items(), key=lambda item: -abs(item[1]))[:_MOST_NAMED]
    return [{"group": group, "attribution": round_number(total / len(found))} for group, total in ranked]


def _word(
    part: str, n_recordings: int, atlas: Sequence[ClassSignature], labels: Mapping[str, str]
) -> list[str]:
    sentences = [f"Explained are the answers to {n_recordings} recordings of the {part} part, by class."]
    for entry in atlas:
        above = [
            labels[band.name] for band in entry.bands if band.is_above_control and band.name != RESONANCE
        ]
        said = (
            f"more than random bands get {', '.join(above[:4])}"
            if above
            else "no band stands out for certain"
        )
        sentences.append(f"{say_class(entry.fault_class).capitalize()} ({entry.n_recordings}): {said}.")
    return sentences


def _note(
    work: Work,
    found: Sequence[_Explained],
    left_out: Sequence[Mapping[str, Any]],
) -> list[str]:
    notes = ["Explaining recordings judges nothing: the accuracy of the part is not worked out again."]
    if left_out:
        notes.append(f"{len(left_out)} recordings could not be explained.")
    if len({each.row.recording.id for each in found}) < len(found):
        notes.append("Channels of one recording count for themselves; they are not independent.")
    if len(found) >= work.options["max_recordings"]:
        notes.append(f"At most {work.options['max_recordings']} recordings were explained, by class in turn.")
    missing = dict.fromkeys(note for each in found for note in each.report.notes)
    return [*notes, *list(missing)[:_MOST_NAMED]]
