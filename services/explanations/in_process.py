"""Explanations of a model in memory, for scripts and notebooks; pages and jobs ask by experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.signal.bearings import FaultOrders
from core.training.classifier import Classifier
from models.user import Role
from services.experiments.machine_kind import JOURNAL, ROLLING, tell_machine_kind
from services.explanations.describing import (
    describe_agreement,
    describe_attribution,
    describe_bands,
    describe_trust,
    name_probabilities,
)
from services.explanations.material import LoadedModel, load_model
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.numbers import shorten
from services.shared.results import none, ok, returns_data, returns_result
from utils.exceptions import InvalidInputError

if TYPE_CHECKING:
    from core.explain.attribution import Attribution
    from core.explain.explainable import Explainable

_SHAP = {"gradient": "gradient_shap", "kernel": "kernel_shap", "features": "feature_shap"}


def _no_device() -> str:
    return "cpu"


def _ignore(_what: str, _n_done: int, _n_all: int) -> None:
    """Nobody waits for progress here."""


class ModelExplanations:
    """What `XAIService` does with a model in memory.

    ``model`` is what `load_model` returns (or a `core.training.classifier.Classifier`), ``signal`` one
    channel, ``(n_samples,)``, at ``sample_rate_hz`` (default: the classifier's analysis rate). Further
    keywords: ``sample_rate_hz``, ``shaft_speed_rpm``, ``fault_orders``, ``target_class`` (a name; default:
    the answer), ``n_windows`` (evenly spread; default 1) and the options of the method.
    """

    @staticmethod
    @returns_data(_no_device)
    def get_device(*, actor: Actor = SYSTEM) -> str:
        """Return where networks are explained, as torch names it: always the processor, as in the jobs."""
        require_role(actor, Role.VIEWER)
        return _no_device()

    @staticmethod
    @returns_data(none)
    def load_model(experiment_id: int, *, actor: Actor = SYSTEM) -> LoadedModel | None:
        """Return a finished experiment's classifier in memory, None where there is none."""
        require_role(actor, Role.VIEWER)
        return load_model(experiment_id)

    @staticmethod
    @returns_data(none)
    def get_model_prediction(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        *,
        sample_rate_hz: float | None = None,
        shaft_speed_rpm: float | None = None,
        fault_orders: FaultOrders | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any] | None:
        """Return what the classifier says of a signal; None where it can't judge it.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``, any unit.
            sample_rate_hz: Default: the classifier's analysis rate.
            shaft_speed_rpm: Of the machine; some classifiers need it.
            fault_orders: Of its bearing; some classifiers need them.
            actor: Who asks.

        Returns:
            ``class_name, class_index, confidence, probabilities, n_windows``.
        """
        require_role(actor, Role.VIEWER)
        classifier = _get_classifier(model)
        rate_hz = sample_rate_hz or classifier.preprocessing.analysis_rate_hz
        found = classifier.predict(np.asarray(signal), rate_hz, shaft_speed_rpm, fault_orders)
        return {
            "class_name": classifier.class_names[found.class_index],
            "class_index": found.class_index,
            "confidence": round(float(found.probabilities[found.class_index]), 6),
            "probabilities": name_probabilities(classifier.class_names, found.probabilities),
            "n_windows": len(found.window_probabilities),
        }

    @staticmethod
    @returns_result
    def generate_shap_explanation(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        background_data: NDArray[np.floating] | None = None,
        method: str = "gradient",
        num_samples: int = 100,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal by SHAP.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``.
            background_data: Signals ``(n, n_samples)`` that the signal is compared with, at the same rate;
                default: the signal's own spectrum with random phases.
            method: ``gradient``, ``kernel`` (stretches of time) or ``features`` (for models of features).
            num_samples: Baselines drawn, or choices of parts that are judged.
            actor: Who asks.
            more: See the class.

        Returns:
            ``attribution``: ``method, target_class, baseline, values`` (a row for each window),
            ``score_input, score_baseline, completeness_gap, claims_completeness, is_complete, settings``,
            and the names, groups and values of features where there are any.

        Errors:
            ``invalid_input``, ``missing_dependency``, and the codes of signals.
        """
        require_role(actor, Role.VIEWER)
        if method not in _SHAP:
            raise InvalidInputError(f"There is no SHAP '{method}'. Known: {', '.join(_SHAP)}.")
        counted = "n_draws" if method == "gradient" else "n_coalitions"
        options = {counted: num_samples}
        if background_data is not None:
            options["baseline"] = "healthy_mean"  # type: ignore[assignment]  # a name among numbers
        return _generate(model, signal, _SHAP[method], {**options, **more}, background_data=background_data)

    @staticmethod
    @returns_result
    def generate_lime_explanation(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        num_segments: int = 20,
        num_samples: int = 1000,
        target_class: str | None = None,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal by a straight-line model over ``num_segments`` stretches of time.

        Args, returns and errors as `generate_shap_explanation`.
        """
        require_role(actor, Role.VIEWER)
        options = {"n_segments": num_segments, "n_coalitions": num_samples, "target_class": target_class}
        return _generate(model, signal, "lime", {**options, **more})

    @staticmethod
    @returns_result
    def generate_integrated_gradients(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        baseline: str | None = None,
        steps: int = 50,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal by gradients summed up on the way from a baseline.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``.
            baseline: ``zero`` (the default) or ``phase_randomised``.
            steps: Most gradients for each window; fewer are taken where the values add up sooner.
            actor: Who asks.
            more: See the class.

        Returns, errors: As `generate_shap_explanation`.
        """
        require_role(actor, Role.VIEWER)
        options = {"baseline": baseline or "zero", "most_steps": max(steps, 32)}
        return _generate(model, signal, "integrated_gradients", {**options, **more})

    @staticmethod
    @returns_result
    def generate_gradcam(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        target_layer: str | None = None,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal by what the last convolution over time found.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``.
            target_layer: Only the one that fits can be read; naming another one is refused.
            actor: Who asks.
            more: See the class.

        Returns, errors: As `generate_shap_explanation`.
        """
        require_role(actor, Role.VIEWER)
        _check_layer(_get_classifier(model), target_layer)
        return _generate(model, signal, "gradcam", more)

    @staticmethod
    @returns_result
    def generate_occlusion(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal by how far the score falls when stretches of it are replaced.

        Args, returns and errors as `generate_shap_explanation`.
        """
        require_role(actor, Role.VIEWER)
        return _generate(model, signal, "occlusion", more)

    @staticmethod
    @returns_result
    def compute_band_attribution(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        method: str,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Explain a signal over frequency, envelope lines and fault bands, beside random bands.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``.
            method: Of the catalogue.
            actor: Who asks.
            more: See the class.

        Returns:
            ``axes`` (``frequency`` and, for a known bearing, ``envelope``: ``frequencies_hz, contributions,
            density``), ``bands``, ``agreement``, ``formula``, ``notes``.

        Errors:
            As `generate_shap_explanation`.
        """
        from core.explain.band_report import compute_band_attribution
        from services.explanations.attributing import take_lines_away

        require_role(actor, Role.VIEWER)
        explainable, found = _explain(model, signal, method, more)
        told = tell_machine_kind(explainable.class_names)
        report = compute_band_attribution(
            explainable,
            take_lines_away(found) if found.feature_names else found,
            JOURNAL if told == JOURNAL and more.get("fault_orders") is None else ROLLING,
        )
        axes = {"frequency": report.frequency, "envelope": report.envelope}
        return ok(
            axes={
                name: {
                    "frequencies_hz": shorten(axis.frequencies_hz),
                    "contributions": shorten(axis.contributions),
                    "density": shorten(axis.density),
                }
                for name, axis in axes.items()
                if axis is not None
            },
            bands=describe_bands(report.bands),
            agreement=describe_agreement(report.agreement),
            formula=report.formula,
            notes=list(report.notes),
        )

    @staticmethod
    @returns_result
    def assess_explanation(
        model: LoadedModel | Classifier,
        signal: NDArray[np.floating],
        method: str,
        *,
        actor: Actor = SYSTEM,
        **more: Any,
    ) -> dict[str, Any]:
        """Check whether an explanation can be trusted.

        Args:
            model: From `load_model`.
            signal: ``(n_samples,)``.
            method: Of the catalogue.
            actor: Who asks.
            more: See the class.

        Returns:
            ``trust``: completeness (where claimed), infidelity, sensitivity, deletion, insertion, random
            weights, over time (or features) and frequency; each with ``axis, value, control, passes`` (None:
            does not apply), ``rule`` and ``reason``.

        Errors:
            As `generate_shap_explanation`.
        """
        from services.explanations.attributing import assess

        require_role(actor, Role.VIEWER)
        explainable, found = _explain(model, signal, method, more)
        return ok(trust=describe_trust(found, assess(explainable, found, (), _ignore)))


def _get_classifier(model: LoadedModel | Classifier) -> Classifier:
    return model.classifier if isinstance(model, LoadedModel) else model


def _generate(
    model: LoadedModel | Classifier,
    signal: NDArray[np.floating],
    method: str,
    more: Mapping[str, Any],
    *,
    background_data: NDArray[np.floating] | None = None,
) -> dict[str, Any]:
    explainable, found = _explain(model, signal, method, more, background_data)
    return ok(attribution=describe_attribution(found, explainable.class_names))


def _explain(
    model: LoadedModel | Classifier,
    signal: NDArray[np.floating],
    method: str,
    more: Mapping[str, Any],
    background_data: NDArray[np.floating] | None = None,
) -> tuple[Explainable, Attribution]:
    from core.explain.explainable import build_explainable
    from core.explain.explainer import explain

    classifier, options = _get_classifier(model), dict(more)
    target = options.pop("target_class", None)
    rate_hz = options.pop("sample_rate_hz", None) or classifier.preprocessing.analysis_rate_hz
    background = () if background_data is None else np.atleast_2d(np.asarray(background_data))
    explainable = build_explainable(
        classifier,
        np.asarray(signal),
        rate_hz,
        shaft_speed_rpm=options.pop("shaft_speed_rpm", None),
        fault_orders=options.pop("fault_orders", None),
        healthy=[(row, rate_hz) for row in background],
        most_windows=int(options.pop("n_windows", 1)),
    )
    if target is not None and target not in classifier.class_names:
        known = ", ".join(classifier.class_names)
        raise InvalidInputError(f"This classifier has no class '{target}'. It has: {known}.")
    place = None if target is None else classifier.class_names.index(target)
    return explainable, explain(explainable, method, target_class=place, options=options)


def _check_layer(classifier: Classifier, target_layer: str | None) -> None:
    from core.explain.routing import TIME_LAYERS

    fitting = TIME_LAYERS.get(classifier.network)
    if target_layer is not None and fitting is not None and target_layer != fitting:
        raise InvalidInputError(
            f"Grad-CAM reads '{fitting}' of this network, the last layer that lies over time; leave the "
            "layer out."
        )
