"""The words and numbers of a diagnosis, in the shape that scripts rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.evidence.findings import Evidence, FaultFinding, LineFinding
from core.evidence.fusion import list_probabilities
from core.evidence.verdict import FROM_ELSEWHERE, FUSION_VERSION, Opinion, Verdict
from services.diagnoses.confidence import Confidence, describe_calibration, judge_confidence
from services.diagnoses.evidence import Reading
from services.diagnoses.versions import list_versions
from services.experiments.given import GivenSignal
from services.experiments.limits import RULE_NOT_FOLLOWED, list_limits

if TYPE_CHECKING:
    from services.diagnoses.opinions import Asked

_CLASSIFIER_KEYS = (
    *("experiment_id", "name", "network", "network_title", "dataset", "dataset_version", "split"),
    *("split_colour", "split_accepted_reason", "channel", "seed", "class_names", "analysis_rate_hz", "test"),
)


def build_answer(
    given: GivenSignal,
    reading: Reading,
    asked: Asked | None,
    refused: str | None,
    verdict: Verdict,
    doubts: Sequence[str],
) -> dict[str, Any]:
    """Return the answer.

    Args:
        given: The recording.
        reading: What its lines say.
        asked: What the classifier said; None without one.
        refused: Why the classifier that was chosen could not judge it.
        verdict: What follows.
        doubts: Limits of this recording itself; they come first.
    """
    confidence = judge_confidence(
        verdict,
        reading.evidence,
        asked.opinion if asked else None,
        asked.classifier.calibration if asked else None,
        is_machine_known=given.machine is not None,
    )
    return {
        "verdict": {
            "status": verdict.status.value,
            "fault_class": verdict.fault_class,
            "nearest_class": verdict.nearest_class,
            "confidence": None if verdict.confidence is None else round(verdict.confidence, 6),
            "confidence_source": confidence.source.value if confidence.source else None,
            "calibrated": confidence.is_calibrated,
            "sentence": verdict.sentence,
            "decided_by": verdict.decided_by.value if verdict.decided_by else None,
            "rule": verdict.rule,
        },
        "probabilities": _round(verdict.probabilities),
        **_describe_reading(reading, given),
        "contradictions": list(verdict.contradictions),
        "limits": [*doubts, *_list_limits(given, reading, asked, refused, confidence)],
        "notes": list(asked.prediction.notes) if asked else [],
        **_describe_asked(asked, refused),
        "recording": _describe_recording(given, reading),
        "versions": {
            "evidence": reading.evidence.version if reading.evidence else None,
            "fusion": FUSION_VERSION,
            **list_versions(asked.classifier.network if asked else None),
        },
    }


def _round(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(share), 6) for name, share in shares.items()}


# --- evidence --------------------------------------------------------------------------------------------


def _describe_reading(reading: Reading, given: GivenSignal) -> dict[str, Any]:
    evidence, check = reading.evidence, reading.check
    return {
        "decision": _describe_decision(evidence, given) if evidence else None,
        "evidence": _list_lines(evidence) if evidence else [],
        "faults": [_describe_fault(fault) for fault in evidence.faults] if evidence else [],
        "evidence_missing": reading.missing or None,
        "checks": {
            "passed": check.is_passed,
            "name": check.name.value if check.name else None,
            "sentence": check.reason or None,
        },
    }


def _describe_decision(evidence: Evidence, given: GivenSignal) -> dict[str, Any]:
    is_rolling = evidence.machine_kind == "rolling"
    return {
        "machine_kind": evidence.machine_kind,
        "decision": evidence.decision.value,
        "fault_class": evidence.fault_class,
        "probability": round(evidence.probability, 6),
        "healthy_probability": round(evidence.healthy_probability, 6),
        "probabilities": _round(list_probabilities(evidence)),
        "reason": evidence.reason,
        "shaft_frequency_hz": evidence.shaft_frequency_hz,
        "shaft_source": evidence.shaft_source,
        "version": evidence.version,
        "orders": asdict(given.fault_orders) if is_rolling and given.fault_orders else None,
        "orders_source": given.orders_source if is_rolling else None,
    }


def _list_lines(evidence: Evidence) -> list[dict[str, Any]]:
    return [_describe_line(line, fault) for fault in evidence.faults for line in fault.lines]


def _describe_line(line: LineFinding, fault: FaultFinding) -> dict[str, Any]:
    return {
        "line": line.label,
        "expected_hz": round(line.expected_hz, 4),
        "found_hz": None if line.found_hz is None else round(line.found_hz, 4),
        "snr_db": None if line.snr_db is None else round(line.snr_db, 3),
        "needed_db": round(line.needed_db, 3),
        "is_found": line.is_found,
        "harmonics": sum(each.is_found for each in fault.lines),
        "supports": fault.fault_class if line.is_found else None,
        "fault_class": fault.fault_class,
        "remark": line.remark,
    }


def _describe_fault(fault: FaultFinding) -> dict[str, Any]:
    return {
        "fault_class": fault.fault_class,
        "probability": round(fault.probability, 6),
        "strength": fault.strength.value,
        "n_found": sum(line.is_found for line in fault.lines),
        "n_lines": len(fault.lines),
        "band_hz": None if fault.band_hz is None else [round(edge, 3) for edge in fault.band_hz],
        "slip": None if fault.slip is None else round(fault.slip, 6),
        "modulation_depth": None if fault.modulation_depth is None else round(fault.modulation_depth, 6),
        "sentence": fault.sentence,
    }


# --- classifier ------------------------------------------------------------------------------------------


def _describe_asked(asked: Asked | None, refused: str | None) -> dict[str, Any]:
    if asked is None:
        return {
            "opinion": {"refused": refused} if refused else None,
            "uncalibrated_probabilities": {},
            "calibration": None,
            "open_set": None,
            "windows": None,
            "classifier": None,
        }
    prediction, class_names = asked.prediction, list(asked.classifier.class_names)
    opinion = {
        "fault_class": asked.opinion.fault_class,
        "confidence": round(asked.opinion.confidence, 6),
        "probabilities": _round(asked.opinion.probabilities),
        "standing": asked.opinion.standing.value,
        "rejected": asked.opinion.follows_rejection,
        "refused": None,
    }
    return {
        "opinion": opinion,
        "uncalibrated_probabilities": _name_values(class_names, prediction.uncalibrated_probabilities),
        "calibration": describe_calibration(asked.classifier.calibration),
        "open_set": describe_strangeness(asked.strangeness.found, asked.opinion),
        "windows": {
            "start_s": [round(float(value), 6) for value in prediction.window_start_s],
            "probabilities": prediction.window_probabilities.round(4).tolist(),
            "class_names": class_names,
            "n_agreeing": _count_agreeing(asked),
            "n": len(prediction.window_probabilities),
        },
        "classifier": _describe_classifier(asked.experiment),
    }


def describe_strangeness(found: Mapping[str, Any] | None, opinion: Opinion) -> dict[str, Any] | None:
    """Return what the open-set rule measured, and whether the verdict follows it."""
    if found is None:
        return None
    is_followed = opinion.standing not in FROM_ELSEWHERE
    sentence = found["sentence"] if is_followed else f"{found['sentence']} {RULE_NOT_FOLLOWED}"
    return {**found, "followed": is_followed, "sentence": sentence}


def _name_values(class_names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return _round(dict(zip(class_names, values.tolist(), strict=True)))


def _count_agreeing(asked: Asked) -> int:
    prediction = asked.prediction
    return int((prediction.window_probabilities.argmax(axis=1) == prediction.class_index).sum())


def _describe_classifier(experiment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: experiment[key] for key in _CLASSIFIER_KEYS},
        "sha256": experiment["classifier_sha256"],
    }


# --- limits and recording --------------------------------------------------------------------------------


def _list_limits(
    given: GivenSignal, reading: Reading, asked: Asked | None, refused: str | None, confidence: Confidence
) -> list[str]:
    limits = []
    if asked is not None and reading.missing and reading.check.is_passed:
        limits.append(
            "No physical evidence was gathered, so a wrong sample rate would not be noticed. "
            f"{reading.missing}"
        )
    if refused:
        limits.append(f"The classifier could not judge this recording. {refused}")
    if asked is not None:
        has_rule, is_foreign = asked.strangeness.found is not None, asked.opinion.standing in FROM_ELSEWHERE
        no_rule = RULE_NOT_FOLLOWED if has_rule and is_foreign else ""
        limits += list_limits(
            given,
            _count_agreeing(asked),
            len(asked.prediction.window_probabilities),
            asked.experiment,
            asked.classifier.origin,
            confidence.sentence,
            can_reject=has_rule and not is_foreign,
            no_rule=no_rule if has_rule else asked.strangeness.sentence,
        )
    if reading.evidence is not None:
        limits += reading.evidence.limits
    if asked is None and confidence.sentence:
        limits.append(confidence.sentence)
    return limits


def _describe_recording(given: GivenSignal, reading: Reading) -> dict[str, Any]:
    return {
        "name": given.name,
        "channel": given.channel,
        "sample_rate_hz": given.sample_rate_hz,
        "n_samples": len(given.values),
        "duration_s": round(len(given.values) / given.sample_rate_hz, 6),
        "shaft_speed_rpm": given.shaft_speed_rpm,
        "machine": given.machine,
        "machine_kind": reading.machine_kind,
        "bearing": given.bearing,
        "fault_orders": asdict(given.fault_orders) if given.fault_orders else None,
        "orders_source": given.orders_source,
        "load": given.load,
        "unit": given.unit,
        "signal_id": given.signal_id,
        "dataset_id": given.dataset_id,
        "sha256": given.sha256,
    }
