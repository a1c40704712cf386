"""The conventions of the services: static methods, return patterns, an actor, plain data out."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, get_type_hints

import pytest

from dashboard_config import REPOSITORY_ROOT
from models.base import Base
from services.experiment_service import ExperimentService
from services.jobs import board
from services.shared.actors import Actor
from tests.factories.datasets import SmallDataset, add_small_dataset

# Called before anybody is known, or pure: nobody's rights are asked.
WITHOUT_ACTOR = {
    "AuthenticationService": {
        "has_users",
        "issue_setup_token",
        "register_first_admin",
        "authenticate",
        "create_session",
        "validate_session",
        "end_session",
        "record_login_attempt",
        "find_user",
    },
    "APIKeyService": {"verify_key"},
    "CacheService": {"get", "set", "delete", "invalidate_pattern", "get_stats", "cached"},
    "SignalService": {
        "compute_fft",
        "compute_spectrogram",
        "compute_psd",
        "compute_envelope_spectrum",
        "compute_kurtogram",
        "compute_cepstrum",
        "compute_order_spectrum",
        "estimate_shaft_speed",
        "extract_basic_features",
    },
}
# The bodies of tasks answer with the job's state; the cache's answers are its own (SERVICES.md 4).
WITHOUT_PATTERN = {"CacheService": WITHOUT_ACTOR["CacheService"]}
EDGES = ("callbacks", "dashboard/api")
EDGE_MODULES = {"board"}


def list_service_classes() -> list[type]:
    found = []
    for path in sorted((REPOSITORY_ROOT / "services").glob("*_service.py")):
        module = importlib.import_module(f"services.{path.stem}")
        own = [
            value
            for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
        ]
        assert len(own) == 1, f"{path.name} holds one class, found {own}"
        found += own
    return found


SERVICES = list_service_classes()


def list_public(service: type) -> Iterator[tuple[str, Any]]:
    for part in service.__mro__[:-1]:  # a long service is put together from parts
        for name, value in vars(part).items():
            if not name.startswith("_"):
                yield name, value


def is_task_body(name: str) -> bool:
    return name.startswith("run_") and name.endswith("_job")


def find_breaches(service: type) -> list[str]:
    """Return every way in which a service class breaks the conventions."""
    breaches = []
    for name, value in list_public(service):
        where = f"{service.__name__}.{name}"
        if not isinstance(value, staticmethod):
            breaches.append(f"{where} is not a static method with @staticmethod outermost")
            continue
        function = value.__func__
        if not (function.__doc__ or "").strip():
            breaches.append(f"{where} has no docstring")
        if is_task_body(name):
            continue
        if not hasattr(function, "pattern") and name not in WITHOUT_PATTERN.get(service.__name__, ()):
            breaches.append(f"{where} follows no return pattern")
        if not takes_actor(function) and name not in WITHOUT_ACTOR.get(service.__name__, ()):
            breaches.append(f"{where} takes no actor")
        breaches += [f"{where} {breach}" for breach in find_leaking_types(function)]
    return breaches


def takes_actor(function: Callable[..., Any]) -> bool:
    parameter = inspect.signature(function).parameters.get("actor")
    return parameter is not None and parameter.kind is inspect.Parameter.KEYWORD_ONLY


def find_leaking_types(function: Any) -> list[str]:
    inner = inspect.unwrap(function)
    assert isinstance(inner, FunctionType)
    answer = get_type_hints(inner).get("return")
    leaks_row = inspect.isclass(answer) and issubclass(answer, Base)
    return ["returns a database row"] if leaks_row or "models." in str(answer) else []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_a_service_keeps_the_conventions(service: type) -> None:
    assert find_breaches(service) == []


def test_the_convention_test_sees_each_breach() -> None:
    class Planted:
        def not_static(self) -> None:
            """Bound."""

        @staticmethod
        def bare() -> Actor:
            return None  # type: ignore[return-value]

    breaches = " ".join(find_breaches(Planted))
    for word in ("not a static method", "no docstring", "no return pattern", "no actor"):
        assert word in breaches


def find_calls_without_actor(source: str) -> list[str]:
    """Return the service calls of an edge module that do not say who asks."""
    exempt = {name for names in WITHOUT_ACTOR.values() for name in names}
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        if not isinstance(owner, ast.Name):
            continue
        is_service = owner.id.endswith("Service") or owner.id in EDGE_MODULES
        says_who = any(keyword.arg == "actor" for keyword in node.keywords)
        if is_service and not says_who and node.func.attr not in exempt:
            found.append(f"line {node.lineno}: {owner.id}.{node.func.attr} without actor=")
    return found


@pytest.mark.parametrize(
    "path",
    [path for edge in EDGES for path in sorted((REPOSITORY_ROOT / edge).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(REPOSITORY_ROOT)),
)
def test_every_edge_says_who_asks(path: Path) -> None:
    assert find_calls_without_actor(path.read_text()) == []


def test_the_edge_test_sees_a_call_without_actor() -> None:
    planted = "def show():\n    return DatasetService.list_datasets()\n"
    assert find_calls_without_actor(planted) == ["line 2: DatasetService.list_datasets without actor="]
    assert find_calls_without_actor("DatasetService.list_datasets(actor=me)") == []


@pytest.mark.usefixtures("database")
class TestPlainData:
    """What comes out of a service over real rows is JSON, and nothing but JSON."""

    @pytest.fixture
    def trained(self, database: object) -> tuple[SmallDataset, int]:
        small = add_small_dataset()
        config = {"network": "random_forest", "split_id": small.split_id, "options": {"n_trees": 5}}
        created = ExperimentService.create_experiment(config)
        ExperimentService.run_training_job(created["job_ids"][0], "w")
        return small, created["experiment_ids"][0]

    def list_answers(self, small: SmallDataset, experiment_id: int) -> Iterator[Any]:
        dataset_service = importlib.import_module("services.dataset_service").DatasetService
        data_service = importlib.import_module("services.data_service").DataService
        evaluation_service = importlib.import_module("services.evaluation_service").EvaluationService
        signal_service = importlib.import_module("services.signal_service").SignalService
        signal_id = small.signal_ids["healthy", 0]
        yield ExperimentService.list_networks()
        yield ExperimentService.list_experiments()
        yield ExperimentService.get_experiment(experiment_id)
        yield ExperimentService.get_results(experiment_id)
        yield ExperimentService.get_training_history(experiment_id)
        yield ExperimentService.list_predictions(experiment_id)
        yield ExperimentService.get_live_metrics(experiment_id)
        for kind in ("roc", "errors", "slices", "calibration", "conformal"):
            yield evaluation_service.get_evaluation(experiment_id, kind)
        yield evaluation_service.load_experiment_predictions(experiment_id)
        yield evaluation_service.list_evaluations(experiment_id)
        yield evaluation_service.get_test_use(experiment_id)
        yield evaluation_service.compare_architectures([experiment_id])
        yield from self.list_explanations(experiment_id, small.signal_ids["healthy", 0])
        yield board.list_jobs()
        yield board.get_queue_health()
        yield dataset_service.list_datasets()
        yield dataset_service.get_dataset_details(small.dataset_id)
        yield dataset_service.list_recordings(small.dataset_id)
        yield dataset_service.list_signals(small.dataset_id)
        yield dataset_service.list_splits(small.dataset_id)
        yield dataset_service.get_split(small.split_id)
        yield dataset_service.get_dataset_preview(small.dataset_id)
        yield data_service.list_datasets()
        yield data_service.get_dataset_stats(small.dataset_id)
        yield data_service.load_signals(small.dataset_id)
        yield signal_service.get_view(signal_id)
        yield signal_service.get_spectrum(signal_id)
        yield signal_service.get_psd(signal_id)
        yield signal_service.get_envelope_spectrum(signal_id)
        yield signal_service.get_fault_lines(signal_id)
        yield signal_service.get_spectrogram(signal_id)
        yield signal_service.get_kurtogram(signal_id)
        yield signal_service.get_cepstrum(signal_id)
        yield signal_service.get_autocorrelation(signal_id)
        yield signal_service.get_cyclic_coherence(signal_id)
        yield signal_service.get_playback(signal_id)
        yield signal_service.get_coherence(signal_id, small.signal_ids["healthy", 1])
        yield signal_service.get_overlay(signal_id, small.signal_ids["healthy", 1])
        yield signal_service.get_shaft_speed(signal_id)
        yield signal_service.get_order_spectrum(signal_id)
        yield signal_service.get_order_map(signal_id)
        yield signal_service.get_synchronous_average(signal_id)
        yield signal_service.integrate(signal_id)
        yield signal_service.get_severity_zone(signal_id)
        yield signal_service.find_peaks(signal_id)

    def list_explanations(self, experiment_id: int, signal_id: int) -> Iterator[Any]:
        xai_service = importlib.import_module("services.xai_service").XAIService
        cache = importlib.import_module("services.explanation_cache").ExplanationCache
        yield xai_service.list_methods(experiment_id)
        asked = xai_service.explain(experiment_id, signal_id, "occlusion", trust=False)
        yield asked
        yield xai_service.run_explanation_job(asked["job_id"], "w")
        yield xai_service.list_explanations(experiment_id)
        found = xai_service.get_explanation(1)
        yield found
        yield xai_service.find_attribution(experiment_id, signal_id, found["classifier_sha256"])
        yield cache.get_explanation(experiment_id, signal_id, "occlusion")
        yield cache.get_recent_explanations(experiment_id)
        yield cache.get_cache_statistics()

    def test_it_is_json_ready(self, trained: tuple[SmallDataset, int]) -> None:
        answers = list(self.list_answers(*trained))
        assert all(answer for answer in answers), "a method answered with nothing"
        for answer in answers:
            text = json.dumps(answer, allow_nan=False)
            assert json.loads(text) == json.loads(json.dumps(answer))
