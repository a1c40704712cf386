"""The explanation of one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.networks.registry import get_network_spec
from models.experiment import Experiment
from services.explanations.describing import (
    describe_agreement,
    describe_bands,
    describe_features,
    describe_trust,
    name_probabilities,
    round_number,
    round_optional,
)
from services.explanations.material import (
    Subject,
    describe_given,
    load_rows,
    read_healthy,
    read_subject,
)
from services.explanations.options import pick_method_options
from services.explanations.packing import pack_groups
from services.explanations.places import Places, find_places
from services.explanations.wording import (
    find_top_band,
    judge_axes,
    word_bands,
    word_subject,
    word_trust,
)
from services.jobs.runner import JobHandle

if TYPE_CHECKING:
    from core.explain.attribution import Attribution
    from core.explain.band_attribution import AxisAttribution
    from core.explain.explainable import Explainable
    from core.training.classifier import Classifier
    from services.explanations.attributing import Findings

# Where on the job's bar each stage begins and ends.
_STAGES: Mapping[str, tuple[float, float]] = {
    "explaining windows": (0.10, 0.30),
    "looking at lines": (0.30, 0.60),
    "checking time": (0.60, 0.78),
    "checking features": (0.60, 0.78),
    "checking frequency": (0.78, 0.97),
}
_READS_HEALTHY = "healthy_mean"


@dataclass(frozen=True, slots=True)
class Work:
    """One explanation under way.

    Attributes:
        experiment: Whose classifier.
        classifier: What is explained.
        method, options: As asked, complete.
        handle: The job.
    """

    experiment: Experiment
    classifier: Classifier
    method: str
    options: dict[str, Any]
    handle: JobHandle

    def report(self, stage: str, n_done: int, n_all: int) -> None:
        """Note what is done, and leave where the job was cancelled or its worker shuts down."""
        begin, end = _STAGES[stage]
        share = n_done / n_all if n_all else 1.0
        self.handle.report(begin + (end - begin) * share, f"{stage}: {n_done} of {n_all}")
        self.handle.raise_if_interrupted()

    def read_healthy(self) -> list[tuple[NDArray[np.float32], float]]:
        """Return healthy training recordings where the baseline is made of them."""
        if self.options.get("baseline") != _READS_HEALTHY:
            return []
        return read_healthy(load_rows(self.experiment.id))

    def describe_classifier(self, n_windows: int | None = None) -> dict[str, Any]:
        """Return what a reader has to know of the classifier."""
        preprocessing = self.classifier.preprocessing
        return {
            "experiment_id": self.experiment.id,
            "name": self.experiment.name,
            "network": self.experiment.network,
            "network_title": get_network_spec(self.experiment.network).title,
            "sha256": self.experiment.classifier_sha256,
            "class_names": list(self.classifier.class_names),
            "analysis_rate_hz": preprocessing.analysis_rate_hz,
            "window_s": preprocessing.window_s,
            "n_windows": n_windows,
        }


def explain_signal(work: Work, signal_id: int) -> tuple[dict[str, Any], bytes]:
    """Explain a recording; return the summary and the packed curves."""
    from services.explanations.attributing import attribute

    work.handle.report(0.05, "reading the recording")
    options = work.options
    subject = read_subject(work.classifier, signal_id, work.read_healthy())
    target = subject.find_target(options["target_class"])
    places, explainable = find_places(subject.given, work.classifier.class_names, subject.explainable)
    chosen = subject.choose_windows(target, options["n_windows"], options["start_s"])
    explainable = explainable.choose(chosen)
    own = pick_method_options(work.method, options)
    findings = attribute(
        explainable, work.method, target, own, places, work.report, trust=bool(options["trust"])
    )
    summary = _summarise(work, subject, explainable, chosen, places, findings)
    return summary, pack_groups(build_curves(explainable, findings))


def _summarise(
    work: Work,
    subject: Subject,
    explainable: Explainable,
    chosen: Sequence[int],
    places: Places,
    findings: Findings,
) -> dict[str, Any]:
    found, bands = findings.attribution, describe_bands(findings.bands.bands)
    prediction = describe_prediction(subject)
    target = explainable.class_names[found.target_class]
    windows = _describe_windows(subject, explainable, chosen, found)
    trust = describe_trust(found, findings.trust)
    agreement = describe_agreement(findings.bands.agreement)
    judged = [check["passes"] for check in trust if check["passes"] is not None]
    sentences = [word_subject(prediction, target, windows), word_bands(bands)]
    if agreement is not None:
        sentences.append(agreement["reason"])
    rate_hz = explainable.sample_rate_hz
    return {
        "kind": "attribution",
        "headline": {
            "target_class": target,
            "predicted": prediction["class_name"],
            "confidence": prediction["probabilities"][prediction["class_name"]],
            "trusted": all(judged) if judged else None,
            "failed": sum(not passes for passes in judged),
            "top_band": find_top_band(bands),
        },
        "sentences": [*sentences, word_trust(trust)],
        "notes": [*subject.prediction.notes, *findings.bands.notes, *_note_baseline(found)],
        "recording": describe_given(subject.given),
        "classifier": work.describe_classifier(prediction["n_windows"]),
        "prediction": prediction,
        "target_class": target,
        "windows": windows,
        "baseline": found.baseline or None,
        "claims_completeness": found.claims_completeness,
        "is_complete": found.is_complete,
        "settings": dict(found.settings),
        "features": describe_features(found),
        "shaft": places.describe_shaft(),
        "axes": _describe_axes(findings),
        "formula": findings.bands.formula,
        "bands": bands,
        "agreement": agreement,
        "trust": trust,
        "trusted": judge_axes(trust),
        "steps": {
            "time": {"step_s": 1.0 / rate_hz},
            "frequency": {"step_hz": rate_hz / explainable.n_samples},
            "envelope": {"step_hz": rate_hz / explainable.n_samples},
        },
    }


def _note_baseline(found: Attribution) -> list[str]:
    if found.baseline != "phase_randomised" or found.feature_names:
        return []
    return [
        "Compared is the same spectrum in random phases: steady lines are in both, so that the shares of "
        "lines and bands say little. Choose the baseline silence to see them."
    ]


def describe_prediction(subject: Subject) -> dict[str, Any]:
    """Return what the classifier says of the whole recording, calibrated as far as it is."""
    prediction, names = subject.prediction, subject.explainable.class_names
    return {
        "class_name": names[prediction.class_index],
        "probabilities": name_probabilities(names, prediction.probabilities),
        "n_windows": len(prediction.window_probabilities),
    }


def _describe_windows(
    subject: Subject, explainable: Explainable, chosen: Sequence[int], found: Attribution
) -> list[dict[str, Any]]:
    probabilities = np.exp(subject.log_probabilities[list(chosen)])
    baselines, gaps = found.score_baseline, found.completeness_gap
    return [
        {
            "start_s": round(float(explainable.window_start_s[place]), 6),
            "length_s": explainable.n_samples / explainable.sample_rate_hz,
            "probabilities": name_probabilities(explainable.class_names, probabilities[place]),
            "score_input": round_number(found.score_input[place]),
            "score_baseline": round_optional(None if baselines is None else baselines[place]),
            "completeness_gap": round_optional(None if gaps is None else gaps[place]),
        }
        for place in range(len(chosen))
    ]


def _describe_axes(findings: Findings) -> dict[str, Any]:
    report = findings.bands
    axes = {"frequency": report.frequency, "envelope": report.envelope}
    band = report.demodulation_band_hz
    return {
        name: {
            "resolution_hz": round_number(axis.resolution_hz),
            "n_bins": len(axis.frequencies_hz),
            "demodulation_band_hz": list(band) if name == "envelope" and band is not None else None,
        }
        for name, axis in axes.items()
        if axis is not None
    }


def build_curves(
    explainable: Explainable, findings: Findings
) -> dict[str, dict[str, NDArray[np.floating[Any]]]]:
    """Return what is drawn: waveform, spectra, and what was attributed to each of their points."""
    from core.explain.views import view_envelope

    windows, found, report = explainable.windows, findings.attribution, findings.bands
    time: dict[str, NDArray[np.floating[Any]]] = {"waveform": windows}
    if not found.feature_names:
        time["attribution"] = found.values
    groups = {"time": time, "frequency": _spread_axis(windows, report.frequency)}
    if report.envelope is not None and report.demodulation_band_hz is not None:
        band_hz = report.demodulation_band_hz
        envelopes = np.stack(
            [view_envelope(window, explainable.sample_rate_hz, band_hz).envelope for window in windows]
        )
        curves = _spread_axis(envelopes - envelopes.mean(axis=1, keepdims=True), report.envelope)
        n_kept = int(np.searchsorted(report.envelope.frequencies_hz, band_hz[1] - band_hz[0], side="right"))
        groups["envelope"] = {name: values[:, : max(n_kept, 2)] for name, values in curves.items()}
    return groups


def _spread_axis(
    windows: NDArray[np.floating[Any]], axis: AxisAttribution
) -> dict[str, NDArray[np.floating[Any]]]:
    amplitudes = np.abs(scipy.fft.rfft(np.asarray(windows, dtype=np.float64), axis=1))
    spectrum = 2.0 / windows.shape[1] * amplitudes.mean(axis=0)
    return {
        "spectrum": spectrum[None],
        "contributions": axis.contributions[None],
        "density": axis.density[None],
    }
