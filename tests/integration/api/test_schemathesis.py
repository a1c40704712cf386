"""Every operation of the OpenAPI document under made-up requests, fitting and not: no answer is a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import response_schema_conformance

from dashboard.api import diagnoses
from dashboard_config import Settings
from models.user import Role
from services.experiment_service import ExperimentService
from services.explanation_cache import ExplanationCache
from tests.factories.datasets import add_small_dataset
from tests.integration.api.conftest import ALL_SCOPES, Program

EXAMPLES = 6  # of each operation and kind
JSON = "application/json"


@dataclass(frozen=True)
class Known:
    """Rows that exist; most requests are about them, so that they get past "not found"."""

    ids: dict[str, int]
    bodies: dict[str, int]


@pytest.fixture
def known(database: Settings) -> Known:
    """Store a dataset with a split, and a trained forest."""
    small = add_small_dataset()
    config = {
        "split_id": small.split_id,
        "network": "random_forest",
        "seeds": [0],
        "options": {"n_trees": 10, "window_s": 0.1},
    }
    made = ExperimentService.create_experiment(config)
    assert made["success"], made
    assert ExperimentService.run_training_job(made["job_ids"][0], "test") == "done"
    (experiment_id,) = made["experiment_ids"]
    asked = ExperimentService.request_diagnosis(
        experiment_id=experiment_id, signal_id=next(iter(small.signal_ids.values()))
    )
    assert asked["success"], asked
    kept = ExplanationCache.cache_explanation(
        experiment_id, 1, "occlusion", {"arrays": {"attribution": [[0.0, 1.0]]}}
    )
    assert kept["success"], kept
    ids = {
        "dataset_id": small.dataset_id,
        "machine_id": 1,
        "recording_id": 1,
        "experiment_id": experiment_id,
        "job_id": made["job_ids"][0],
        "diagnosis_id": asked["diagnosis_id"],
        "explanation_id": kept["explanation_id"],
    }
    bodies = {
        "split_id": small.split_id,
        "carry_from": small.split_id,
        "experiment_id": experiment_id,
        "signal_id": next(iter(small.signal_ids.values())),
        "version": 1,
    }
    return Known(ids, bodies)


@pytest.fixture
def admin(make_program: Any, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return a program that may do everything; diagnoses are not waited for, as no worker is there."""
    monkeypatch.setattr(diagnoses, "_WAIT_S", 0.0)
    return make_program("root", Role.ADMIN, [*ALL_SCOPES, "admin"])


@pytest.fixture
def document(server: Flask, admin: Program) -> BaseSchema:
    """Return the OpenAPI document as the server gives it to this key."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", server, headers=sign(admin))


def sign(program: Program) -> dict[str, str]:
    # the client of these tests does not unpack what the server would compress
    return {"Authorization": f"Bearer {program.key}", "Accept-Encoding": "identity"}


def list_operations(document: BaseSchema) -> list[APIOperation]:
    """Return every operation; those that delete come last, so that the others find something."""
    operations = [result.ok() for result in document.get_all_operations()]
    return sorted(operations, key=lambda operation: operation.method.upper() == "DELETE")


def direct_at_known(case: Case, known: Known) -> None:
    """Let a request speak of rows that exist."""
    for name in case.path_parameters or {}:
        if name in known.ids:
            case.path_parameters[name] = known.ids[name]
    for place in (case.query, case.body):
        if isinstance(place, dict):
            place.update({name: known.bodies[name] for name in place if name in known.bodies})


def try_operation(operation: APIOperation, mode: GenerationMode, known: Known, program: Program) -> set[int]:
    """Send made-up requests to one operation; return the statuses that came back.

    Whatever comes back has the shape that the document says.
    """
    seen: set[int] = set()
    failures: dict[str, str] = {}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), at_known=st.integers(0, 3))
    def send(case: Case, at_known: int) -> None:
        if at_known:
            direct_at_known(case, known)
        answer = case.call(headers=sign(program))
        seen.add(answer.status_code)
        if answer.status_code >= 500:
            failures.setdefault(answer.text, case.as_curl_command())
            return
        try:
            case.validate_response(answer, checks=[response_schema_conformance])
        except (schemathesis.errors.SchemathesisError, FailureGroup) as error:
            failures.setdefault(str(error), case.as_curl_command())

    send()
    assert not failures, "\n".join(f"{request}\n  {text}" for text, request in failures.items())
    return seen


def has_input(operation: APIOperation) -> bool:
    return bool(operation.path_parameters or operation.query or operation.body)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_operation_breaks_on_made_up_requests(
    mode: GenerationMode, document: BaseSchema, known: Known, admin: Program
) -> None:
    broken: list[str] = []
    seen: dict[str, set[int]] = {}
    for operation in list_operations(document):
        if mode is GenerationMode.NEGATIVE and not has_input(operation):
            continue
        try:
            seen[operation.label] = try_operation(operation, mode, known, admin)
        except AssertionError as error:
            broken.append(f"{operation.label}\n{error}")
    assert not broken, "\n\n".join(broken)
    assert len(seen) >= 25
    if mode is GenerationMode.POSITIVE:
        reached = {label for label, statuses in seen.items() if min(statuses) < 300}
        assert len(reached) >= 20, sorted(set(seen) - reached)


HUGE = b"9" * 5_000
HOSTILE_JSON = {
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"options":' * 50_000 + b"1" + b"}" * 50_000,
    "not a number": b'{"name": NaN}',
    "infinite": b'{"seeds": [Infinity]}',
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "half of a pair": b'{"name": "\\ud800", "by": "\\ud800", "network": "\\udfff", "split_id": 1}',
    "huge integer": b'{"carry_from": ' + HUGE + b', "split_id": ' + HUGE + b', "seeds": [' + HUGE + b"]}",
    "larger than the database's": b'{"carry_from": %d, "split_id": %d, "experiment_id": %d, "signal_id": %d}'
    % ((10**30,) * 4),
    "nothing": b"",
    "cut off": b'{"name": "a',
    "another type": b'"text"',
    "NUL": b'{"name": "\\u0000", "by": "\\u0000", "split_id": 1, "network": "\\u0000"}',
}
HOSTILE_FORMS = {
    "no boundary": ("multipart/form-data", b"abc"),
    "cut off": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"'),
    "bad UTF-8": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    ),
    "deep mapping": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n'
        + b"[" * 100_000
        + b"]" * 100_000
        + b"\r\n--x--\r\n",
    ),
    "NaN in the mapping": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n'
        b'{"defaults": {"sample_rate_hz": NaN}}\r\n--x--\r\n',
    ),
    "a NUL in the file's name": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\0.mat"\r\n\r\n\r\n--x--\r\n',
    ),
}


def list_writes(document: BaseSchema, media_type: str) -> Iterator[tuple[str, str]]:
    """Yield method and path of each operation that takes a body of this type, for the first row."""
    for operation in list_operations(document):
        if any(body.media_type == media_type for body in operation.body):
            path = operation.path.removeprefix("/api/v1")
            for name in (parameter.name for parameter in operation.path_parameters):
                path = path.replace(f"{{{name}}}", "1")
            yield operation.method, path


def test_a_hostile_json_body_is_a_4xx_everywhere(document: BaseSchema, known: Known, admin: Program) -> None:
    writes = list(list_writes(document, JSON))
    assert len(writes) >= 8
    for method, path in writes:
        for words, body in HOSTILE_JSON.items():
            answer = admin.call(method, path, data=body, content_type=JSON)
            assert 400 <= answer.status_code < 500, (method, path, words, answer.text)
            assert answer.mimetype == "application/problem+json"
        length = {"CONTENT_LENGTH": str(10 * 1024**3)}
        answer = admin.call(method, path, data=b"{}", content_type=JSON, environ_overrides=length)
        assert (answer.status_code, answer.json["code"]) == (413, "too_large"), (method, path)


def test_a_hostile_form_is_a_4xx_everywhere(document: BaseSchema, known: Known, admin: Program) -> None:
    writes = list(list_writes(document, "multipart/form-data"))
    assert len(writes) == 4
    for method, path in writes:
        for words, (content_type, body) in HOSTILE_FORMS.items():
            answer = admin.call(method, path, data=body, content_type=content_type)
            assert 400 <= answer.status_code < 500, (method, path, words, answer.text)
            assert answer.mimetype == "application/problem+json"
    assert admin.get("/uploads")["items"] == []


def test_every_route_that_takes_files_says_so_in_the_document(server: Flask, document: BaseSchema) -> None:
    described = {f"{method} {path}" for method, path in list_writes(document, "multipart/form-data")}
    taking = {
        endpoint
        for endpoint, view in server.view_functions.items()
        if getattr(view, "pfd_access", {}).get("is_upload")
    }
    rules = [rule for rule in server.url_map.iter_rules() if rule.endpoint in taking]
    assert len(rules) == len(described) == 4


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e400", "-1e308", "1e308"])
def test_a_number_that_is_none_is_refused_or_means_the_edge(word: str, known: Known, admin: Program) -> None:
    numbers = {"from", "to", "min_hz", "max_hz", "low_hz", "high_hz", "shaft_speed_rpm"}
    deeper = ("spectrogram", "kurtogram", "cepstrum", "autocorrelation")
    for view in ("signal", "spectrum", "psd", "envelope-spectrum", "fault-lines", *deeper):
        for name in numbers:
            answer = admin.call("GET", f"/recordings/1/{view}", query_string={name: word})
            assert answer.status_code in (200, 422), (view, name, answer.text)
            assert "NaN" not in answer.text
            assert "Infinity" not in answer.text
    path = f"/experiments/{known.ids['experiment_id']}/predict"
    for name in ("sample_rate_hz", "shaft_speed_rpm"):
        form = {name: word, "signal_id": str(known.bodies["signal_id"])}
        answer = admin.call("POST", path, data=form, content_type="multipart/form-data")
        assert answer.status_code == 422, (name, answer.text)
